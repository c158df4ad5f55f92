//! The workers that are here, and what they say of themselves.

use super::{Hub, Stream, StreamGuard};
use crate::protocol::{Beat, Hello};
use crate::scheduler::history::workers::description;
use crate::scheduler::history::{Event, now_ms};
use crate::scheduler::outbox::Outbox;
use parking_lot::Mutex;
use phalanx_engine::WorkerDescription;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A worker's stream.
pub(super) struct WorkerLink {
    pub stream: u64,
    pub outbox: Arc<Outbox>,
    pub beat: Mutex<Beat>,
    pub simd: String,
    /// It asked for more than it was given, and was not told since that there is work.
    pub is_hungry: AtomicBool,
    /// When Ballista last heard that it is alive, if it knows it.
    pub told_alive: Mutex<Option<Instant>>,
}

impl Hub {
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
        (StreamGuard { hub: Arc::clone(self), id: hello.id.clone(), stream, of: Stream::Worker }, outbox)
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
    /// Why a worker must not join those that are here, if all are to have the same SIMD level.
    pub fn simd_conflict(&self, hello: &Hello) -> Option<String> {
        let other = self.workers.iter().find(|link| link.simd != hello.simd)?;
        Some(format!(
            "its processor has {}, and those of the workers here have {}: results could differ in their last bits \
             (--exact)",
            hello.simd, other.simd
        ))
    }
    /// Reports `worker` as lost again: it died while the scheduler gave it work.
    pub fn worker_is_lost(&self, worker: &str) {
        if let Some(on_lost) = self.on_worker_lost.get() {
            on_lost(worker, false);
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
}
