//! An engine that remembers what it was given.

use phalanx_engine::datafusion::arrow::array::RecordBatch;
use phalanx_engine::datafusion::arrow::datatypes::SchemaRef;
use phalanx_engine::{
    Engine, EngineDescription, EngineKind, Gang, GangPlan, Job, PersistJob, Plan, Progress, Result, Settings,
};
use std::sync::Mutex;
use tokio::sync::watch;

/// What was run, and how far it is.
pub type Run = (Plan, watch::Receiver<Progress>);

/// Passes everything on to the engine inside.
#[derive(Debug)]
pub struct Recording<E> {
    inner: E,
    runs: Mutex<Vec<Run>>,
}

impl<E: Engine> Recording<E> {
    pub fn new(inner: E) -> Self {
        Self { inner, runs: Mutex::default() }
    }
    /// What was run since the last call.
    pub fn take(&self) -> Vec<Run> {
        std::mem::take(&mut self.runs.lock().unwrap())
    }
}

impl<E: Engine> Engine for Recording<E> {
    fn kind(&self) -> EngineKind {
        self.inner.kind()
    }
    fn settings(&self) -> &Settings {
        self.inner.settings()
    }
    fn submit(&self, plan: Plan) -> Job {
        let job = self.inner.submit(plan.clone());
        self.runs.lock().unwrap().push((plan, job.progress()));
        job
    }
    fn persist(&self, plan: Plan) -> PersistJob {
        let job = self.inner.persist(plan.clone());
        self.runs.lock().unwrap().push((plan, job.progress()));
        job
    }
    fn scatter(&self, label: &str, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> PersistJob {
        self.inner.scatter(label, schema, partitions)
    }
    fn gang(&self, plan: GangPlan) -> Gang {
        self.inner.gang(plan)
    }
    fn describe(&self) -> Result<EngineDescription> {
        self.inner.describe()
    }
}
