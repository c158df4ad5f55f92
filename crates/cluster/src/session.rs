//! The client's session with a scheduler: one stream that tells of its jobs and workers, and whose end frees what the
//! session owns.

use crate::observer::{Observer, refused_or_lost};
use crate::protocol::service::control_client::ControlClient;
use crate::protocol::{FailedJob, Freed, GangPlaces, GangRequest, Hello, JobName, Update};
use crate::transport::MESSAGE_BYTES_MAX;
use parking_lot::Mutex;
use phalanx_engine::{EngineDescription, Error, Progress, Result, SavedPlan, StageProgress};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::Streaming;
use tonic::transport::Channel;

/// How long a job waits for a first worker, or for another one when all have died.
pub const WORKERS_GRACE: Duration = Duration::from_secs(10);

/// The error of a job whose scheduler is gone.
pub fn scheduler_lost() -> Error {
    Error::cluster("the scheduler is lost")
        .with_hint("its running jobs and persisted data went with it: connect again and run again")
}

fn no_workers() -> Error {
    Error::cluster(format!("the cluster has no workers, and none came within {} s", WORKERS_GRACE.as_secs()))
        .with_hint("start one with `phalanx worker tcp://HOST:PORT`; if all died, look at their logs")
}

/// What the stream last said.
#[derive(Clone, Debug)]
enum State {
    /// Workers now, and since when there is none.
    Live { workers: usize, none_since: Option<Instant>, jobs: Arc<Vec<Progress>> },
    /// The stream ended.
    Lost,
}

/// A session.
pub struct Session {
    id: String,
    control: ControlClient<Channel>,
    state: watch::Receiver<State>,
    handle: Handle,
    /// The jobs whose outputs a persisted handle stands for.
    held: Mutex<HashMap<String, String>>,
}

impl Session {
    /// Begins a session over `channel`, which nothing else uses.
    ///
    /// # Errors
    /// The scheduler refuses us, or is gone.
    pub async fn begin(channel: Channel, handle: &Handle) -> Result<Self> {
        let id = uuid::Uuid::new_v4().simple().to_string();
        let mut control = ControlClient::new(channel);
        let updates = control.session(Hello::ours(&id)).await.map_err(|status| refused_or_lost(&status))?.into_inner();
        let (sender, state) = watch::channel(State::Live { workers: 0, none_since: None, jobs: Arc::default() });
        let mut first = state.clone();
        let refused = Arc::new(Mutex::new(None));
        handle.spawn(listen(updates, sender, Arc::clone(&refused)));
        let _changed = first.changed().await;
        if let Some(why) = refused.lock().take() {
            return Err(Error::input(format!("the scheduler refuses this client: {why}"))
                .with_hint("start scheduler, workers and client from the same build"));
        }
        let session = Self { id, control, state, handle: handle.clone(), held: Mutex::default() };
        match &*session.state.borrow() {
            State::Lost => return Err(scheduler_lost()),
            State::Live { .. } => {}
        }
        Ok(session)
    }

    /// Its name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits for a first worker.
    ///
    /// # Errors
    /// `Cluster`: none comes, or the scheduler is gone.
    pub async fn need_workers(&self) -> Result<()> {
        self.wait_for_workers(1, WORKERS_GRACE).await.map_err(|error| match &*self.state.borrow() {
            State::Lost => error,
            State::Live { .. } => no_workers(),
        })
    }

    /// Waits for `count` workers.
    ///
    /// # Errors
    /// `Cluster`: they do not come within `timeout`, or the scheduler is gone.
    pub async fn wait_for_workers(&self, count: usize, timeout: Duration) -> Result<()> {
        let mut state = self.state.clone();
        let there = state.wait_for(|state| match state {
            State::Live { workers, .. } => *workers >= count,
            State::Lost => true,
        });
        match tokio::time::timeout(timeout, there).await {
            Ok(Ok(state)) if matches!(*state, State::Live { .. }) => Ok(()),
            Ok(_) => Err(scheduler_lost()),
            Err(_) => Err(Error::cluster(format!("{count} workers are not there within {} s", timeout.as_secs()))
                .with_hint("look at the workers' logs")),
        }
    }

    /// A view of this session's updates for one job.
    pub fn watch(&self) -> Watch {
        Watch(self.state.clone())
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
        let mut control = self.control.clone();
        let freed = Freed { job: job.to_owned(), keep_stage, session: self.id.clone() };
        self.handle.spawn(async move {
            if let Err(status) = control.release(freed).await {
                tracing::debug!(%status, "not freed");
            }
        });
    }
    /// Cancels an attempt, submitted or on its way, and frees its data. Does not wait.
    pub fn cancel(&self, attempt: &str) {
        let mut control = self.control.clone();
        let name = JobName { job: attempt.to_owned(), session: self.id.clone() };
        self.handle.spawn(async move {
            if let Err(status) = control.cancel(name).await {
                tracing::debug!(%status, "not cancelled");
            }
        });
    }
    /// Data named `job` is this session's and goes with it.
    ///
    /// # Errors
    /// The scheduler is gone.
    pub async fn owns(&self, job: &str) -> Result<()> {
        let name = JobName { job: job.to_owned(), session: self.id.clone() };
        self.control.clone().own(name).await.map(drop).map_err(|_| scheduler_lost())
    }
    /// Cores for all ranks of a gang, as soon as there are enough: where the ranks are to run, and what holds the cores
    /// as long as it lives.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or all workers are.
    pub async fn reserve(&self, ranks: usize, threads: usize) -> Result<(GangPlaces, Streaming<GangPlaces>)> {
        let request = GangRequest { ranks: ranks as u32, threads: threads as u32 };
        let mut watch = self.watch();
        let asking = async {
            let mut stream = self.control.clone().gang(request).await.map_err(|_| scheduler_lost())?.into_inner();
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
    /// The latest jobs that failed.
    ///
    /// # Errors
    /// The scheduler is gone.
    pub async fn failed_jobs(&self) -> Result<Vec<FailedJob>> {
        Observer::over(self.control.clone()).failed_jobs().await
    }
    /// The plan of a job that failed lately.
    ///
    /// # Errors
    /// `Input`: there is no such job. `Cluster`: the scheduler is gone.
    pub async fn save_job(&self, job: &str) -> Result<SavedPlan> {
        let name = JobName { job: job.to_owned(), session: self.id.clone() };
        let mut control = self.control.clone().max_decoding_message_size(MESSAGE_BYTES_MAX);
        let saved = control.save(name).await.map_err(|status| match status.code() {
            tonic::Code::NotFound => Error::input(status.message().to_owned())
                .with_hint("`phalanx job list` shows the jobs that can be saved"),
            tonic::Code::Internal => Error::internal(status.message().to_owned()),
            _ => scheduler_lost(),
        })?;
        let saved = saved.into_inner();
        Ok(SavedPlan { label: saved.label, plan: saved.plan })
    }
    /// What the cluster has and does.
    ///
    /// # Errors
    /// The scheduler is gone.
    pub async fn describe(&self) -> Result<EngineDescription> {
        Observer::over(self.control.clone()).describe().await
    }
}

/// Follows the stream and notes what it says.
async fn listen(mut updates: Streaming<Update>, state: watch::Sender<State>, refused: Arc<Mutex<Option<String>>>) {
    let mut warned = String::new();
    while let Ok(Some(update)) = updates.message().await {
        if !update.refuse.is_empty() {
            *refused.lock() = Some(update.refuse);
            break;
        }
        if !update.warn.is_empty() && update.warn != warned {
            tracing::warn!("{}", update.warn);
            warned = update.warn;
        }
        let workers = update.workers as usize;
        let jobs: Vec<Progress> = serde_json::from_str(&update.jobs).unwrap_or_default();
        state.send_modify(|state| {
            let before = match state {
                State::Live { none_since, .. } => *none_since,
                State::Lost => None,
            };
            let none_since = (workers == 0).then(|| before.unwrap_or_else(Instant::now));
            *state = State::Live { workers, none_since, jobs: Arc::new(jobs) };
        });
    }
    state.send_replace(State::Lost);
}

/// A view of a session's updates.
pub struct Watch(watch::Receiver<State>);

impl Watch {
    /// Waits for an update; the stages of `attempt`, if it tells of them.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or there has been no worker for [`WORKERS_GRACE`].
    pub async fn next(&mut self, attempt: &str) -> Result<Option<Vec<StageProgress>>> {
        if self.0.changed().await.is_err() {
            return Err(scheduler_lost());
        }
        match &*self.0.borrow_and_update() {
            State::Lost => Err(scheduler_lost()),
            State::Live { none_since: Some(since), .. } if since.elapsed() >= WORKERS_GRACE => Err(no_workers()),
            State::Live { jobs, .. } => {
                let ours = jobs.iter().find(|progress| progress.job == attempt);
                Ok(ours.map(|progress| progress.stages.clone()))
            }
        }
    }
}
