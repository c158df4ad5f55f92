//! The sessions that are open, and those that may come back.

use super::{Hub, Stream, StreamGuard};
use crate::protocol::Update;
use crate::scheduler::history::Event;
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tonic::Status;

/// A session's stream, and what is the session's.
pub(super) struct SessionLink {
    pub stream: u64,
    pub updates: Sender<Result<Update, Status>>,
    /// What it owns, with the bytes that it holds on workers.
    pub jobs: Mutex<HashMap<String, u64>>,
    /// Its stream has ended, and may come back.
    pub is_cut: bool,
    /// Leaving workers of which it needs nothing more.
    pub needless: Mutex<HashSet<String>>,
}

impl Hub {
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
        (StreamGuard { hub: Arc::clone(self), id: id.to_owned(), stream, of: Stream::Session }, receiver)
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_session_that_comes_back_within_its_lease_keeps_what_it_owned() {
        let (hub, lost) = (Arc::new(Hub::new(Duration::from_millis(50))), Arc::new(Mutex::new(vec![])));
        let noted = Arc::clone(&lost);
        hub.on_lost(Box::new(|_, _| {}), Box::new(move |jobs| noted.lock().extend(jobs)));
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
}
