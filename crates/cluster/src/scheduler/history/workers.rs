//! Workers that are here, and that were.

use super::TaskEnd;
use crate::protocol::Beat;
use phalanx_engine::WorkerDescription;
use phalanx_engine::observe::{WorkerRecord, WorkerSample};
use std::collections::{HashMap, VecDeque};

/// Workers that are gone and are kept.
pub const GONE_MAX: usize = 200;
/// Samples of a worker that are kept: ten minutes of heartbeats.
const SAMPLES_MAX: usize = 600;

#[derive(Debug, Default)]
struct Kept {
    beat: Beat,
    joined_at_ms: u64,
    gone_at_ms: Option<u64>,
    tasks_done: u64,
    tasks_failed: u64,
    /// When it last beat, and how long its process had computed until then.
    computed: (u64, u64),
    cores_busy: f32,
    samples: VecDeque<WorkerSample>,
}

/// The workers.
#[derive(Debug, Default)]
pub struct Workers {
    all: HashMap<String, Kept>,
    /// Names of those that are gone, the oldest first.
    gone: VecDeque<String>,
}

/// A worker as an engine describes it.
pub fn description(worker: &str, beat: &Beat) -> WorkerDescription {
    WorkerDescription {
        id: worker.to_owned(),
        address: beat.address.clone(),
        cores: beat.cores as usize,
        tasks_running: beat.tasks_running as usize,
        memory_bytes: beat.memory_bytes,
        memory_used_bytes: beat.memory_used_bytes,
        persisted_bytes: beat.stored_bytes,
        is_leaving: beat.leaving,
    }
}

impl Workers {
    pub(super) fn join(&mut self, worker: &str, beat: &Beat, at_ms: u64) {
        let kept = Kept { joined_at_ms: at_ms, computed: (at_ms, beat.cpu_ms), ..Kept::default() };
        self.all.insert(worker.to_owned(), kept);
        self.beat(worker, beat, at_ms);
    }

    pub(super) fn beat(&mut self, worker: &str, beat: &Beat, at_ms: u64) {
        let Some(kept) = self.all.get_mut(worker) else { return };
        let (before_ms, before) = kept.computed;
        let passed = at_ms.saturating_sub(before_ms);
        if passed > 0 {
            kept.cores_busy = beat.cpu_ms.saturating_sub(before) as f32 / passed as f32;
            kept.computed = (at_ms, beat.cpu_ms);
        }
        kept.beat = Beat { hello: None, operators: vec![], ..beat.clone() };
        kept.samples.push_back(WorkerSample {
            at_ms,
            tasks_running: beat.tasks_running,
            cores_busy: kept.cores_busy,
            memory_used_bytes: beat.memory_used_bytes,
            persisted_bytes: beat.stored_bytes,
        });
        if kept.samples.len() > SAMPLES_MAX {
            kept.samples.pop_front();
        }
    }

    pub(super) fn task_ends(&mut self, task: &TaskEnd) {
        if let Some(kept) = self.all.get_mut(&task.worker) {
            let count = if task.succeeded { &mut kept.tasks_done } else { &mut kept.tasks_failed };
            *count += 1;
        }
    }

    /// False if it was gone before.
    pub(super) fn go(&mut self, worker: &str, at_ms: u64) -> bool {
        let Some(kept) = self.all.get_mut(worker).filter(|kept| kept.gone_at_ms.is_none()) else { return false };
        kept.gone_at_ms = Some(at_ms);
        kept.cores_busy = 0.0;
        (kept.beat.tasks_running, kept.beat.memory_used_bytes, kept.beat.stored_bytes) = (0, 0, 0);
        self.gone.push_back(worker.to_owned());
        if self.gone.len() > GONE_MAX
            && let Some(oldest) = self.gone.pop_front()
        {
            self.all.remove(&oldest);
        }
        true
    }

    /// Is it here?
    pub fn is_here(&self, worker: &str) -> bool {
        self.all.get(worker).is_some_and(|kept| kept.gone_at_ms.is_none())
    }

    /// Cores of those that are here.
    pub fn cores(&self) -> u64 {
        self.all.values().filter(|kept| kept.gone_at_ms.is_none()).map(|kept| u64::from(kept.beat.cores)).sum()
    }

    /// Those that are here, without their samples, by id.
    pub fn here(&self) -> Vec<WorkerRecord> {
        let here = self.all.iter().filter(|(_, kept)| kept.gone_at_ms.is_none());
        sorted(here.map(|(id, kept)| kept.record(id, false)).collect())
    }

    /// All of them by id, with their samples if wanted.
    pub fn all(&self, with_samples: bool) -> Vec<WorkerRecord> {
        sorted(self.all.iter().map(|(id, kept)| kept.record(id, with_samples)).collect())
    }
}

fn sorted(mut workers: Vec<WorkerRecord>) -> Vec<WorkerRecord> {
    workers.sort_by(|a, b| a.worker.id.cmp(&b.worker.id));
    workers
}

impl Kept {
    fn record(&self, id: &str, with_samples: bool) -> WorkerRecord {
        WorkerRecord {
            worker: description(id, &self.beat),
            process: self.beat.process,
            joined_at_ms: self.joined_at_ms,
            gone_at_ms: self.gone_at_ms,
            tasks_done: self.tasks_done,
            tasks_failed: self.tasks_failed,
            cores_busy: self.cores_busy,
            disk_bytes: self.beat.disk_bytes,
            disk_free_bytes: self.beat.disk_free_bytes,
            samples: if with_samples { self.samples.iter().copied().collect() } else { vec![] },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_tell_how_busy_a_worker_was_and_are_bounded() {
        let mut workers = Workers::default();
        let beat = |cpu_ms| Beat { cores: 2, cpu_ms, ..Beat::default() };
        workers.join("w", &beat(500), 0);
        for second in 1..=2 * SAMPLES_MAX as u64 {
            workers.beat("w", &beat(500 + second * 1_500), second * 1_000);
        }
        let [record] = &workers.all(true)[..] else { panic!("one worker") };
        assert_eq!((record.samples.len(), record.cores_busy), (SAMPLES_MAX, 1.5));
        assert!(workers.go("w", 9) && !workers.go("w", 10), "it goes once");
        assert_eq!((workers.here().len(), workers.all(false)[0].gone_at_ms), (0, Some(9)));
    }
}
