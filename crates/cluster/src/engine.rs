//! The engine of a cluster: plans go to the scheduler, results come from the workers.
//!
//! A job is a loop over *attempts*: an attempt that lost a worker is dropped, whole, and the same plan is submitted
//! again under a new name. Persisted inputs stay; what was lost of them is made again from its lineage.

use crate::codec;
use crate::data::{Pool, location};
use crate::handover::hand_over_forever;
use crate::protocol::FailedJob;
use crate::scheduler::{CANCELLED, JOB_NAME, RETRY, is_deeper, join_name};
use crate::session::{Session, scheduler_lost};
use crate::task_options::TaskOptions;
use crate::transport::{SchedulerAddress, Transport};
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::job_status::Status as JobState;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use phalanx_engine::observe::RunEvent;
use phalanx_engine::{
    Engine, EngineDescription, EngineKind, Error, ErrorKind, Gang, GangPlan, IdleGangs, Job, Lineage, LocalEngine,
    Location, PartitionData, PersistJob, Persisted, Plan, Progress, Recipe, Result, SavedPlan, Settings, credentials,
    datafusion,
};
use std::future::Future;
use std::sync::Arc;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

/// Plans that are deeper are not even written: who writes them, and who reads them, goes down into each operator's input,
/// on a stack.
const DEPTH_MAX: usize = 400;
/// How often a plan is submitted before we give up. A job that outlives this many losses is longer than the time
/// between them: it should be several jobs over persisted data.
const ATTEMPTS_MAX: u32 = 20;
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

/// What a certified attempt left on the workers.
struct Outputs {
    job: String,
    stage: Option<u64>,
    /// One for each partition of the result; with an empty path where there are no rows.
    locations: Vec<Location>,
}

/// How often a job has been tried, over all calls for it.
#[derive(Default)]
struct Attempts {
    count: u32,
    /// How often a lost scheduler was the reason.
    resubmitted: u32,
    /// What the last one that failed lost.
    lost: Option<Error>,
}

/// How an attempt ended that has no result.
enum Miss {
    /// A worker was lost: once more.
    Retry(Error),
    /// Persisted data is gone: make it again, then once more.
    Lost(Error),
    /// The scheduler is gone, or the connection to it: perhaps once more.
    Gone(Error),
    /// Nothing to be done.
    Final(Error),
}

impl From<Error> for Miss {
    fn from(error: Error) -> Self {
        Self::Final(error)
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

    /// Runs attempts of `plan` until one lost nobody.
    fn run<'a>(
        &'a self,
        plan: &'a Plan,
        progress: &'a watch::Sender<Progress>,
        attempts: &'a mut Attempts,
    ) -> BoxFuture<'a, Result<Outputs>> {
        async move {
            plan.check(&self.settings)?;
            if plan.partitions() == 0 {
                return Ok(Outputs { job: String::new(), stage: None, locations: vec![] }); // no task would ever end
            }
            while attempts.count < ATTEMPTS_MAX {
                attempts.count += 1;
                progress.send_modify(|progress| {
                    progress.attempts = attempts.count;
                    progress.label = plan.label().to_owned();
                });
                let losses = self.session.losses();
                let versions: Vec<u64> = plan.inputs().iter().map(Persisted::version).collect();
                match self.attempt(&plan.refreshed()?, progress).await {
                    Ok(outputs) => return Ok(outputs),
                    Err(Miss::Retry(error)) => {
                        tracing::info!(plan = plan.label(), %error, "attempt dropped");
                        attempts.lost = Some(error);
                    }
                    Err(Miss::Lost(error)) => {
                        self.rebuild(plan.inputs(), &versions, error.clone()).await?;
                        attempts.lost = Some(error);
                    }
                    Err(Miss::Gone(error)) => {
                        if self.session.is_lost_since(losses).await {
                            if attempts.resubmitted >= self.settings.retries {
                                return Err(error);
                            }
                            attempts.resubmitted += 1;
                            self.session.back().await?;
                            tracing::info!(plan = plan.label(), "submitted again: its scheduler was lost");
                        } // else it was a connection: once more
                        attempts.lost = Some(error);
                    }
                    Err(Miss::Final(error)) => return Err(error),
                }
            }
            let message = format!("workers were lost in each of {ATTEMPTS_MAX} attempts of {:?}", plan.label());
            let error = Error::cluster(message).with_hint(
                "look at the workers' logs: does the job itself end them? Split one that is longer than the time \
                 between losses with persist()",
            );
            Err(match &attempts.lost {
                Some(last) => error.caused_by(last),
                None => error,
            })
        }
        .boxed()
    }

    async fn attempt(&self, plan: &Plan, progress: &watch::Sender<Progress>) -> std::result::Result<Outputs, Miss> {
        self.session.need_workers().await.map_err(|error| self.gone(error))?;
        if is_deeper(plan.root(), DEPTH_MAX) {
            return Err(Miss::Final(
                Error::resources(format!(
                    "{:?} is deeper than {DEPTH_MAX} operators, which can't travel",
                    plan.label()
                ))
                .with_hint("persist parts of the work: each is then a plan of its own"),
            ));
        }
        let bytes = codec::engine().encode(Arc::clone(plan.root())).map_err(Error::from)?;
        let attempt = uuid::Uuid::new_v4().simple().to_string();
        let name = (JOB_NAME.to_owned(), join_name(plan.label(), &attempt));
        let credentials = credentials::named_in(&bytes)?;
        let ours = TaskOptions { task_bytes: plan.task_bytes(), credentials }.entries_of();
        // Cutting a plan into stages, Ballista lets DataFusion's optimizer see each once more. Where a join has fewer
        // partitions than the session's default, that would put a second exchange into the stage, with more partitions,
        // whose files a task then writes under the wrong numbers. Partitions that satisfy their join are to stay.
        let keep = (String::from("datafusion.optimizer.preserve_file_partitions"), String::from("1"));
        let options = self.settings.options().into_iter().chain(ours).chain([name, keep]);
        let settings = options.map(|(key, value)| pb::KeyValuePair { key, value: Some(value) }).collect();
        let mut request = tonic::Request::new(pb::ExecuteQueryParams {
            session_id: self.session.id().to_owned(),
            settings,
            operation_id: attempt.clone(),
            query: Some(Query::PhysicalPlan(bytes)),
        });
        ballista_core::version::insert_version_header(request.metadata_mut());
        // From here on the scheduler may have the job, whatever we hear of it.
        let mut guard = AttemptGuard { session: &self.session, attempt: Some(attempt.clone()) };
        let answer = self.session.scheduler().execute_query_push(request).await.map_err(|status| refused(&status))?;
        let mut statuses = drained(&self.handle, answer.into_inner());
        let mut watch = self.session.watch();
        loop {
            let status = tokio::select! {
                biased;
                status = statuses.recv() => status,
                update = watch.next(&attempt) => {
                    if let Some(stages) = update.map_err(|error| self.gone(error))? {
                        progress.send_modify(|progress| progress.stages = stages);
                    }
                    continue;
                }
            };
            let Some(status) = status else { return Err(Miss::Gone(scheduler_lost())) };
            progress.send_if_modified(|progress| {
                let is_new = progress.job != status.job_id;
                progress.job.clone_from(&status.job_id);
                is_new
            });
            match status.status {
                Some(JobState::Successful(success)) => {
                    let outputs = outputs(status.job_id, plan.partitions(), success.partition_location)?;
                    guard.attempt = None;
                    return Ok(outputs);
                }
                Some(JobState::Failed(failed)) => return Err(judge(&failed.error, plan)),
                _ => {}
            }
        }
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

    /// Makes persisted data again from its lineage: what `error` says was lost to an attempt that read these
    /// `versions` of its `inputs`. One at a time; who comes later finds it made.
    async fn rebuild(&self, inputs: &[Persisted], versions: &[u64], error: Error) -> Result<()> {
        let mut inputs = inputs.iter().zip(versions);
        let lost = error.lost_data().and_then(|lost| inputs.find(|(input, _)| input.handle() == lost.handle));
        let Some((input, version, lineage)) =
            lost.and_then(|(input, version)| Some((input, version, input.lineage()?)))
        else {
            return Err(error);
        };
        let _others_wait = input.rebuilding().await;
        if input.version() != *version {
            return Ok(());
        }
        tracing::info!(handle = input.handle(), "persisted data is gone and is made again");
        input.moved(self.make_again(input.handle(), lineage).await?);
        Ok(())
    }

    /// Runs `lineage`'s plan; what it reads and nobody holds any more is made again first, and freed afterwards.
    async fn make_again(&self, handle: &str, lineage: &Lineage) -> Result<Vec<Location>> {
        let mut inputs = vec![];
        for input in lineage.inputs() {
            inputs.push(self.held(input).await?);
        }
        let (progress, _unwatched) = watch::channel(Progress::default());
        let outputs = self.run(&lineage.plan(inputs), &progress, &mut Attempts::default()).await?;
        self.session.holds(handle, &outputs.job, outputs.stage);
        Ok(outputs.locations)
    }

    fn held<'a>(&'a self, recipe: &'a Recipe) -> BoxFuture<'a, Result<Persisted>> {
        async move {
            let _others_wait = recipe.rebuilding().await;
            match (recipe.held(), recipe.lineage()) {
                (Some(held), _) => Ok(held),
                (None, Some(lineage)) => Ok(recipe.revived(self.make_again(recipe.handle(), lineage).await?)),
                (None, None) => Err(Error::internal(format!("{} was freed and has no plan", recipe.handle()))),
            }
        }
        .boxed()
    }

    /// Is this error the loss of the scheduler?
    fn gone(&self, error: Error) -> Miss {
        if self.session.is_lost() { Miss::Gone(error) } else { Miss::Final(error) }
    }
}

/// Why the scheduler did not take a plan.
fn refused(status: &tonic::Status) -> Miss {
    match status.code() {
        tonic::Code::InvalidArgument if status.message().contains("RecursionLimitReached") => Miss::Final(
            Error::resources("the plan is nested deeper than a scheduler reads: about thirty steps of one column on top of each other")
                .with_hint("persist parts of the work: each is a plan of its own; in one process plans may be deeper"),
        ),
        tonic::Code::InvalidArgument => Miss::Final(
            Error::resources(format!("the scheduler can't read the plan: {}", status.message()))
                .with_hint("scheduler, workers and client must be of one version"),
        ),
        tonic::Code::ResourceExhausted => Miss::Final(
            Error::from_wire(status.message()).unwrap_or_else(|| Error::resources(status.message().to_owned())),
        ),
        tonic::Code::OutOfRange => Miss::Final(
            Error::resources(format!("the plan is too large for one message: {}", status.message()))
                .with_hint("scatter large data instead of embedding it, or raise --max-message-size of the scheduler"),
        ),
        _ => Miss::Gone(scheduler_lost().caused_by(status)),
    }
}

/// Cancels the attempt, and frees its data, unless it is kept.
struct AttemptGuard<'a> {
    session: &'a Session,
    attempt: Option<String>,
}

impl Drop for AttemptGuard<'_> {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            self.session.cancel(&attempt);
        }
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

/// Reads the statuses in a task of its own: the scheduler keeps only 16 for a slow reader, and the last one counts.
fn drained(
    handle: &Handle,
    mut statuses: tonic::Streaming<pb::GetJobStatusResult>,
) -> UnboundedReceiver<pb::JobStatus> {
    let (sender, receiver) = unbounded_channel();
    handle.spawn(async move {
        while let Ok(Some(message)) = statuses.message().await {
            let is_wanted = message.status.is_none_or(|status| sender.send(status).is_ok());
            if !is_wanted {
                break;
            }
        }
    });
    receiver
}

/// The outputs in the order of their partitions, each at most once.
fn outputs(job: String, partitions: usize, locations: Vec<pb::PartitionLocation>) -> Result<Outputs> {
    let wrong = |what: String| Error::internal(format!("job {job} of {partitions} partitions: {what}"));
    let mut places: Vec<Option<Location>> = vec![None; partitions];
    let mut stage = None;
    for output in locations {
        let (from, partition, at) = location(output).ok_or_else(|| wrong(String::from("an output has no place")))?;
        stage = Some(from as u64);
        let place = places.get_mut(partition).ok_or_else(|| wrong(format!("there is no partition {partition}")))?;
        if place.replace(at).is_some() {
            return Err(wrong(format!("partition {partition} comes twice")));
        }
    }
    let locations = places.into_iter().map(Option::unwrap_or_default).collect();
    Ok(Outputs { job, stage, locations })
}

/// What a failed attempt means for its job.
fn judge(text: &str, plan: &Plan) -> Miss {
    if text.contains(RETRY) {
        let why: String = text.split(RETRY).last().unwrap_or(text).chars().take(300).collect();
        return Miss::Retry(Error::from_wire(text).unwrap_or_else(|| Error::cluster(why)));
    }
    match Error::from_wire(text) {
        // Not by us, who would no longer listen: by somebody at the dashboard, or because the session had been given up.
        None if text == CANCELLED => Miss::Final(Error::cancelled().with_hint("somebody ended it on the dashboard")),
        None => Miss::Final(Error::internal(text)),
        Some(error) => {
            let is_ours =
                error.lost_data().is_some_and(|lost| plan.inputs().iter().any(|input| input.handle() == lost.handle));
            if is_ours { Miss::Lost(error) } else { Miss::Final(error) }
        }
    }
}
