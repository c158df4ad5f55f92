//! DataFusion in this process: the engine that needs nothing started.

use crate::cancel::CancelFlag;
use crate::engine::{Engine, EngineDescription, EngineKind, Plan, WorkerDescription};
use crate::job::{Job, PartitionData, PersistJob, Progress, StageProgress};
use crate::persisted::{self, Location, Persisted, PersistedReader, ReadPersisted};
use crate::perturb::Perturbation;
use crate::scratch::Scratch;
use crate::{Error, Result, Settings};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::{reader::FileReader, writer::FileWriter};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion::prelude::SessionContext;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{mpsc, watch};

/// Runs plans on DataFusion, on threads of its own.
pub struct LocalEngine {
    settings: Settings,
    session: SessionContext,
    store: Arc<Store>,
    perturbation: Option<Perturbation>,
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
        let scratch = Scratch::create(&settings.scratch, &uuid::Uuid::new_v4().simple().to_string())?;
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(
                usize::try_from(settings.memory_bytes).unwrap_or(usize::MAX),
            )))
            .with_temp_file_path(scratch.path())
            .build_arc()?;
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
        Ok(Self { settings, session, store, perturbation, runtime: Some(runtime), handle })
    }

    /// DataFusion's session: the planner of frames uses it.
    pub fn session(&self) -> &SessionContext {
        &self.session
    }

    fn prepare(&self, plan: &Plan) -> Result<Run> {
        plan.check(&self.settings)?;
        let mut root = reset_plan_states(crate::plan::inhabited(Arc::clone(plan.root()))?)?;
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
                        stage.bytes +=
                            data.batches.iter().map(|batch| batch.get_array_memory_size() as u64).sum::<u64>();
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

/// Persisted partitions of this process: in memory up to a limit, beyond it in Arrow IPC files.
#[derive(Debug)]
struct Store {
    scratch: Scratch,
    memory_bytes_max: u64,
    memory_bytes: AtomicU64,
    handles: Mutex<HashMap<String, Vec<Slot>>>,
    next: AtomicU64,
}

#[derive(Debug, Clone)]
enum Slot {
    Memory { batches: Vec<RecordBatch>, bytes: u64 },
    File { path: PathBuf, bytes: u64 },
}

impl Slot {
    fn bytes(&self) -> u64 {
        match self {
            Self::Memory { bytes, .. } | Self::File { bytes, .. } => *bytes,
        }
    }
}

impl Store {
    fn new(scratch: Scratch, memory_bytes_max: u64) -> Self {
        Self {
            scratch,
            memory_bytes_max,
            memory_bytes: AtomicU64::new(0),
            handles: Mutex::default(),
            next: AtomicU64::new(0),
        }
    }
    fn bytes(&self) -> u64 {
        self.handles.lock().values().flatten().map(Slot::bytes).sum()
    }
    fn draft(self: &Arc<Self>) -> Draft {
        let handle = format!("p{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.handles.lock().insert(handle.clone(), vec![]);
        Draft { store: Arc::clone(self), handle, locations: Mutex::default(), finished: false }
    }
    fn place(&self, name: &str, batches: Vec<RecordBatch>) -> Result<Slot> {
        let bytes = batches.iter().map(|batch| batch.get_array_memory_size() as u64).sum();
        let fits = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.memory_bytes_max);
        if self.memory_bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok() {
            return Ok(Slot::Memory { batches, bytes });
        }
        let path = self.scratch.path().join(format!("{name}.arrow"));
        write_file(&path, &batches).map_err(|error| {
            Error::resources(format!("persisted data can't be spilled to {}", path.display())).caused_by(&error)
        })?;
        Ok(Slot::File { path, bytes })
    }
    fn free(&self, handle: &str) {
        for slot in self.handles.lock().remove(handle).unwrap_or_default() {
            match slot {
                Slot::Memory { bytes, .. } => drop(self.memory_bytes.fetch_sub(bytes, Ordering::Relaxed)),
                Slot::File { path, .. } => drop(std::fs::remove_file(path)),
            }
        }
    }
}

fn write_file(path: &std::path::Path, batches: &[RecordBatch]) -> DataFusionResult<()> {
    let Some(first) = batches.first() else { return Ok(()) };
    let mut writer = FileWriter::try_new_buffered(File::create(path)?, &first.schema())?;
    for batch in batches {
        writer.write(batch)?;
    }
    Ok(writer.finish()?)
}

impl ReadPersisted for Store {
    fn read(
        &self,
        handle: &str,
        partition: usize,
        location: &Location,
        schema: &SchemaRef,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let slot = self.handles.lock().get(handle).and_then(|slots| slots.get(partition).cloned());
        let batches: BoxStream<'static, DataFusionResult<RecordBatch>> = match slot {
            None => return Err(persisted::lost(handle, partition, location).into()),
            Some(Slot::Memory { batches, .. }) => futures::stream::iter(batches.into_iter().map(Ok)).boxed(),
            Some(Slot::File { path, .. }) => {
                let file = File::open(path).map_err(|_| persisted::lost(handle, partition, location))?;
                let reader = FileReader::try_new_buffered(file, None)?;
                futures::stream::iter(reader.map(|batch| batch.map_err(DataFusionError::from))).boxed()
            }
        };
        Ok(crate::stream::with_schema(Arc::clone(schema), batches))
    }
}

/// Persisted data in the making; freed unless it is finished.
struct Draft {
    store: Arc<Store>,
    handle: String,
    locations: Mutex<Vec<Location>>,
    finished: bool,
}

impl Draft {
    fn add(&self, batches: Vec<RecordBatch>) -> Result<()> {
        let rows = batches.iter().map(|batch| batch.num_rows() as u64).sum();
        let number = self.locations.lock().len();
        let name = format!("{}-{number}", self.handle);
        let batches = batches.into_iter().filter(|batch| batch.num_rows() > 0).collect();
        let slot = self.store.place(&name, batches)?;
        self.locations.lock().push(Location { path: name, rows, bytes: slot.bytes(), ..Location::default() });
        if let Some(slots) = self.store.handles.lock().get_mut(&self.handle) {
            slots.push(slot);
        }
        Ok(())
    }
    fn finish(mut self, schema: SchemaRef) -> Persisted {
        self.finished = true;
        let store = Arc::clone(&self.store);
        let locations = std::mem::take(&mut *self.locations.lock());
        Persisted::new(self.handle.clone(), schema, locations, None, Box::new(move |handle| store.free(handle)))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.finished {
            self.store.free(&self.handle);
        }
    }
}
