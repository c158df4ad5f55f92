//! The engine of a cluster: plans go to the scheduler, results come from the workers.
//!
//! A job is a loop over *attempts*: an attempt that lost a worker is dropped, whole, and the same plan is submitted
//! again under a new name. Persisted inputs stay; what was lost of them is made again from its lineage.

mod attempt;
mod rebuild;

use crate::codec;
use crate::data::Pool;
use crate::handover::hand_over_forever;
use crate::protocol::FailedJob;
use crate::session::Session;
use crate::transport::{SchedulerAddress, Transport};
use attempt::{Attempts, Outputs};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use futures::{FutureExt, StreamExt, TryStreamExt};
use phalanx_engine::observe::RunEvent;
use phalanx_engine::{
    Engine, EngineDescription, EngineKind, Error, ErrorKind, Gang, GangPlan, IdleGangs, Job, LocalEngine, Location,
    PartitionData, PersistJob, Persisted, Plan, Progress, Result, SavedPlan, Settings, datafusion,
};
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::watch;

/// Threads of the client: they move results, they compute nothing.
const CLIENT_THREADS: usize = 2;
/// How long a client that ends tells the scheduler so; one that can't is missed after its lease.
const GOODBYE_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(300);
/// How many partitions of a result are fetched at once.
const FETCHES_MAX: usize = 8;

/// Runs plans on a cluster.
pub struct ClusterEngine {
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
    handle: Handle,
}

/// What the engine's jobs share.
pub(crate) struct Shared {
    settings: Settings,
    address: SchedulerAddress,
    session: Arc<Session>,
    pool: Pool,
    handle: Handle,
    idle: Arc<IdleGangs>,
}

impl std::fmt::Debug for ClusterEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClusterEngine({})", self.shared.address)
    }
}

impl ClusterEngine {
    /// Connects to a scheduler.
    ///
    /// # Errors
    /// * `Cluster`: nobody answers there.
    /// * `Input`: the scheduler is of another version.
    pub fn connect(address: &SchedulerAddress, settings: Settings, transport: Transport) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(CLIENT_THREADS)
            .thread_name("phalanx-client")
            .enable_all()
            .build()
            .map_err(|error| Error::resources("threads can't be started").caused_by(&error))?;
        let handle = runtime.handle().clone();
        let connecting = Shared::connect(address.clone(), settings, transport, handle.clone());
        // Not `block_on` of this runtime: the caller may be inside another one.
        let shared = futures::executor::block_on(handle.spawn(connecting))
            .map_err(|error| Error::internal("connecting panicked").caused_by(&error))??;
        Ok(Self { shared: Arc::new(shared), runtime: Some(runtime), handle })
    }

    /// The scheduler's address.
    pub fn address(&self) -> &SchedulerAddress {
        &self.shared.address
    }

    /// Waits until `count` workers are there.
    ///
    /// # Errors
    /// `Cluster`: they are not there within `timeout`, or the scheduler is lost.
    pub fn wait_for_workers(&self, count: usize, timeout: std::time::Duration) -> Result<()> {
        futures::executor::block_on(self.handle.spawn({
            let shared = Arc::clone(&self.shared);
            async move { shared.session.wait_for_workers(count, timeout).await }
        }))
        .map_err(|error| Error::internal("waiting panicked").caused_by(&error))?
    }
}

impl ClusterEngine {
    /// The latest jobs that failed on this cluster, whoever ran them; the oldest first.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is lost.
    pub fn failed_jobs(&self) -> Result<Vec<FailedJob>> {
        let shared = Arc::clone(&self.shared);
        self.block(async move { shared.session.failed_jobs().await })
    }

    /// What can be seen of the cluster.
    pub fn observer(&self) -> crate::Observer {
        self.shared.session.observer()
    }

    /// Waits for something that is asked of [`ClusterEngine::observer`], from any thread.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn wait<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        self.block(work)
    }

    /// The plan of one of [`ClusterEngine::failed_jobs`], to be [run again](replayed) in one process.
    ///
    /// # Errors
    /// `Input`: there is no such job. `Cluster`: the scheduler is lost.
    pub fn save_job(&self, job: &str) -> Result<SavedPlan> {
        let (shared, job) = (Arc::clone(&self.shared), job.to_owned());
        self.block(async move { shared.session.save_job(&job).await })
    }

    /// Lets workers go, by their names: they take no more tasks, finish those that they run, hand over what is persisted
    /// on them to the others, and end. Returns at once.
    ///
    /// # Errors
    /// `Input`: there is no such worker; then none is let go. `Cluster`: the scheduler is lost.
    pub fn retire_workers(&self, workers: Vec<String>) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        self.block(async move { shared.session.retire(workers).await })
    }

    /// Not `block_on` of our runtime: the caller may be inside another one.
    fn block<T: Send + 'static>(&self, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
        futures::executor::block_on(self.handle.spawn(work))
            .map_err(|error| Error::internal("a call of the scheduler panicked").caused_by(&error))?
    }
}

/// The plan of a job that was saved on a cluster, for `engine`. Data that was persisted on the cluster is not in it:
/// where the plan reads some, the job fails with an error that says so.
///
/// # Errors
/// The plan can't be read, which is a bug of ours: files of other builds are refused before.
pub fn replayed(saved: &SavedPlan, engine: &LocalEngine) -> Result<Plan> {
    let root = codec::engine().decode(&saved.plan, &engine.session().task_ctx())?;
    Ok(Plan::new(saved.label.clone(), root))
}

impl Drop for ClusterEngine {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            let session = Arc::clone(&self.shared.session);
            let goodbye = async move { tokio::time::timeout(GOODBYE_TIMEOUT, session.goodbye()).await };
            let _told = futures::executor::block_on(runtime.spawn(goodbye));
            runtime.shutdown_background();
        }
    }
}

impl Engine for ClusterEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Cluster
    }
    fn settings(&self) -> &Settings {
        &self.shared.settings
    }
    fn submit(&self, plan: Plan) -> Job {
        let (label, schema) = (plan.label().to_owned(), plan.schema());
        let shared = Arc::clone(&self.shared);
        Job::start(&self.handle, &label, schema, move |partitions, progress| async move {
            let (mut attempts, mut delivered) = (Attempts::default(), 0);
            loop {
                let outputs = shared.run(&plan, &progress, &mut attempts).await?;
                match shared.deliver(&outputs, &mut delivered, &partitions).await {
                    // A worker died after the job and before its result was fetched: once more.
                    Err(error) if error.kind() == ErrorKind::Cluster => {
                        tracing::info!(job = outputs.job, %error, "lost");
                        attempts.lost = Some(error);
                    }
                    end => return end,
                }
            }
        })
    }
    fn persist(&self, plan: Plan) -> PersistJob {
        let label = plan.label().to_owned();
        let shared = Arc::clone(&self.shared);
        PersistJob::start(&self.handle, &label, move |progress| async move { shared.persist(plan, &progress).await })
    }
    fn scatter(&self, label: &str, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> PersistJob {
        let (shared, name) = (Arc::clone(&self.shared), label.to_owned());
        PersistJob::start(&self.handle, label, move |_progress| async move {
            crate::scatter::scatter(&shared.session, &shared.pool, &name, schema, partitions).await
        })
    }
    fn gang(&self, plan: GangPlan) -> Gang {
        let inputs: Vec<Persisted> = plan.inputs.iter().map(|input| input.data.clone()).collect();
        // Before they are read: who finds one lost makes it again only if nobody has done so since.
        let versions: Vec<u64> = inputs.iter().map(Persisted::version).collect();
        let (starting, mending) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let start = async move { crate::gang::start(&starting.session, &starting.pool, &starting.idle, plan).await };
        let mend = move |error| async move { mending.rebuild(&inputs, &versions, error).await };
        Gang::start(&self.handle, start, mend)
    }
    fn describe(&self) -> Result<EngineDescription> {
        let shared = Arc::clone(&self.shared);
        futures::executor::block_on(self.handle.spawn(async move { shared.session.describe().await }))
            .map_err(|error| Error::internal("describing panicked").caused_by(&error))?
    }
    fn report(&self, event: RunEvent) {
        self.shared.session.report(&event);
    }
}

impl Shared {
    async fn connect(
        address: SchedulerAddress,
        settings: Settings,
        transport: Transport,
        handle: Handle,
    ) -> Result<Self> {
        let session = Arc::new(Session::begin(&address, &transport, &handle).await?);
        let pool = Pool::new(transport);
        handle.spawn(hand_over_forever(Arc::downgrade(&session), session.watch(), pool.clone()).boxed());
        Ok(Self { settings, address, session, pool, handle, idle: Arc::default() })
    }

    /// Sends the partitions that the receiver does not have yet. Bits do not depend on the attempt, so what an
    /// earlier attempt delivered stands.
    async fn deliver(
        &self,
        outputs: &Outputs,
        delivered: &mut usize,
        partitions: &tokio::sync::mpsc::Sender<Result<PartitionData>>,
    ) -> Result<()> {
        let _freed = FreeGuard { session: &self.session, job: &outputs.job };
        let rest: Vec<(usize, Location)> = outputs.locations.iter().cloned().enumerate().skip(*delivered).collect();
        let mut fetched = futures::stream::iter(rest)
            .map(|(partition, location)| async move {
                Ok::<_, Error>(PartitionData { partition, batches: self.fetch(&location).await? })
            })
            .buffered(FETCHES_MAX);
        while let Some(data) = fetched.next().await {
            partitions.send(Ok(data?)).await.map_err(|_| Error::cancelled())?;
            *delivered += 1;
        }
        Ok(())
    }

    async fn fetch(&self, location: &Location) -> Result<Vec<RecordBatch>> {
        if location.path.is_empty() {
            return Ok(vec![]);
        }
        let cut = |error: datafusion::error::DataFusionError| {
            Error::cluster(format!("the result on worker {} is cut off", location.worker)).caused_by(&error)
        };
        self.pool.fetch(location).await?.try_collect().await.map_err(cut)
    }

    async fn persist(self: Arc<Self>, plan: Plan, progress: &watch::Sender<Progress>) -> Result<Persisted> {
        let outputs = self.run(&plan, progress, &mut Attempts::default()).await?;
        let handle = format!("c{}", uuid::Uuid::new_v4().simple());
        self.session.holds(&handle, &outputs.job, outputs.stage);
        let shared = Arc::clone(&self);
        let release = Box::new(move |handle: &str| shared.session.release(handle));
        let data = Persisted::new(handle, plan.schema(), outputs.locations, Some(plan), release);
        self.session.watches(&data);
        Ok(data)
    }
}

/// Frees a result that was fetched, or could not be.
struct FreeGuard<'a> {
    session: &'a Session,
    job: &'a str,
}

impl Drop for FreeGuard<'_> {
    fn drop(&mut self) {
        self.session.free(self.job, None);
    }
}
