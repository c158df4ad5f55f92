//! The scheduler's process: Ballista's scheduler, assembled from its public parts behind our gate and fence.

mod certify;
mod control;
mod definition;
mod front;
mod gate;
mod history;
mod hub;
mod idle;
mod leave;
mod limits;
mod observed;
mod outbox;
mod placement;
mod progress;
mod slots;
mod turns;

pub use gate::{CANCELLED, JOB_NAME, RETRY, join_name};
pub use limits::{Limits, is_deeper};

use crate::codec;
use crate::protocol::service::control_server::ControlServer;
use crate::task_options::config_producer;
use crate::transport::{MESSAGE_BYTES_MAX, Role, Transport};
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::serde::protobuf::ExecutorStoppedParams;
use ballista_core::serde::protobuf::scheduler_grpc_server::{SchedulerGrpc, SchedulerGrpcServer};
use ballista_core::utils::default_session_builder;
use ballista_scheduler::cluster::memory::{InMemoryClusterState, InMemoryJobState};
use ballista_scheduler::cluster::{BallistaCluster, ClusterStateEvent};
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_server::SchedulerServer;
use datafusion::physical_plan::displayable;
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use front::Front;
use futures::StreamExt;
use gate::{Doomed, Gate};
use hub::Hub;
use phalanx_engine::paths::AllowedPaths;
use phalanx_engine::{EngineDescription, Error, Result, datafusion, memory};
use placement::Placement;
use slots::Slots;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tonic::Request;

type SchedulerServer_ = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

/// A worker that has neither polled nor beaten for this long is lost, should its stream not have told.
const WORKER_TIMEOUT_S: u64 = 15;
/// Events that may wait in the scheduler's queue.
const EVENTS_WAITING_MAX: u32 = 10_000;

/// What a scheduler is started with.
#[derive(Clone, Debug)]
pub struct SchedulerOptions {
    /// Where to listen; port 0 takes any free port.
    pub bind: SocketAddr,
    /// How to talk to workers and clients.
    pub transport: Transport,
    /// After how long without a job the cluster ends, if it does.
    pub idle_timeout: Option<Duration>,
    /// How long a client whose connection was cut may take to come back, before its jobs are cancelled and what it
    /// persisted is freed.
    pub lease: Duration,
    /// What one client may ask for.
    pub limits: Limits,
    /// Patterns of the files that workers may open (see [`phalanx_engine::paths`]); none restricts nothing.
    pub allow_paths: Vec<String>,
    /// Workers join only if their processors have the SIMD level of those that are there: then results are equal to the
    /// last bit whichever worker computes them.
    pub exact: bool,
    /// Of so many jobs that succeeded, the latest, the plans of their stages are kept: see [`Scheduler::stage_plans`].
    pub plans_kept: usize,
}

impl SchedulerOptions {
    /// A scheduler that listens on `bind` and never ends by itself.
    pub fn new(bind: SocketAddr, transport: Transport) -> Self {
        Self {
            bind,
            transport,
            idle_timeout: None,
            lease: Duration::from_secs(5),
            limits: Limits::default(),
            allow_paths: vec![],
            exact: false,
            plans_kept: 0,
        }
    }
}

/// A scheduler that listens, until it is dropped or told to stop.
pub struct Scheduler {
    address: SocketAddr,
    state: Arc<control::State>,
    idle_timeout: Option<Duration>,
    server: tokio::task::JoinHandle<std::result::Result<(), tonic::transport::Error>>,
    watchers: Vec<tokio::task::JoinHandle<()>>,
}

impl std::fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Scheduler(tcp://{})", self.address)
    }
}

impl Scheduler {
    /// Starts a scheduler on the current runtime; it serves when this returns.
    ///
    /// # Errors
    /// `Input`: the address is taken, not ours, or off loopback without credentials.
    pub async fn start(options: SchedulerOptions) -> Result<Self> {
        AllowedPaths::parse(&options.allow_paths)?;
        let (incoming, address) = options.transport.listen(options.bind)?;
        let hub = Arc::new(Hub::new(options.lease));
        let doomed = Doomed::default();
        let jobs = InMemoryJobState::new("phalanx", Arc::new(default_session_builder), Arc::new(config_producer));
        let limits = options.limits.clone();
        let gate = Gate::new(jobs, Arc::clone(&doomed), Arc::clone(&hub), limits, options.plans_kept);
        let gate = Arc::new(gate);
        let placement = Placement::new(Arc::clone(&hub));
        let server = assemble(address, &hub, Arc::clone(&gate), &options.transport, placement.clone()).await?;
        let page = std::sync::OnceLock::new();
        let idle_timeout = options.idle_timeout;
        let (transport, message_bytes) = (options.transport.clone(), options.limits.message_bytes);
        let (for_state, slots) = (server.clone(), Arc::new(Slots::default()));
        let state = control::State {
            server: for_state,
            hub: Arc::clone(&hub),
            gate,
            doomed,
            slots,
            address,
            page,
            entrance: std::sync::OnceLock::new(),
            look: Default::default(),
            options,
        };
        let state = Arc::new(state);
        listen_to_losses(&state);
        let watchers = vec![
            tokio::spawn(give_up_touched_jobs(Arc::clone(&state))),
            tokio::spawn(progress::update_sessions(Arc::clone(&state))),
            tokio::spawn(leave::let_workers_leave(Arc::clone(&state))),
            tokio::spawn(history::fold_forever(Arc::clone(&state.hub))),
            tokio::spawn(give_back_forever(Arc::clone(&state.hub))),
        ];
        let front = SchedulerGrpcServer::new(Front::new(server, hub, Arc::clone(&state), placement))
            .max_decoding_message_size(message_bytes)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        let control = ControlServer::new(control::ControlService { state: Arc::clone(&state) })
            .max_decoding_message_size(message_bytes);
        let serving = transport.server().add_service(front).add_service(control).serve_with_incoming(incoming);
        Ok(Self { address, state, idle_timeout, server: tokio::spawn(serving), watchers })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Resolves when the cluster has been idle for its timeout, and has told its workers to end; never without one.
    pub fn idle(&self) -> impl Future<Output = ()> + use<> {
        let (state, timeout) = (Arc::clone(&self.state), self.idle_timeout);
        async move {
            match timeout {
                Some(timeout) => idle::wait(&state, timeout).await,
                None => std::future::pending().await,
            }
        }
    }

    /// What it has and does; cheap to call often.
    pub async fn describe(&self) -> EngineDescription {
        self.state.describe().await
    }

    /// The plans of the stages of a job that succeeded lately, as workers ran them: a node a line, indented by its depth.
    ///
    /// # Errors
    /// `Input`: there is no such job, or it is not one of the latest [`SchedulerOptions::plans_kept`].
    pub fn stage_plans(&self, job: &str) -> Result<Vec<String>> {
        let plans = self.state.gate.stage_plans(job);
        let plans = plans.ok_or_else(|| Error::input(format!("no job {job} succeeded lately")))?;
        Ok(plans.iter().map(|plan| displayable(plan.as_ref()).indent(false).to_string()).collect())
    }

    /// A function that describes this scheduler, for its status page.
    pub fn describer(
        &self,
    ) -> impl Fn() -> futures::future::BoxFuture<'static, EngineDescription> + Clone + Send + Sync + 'static {
        let state = Arc::clone(&self.state);
        move || {
            let state = Arc::clone(&state);
            Box::pin(async move { state.describe().await })
        }
    }

    /// What can be seen of this scheduler and its cluster, for its pages.
    pub fn observed(&self) -> Arc<dyn phalanx_engine::observe::Observe> {
        Arc::new(observed::Observed(Arc::clone(&self.state)))
    }

    /// A function that takes the URL of the status page of this scheduler, for clients that ask; the first one counts.
    pub fn page_teller(&self) -> impl FnOnce(String) + Send + use<> {
        let state = Arc::clone(&self.state);
        move |url| {
            let _first_counts = state.page.set(url);
        }
    }

    /// A function that takes what makes addresses with tokens of the status page (for who may cancel and release too, if it
    /// is told so), for clients that ask; the first one counts.
    pub fn entrance_teller(&self) -> impl FnOnce(Box<dyn Fn(bool) -> String + Send + Sync>) + Send + use<> {
        let state = Arc::clone(&self.state);
        move |entrance| {
            let _first_counts = state.entrance.set(entrance);
        }
    }

    /// Waits until the server ends by itself.
    ///
    /// # Errors
    /// The server failed.
    pub async fn wait(&mut self) -> Result<()> {
        match (&mut self.server).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Error::cluster("the scheduler's server failed").caused_by(&error)),
            Err(error) => Err(Error::internal("the scheduler's server panicked").caused_by(&error)),
        }
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        self.server.abort();
        for watcher in &self.watchers {
            watcher.abort();
        }
    }
}

/// Ballista's scheduler with our codec, gate, placement and failure detection.
async fn assemble(
    address: SocketAddr,
    hub: &Arc<Hub>,
    gate: Arc<Gate>,
    transport: &Transport,
    placement: Placement,
) -> Result<SchedulerServer_> {
    let (woken, caller) = (Arc::clone(hub), transport.clone());
    let config = SchedulerConfig {
        scheduling_policy: TaskSchedulingPolicy::PullStaged,
        task_distribution: TaskDistributionPolicy::Custom(Arc::new(placement)),
        executor_timeout_seconds: WORKER_TIMEOUT_S,
        expire_dead_executor_interval_seconds: 1,
        executor_termination_grace_period: 0,
        event_loop_buffer_size: EVENTS_WAITING_MAX,
        stage_max_failures: 1,
        task_max_failures: 1,
        // Who frees data is our business: persisted handles live as long as their owners.
        finished_job_data_clean_up_interval_seconds: 0,
        // The gate lets nothing of them stay.
        finished_job_state_clean_up_interval_seconds: 0,
        override_create_grpc_client_endpoint: Some(Arc::new(move |endpoint| {
            Ok(caller.configure(endpoint, Role::Worker)?)
        })),
        use_tls: transport.is_secure(),
        ..SchedulerConfig::default()
    }
    .with_on_work_available(Arc::new(move |_| woken.wake()));
    let cluster = BallistaCluster::new(Arc::new(InMemoryClusterState::default()), gate);
    let failed = |error: &(dyn std::error::Error + 'static)| {
        Error::internal("the scheduler can't be assembled").caused_by(error)
    };
    let metrics = ballista_scheduler::metrics::default_metrics_collector().map_err(|error| failed(&error))?;
    let mut server = SchedulerServer::new(address.to_string(), cluster, codec::ballista(), Arc::new(config), metrics);
    server.init().await.map_err(|error| failed(&error))?;
    Ok(server)
}

/// The end of a worker's stream is its death; the end of a session's stream frees what it owned.
fn listen_to_losses(state: &Arc<control::State>) {
    let runtime = tokio::runtime::Handle::current();
    let (for_workers, for_sessions) = (Arc::downgrade(state), Arc::downgrade(state));
    let spawner = runtime.clone();
    let worker_lost = move |worker: &str, leaves: bool| {
        let (Some(state), executor_id) = (for_workers.upgrade(), worker.to_owned()) else { return };
        spawner.spawn(async move {
            match leaves {
                true => tracing::info!(worker = %executor_id, "worker left"),
                false => tracing::warn!(worker = %executor_id, "worker lost"),
            }
            let stopped = ExecutorStoppedParams { executor_id, reason: String::from("its control stream ended") };
            if let Err(status) = state.server.executor_stopped(Request::new(stopped)).await {
                tracing::warn!(%status, "a lost worker can't be removed");
            }
        });
    };
    let session_lost = move |jobs: Vec<String>| {
        let Some(state) = for_sessions.upgrade() else { return };
        runtime.spawn(async move {
            for job in jobs {
                state.end(&job).await;
            }
        });
    };
    state.hub.on_lost(Box::new(worker_lost), Box::new(session_lost));
}

/// Cancels, as soon as a worker is lost, each running job that it was part of; the gate turns that into a retry.
async fn give_up_touched_jobs(state: Arc<control::State>) {
    let Ok(mut events) = state.server.cluster_state_events().await else {
        tracing::error!("no events of the cluster's state: losses are noticed late");
        return;
    };
    while let Some(event) = events.next().await {
        let ClusterStateEvent::RemovedExecutor { executor_id } = event else { continue };
        state.hub.is_unknown(&executor_id); // it may be alive, and only have been late
        for (job, cached) in state.server.state.task_manager.get_running_job_cache().iter() {
            let touched = certify::touches(cached.execution_graph.read().await.as_ref(), &executor_id);
            if touched && state.doomed.insert(job.clone()) {
                state.hub.cancel(job.as_ref());
                if let Err(error) = state.server.cancel_job(job.clone()).await {
                    tracing::warn!(%job, %error, "a wounded job can't be cancelled");
                }
            }
        }
    }
}

/// Gives free memory back after each time of work.
async fn give_back_forever(hub: Arc<Hub>) {
    let mut idleness = memory::Idleness::after(IDLE_SECONDS);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let is_idle = hub.idle_since().is_some_and(|since| since.elapsed() >= Duration::from_secs(1));
        if idleness.look(is_idle) {
            let _given = tokio::task::spawn_blocking(memory::give_back).await;
        }
    }
}

/// After so many seconds without a job, memory that is free goes back to the system.
const IDLE_SECONDS: u32 = 5;

/// How long a cancellation waits for the submission that it may have overtaken.
const SUBMISSION_TIMEOUT: Duration = Duration::from_secs(5);
/// How often sessions hear of their jobs.
const UPDATE_INTERVAL: Duration = Duration::from_millis(100);
