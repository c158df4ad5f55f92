//! DataFusion in this process: the engine that needs nothing started.

mod store;
mod turns;

use crate::cancel::CancelFlag;
use crate::engine::{Engine, EngineDescription, EngineKind, Plan, WorkerDescription};
use crate::gang::{Gang, GangPlan, IdleGangs, Processors, Started, TOO_FEW_GPUS_HINT, idle, start_rank, too_few_gpus};
use crate::job::{Job, PartitionData, PersistJob, Progress, StageProgress};
use crate::memory;
use crate::persisted::{PersistedReader, ReadPersisted};
use crate::perturb::Perturbation;
use crate::scratch::Scratch;
use crate::{Error, Result, Settings, session};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::prelude::SessionContext;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use std::fmt;
use std::sync::Arc;
use store::Store;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{Semaphore, mpsc, watch};

/// Where ranks meet.
const LOOPBACK: &str = "127.0.0.1";

/// Runs plans on DataFusion, on threads of its own.
pub struct LocalEngine {
    settings: Settings,
    session: SessionContext,
    store: Arc<Store>,
    perturbation: Option<Perturbation>,
    /// The cores that gangs share.
    slots: Arc<Semaphore>,
    idle: Arc<IdleGangs>,
    // Last, so that it outlives what its tasks use; `Option`, so that dropping need not block.
    runtime: Option<Runtime>,
    handle: Handle,
}

impl LocalEngine {
    /// An engine with these settings.
    ///
    /// # Errors
    /// `Resources`: threads can't be started, or the scratch folder can't be written.
    pub fn new(settings: Settings) -> Result<Self> {
        Self::build(settings, None)
    }

    /// An engine as adverse as the determinism law allows: batches are cut at random, partitions and exchanges are
    /// delayed at random, 1 to 8 threads, a tiny memory pool. Every answer must be the same.
    ///
    /// # Errors
    /// As [`LocalEngine::new`].
    pub fn perturbed(seed: u64) -> Result<Self> {
        let perturbation = Perturbation::new(seed);
        let settings = Settings {
            threads: perturbation.threads(),
            memory_bytes: perturbation.memory_bytes(),
            ..Settings::default()
        };
        Self::build(settings, Some(perturbation))
    }

    fn build(settings: Settings, perturbation: Option<Perturbation>) -> Result<Self> {
        memory::keep_freed(settings.memory_bytes);
        let scratch = Scratch::create(&settings.scratch, &uuid::Uuid::new_v4().simple().to_string())?;
        let environment = session::environment(settings.memory_bytes, scratch.path())?;
        let store = Arc::new(Store::new(scratch, settings.memory_bytes));
        let reader: Arc<dyn ReadPersisted> = Arc::<Store>::clone(&store);
        let config = settings.config()?.with_extension(Arc::new(PersistedReader(reader)));
        let runtime = Builder::new_multi_thread()
            .worker_threads(settings.threads.max(1))
            .thread_name("phalanx")
            .enable_all()
            .build()
            .map_err(|error| Error::resources("threads can't be started").caused_by(&error))?;
        let handle = runtime.handle().clone();
        let session = SessionContext::new_with_config_rt(config, environment);
        let slots = Arc::new(Semaphore::new(settings.threads.max(1)));
        Ok(Self { settings, session, store, perturbation, slots, idle: Arc::default(), runtime: Some(runtime), handle })
    }

    /// DataFusion's session: the planner of frames uses it.
    pub fn session(&self) -> &SessionContext {
        &self.session
    }

    fn prepare(&self, plan: &Plan) -> Result<Run> {
        plan.check(&self.settings)?;
        let root = reset_plan_states(crate::plan::inhabited(Arc::clone(plan.root()))?)?;
        let mut root = turns::take_turns(root, self.settings.threads, self.settings.memory_bytes)?;
        if let Some(perturbation) = &self.perturbation {
            root = perturbation.apply(root)?;
        }
        let cancel = CancelFlag::default();
        Ok(Run {
            root,
            context: Arc::new(cancel.context(&self.session)),
            cancel,
            threads: self.settings.threads.max(1),
            label: plan.label().to_owned(),
        })
    }
}

impl fmt::Debug for LocalEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalEngine({}, {} threads)", self.kind(), self.settings.threads)
    }
}

impl Drop for LocalEngine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background(); // an engine may be dropped inside async code
        }
    }
}

impl Engine for LocalEngine {
    fn kind(&self) -> EngineKind {
        if self.perturbation.is_some() { EngineKind::Perturbed } else { EngineKind::Local }
    }
    fn settings(&self) -> &Settings {
        &self.settings
    }
    fn submit(&self, plan: Plan) -> Job {
        let (label, schema) = (plan.label().to_owned(), plan.schema());
        match self.prepare(&plan) {
            Err(error) => Job::failed(&self.handle, &label, schema, error),
            Ok(run) => {
                let flag = run.cancel.clone();
                let drive = move |partitions: mpsc::Sender<_>, progress| async move {
                    let _inputs_stay = plan;
                    let mut results = run.results(progress);
                    while let Some(data) = results.next().await {
                        partitions.send(Ok(data?)).await.map_err(|_| Error::cancelled())?;
                    }
                    Ok(())
                };
                Job::start(&self.handle, &label, schema, drive).setting(flag)
            }
        }
    }
    fn persist(&self, plan: Plan) -> PersistJob {
        let prepared = self.prepare(&plan);
        let store = Arc::clone(&self.store);
        let label = plan.label().to_owned();
        let flag = prepared.as_ref().map_or_else(|_| CancelFlag::default(), |run| run.cancel.clone());
        let drive = move |progress| async move {
            let draft = store.draft();
            let mut results = prepared?.results(progress);
            while let Some(data) = results.next().await {
                draft.add(data?.batches)?;
            }
            // No lineage: nothing is lost in process, and a plan would keep its own inputs alive.
            Ok(draft.finish(plan.schema()))
        };
        PersistJob::start(&self.handle, &label, drive).setting(flag)
    }
    fn scatter(&self, label: &str, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> PersistJob {
        let store = Arc::clone(&self.store);
        PersistJob::start(&self.handle, label, move |_progress| async move {
            let draft = store.draft();
            for batches in partitions {
                draft.add(batches)?;
            }
            Ok(draft.finish(schema))
        })
    }
    fn gang(&self, plan: GangPlan) -> Gang {
        let (handle, slots, idle) = (self.handle.clone(), Arc::clone(&self.slots), Arc::clone(&self.idle));
        let reader: Arc<dyn ReadPersisted> = Arc::<Store>::clone(&self.store);
        // Never more cores than there are: a gang that is larger takes all of them.
        let cores = (plan.ranks * plan.threads).clamp(1, self.settings.threads.max(1));
        let start = async move {
            let mut specs = plan.specs()?;
            if plan.processors == Processors::Gpus {
                let there = crate::machine::gpus();
                if specs.len() > there {
                    return Err(Error::input(too_few_gpus(specs.len(), there)).with_hint(TOO_FEW_GPUS_HINT));
                }
                specs.iter_mut().for_each(|spec| spec.gpu = Some(spec.rank));
            }
            let taken = slots.acquire_many_owned(cores as u32).await.map_err(|_| Error::cancelled())?;
            let shape = idle::Shape::new(&specs, vec![String::from(LOOPBACK); plan.ranks]);
            let stay = idle.stay(&handle, shape.clone(), &specs, plan.idle_time());
            let again = stay.as_ref().and_then(|_| idle.again(&shape, &specs));
            let start = |spec| start_rank(&handle, spec, String::from(LOOPBACK), Arc::clone(&reader));
            let links = again.map_or_else(|| specs.into_iter().map(start).collect(), Ok)?;
            Ok(Started { links, held: Box::new((taken, plan)), stay })
        };
        Gang::start(&self.handle, start, |lost| async { Err(lost) })
    }
    fn describe(&self) -> Result<EngineDescription> {
        Ok(EngineDescription {
            kind: self.kind(),
            address: String::from("in process"),
            page: None,
            workers: vec![WorkerDescription {
                id: String::from("this process"),
                address: String::new(),
                cores: self.settings.threads,
                tasks_running: 0,
                memory_bytes: self.settings.memory_bytes,
                memory_used_bytes: 0,
                persisted_bytes: self.store.bytes(),
                is_leaving: false,
                gpus: crate::machine::gpus(),
            }],
            jobs: vec![],
        })
    }
}

/// One run of a plan.
struct Run {
    root: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    cancel: CancelFlag,
    threads: usize,
    label: String,
}

impl Run {
    /// Runs at most `threads` partitions at once; the results come in order.
    fn results(self, progress: watch::Sender<Progress>) -> BoxStream<'static, Result<PartitionData>> {
        let (count, threads) = (crate::plan::partition_count(&self.root), self.threads);
        progress.send_replace(Progress {
            job: self.label.clone(),
            label: self.label.clone(),
            attempts: 1,
            stages: vec![StageProgress {
                name: self.label,
                tasks: count,
                tasks_running: count.min(threads),
                ..Default::default()
            }],
        });
        futures::stream::iter(0..count)
            .map(move |partition| {
                let (root, context) = (Arc::clone(&self.root), Arc::clone(&self.context));
                let work = async move { root.execute(partition, context)?.try_collect::<Vec<_>>().await };
                let task = Aborting(tokio::spawn(work));
                async move { task.join().await.map(|batches| PartitionData { partition, batches }) }
            })
            .buffered(threads)
            .inspect_ok(move |data| {
                progress.send_modify(|progress| {
                    for stage in &mut progress.stages {
                        stage.tasks_done += 1;
                        stage.tasks_running = (stage.tasks - stage.tasks_done).min(threads);
                        stage.rows += data.batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
                        stage.bytes += memory::bytes_of(&data.batches);
                    }
                });
            })
            .boxed()
    }
}

/// A spawned task that ends with its owner.
struct Aborting(tokio::task::JoinHandle<DataFusionResult<Vec<RecordBatch>>>);

impl Aborting {
    async fn join(mut self) -> Result<Vec<RecordBatch>> {
        match (&mut self.0).await {
            Ok(result) => Ok(result?),
            Err(error) => Err(match error.try_into_panic() {
                Ok(panic) => Error::internal(format!("a task panicked: {}", panic_text(panic.as_ref()))),
                Err(_) => Error::cancelled(),
            }),
        }
    }
}

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a panic said.
pub fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it said nothing")
}
