//! The worker's loop: ask for tasks, run them, report them.
//!
//! Ballista's own `poll_loop` loses the statuses it has drained and the tasks it was given when a poll fails, and
//! waits a second where it need not. Here a failed poll ends the worker (its tasks are then known to be lost), and a
//! finished task is reported at once.

use super::disk;
use super::operators::Operators;
use super::stop::{Seen, Stop};
use super::store::WorkerStore;
use crate::codec;
use crate::data::Pool;
use crate::task_options::{TaskOptions, config_producer};
use ballista_core::JobId;
use ballista_core::config::BALLISTA_SHUFFLE_READER_MAX_BYTES_IN_FLIGHT;
use ballista_core::error::BallistaError;
use ballista_core::extension::{SessionConfigExt, SessionConfigHelperExt};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::failed_task::FailedReason;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_executor::execution_engine::{DefaultExecutionEngine, ExecutionEngine};
use dashmap::DashMap;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::SessionConfig;
use futures::FutureExt;
use phalanx_engine::error::Place;
use phalanx_engine::host::TaskPlace;
use phalanx_engine::local::panic_text;
use phalanx_engine::persisted::PersistedReader;
use phalanx_engine::{Error, credentials, datafusion, session};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::transport::Channel;

/// A worker that has nothing to say says so this often: a poll is also a sign of life.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// What ends as it should is gone within this time: then one poll tells of the task and of its free core.
const ENDS_WITHIN: Duration = Duration::from_millis(1);

/// What runs a worker's tasks.
pub struct Runner {
    pub registration: pb::ExecutorRegistration,
    pub cores: usize,
    /// What a task may need at most.
    pub memory_bytes: u64,
    pub store: Arc<WorkerStore>,
    pub pool: Pool,
    pub environment: Arc<RuntimeEnv>,
    /// Where tasks compute: threads of their own, as many as cores.
    pub compute: tokio::runtime::Handle,
    pub wake: Arc<Notify>,
    /// The scheduler has said that it is to leave.
    pub retired: Notify,
    /// What the operators of its tasks did.
    pub operators: Operators,
    /// It takes no more tasks.
    leaving: AtomicBool,
    running: DashMap<TaskName, Arc<Stop>>,
    functions: BallistaFunctionRegistry,
    /// What every task's configuration begins with.
    config: SessionConfig,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct TaskName {
    job: String,
    stage: usize,
    task: usize,
}

impl Runner {
    pub fn new(
        registration: pb::ExecutorRegistration,
        (cores, memory_bytes): (usize, u64),
        store: Arc<WorkerStore>,
        pool: Pool,
        environment: Arc<RuntimeEnv>,
        compute: tokio::runtime::Handle,
    ) -> Arc<Self> {
        let endpoint = pool.endpoint();
        let config = config_producer()
            .with_ballista_override_create_grpc_client_endpoint(Arc::new(move |inner| {
                endpoint.configure_endpoint(inner)
            }))
            .with_extension(Arc::new(PersistedReader(Arc::<WorkerStore>::clone(&store))));
        Arc::new(Self {
            config,
            registration,
            cores,
            memory_bytes,
            store,
            pool,
            environment,
            compute,
            wake: Arc::default(),
            retired: Notify::new(),
            operators: Operators::default(),
            leaving: AtomicBool::new(false),
            running: DashMap::new(),
            functions: BallistaFunctionRegistry::default(),
        })
    }

    /// Tasks that run now.
    pub fn tasks_running(&self) -> usize {
        self.running.len()
    }

    /// Ends one task, at its next pause.
    pub fn cancel_task(&self, job: &str, stage: usize, task: usize) {
        if let Some(task) = self.running.get(&TaskName { job: job.to_owned(), stage, task }) {
            task.value().tell();
        }
    }

    /// Ends the tasks of `job`, at their next pause; those that come late do not begin.
    pub fn cancel(&self, job: &str) {
        self.store.end(job); // first: a task looks for it after it has been noted as running
        for task in self.running.iter().filter(|task| task.key().job == job) {
            task.value().tell();
        }
    }

    /// Polls until a poll fails.
    pub async fn run(self: Arc<Self>, mut scheduler: SchedulerGrpcClient<Channel>) -> Error {
        let (reports, mut finished) = unbounded_channel();
        loop {
            // Counted before the statuses are drained: a task is either still running or reported.
            let free = self.free_cores();
            let request = pb::PollWorkParams {
                metadata: Some(self.registration.clone()),
                num_free_vcores: free as u32,
                task_status: drain(&mut finished),
            };
            let tasks = match scheduler.poll_work(request).await {
                Ok(answer) => answer.into_inner().tasks,
                Err(status) => {
                    return Error::cluster(format!("the scheduler does not take our poll: {}", status.message()));
                }
            };
            let got = tasks.len();
            for task in tasks {
                self.start(task, reports.clone());
            }
            if got == 0 || got >= free {
                self.wait_for_a_reason(&finished).await;
            }
        }
    }

    /// Waits until there is something to report, or a free core and perhaps work for it, or it is time for a sign of
    /// life.
    async fn wait_for_a_reason(&self, finished: &UnboundedReceiver<pb::TaskStatus>) {
        let reason = async {
            loop {
                self.wake.notified().await;
                if !finished.is_empty() || self.free_cores() > 0 {
                    return;
                }
            }
        };
        let _either = tokio::time::timeout(POLL_INTERVAL, reason).await;
    }

    /// Takes no more tasks.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }
    /// Does it take no more tasks?
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }

    fn free_cores(&self) -> usize {
        if self.is_leaving() {
            return 0;
        }
        self.cores.saturating_sub(self.running.len())
    }

    fn start(self: &Arc<Self>, task: pb::TaskDefinition, reports: UnboundedSender<pb::TaskStatus>) {
        let name = TaskName { job: task.job_id.clone(), stage: task.stage_id as usize, task: task.task_id as usize };
        let stop = Arc::new(Stop::new());
        self.running.insert(name.clone(), Arc::clone(&stop));
        if self.store.has_ended(&name.job) {
            stop.tell();
        }
        let runner = Arc::clone(self);
        self.compute.spawn(async move {
            let started = now_ms();
            let outcome = AssertUnwindSafe(runner.execute(&task, &stop)).catch_unwind().await;
            let outcome = match outcome {
                _ if stop.is_told() => Err(BallistaError::Cancelled),
                Ok(outcome) => outcome,
                Err(panic) => Err(panicked(panic.as_ref())),
            };
            if stop.is_told() {
                tracing::info!("{} was told to end", described(&task));
            }
            let status = runner.status(&task, outcome, started);
            let has_ended = tokio::time::timeout(ENDS_WITHIN, stop.ended()).await.is_ok();
            // In this order: a task that does not count as running has been reported.
            let _worker_ends = reports.send(status);
            if !has_ended {
                // What failed, or was told to end, may compute on in tasks of the writer: its core is not free yet.
                runner.wake.notify_one();
                stop.ended().await;
            }
            if runner.store.has_ended(&name.job) {
                let (store, job) = (Arc::clone(&runner.store), name.job.clone());
                let _freed = tokio::task::spawn_blocking(move || store.free(&job, None)).await;
            }
            runner.running.remove(&name);
            runner.wake.notify_one();
        });
    }

    async fn execute(
        &self,
        task: &pb::TaskDefinition,
        stop: &Stop,
    ) -> Result<Vec<pb::ShuffleWritePartition>, BallistaError> {
        if stop.is_told() {
            return Err(BallistaError::Cancelled);
        }
        let config = self.config.clone().update_from_key_value_pair(&task.props).with_extension(Arc::new(TaskPlace {
            worker: self.registration.id.clone(),
            stage: task.stage_id as usize,
            partitions: task.global_output_partition_ids.iter().map(|partition| *partition as usize).collect(),
        }));
        let config = within(config, self.memory_bytes)?;
        let options = TaskOptions::of(&config);
        self.must_fit(options.task_bytes)?;
        credentials::lend(&options.credentials).map_err(DataFusionError::from)?;
        let functions = &self.functions;
        let context = Arc::new(TaskContext::new(
            Some(format!("{}/{}/{}", task.job_id, task.stage_id, task.task_id)),
            task.session_id.clone(),
            config,
            functions.scalar_functions.clone(),
            functions.higher_order_functions.clone(),
            functions.aggregate_functions.clone(),
            functions.window_functions.clone(),
            Arc::clone(&self.environment),
        ));
        let seen = Seen::default();
        let plan = stop.put_into(codec::engine().decode(&task.plan, &context)?, &seen)?;
        let outputs = task.global_output_partition_ids.iter().map(|partition| *partition as usize).collect();
        let engine = DefaultExecutionEngine::with_client_pool(Arc::new(self.pool.clone()));
        let job: JobId = task.job_id.clone().into();
        let (stage, number) = (task.stage_id as usize, task.task_id as usize);
        let folder = self.store.folder().to_string_lossy();
        let executor =
            engine.create_query_stage_exec(job, stage, number, outputs, plan, &folder, context.session_config())?;
        let written = executor.execute_query_stage(number, context).await?;
        if let Some(plan) = seen.plan() {
            self.operators.add(&task.job_id, task.stage_id, executor.collect_plan_metrics().first(), &plan);
        }
        Ok(written)
    }

    /// Refuses a task that needs more memory than this worker may use; its other tasks would go down with it.
    fn must_fit(&self, task_bytes: u64) -> Result<(), BallistaError> {
        if task_bytes <= self.memory_bytes {
            return Ok(());
        }
        let error = Error::resources(format!(
            "a task needs {task_bytes} bytes of memory, and worker {} may use {}",
            self.registration.id, self.memory_bytes
        ))
        .with_hint("start workers with more --memory, or cut the data into smaller parts");
        Err(BallistaError::DataFusionError(Box::new(error.into())))
    }

    fn status(
        &self,
        task: &pb::TaskDefinition,
        outcome: Result<Vec<pb::ShuffleWritePartition>, BallistaError>,
        started: u64,
    ) -> pb::TaskStatus {
        use pb::task_status::Status;
        let worker = self.registration.id.clone();
        let status = match outcome {
            Ok(partitions) => Status::Successful(pb::SuccessfulTask {
                executor_id: worker,
                partitions,
                ..pb::SuccessfulTask::default()
            }),
            Err(error) => Status::Failed(failure(error, task, worker, self.store.folder())),
        };
        pb::TaskStatus {
            task_id: task.task_id,
            job_id: task.job_id.clone(),
            stage_id: task.stage_id,
            stage_attempt_num: task.stage_attempt_num,
            launch_time: task.launch_time,
            start_exec_time: started,
            end_exec_time: now_ms(),
            metrics: vec![],
            status: Some(status),
        }
    }
}

/// A task's configuration on a worker of so much memory: batches, and what is read ahead, are in memory that nobody
/// accounts for.
fn within(config: SessionConfig, memory_bytes: u64) -> Result<SessionConfig, DataFusionError> {
    /// What Ballista reads ahead of each file of other tasks' rows.
    const AHEAD_BYTES: u64 = 256 << 10;
    let most = config.ballista_shuffle_reader_maximum_concurrent_requests();
    let files = usize::try_from(memory_bytes / 64 / AHEAD_BYTES).map_or(most, |files| files.clamp(1, most.max(1)));
    let ahead = config.ballista_config().shuffle_reader_max_bytes_in_flight().min((memory_bytes / 16).max(AHEAD_BYTES));
    let mut config =
        session::within(config, memory_bytes).with_ballista_shuffle_reader_maximum_concurrent_requests(files);
    config.options_mut().set(BALLISTA_SHUFFLE_READER_MAX_BYTES_IN_FLIGHT, &ahead.to_string())?;
    Ok(config)
}

/// The failure as Ballista classifies it, and our typed error in its text.
fn failure(error: BallistaError, task: &pb::TaskDefinition, worker: String, folder: &Path) -> pb::FailedTask {
    let ours = match &error {
        _ if disk::is_full(&error) => disk::full(&worker, folder),
        BallistaError::DataFusionError(inner) => find_ours(inner).unwrap_or_else(|| Error::from(inner.as_ref())),
        other => Error::internal(other.to_string()),
    };
    let place = Place {
        stage: task.stage_id as usize,
        partition: task.global_output_partition_ids.first().map_or(0, |partition| *partition as usize),
        worker,
    };
    if !matches!(error, BallistaError::Cancelled) {
        tracing::info!("{} failed: {}", described(task), ours.message());
    }
    let wire = ours.at(place).to_wire();
    let mut failed = pb::FailedTask::from(error);
    failed.error = wire;
    // A disk that fails is no lost worker: the same would happen again.
    if matches!(failed.failed_reason, Some(FailedReason::IoError(_))) {
        failed.retryable = false;
        failed.count_to_failures = false;
        failed.failed_reason = Some(FailedReason::ExecutionError(pb::ExecutionError {}));
    }
    failed
}

/// A task, for a log.
fn described(task: &pb::TaskDefinition) -> String {
    format!("task {} of stage {} of job {}", task.task_id, task.stage_id, task.job_id)
}

fn find_ours(error: &DataFusionError) -> Option<Error> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = next {
        if let Some(ours) = cause.downcast_ref::<Error>() {
            return Some(ours.clone());
        }
        // Ballista's errors do not say what they wrap.
        if let Some(BallistaError::DataFusionError(inner)) = cause.downcast_ref::<BallistaError>() {
            return find_ours(inner);
        }
        next = cause.source();
    }
    None
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> BallistaError {
    let error = Error::internal(format!("a task panicked: {}", panic_text(panic)));
    BallistaError::DataFusionError(Box::new(error.into()))
}

fn drain(finished: &mut UnboundedReceiver<pb::TaskStatus>) -> Vec<pb::TaskStatus> {
    let mut statuses = vec![];
    while let Ok(status) = finished.try_recv() {
        statuses.push(status);
    }
    statuses
}

fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}
