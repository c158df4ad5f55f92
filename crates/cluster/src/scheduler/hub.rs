//! The scheduler's end of the control streams: who is here, and what is said to whom.

use super::history::workers::description;
use super::history::{Event, History, now_ms};
use super::outbox::Outbox;
use crate::protocol::{Beat, Command, Freed, Hello, Update};
use dashmap::DashMap;
use parking_lot::Mutex;
use phalanx_engine::WorkerDescription;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tonic::Status;

/// Milliseconds that a submitted job may take until it can be reached; it takes microseconds.
const REACH_TRIES_MAX: usize = 5_000;

type OnLost = Box<dyn Fn(&str) + Send + Sync>;
/// What happens when a session ends, with the jobs and data that it owned.
type OnSessionLost = Box<dyn Fn(Vec<String>) + Send + Sync>;

/// All control streams of a scheduler.
#[derive(Default)]
pub struct Hub {
    workers: DashMap<String, WorkerLink>,
    sessions: DashMap<String, SessionLink>,
    /// The session that may free a job's data.
    owners: DashMap<String, String>,
    /// The job that Ballista made of a client's attempt.
    attempts: DashMap<String, String>,
    /// Jobs that were submitted and have not ended, with their sessions.
    running: DashMap<String, String>,
    /// When anything was last submitted, or ended.
    active: Active,
    next: AtomicU64,
    /// How long a session that is cut may take to come back.
    lease: Duration,
    /// Workers that no running job needs, and that leave as soon as no session does either.
    offered: Mutex<Vec<String>>,
    /// What those who look are shown.
    pub history: History,
    on_worker_lost: OnceLock<OnLost>,
    on_session_lost: OnceLock<OnSessionLost>,
}

struct Active(Mutex<Instant>);

impl Default for Active {
    fn default() -> Self {
        Self(Mutex::new(Instant::now()))
    }
}

struct WorkerLink {
    stream: u64,
    outbox: Arc<Outbox>,
    beat: Mutex<Beat>,
    simd: String,
    /// It asked for more than it was given, and was not told since that there is work.
    is_hungry: AtomicBool,
    /// When Ballista last heard that it is alive, if it knows it.
    told_alive: Mutex<Option<Instant>>,
}

struct SessionLink {
    stream: u64,
    updates: Sender<Result<Update, Status>>,
    /// What it owns, with the bytes that it holds on workers.
    jobs: Mutex<HashMap<String, u64>>,
    /// Its stream has ended, and may come back.
    is_cut: bool,
    /// Leaving workers of which it needs nothing more.
    needless: Mutex<HashSet<String>>,
}

/// Ends a worker's stay when its stream is dropped, and a session's if it does not come back within its lease.
pub struct StreamGuard {
    hub: Arc<Hub>,
    id: String,
    stream: u64,
    is_worker: bool,
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        if self.is_worker {
            let removed = self.hub.workers.remove_if(&self.id, |_, link| link.stream == self.stream);
            for session in &self.hub.sessions {
                session.needless.lock().remove(&self.id);
            }
            if removed.is_some() {
                self.hub.history.note(Event::WorkerGoes { worker: self.id.clone(), at_ms: now_ms() });
            }
            if let (Some(_), Some(on_lost)) = (removed, self.hub.on_worker_lost.get()) {
                on_lost(&self.id);
            }
            return;
        }
        if let Some(mut link) = self.hub.sessions.get_mut(&self.id)
            && link.stream == self.stream
        {
            link.is_cut = true;
        }
        let (hub, id, stream) = (Arc::clone(&self.hub), std::mem::take(&mut self.id), self.stream);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return hub.session_ends(&id, Some(stream)) };
        runtime.spawn(async move {
            tokio::time::sleep(hub.lease).await;
            hub.session_ends(&id, Some(stream));
        });
    }
}

impl Hub {
    /// Nobody is here. A session whose stream ends is kept for `lease`.
    pub fn new(lease: Duration) -> Self {
        Self { lease, ..Self::default() }
    }
    /// What happens when a worker's, and when a session's stream ends. Once, before anything is served.
    pub fn on_lost(&self, worker: OnLost, session: OnSessionLost) {
        let set = self.on_worker_lost.set(worker).is_ok() && self.on_session_lost.set(session).is_ok();
        debug_assert!(set, "the hub's hooks are set once");
    }

    /// A worker's stream has begun: what it is to hear.
    pub fn worker_joins(self: &Arc<Self>, hello: &Hello, beat: Beat) -> (StreamGuard, Arc<Outbox>) {
        let outbox = Outbox::new();
        let stream = self.next.fetch_add(1, Ordering::Relaxed);
        let (worker, first) = (hello.id.clone(), Box::new(beat.clone()));
        self.history.note(Event::WorkerJoins { worker, beat: first, at_ms: now_ms() });
        let link = WorkerLink {
            stream,
            outbox: Arc::clone(&outbox),
            beat: Mutex::new(beat),
            simd: hello.simd.clone(),
            is_hungry: AtomicBool::new(false),
            told_alive: Mutex::default(),
        };
        self.workers.insert(hello.id.clone(), link);
        (StreamGuard { hub: Arc::clone(self), id: hello.id.clone(), stream, is_worker: true }, outbox)
    }
    /// A worker's heartbeat.
    pub fn worker_beats(&self, id: &str, mut beat: Beat) {
        for one in std::mem::take(&mut beat.operators) {
            let (job, stage) = (one.job, one.stage as usize);
            self.history.note(Event::Operators { job, stage, sums: one.operators });
        }
        let lines = std::mem::take(&mut beat.log);
        if !lines.is_empty() {
            self.history.note(Event::WorkerLogs { worker: id.to_owned(), lines });
        }
        if let Some(link) = self.workers.get(id) {
            let (worker, latest) = (id.to_owned(), Box::new(beat.clone()));
            self.history.note(Event::WorkerBeats { worker, beat: latest, at_ms: now_ms() });
            *link.beat.lock() = beat;
        }
    }
    /// A session's stream has begun, or has come back after a cut: then what the session owned is still there.
    pub fn session_begins(self: &Arc<Self>, id: &str) -> (StreamGuard, Receiver<Result<Update, Status>>) {
        let (updates, receiver) = channel(16);
        let stream = self.next.fetch_add(1, Ordering::Relaxed);
        let (jobs, needless) = (Mutex::default(), Mutex::default());
        let mut link = self.sessions.entry(id.to_owned()).or_insert_with(|| SessionLink {
            stream,
            updates: updates.clone(),
            jobs,
            is_cut: false,
            needless,
        });
        (link.stream, link.updates, link.is_cut) = (stream, updates, false);
        drop(link);
        (StreamGuard { hub: Arc::clone(self), id: id.to_owned(), stream, is_worker: false }, receiver)
    }

    /// A session has ended: what it owned is given up. With a `stream`, only if it has not come back by another one.
    pub fn session_ends(&self, id: &str, stream: Option<u64>) {
        // Removed first: from here on nothing more can become this session's.
        let removed = self.sessions.remove_if(id, |_, link| stream.is_none_or(|stream| link.stream == stream));
        if removed.is_some() {
            self.history.note(Event::SessionEnds { session: id.to_owned() });
        }
        if let (Some((_, link)), Some(on_lost)) = (removed, self.on_session_lost.get()) {
            on_lost(link.jobs.into_inner().into_keys().collect());
        }
    }
    /// Can this worker be spoken to?
    pub fn is_alive(&self, worker: &str) -> bool {
        self.workers.contains_key(worker)
    }
    /// Workers that can be given work.
    pub fn worker_count(&self) -> usize {
        self.workers.iter().filter(|link| !link.beat.lock().leaving).count()
    }
    /// Workers that take no more tasks, and wait to be let go.
    pub fn leaving(&self) -> Vec<String> {
        self.workers.iter().filter(|link| link.beat.lock().leaving).map(|link| link.key().clone()).collect()
    }
    /// "Take no more tasks, and end when nobody needs you". False if there is no such worker.
    pub fn retire(&self, worker: &str) -> bool {
        let link = self.workers.get(worker);
        link.is_some_and(|link| link.outbox.add(&Command { retire: true, ..Command::default() }))
    }
    /// Says of which workers sessions are to hand over what they hold.
    pub fn offer(&self, workers: Vec<String>) {
        *self.offered.lock() = workers;
    }
    /// What [`Hub::offer`] said last.
    pub fn offered(&self) -> Vec<String> {
        self.offered.lock().clone()
    }
    /// `session` needs nothing more of what `worker` holds.
    pub fn session_needs_nothing(&self, session: &str, worker: &str) {
        if let Some(link) = self.sessions.get(session)
            && self.is_alive(worker)
        {
            link.needless.lock().insert(worker.to_owned());
        }
    }
    /// Is there a session that owns data, and has not said that it needs nothing of `worker`?
    pub fn is_needed_by_a_session(&self, worker: &str) -> bool {
        self.sessions
            .iter()
            .any(|link| !link.is_cut && !link.jobs.lock().is_empty() && !link.needless.lock().contains(worker))
    }
    /// "The cluster stops", to all.
    pub fn end_workers(&self) {
        self.tell(|_| true, &Command { end: true, ..Command::default() });
    }
    /// "Nobody needs what you hold": `worker` ends.
    pub fn may_leave(&self, worker: &str) {
        if let Some(link) = self.workers.get(worker) {
            let _fits = link.outbox.add(&Command { leave: true, ..Command::default() });
        }
    }
    /// Has this worker less than `bytes` of memory, and another one that much?
    pub fn is_too_small(&self, worker: &str, bytes: u64) -> bool {
        let has = |link: &WorkerLink| {
            let beat = link.beat.lock();
            beat.memory_bytes >= bytes && !beat.leaving
        };
        let this_has = self.workers.get(worker).is_some_and(|link| has(&link));
        !this_has && self.workers.iter().any(|link| has(&link))
    }
    /// What clients should know if the workers' processors differ: the determinism law holds for one SIMD level.
    pub fn mixed_simd(&self) -> Option<String> {
        let levels: BTreeSet<String> = self.workers.iter().map(|link| link.simd.clone()).collect();
        let mixed = || levels.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        (levels.len() > 1)
            .then(|| format!("the workers' processors differ ({}): so may the last bits of results", mixed()))
    }
    /// Reports `worker` as lost again: it died while the scheduler gave it work.
    pub fn worker_is_lost(&self, worker: &str) {
        if let Some(on_lost) = self.on_worker_lost.get() {
            on_lost(worker);
        }
    }
    /// Is Ballista to hear that `worker` is alive, since it did not for this long, or does not know it? It counts as told.
    pub fn is_news(&self, worker: &str, interval: Duration) -> bool {
        let Some(link) = self.workers.get(worker) else { return true };
        let mut told = link.told_alive.lock();
        let is_news = told.is_none_or(|at| at.elapsed() >= interval);
        if is_news {
            *told = Some(Instant::now());
        }
        is_news
    }
    /// Ballista does not know `worker` any more.
    pub fn is_unknown(&self, worker: &str) {
        if let Some(link) = self.workers.get(worker) {
            *link.told_alive.lock() = None;
        }
    }
    /// `worker` asks for tasks: from here on it hears of work, until it is told that it was given all that it can take.
    pub fn is_hungry(&self, worker: &str, is_hungry: bool) {
        if let Some(link) = self.workers.get(worker) {
            link.is_hungry.store(is_hungry, Ordering::SeqCst);
        }
    }
    /// "There is work", to the workers that wait for some: once, until they ask again. Telling all of them, whenever one
    /// is given a task, would cost more than the tasks.
    pub fn wake(&self) {
        let hungry = |link: &WorkerLink| link.is_hungry.swap(false, Ordering::SeqCst);
        self.tell(hungry, &Command { wake: true, ..Command::default() });
    }
    /// "End the tasks of this job", to all.
    pub fn cancel(&self, job: &str) {
        self.tell(|_| true, &Command { cancel: vec![job.to_owned()], ..Command::default() });
    }
    /// "Remove the data of this job", to all.
    pub fn free(&self, freed: &Freed) {
        self.history.note(match freed.keep_stage {
            Some(_) => Event::Kept { job: freed.job.clone(), at_ms: now_ms() },
            None => Event::Freed { job: freed.job.clone() },
        });
        if freed.keep_stage.is_none() {
            self.owners.remove(&freed.job);
            self.attempts.retain(|_, job| *job != freed.job);
            for session in &self.sessions {
                session.jobs.lock().remove(&freed.job);
            }
        }
        self.tell(|_| true, &Command { free: vec![freed.clone()], ..Command::default() });
    }
    fn tell(&self, whom: impl Fn(&WorkerLink) -> bool, command: &Command) {
        let told = self.workers.iter().filter(|link| whom(link));
        let deaf: Vec<String> = told.filter(|link| !link.outbox.add(command)).map(|link| link.key().clone()).collect();
        for worker in deaf {
            tracing::warn!(worker, "it does not read what it is told, and is given up");
            if let Some((_, link)) = self.workers.remove(&worker) {
                link.outbox.close();
                self.history.note(Event::WorkerGoes { worker: worker.clone(), at_ms: now_ms() });
                self.worker_is_lost(&worker);
            }
        }
    }

    /// `session` owns `job`, or data named like one: it is freed when the session ends. False if the session has ended
    /// or another one owns it.
    pub fn session_owns(&self, session: &str, job: &str) -> bool {
        let Some(link) = self.sessions.get(session) else { return false };
        *self.active.0.lock() = Instant::now();
        let owner = self.owners.entry(job.to_owned()).or_insert_with(|| session.to_owned());
        let is_ours = *owner == session;
        if is_ours {
            link.jobs.lock().entry(job.to_owned()).or_insert(0);
        }
        is_ours
    }
    /// `job` is submitted: Ballista runs it now, or is about to.
    pub fn job_begins(&self, job: &str, session: &str) {
        self.running.insert(job.to_owned(), session.to_owned());
    }
    /// Jobs of `session` that run now.
    pub fn jobs_running(&self, session: &str) -> usize {
        self.running.iter().filter(|job| job.value() == session).count()
    }
    /// `job` has left `bytes` on the workers, for as long as its session owns it.
    pub fn job_holds(&self, job: &str, bytes: u64) {
        let Some(owner) = self.owner(job) else { return };
        if let Some(link) = self.sessions.get(&owner)
            && let Some(held) = link.jobs.lock().get_mut(job)
        {
            *held = bytes;
        }
    }
    /// What `session` holds on the workers.
    pub fn session_bytes(&self, session: &str) -> u64 {
        self.sessions.get(session).map_or(0, |link| link.jobs.lock().values().sum())
    }
    /// Why a worker must not join those that are here, if all are to have the same SIMD level.
    pub fn simd_conflict(&self, hello: &Hello) -> Option<String> {
        let other = self.workers.iter().find(|link| link.simd != hello.simd)?;
        Some(format!(
            "its processor has {}, and those of the workers here have {}: results could differ in their last bits \
             (--exact)",
            hello.simd, other.simd
        ))
    }
    /// `job` has ended.
    pub fn job_ends(&self, job: &str) {
        self.running.remove(job);
        *self.active.0.lock() = Instant::now();
    }
    /// Something has just happened.
    pub fn is_active(&self) {
        *self.active.0.lock() = Instant::now();
    }
    /// Since when no job has run and none has come; `None` while one runs.
    pub fn idle_since(&self) -> Option<Instant> {
        let since = *self.active.0.lock(); // before the look: a job that comes in between is seen
        self.running.is_empty().then_some(since)
    }
    /// Waits until `is_reached` says that a job which has begun can be reached; false if it has ended, or never began.
    ///
    /// Ballista tells of a job before it puts it where it looks for jobs that are to be cancelled: what comes between
    /// would find nothing, and the job would run to its end for nobody.
    pub async fn reaches(&self, job: &str, is_reached: impl Fn() -> bool) -> bool {
        for _ in 0..REACH_TRIES_MAX {
            // In this order: a job that ends meanwhile is seen by the next look.
            let runs = self.running.contains_key(job);
            if is_reached() {
                return true;
            }
            if !runs {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tracing::error!(job, "it was submitted, and never ran");
        false
    }
    /// Ballista calls `attempt`, a name that the client chose, `job`.
    pub fn attempt_is(&self, attempt: &str, job: &str) {
        self.attempts.insert(attempt.to_owned(), job.to_owned());
    }
    /// What Ballista calls `attempt`, once it has been submitted.
    pub fn job_of(&self, attempt: &str) -> Option<String> {
        self.attempts.get(attempt).map(|job| job.value().clone())
    }
    /// The session that owns `job`.
    pub fn owner(&self, job: &str) -> Option<String> {
        self.owners.get(job).map(|owner| owner.value().clone())
    }
    /// Tells every session what `update` says of it; one that does not read misses it.
    pub fn update_sessions(&self, update: impl Fn(&str) -> Update) {
        for link in &self.sessions {
            let _ = link.updates.try_send(Ok(update(link.key())));
        }
    }
    /// Sessions that are open.
    pub fn session_count(&self) -> usize {
        self.sessions.len()
    }
    /// Is this session open?
    pub fn has_session(&self, session: &str) -> bool {
        self.sessions.contains_key(session)
    }
    /// Are there sessions to tell?
    pub fn has_sessions(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// The workers that take work, by id.
    pub fn workers_that_stay(&self) -> Vec<WorkerDescription> {
        let leaving = self.leaving();
        self.workers().into_iter().filter(|worker| !leaving.contains(&worker.id)).collect()
    }
    /// The workers, by id.
    pub fn workers(&self) -> Vec<WorkerDescription> {
        let mut workers: Vec<WorkerDescription> =
            self.workers.iter().map(|link| description(link.key(), &link.beat.lock())).collect();
        workers.sort_by(|a, b| a.id.cmp(&b.id));
        workers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_worker_that_does_not_read_is_lost_and_not_silently_missed() {
        let (hub, lost) = (Arc::new(Hub::default()), Arc::new(Mutex::new(vec![])));
        let noted = Arc::clone(&lost);
        hub.on_lost(Box::new(move |worker| noted.lock().push(worker.to_owned())), Box::new(|_| {}));
        let _deaf = hub.worker_joins(&Hello { id: "deaf".into(), ..Hello::default() }, Beat::default());
        let (_guard, hearing) = hub.worker_joins(&Hello { id: "hears".into(), ..Hello::default() }, Beat::default());
        let mut heard = 0;
        for number in 0..20_000 {
            hub.free(&Freed { job: format!("j{number}"), ..Freed::default() });
            hub.is_hungry("deaf", true);
            hub.wake();
            heard += hearing.next().now_or_never().flatten().map_or(0, |command| command.free.len());
        }
        assert_eq!((heard, lost.lock().as_slice()), (20_000, ["deaf".to_owned()].as_slice()));
        assert!(
            hub.is_alive("hears") && !hub.is_alive("deaf"),
            "its polls are refused: it comes back under a new name"
        );
    }

    #[test]
    fn who_waits_for_work_hears_of_it_once() {
        let hub = Arc::new(Hub::default());
        let (_guard, outbox) = hub.worker_joins(&Hello { id: "w".into(), ..Hello::default() }, Beat::default());
        let hears = || outbox.next().now_or_never().flatten().is_some_and(|command| command.wake);
        hub.wake();
        assert!(!hears(), "it has not asked");
        hub.is_hungry("w", true);
        hub.wake();
        assert!(hears());
        hub.wake();
        assert!(!hears(), "it has been told");
        hub.is_hungry("w", true);
        hub.is_hungry("w", false);
        hub.wake();
        assert!(!hears(), "it was given all that it can take");
    }

    #[tokio::test]
    async fn a_session_that_comes_back_within_its_lease_keeps_what_it_owned() {
        let (hub, lost) = (Arc::new(Hub::new(Duration::from_millis(50))), Arc::new(Mutex::new(vec![])));
        let noted = Arc::clone(&lost);
        hub.on_lost(Box::new(|_| {}), Box::new(move |jobs| noted.lock().extend(jobs)));
        let (guard, _updates) = hub.session_begins("s");
        assert!(hub.session_owns("s", "j"));
        drop(guard);
        let (guard, _updates) = hub.session_begins("s");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(hub.session_owns("s", "j") && lost.lock().is_empty());
        drop(guard);
        assert!(hub.session_owns("s", "k"), "it may still come back");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!hub.session_owns("s", "l"));
        let mut jobs = lost.lock().clone();
        jobs.sort_unstable();
        assert_eq!(jobs, ["j", "k"]);
        let (_guard, _updates) = hub.session_begins("t");
        assert!(hub.session_owns("t", "m"));
        hub.session_ends("t", None);
        assert_eq!(lost.lock().last().map(String::as_str), Some("m"), "who says goodbye is not waited for");
    }

    #[tokio::test]
    async fn a_job_that_has_just_begun_is_waited_for() {
        let hub = Hub::default();
        assert!(!hub.reaches("never began", || false).await);
        hub.job_begins("j", "s");
        let cached = AtomicBool::new(false);
        let mut reaching = Box::pin(hub.reaches("j", || cached.load(Ordering::SeqCst)));
        assert!((&mut reaching).now_or_never().is_none(), "it is submitted, but can't be reached yet");
        cached.store(true, Ordering::SeqCst);
        assert!(reaching.await);
        hub.job_ends("j");
        assert!(!hub.reaches("j", || false).await);
    }
}
