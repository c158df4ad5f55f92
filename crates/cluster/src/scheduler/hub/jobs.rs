//! Which jobs run, whose they are, and what they hold.

use super::Hub;
use std::time::{Duration, Instant};

/// Milliseconds that a submitted job may take until it can be reached; it takes microseconds.
const REACH_TRIES_MAX: usize = 5_000;

impl Hub {
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
    /// The session that owns `job`.
    pub fn owner(&self, job: &str) -> Option<String> {
        self.owners.get(job).map(|owner| owner.value().clone())
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
    /// `job` is submitted: Ballista runs it now, or is about to.
    pub fn job_begins(&self, job: &str, session: &str) {
        self.running.insert(job.to_owned(), session.to_owned());
    }
    /// Jobs of `session` that run now.
    pub fn jobs_running(&self, session: &str) -> usize {
        self.running.iter().filter(|job| job.value() == session).count()
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::sync::atomic::{AtomicBool, Ordering};

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
