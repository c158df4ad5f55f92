//! An engine whose jobs are seen while they run, and end when the program is interrupted.
//!
//! Steps of the demo wait for their jobs; here is what they wait for. Ctrl-C makes a running job, and each that is
//! submitted after it, fail as cancelled, so that a step comes to its end the way every failing step does.

use crate::end::Interrupt;
use crate::progress;
use phalanx_engine::datafusion::arrow::array::RecordBatch;
use phalanx_engine::datafusion::arrow::datatypes::SchemaRef;
use phalanx_engine::{
    Engine, EngineDescription, EngineKind, Error, Gang, GangPlan, Job, PersistJob, Persisted, Plan, Progress, Result,
    Settings,
};
use std::sync::Arc;
use tokio::sync::watch;

/// An engine around another one.
#[derive(Debug)]
pub struct Watched {
    engine: Arc<dyn Engine>,
    interrupt: Interrupt,
}

impl Watched {
    /// `engine`, seen and interruptible.
    pub fn new(engine: Arc<dyn Engine>, interrupt: Interrupt) -> Self {
        Self { engine, interrupt }
    }

    fn show(&self, label: &str, progress: watch::Receiver<Progress>) {
        if progress::is_terminal() {
            self.interrupt.handle().spawn(progress::show(label.to_owned(), progress));
        }
    }

    fn until_interrupted(&self, label: &str, job: PersistJob) -> PersistJob {
        let mut interrupt = self.interrupt.clone();
        PersistJob::start(self.interrupt.handle(), label, move |_progress| async move {
            tokio::select! {
                biased;
                () = interrupt.wait() => Err::<Persisted, _>(Error::cancelled()),
                end = job.collect() => end,
            }
        })
    }
}

impl Engine for Watched {
    fn kind(&self) -> EngineKind {
        self.engine.kind()
    }
    fn settings(&self) -> &Settings {
        self.engine.settings()
    }
    fn submit(&self, plan: Plan) -> Job {
        let (label, schema) = (plan.label().to_owned(), plan.schema());
        let mut job = self.engine.submit(plan);
        self.show(&label, job.progress());
        let mut interrupt = self.interrupt.clone();
        Job::start(self.interrupt.handle(), &label, schema, move |partitions, _progress| async move {
            loop {
                let next = tokio::select! {
                    biased;
                    () = interrupt.wait() => return Err(Error::cancelled()),
                    next = job.next() => next,
                };
                let Some(partition) = next else { return Ok(()) };
                partitions.send(Ok(partition?)).await.map_err(|_| Error::cancelled())?;
            }
        })
    }
    fn persist(&self, plan: Plan) -> PersistJob {
        let label = plan.label().to_owned();
        let job = self.engine.persist(plan);
        self.show(&label, job.progress());
        self.until_interrupted(&label, job)
    }
    fn scatter(&self, label: &str, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> PersistJob {
        let job = self.engine.scatter(label, schema, partitions);
        self.show(label, job.progress());
        self.until_interrupted(label, job)
    }
    fn gang(&self, plan: GangPlan) -> Gang {
        self.engine.gang(plan)
    }
    fn describe(&self) -> Result<EngineDescription> {
        self.engine.describe()
    }
}
