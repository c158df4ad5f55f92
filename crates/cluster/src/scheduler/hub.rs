//! The scheduler's end of the control streams: who is here, and what is said to whom.

mod jobs;
mod orders;
mod sessions;
mod workers;

use super::history::{Event, History, now_ms};
use dashmap::DashMap;
use parking_lot::Mutex;
use sessions::SessionLink;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use workers::WorkerLink;

/// What happens when a worker's stream ends; whether it had said that it leaves.
type OnLost = Box<dyn Fn(&str, bool) + Send + Sync>;
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

/// Whose stream it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream {
    Worker,
    Session,
}

/// Ends a worker's stay when its stream is dropped, and a session's if it does not come back within its lease.
pub struct StreamGuard {
    hub: Arc<Hub>,
    id: String,
    stream: u64,
    of: Stream,
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        if self.of == Stream::Worker {
            let removed = self.hub.workers.remove_if(&self.id, |_, link| link.stream == self.stream);
            for session in &self.hub.sessions {
                session.needless.lock().remove(&self.id);
            }
            if removed.is_some() {
                self.hub.history.note(Event::WorkerGoes { worker: self.id.clone(), at_ms: now_ms() });
            }
            if let (Some((_, link)), Some(on_lost)) = (removed, self.hub.on_worker_lost.get()) {
                on_lost(&self.id, link.beat.lock().leaving);
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
}
