//! The worker's process: runs tasks, holds their outputs, serves them to others.

mod cancel;
mod disk;
mod exchange;
mod flight;
mod machine;
mod operators;
mod poll;
mod put;
mod stop;
mod store;

use crate::data::Pool;
use crate::observer::{no_scheduler, refused_or_lost};
use crate::protocol::service::control_client::ControlClient;
use crate::protocol::{Beat, Command, Hello, Logged};
use crate::transport::{MESSAGE_BYTES_MAX, Role, SchedulerAddress, Transport};
use arrow_flight::flight_service_server::FlightServiceServer;
use ballista_core::BALLISTA_PROTOCOL_VERSION;
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::executor_grpc_server::ExecutorGrpcServer;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use cancel::CancelService;
pub(crate) use exchange::messages_of;
use flight::DataService;
use phalanx_engine::host::{self, Permission};
use phalanx_engine::logs;
use phalanx_engine::machine::gpus;
use phalanx_engine::observe::LogLine;
use phalanx_engine::paths::{self, AllowedPaths};
use phalanx_engine::scratch::{self, Scratch};
use phalanx_engine::{Error, ErrorKind, Result, memory, session};
use poll::Runner;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use store::WorkerStore;
use tokio::sync::mpsc::Sender;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::Channel;

/// What a worker is started with.
#[derive(Clone, Debug)]
pub struct WorkerOptions {
    /// The scheduler to work for.
    pub scheduler: SchedulerAddress,
    /// Tasks to run at once.
    pub cores: usize,
    /// Limit of the memory of tasks that account for it; beyond it they spill.
    pub memory_bytes: u64,
    /// Where to make the worker's folder.
    pub scratch: PathBuf,
    /// The address of this machine that others reach.
    pub host: IpAddr,
    /// How to talk to the scheduler, clients and other workers.
    pub transport: Transport,
    /// How long to look for the scheduler at first.
    pub connect_timeout: Duration,
    /// How long to look for the scheduler once it was lost (see [`run_worker`](crate::process::run_worker)).
    pub death_timeout: Duration,
    /// Run functions that clients send (see [`phalanx_engine::host`])? Whoever reaches the scheduler can then run any
    /// code as this worker's user.
    pub allow_python: bool,
}

impl WorkerOptions {
    /// A worker on loopback that uses what this machine, or its container, has.
    pub fn new(scheduler: SchedulerAddress, transport: Transport) -> Self {
        Self {
            scheduler,
            cores: session::cores(),
            memory_bytes: memory::for_tasks(),
            scratch: std::env::temp_dir(),
            host: Ipv4Addr::LOCALHOST.into(),
            transport,
            connect_timeout: Duration::from_secs(5),
            death_timeout: Duration::from_secs(60),
            allow_python: false,
        }
    }
}

/// What a worker says when it is ready.
#[derive(Clone, Debug)]
pub struct WorkerReady {
    /// Its name in the cluster.
    pub id: String,
    /// Where it serves its data.
    pub address: SocketAddr,
}

/// A worker that looks for its scheduler does so this often.
const SEARCH_INTERVAL: Duration = Duration::from_millis(100);
/// It says so, if it has not found it by then.
const TELL_AFTER: Duration = Duration::from_millis(1500);
/// Heartbeats that may wait to be sent.
const BEATS_WAITING_MAX: usize = 4;
/// Lines of the log that one heartbeat tells; the next ones tell the rest.
const LINES_TOLD_MAX: usize = 200;
/// The heartbeat's interval.
const BEAT_INTERVAL: Duration = Duration::from_secs(1);
/// After so many heartbeats without a task, memory that is free goes back to the system.
const IDLE_BEATS: u32 = 10;

/// Works until the scheduler is lost, or until `leave` resolves or the scheduler retires it: then it takes no more
/// tasks, and returns when it has none left, no running job needs its outputs, and other workers have taken over what it
/// holds of persisted data, after a minute at the latest. Where nobody is left to take it over, it is made again where
/// it is read; scattered data is lost. Everything that the worker wrote is removed when this returns or is dropped.
///
/// # Errors
/// * `Cluster`: the scheduler is not there, or is lost: come back with a new call, under a new name.
/// * `Input`, `Resources`: the worker can't be started like this.
pub async fn work(
    options: WorkerOptions,
    ready: impl FnOnce(&WorkerReady),
    leave: impl Future<Output = ()>,
) -> Result<()> {
    memory::keep_freed(options.memory_bytes);
    let id = scratch::name_in(&options.scratch)?;
    let scratch = Scratch::create(&options.scratch, &id)?;
    let pool = Pool::new(options.transport.clone());
    let store = Arc::new(WorkerStore::new(id.clone(), scratch.path().to_owned(), pool.clone()));
    let (incoming, address) = options.transport.listen(SocketAddr::new(options.host, 0))?;
    let permission = Permission { worker: id.clone(), is_given: options.allow_python };
    let compute = Compute::start(options.cores, permission)?;
    let environment = session::environment(options.memory_bytes, store.folder())?;
    let registration = register(&id, address, options.cores);
    let runner = Runner::new(
        registration,
        (options.cores, options.memory_bytes),
        Arc::clone(&store),
        pool,
        environment,
        compute.handle(),
    );

    let data = FlightServiceServer::new(DataService::new(Arc::clone(&store), address.ip()))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let cancel = ExecutorGrpcServer::new(CancelService(Arc::clone(&runner)));
    let server = options.transport.server().add_service(data).add_service(cancel);
    let serving = Background(tokio::spawn(server.serve_with_incoming(incoming)));

    let told = AtomicU64::new(0);
    let beater = Arc::new(Beater { runner: Arc::clone(&runner), store: Arc::clone(&store), address, told });
    let Attached { channel, commands, beats } = attach(&options, &id, &beater).await?;
    // A thread of its own: a worker whose tasks and connections are all busy still beats. It ends with the stream.
    std::thread::Builder::new()
        .name(String::from("heartbeat"))
        .spawn({
            let (beater, beats) = (Arc::clone(&beater), beats.clone());
            move || beater.run(&beats)
        })
        .map_err(|error| Error::resources("a thread can't be started").caused_by(&error))?;
    tracing::info!(cores = options.cores, memory_bytes = options.memory_bytes, "worker {id} at {address} has joined");
    ready(&WorkerReady { id, address });

    let scheduler = SchedulerGrpcClient::new(channel)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let end = tokio::select! {
        error = Arc::clone(&runner).run(scheduler) => Err(error),
        end = obey(commands, &runner, &store) => end,
        () = leaving(leave, &runner, &beater, &beats) => Ok(()),
    };
    let end = match end {
        Err(_) if runner.is_leaving() => Ok(()), // there is nobody left to finish anything for
        end => end,
    };
    drop((serving, compute, scratch));
    end
}

/// A worker that may not leave for this long leaves all the same.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(60);

/// Takes no more tasks once `leave` resolves or the scheduler has said so, and tells the scheduler, which says when to
/// end.
async fn leaving(leave: impl Future<Output = ()>, runner: &Runner, beater: &Beater, beats: &Sender<Beat>) {
    tokio::select! {
        () = leave => {}
        () = runner.retired.notified() => {}
    }
    tracing::info!("leaving");
    runner.leave();
    let _lost = beats.send(beater.beat_and_log()).await;
    tokio::time::sleep(LEAVE_TIMEOUT).await;
}

/// What ties a worker to its scheduler.
struct Attached {
    /// For polls.
    channel: Channel,
    commands: Streaming<Command>,
    beats: Sender<Beat>,
}

/// Looks for the scheduler until the timeout: one that is just starting, or ending, is asked again.
async fn attach(options: &WorkerOptions, id: &str, beater: &Beater) -> Result<Attached> {
    let (began, mut is_told) = (tokio::time::Instant::now(), false);
    loop {
        match try_attach(options, id, beater).await {
            Err(error) if error.kind() == ErrorKind::Cluster => {
                if began.elapsed() >= options.connect_timeout {
                    return Err(no_scheduler(&options.scheduler, &error));
                }
                if !is_told && began.elapsed() >= TELL_AFTER {
                    is_told = true;
                    let seconds = options.connect_timeout.as_secs();
                    tracing::warn!(scheduler = %options.scheduler, "nobody answers there; it is tried for {seconds} s");
                }
                tokio::time::sleep(SEARCH_INTERVAL).await;
            }
            end => return end,
        }
    }
}

async fn try_attach(options: &WorkerOptions, id: &str, beater: &Beater) -> Result<Attached> {
    let authority = options.scheduler.authority();
    let channel = options.transport.connect(authority, Role::Scheduler).await?;
    // A connection of its own: a long message of another stream must not delay a heartbeat.
    let link = options.transport.connect(authority, Role::Scheduler).await?;
    let (beats, receiver) = tokio::sync::mpsc::channel(BEATS_WAITING_MAX);
    let _sent = beats.send(Beat { hello: Some(Hello::ours(id)), ..beater.beat() }).await;
    let attached = ControlClient::new(link).attach(ReceiverStream::new(receiver)).await;
    let mut commands = attached.map_err(|status| refused_or_lost(&status))?.into_inner();
    accept(&mut commands).await?;
    Ok(Attached { channel, commands, beats })
}

/// Waits for the scheduler's first word.
async fn accept(commands: &mut Streaming<Command>) -> Result<()> {
    match commands.message().await {
        Ok(Some(first)) if first.refuse.is_empty() => {
            if !first.allow_paths.is_empty() {
                paths::restrict(AllowedPaths::parse(&first.allow_paths)?);
            }
            Ok(())
        }
        Ok(Some(first)) => Err(Error::input(format!("the scheduler refuses this worker: {}", first.refuse))
            .with_hint("start scheduler, workers and client from the same build")),
        _ => Err(Error::cluster("the scheduler ended the control stream at once")),
    }
}

/// Does what the scheduler says until it says no more, or lets this worker go.
async fn obey(mut commands: Streaming<Command>, runner: &Runner, store: &Arc<WorkerStore>) -> Result<()> {
    while let Ok(Some(command)) = commands.message().await {
        for job in &command.cancel {
            runner.cancel(job);
        }
        for freed in command.free {
            if freed.keep_stage.is_none() {
                runner.cancel(&freed.job);
            }
            let store = Arc::clone(store);
            tokio::task::spawn_blocking(move || store.free(&freed.job, freed.keep_stage));
        }
        if command.retire {
            runner.retired.notify_one();
        }
        if command.wake {
            runner.wake.notify_one();
        }
        if command.end {
            tracing::info!("the scheduler ends the cluster");
            return Ok(());
        }
        if command.leave && runner.is_leaving() && runner.tasks_running() == 0 {
            return Ok(());
        }
    }
    Err(Error::cluster("the scheduler ended the control stream"))
}

struct Beater {
    runner: Arc<Runner>,
    store: Arc<WorkerStore>,
    address: SocketAddr,
    /// The number of the last line of the log that was told.
    told: AtomicU64,
}

impl Beater {
    fn beat(&self) -> Beat {
        let (disk_bytes, disk_free_bytes) = machine::disk(self.store.folder());
        Beat {
            hello: None,
            address: self.address.to_string(),
            cores: self.runner.cores as u32,
            tasks_running: self.runner.tasks_running() as u32,
            memory_bytes: self.runner.memory_bytes,
            memory_used_bytes: resident_bytes(),
            stored_bytes: scratch::stored_bytes(self.store.folder()),
            process: std::process::id(),
            leaving: self.runner.is_leaving(),
            disk_bytes,
            disk_free_bytes,
            cpu_ms: machine::cpu_ms(),
            operators: self.runner.operators.take(),
            gpus: gpus() as u32,
            log: vec![],
        }
    }
    /// A heartbeat with what was written since the last one.
    fn beat_and_log(&self) -> Beat {
        let lines = logs::after(self.told.load(Ordering::Relaxed), LINES_TOLD_MAX);
        if let Some(last) = lines.last() {
            // Who is faster counts: a line that is told twice has its number, and is left out.
            self.told.fetch_max(last.number, Ordering::Relaxed);
        }
        let logged =
            |line: LogLine| Logged { number: line.number, at_ms: line.at_ms, level: line.level, text: line.text };
        Beat { log: lines.into_iter().map(logged).collect(), ..self.beat() }
    }
    /// Beats until nobody listens.
    fn run(&self, beats: &Sender<Beat>) {
        let mut idleness = memory::Idleness::after(IDLE_BEATS);
        while beats.blocking_send(self.beat_and_log()).is_ok() {
            if idleness.look(self.runner.tasks_running() == 0) {
                memory::give_back();
            }
            std::thread::sleep(BEAT_INTERVAL);
        }
    }
}

fn register(id: &str, address: SocketAddr, cores: usize) -> pb::ExecutorRegistration {
    let cores = pb::ExecutorResource { resource: Some(pb::executor_resource::Resource::Vcores(cores as u32)) };
    pb::ExecutorRegistration {
        id: id.to_owned(),
        host: Some(address.ip().to_string()),
        port: u32::from(address.port()),
        grpc_port: u32::from(address.port()),
        specification: Some(pb::ExecutorSpecification { resources: vec![cores] }),
        os_info: Some(pb::ExecutorOperatingSystemSpecification::default()),
        ballista_protocol_version: BALLISTA_PROTOCOL_VERSION,
    }
}

/// What this process holds in memory now; 0 where the system does not say.
pub fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()));
    pages.unwrap_or(0) * 4096
}

/// A task of the runtime that ends with its owner.
struct Background<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The threads of tasks, apart from those of the network: a busy worker still answers.
struct Compute(Option<tokio::runtime::Runtime>);

impl Compute {
    fn start(cores: usize, permission: Permission) -> Result<Self> {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(cores.max(1))
            .thread_name("task")
            .on_thread_start(move || host::permit_thread(permission.clone()))
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
            .map_err(|error| Error::resources("threads can't be started").caused_by(&error))
    }
    fn handle(&self) -> tokio::runtime::Handle {
        self.0.as_ref().map_or_else(tokio::runtime::Handle::current, |runtime| runtime.handle().clone())
    }
}

impl Drop for Compute {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
