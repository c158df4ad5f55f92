//! The client's session with a scheduler: one stream that tells of its jobs and workers, and whose end frees what the
//! session owns.

mod link;

use crate::observer::{Observer, refused_or_lost};
use crate::protocol::service::control_client::ControlClient;
use crate::protocol::{FailedJob, Freed, GangPlaces, GangRequest, JobName, Report, Scattered, Workers};
use crate::transport::{MESSAGE_BYTES_MAX, SchedulerAddress, Transport};
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
pub use link::Watch;
use link::{Link, Road, Seen, connect, follow, note};
use parking_lot::{Mutex, RwLock};
use phalanx_engine::observe::RunEvent;
use phalanx_engine::{EngineDescription, Error, Persisted, Result, SavedPlan, Watched};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::watch;
use tonic::Streaming;
use tonic::transport::Channel;

/// How long a job waits for a first worker, or for another one when all have died.
pub const WORKERS_GRACE: Duration = Duration::from_secs(10);

/// The end of a scheduler is noticed within this time on every connection.
const LOSS_NOTICED_WITHIN: Duration = Duration::from_secs(4);
/// How long a job with retries waits for a scheduler that was lost.
const BACK_WITHIN: Duration = Duration::from_secs(60);
/// Steps of runs that may wait to be reported.
const REPORTS_WAITING_MAX: usize = 256;

/// The error of a job whose scheduler is gone.
pub fn scheduler_lost() -> Error {
    Error::cluster("the scheduler is lost")
        .with_hint("its running jobs went with it: submit again once it is there (`retries` does so by itself)")
}

fn no_workers() -> Error {
    Error::cluster(format!("the cluster has no workers, and none came within {} s", WORKERS_GRACE.as_secs()))
        .with_hint("start one with `phalanx worker tcp://HOST:PORT`; if all died, look at their logs")
}

/// A session.
pub struct Session {
    id: String,
    address: SchedulerAddress,
    link: Arc<RwLock<Link>>,
    seen: watch::Receiver<Seen>,
    handle: Handle,
    /// The jobs whose outputs a persisted handle stands for.
    held: Mutex<HashMap<String, String>>,
    /// What it has persisted.
    persisted: Mutex<Vec<Watched>>,
    /// Steps on their way, in order.
    reports: Sender<Report>,
}

impl Session {
    /// Begins a session. It lives until it is dropped: when the scheduler is lost, it is looked for, and what is found
    /// at its address is this session's scheduler from then on.
    ///
    /// # Errors
    /// The scheduler refuses us, or is gone.
    pub async fn begin(address: &SchedulerAddress, transport: &Transport, handle: &Handle) -> Result<Self> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let (link, updates, first) = connect(address, transport, &id).await?;
        let (sender, seen) = watch::channel(Seen::default());
        let mut warned = String::new();
        note(&sender, first, &mut warned);
        let link = Arc::new(RwLock::new(link));
        let road = Road { address: address.clone(), transport: transport.clone(), id: id.clone() };
        handle.spawn(follow(road, updates, sender, Arc::clone(&link), warned));
        let (reports, on_their_way) = mpsc::channel(REPORTS_WAITING_MAX);
        handle.spawn(pass_on(on_their_way, Arc::clone(&link)));
        let (held, persisted) = (Mutex::default(), Mutex::default());
        Ok(Self { id, address: address.clone(), link, seen, handle: handle.clone(), held, persisted, reports })
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }
    fn control(&self) -> ControlClient<Channel> {
        self.link.read().control.clone()
    }
    /// The scheduler's service of jobs.
    pub fn scheduler(&self) -> SchedulerGrpcClient<Channel> {
        self.link.read().scheduler.clone()
    }

    /// Is the scheduler lost now?
    pub fn is_lost(&self) -> bool {
        self.seen.borrow().live.is_none()
    }
    /// How often the scheduler has been lost.
    pub fn losses(&self) -> u64 {
        self.seen.borrow().losses
    }
    /// Is the scheduler lost, or has it been, since there were so many `losses`? A connection that is cut may tell of it
    /// before the session's stream does: that is waited for.
    pub async fn is_lost_since(&self, losses: u64) -> bool {
        let mut seen = self.seen.clone();
        let lost = seen.wait_for(|seen| seen.live.is_none() || seen.losses > losses);
        tokio::time::timeout(LOSS_NOTICED_WITHIN, lost).await.is_ok()
    }
    /// Waits until the scheduler is there again.
    ///
    /// # Errors
    /// `Cluster`: it does not come within a minute.
    pub async fn back(&self) -> Result<()> {
        let mut seen = self.seen.clone();
        let back = seen.wait_for(|seen| seen.live.is_some());
        match tokio::time::timeout(BACK_WITHIN, back).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(scheduler_lost()),
        }
    }

    /// Waits for a first worker.
    ///
    /// # Errors
    /// `Cluster`: none comes, or the scheduler is gone.
    pub async fn need_workers(&self) -> Result<()> {
        self.wait_for_workers(1, WORKERS_GRACE).await.map_err(|error| match self.seen.borrow().live {
            None => error,
            Some(_) => no_workers(),
        })
    }

    /// Waits for `count` workers.
    ///
    /// # Errors
    /// `Cluster`: they do not come within `timeout`, or the scheduler is gone.
    pub async fn wait_for_workers(&self, count: usize, timeout: Duration) -> Result<()> {
        let mut seen = self.seen.clone();
        let there = seen.wait_for(|seen| seen.live.as_ref().is_none_or(|live| live.workers >= count));
        match tokio::time::timeout(timeout, there).await {
            Ok(Ok(seen)) if seen.live.is_some() => Ok(()),
            Ok(_) => Err(scheduler_lost()),
            Err(_) => Err(Error::cluster(format!("{count} workers are not there within {} s", timeout.as_secs()))
                .with_hint("look at the workers' logs")),
        }
    }

    /// A view of this session's updates for one job.
    pub fn watch(&self) -> Watch {
        Watch(self.seen.clone())
    }

    /// `handle` stands for the outputs of `job`; what it stood for before is freed, and so are the job's inner stages.
    pub fn holds(&self, handle: &str, job: &str, stage: Option<u64>) {
        self.free(job, stage);
        if let Some(before) = self.held.lock().insert(handle.to_owned(), job.to_owned()) {
            self.free(&before, None);
        }
    }
    /// Frees what `handle` stands for.
    pub fn release(&self, handle: &str) {
        if let Some(job) = self.held.lock().remove(handle) {
            self.free(&job, None);
        }
    }
    /// Frees a job's data, all of it or all but one stage's. Does not wait.
    pub fn free(&self, job: &str, keep_stage: Option<u64>) {
        if job.is_empty() {
            return; // a plan without partitions, which made no job
        }
        let mut control = self.control();
        let freed = Freed { job: job.to_owned(), keep_stage, session: self.id.clone() };
        self.handle.spawn(async move {
            if let Err(status) = control.release(freed).await {
                tracing::debug!(%status, "not freed");
            }
        });
    }
    /// Cancels an attempt, submitted or on its way, and frees its data. Does not wait.
    pub fn cancel(&self, attempt: &str) {
        let mut control = self.control();
        let name = JobName { job: attempt.to_owned(), session: self.id.clone(), bytes: 0 };
        self.handle.spawn(async move {
            if let Err(status) = control.cancel(name).await {
                tracing::debug!(%status, "not cancelled");
            }
        });
    }
    /// Data named `job`, of so many bytes, is this session's and goes with it.
    ///
    /// # Errors
    /// `Resources`: the session would hold more than it may. `Cluster`: the scheduler is gone.
    pub async fn owns(&self, job: &str, bytes: u64) -> Result<()> {
        let name = JobName { job: job.to_owned(), session: self.id.clone(), bytes };
        self.control().own(name).await.map(drop).map_err(|status| match status.code() {
            tonic::Code::ResourceExhausted => Error::from_wire(status.message()).unwrap_or_else(scheduler_lost),
            _ => scheduler_lost(),
        })
    }
    /// Cores for all ranks of a gang, as soon as there are enough: where the ranks are to run, and what holds the cores
    /// as long as it lives.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or all workers are.
    pub async fn reserve(&self, request: GangRequest) -> Result<(GangPlaces, Streaming<GangPlaces>)> {
        let mut watch = self.watch();
        let asking = async {
            let mut stream = self.control().gang(request).await.map_err(|_| scheduler_lost())?.into_inner();
            let places = stream.message().await.ok().flatten().ok_or_else(scheduler_lost)?;
            Ok((places, stream))
        };
        tokio::pin!(asking);
        loop {
            tokio::select! {
                biased;
                granted = &mut asking => return granted,
                update = watch.next("") => drop(update?), // all workers may die meanwhile
            }
        }
    }
    /// Tells the scheduler where data is that was scattered or handed over, for those who look.
    pub async fn tell_of(&self, scattered: Scattered) {
        let scattered = Scattered { session: self.id.clone(), ..scattered };
        if let Err(status) = self.control().scattered(scattered).await {
            tracing::debug!(%status, "not told");
        }
    }
    /// Reports a step of a run. Does not wait; a step that comes while too many are on their way is left out.
    pub fn report(&self, event: &RunEvent) {
        let event = serde_json::to_string(event).unwrap_or_default();
        let _too_many = self.reports.try_send(Report { session: self.id.clone(), event });
    }
    /// What can be seen of the cluster.
    pub fn observer(&self) -> Observer {
        Observer::over(self.control(), self.address.clone())
    }
    /// The latest jobs that failed.
    ///
    /// # Errors
    /// The scheduler is gone.
    pub async fn failed_jobs(&self) -> Result<Vec<FailedJob>> {
        self.observer().failed_jobs().await
    }
    /// The plan of a job that failed lately.
    ///
    /// # Errors
    /// `Input`: there is no such job. `Cluster`: the scheduler is gone.
    pub async fn save_job(&self, job: &str) -> Result<SavedPlan> {
        let name = JobName { job: job.to_owned(), session: self.id.clone(), bytes: 0 };
        let mut control = self.control().max_decoding_message_size(MESSAGE_BYTES_MAX);
        let saved = control.save(name).await.map_err(|status| match status.code() {
            tonic::Code::NotFound => Error::input(status.message().to_owned())
                .with_hint("`phalanx job list` shows the jobs that can be saved"),
            tonic::Code::Internal => Error::internal(status.message().to_owned()),
            _ => scheduler_lost(),
        })?;
        let saved = saved.into_inner();
        Ok(SavedPlan { label: saved.label, plan: saved.plan })
    }
    /// Keeps an eye on `data`: should a worker leave, another one takes over what it holds of it.
    pub fn watches(&self, data: &Persisted) {
        let mut all = self.persisted.lock();
        if all.len() == all.capacity() {
            all.retain(|watched| !watched.is_gone()); // so it holds at most twice what there is
        }
        all.push(data.watched());
    }
    /// What it has persisted, and somebody holds.
    pub fn persisted(&self) -> Vec<Persisted> {
        self.persisted.lock().iter().filter_map(Watched::held).collect()
    }
    /// Lets workers go: they take no more tasks, hand over what they hold, and end.
    ///
    /// # Errors
    /// `Input`: one is not there. `Cluster`: the scheduler is gone.
    pub async fn retire(&self, workers: Vec<String>) -> Result<()> {
        let asked = Workers { session: self.id.clone(), workers };
        self.control().retire(asked).await.map(drop).map_err(|status| match status.code() {
            tonic::Code::NotFound => {
                Error::input(status.message().to_owned()).with_hint("`phalanx status` shows the workers' names")
            }
            _ => refused_or_lost(&status),
        })
    }
    /// Tells the scheduler that this session needs nothing more of what `worker` holds.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone.
    pub async fn needs_nothing(&self, worker: &str) -> Result<()> {
        let said = Workers { session: self.id.clone(), workers: vec![worker.to_owned()] };
        self.control().needs_nothing(said).await.map(drop).map_err(|_| scheduler_lost())
    }
    /// Ends the session at once: nothing waits for it to come back.
    pub async fn goodbye(&self) {
        let name = JobName { job: String::new(), session: self.id.clone(), bytes: 0 };
        let _lost_anyway = self.control().goodbye(name).await;
    }
    /// What the cluster has and does.
    ///
    /// # Errors
    /// The scheduler is gone.
    pub async fn describe(&self) -> Result<EngineDescription> {
        self.observer().describe().await
    }
}

/// Reports steps one after the other until the session is dropped.
async fn pass_on(mut reports: Receiver<Report>, link: Arc<RwLock<Link>>) {
    while let Some(report) = reports.recv().await {
        let mut control = link.read().control.clone();
        if let Err(status) = control.report(report).await {
            tracing::debug!(%status, "not reported");
        }
    }
}
