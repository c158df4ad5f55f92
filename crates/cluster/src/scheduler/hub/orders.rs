//! What workers are told.

use super::Hub;
use super::workers::WorkerLink;
use crate::protocol::{Command, Freed};
use crate::scheduler::history::{Event, now_ms};
use std::sync::atomic::Ordering;

impl Hub {
    /// "Take no more tasks, and end when nobody needs you". False if there is no such worker.
    pub fn retire(&self, worker: &str) -> bool {
        let link = self.workers.get(worker);
        link.is_some_and(|link| link.outbox.add(&Command { retire: true, ..Command::default() }))
    }
    /// "Nobody needs what you hold": `worker` ends.
    pub fn may_leave(&self, worker: &str) {
        if let Some(link) = self.workers.get(worker) {
            let _fits = link.outbox.add(&Command { leave: true, ..Command::default() });
        }
    }
    /// "The cluster stops", to all.
    pub fn end_workers(&self) {
        self.tell(|_| true, &Command { end: true, ..Command::default() });
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Beat, Hello};
    use futures::FutureExt;
    use parking_lot::Mutex;
    use std::sync::Arc;

    #[test]
    fn a_worker_that_does_not_read_is_lost_and_not_silently_missed() {
        let (hub, lost) = (Arc::new(Hub::default()), Arc::new(Mutex::new(vec![])));
        let noted = Arc::clone(&lost);
        hub.on_lost(Box::new(move |worker, _| noted.lock().push(worker.to_owned())), Box::new(|_| {}));
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
}
