//! Workers that are here, and that were.

use super::TaskEnd;
use crate::protocol::{Beat, Logged};
use phalanx_engine::WorkerDescription;
use phalanx_engine::observe::{LogLine, ProcessLog, WorkerRecord, WorkerSample};
use std::collections::{HashMap, VecDeque};

/// Workers that are gone and are kept.
pub const GONE_MAX: usize = 200;
/// Samples of a worker that are kept: ten minutes of heartbeats.
const SAMPLES_MAX: usize = 600;
/// Lines of a worker's log that are kept.
const LINES_MAX: usize = 500;
/// Their bytes.
const LINES_BYTES_MAX: usize = 64 << 10;

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
    lines: VecDeque<LogLine>,
    lines_bytes: usize,
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
        gpus: beat.gpus as usize,
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
        kept.beat = Beat { hello: None, operators: vec![], log: vec![], ..beat.clone() };
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

    /// What a worker wrote; a number that was there already is a mistake of who says so, and is left out.
    pub(super) fn log_lines(&mut self, worker: &str, lines: Vec<Logged>) {
        let Some(kept) = self.all.get_mut(worker) else { return };
        for Logged { number, at_ms, level, text } in lines {
            if kept.lines.back().is_some_and(|last| last.number >= number) {
                continue;
            }
            let line = LogLine { number, at_ms, level: super::short(&level), text: super::short(&text) };
            kept.lines_bytes += line.text.len();
            kept.lines.push_back(line);
            while kept.lines.len() > LINES_MAX || kept.lines_bytes > LINES_BYTES_MAX {
                let oldest = kept.lines.pop_front();
                kept.lines_bytes -= oldest.map_or(0, |line| line.text.len());
            }
        }
    }

    /// What a worker wrote lately.
    pub fn log(&self, worker: &str) -> Option<ProcessLog> {
        self.all.get(worker).map(|kept| log_of(worker, kept.lines.iter().cloned().collect()))
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

/// A log of these lines, and how many of it are not among them.
pub fn log_of(process: &str, lines: Vec<LogLine>) -> ProcessLog {
    let last = lines.last().map_or(0, |line| line.number);
    let lines_dropped = last.saturating_sub(lines.len() as u64);
    ProcessLog { process: process.to_owned(), lines, lines_dropped }
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
    fn samples_and_logs_are_bounded() {
        let mut workers = Workers::default();
        let beat = |cpu_ms| Beat { cores: 2, cpu_ms, ..Beat::default() };
        workers.join("w", &beat(500), 0);
        for second in 1..=2 * SAMPLES_MAX as u64 {
            workers.beat("w", &beat(500 + second * 1_500), second * 1_000);
        }
        let line = |number: u64, text: &str| Logged { number, text: text.into(), ..Logged::default() };
        workers.log_lines("w", vec![line(1, "a"), line(2, "b"), line(2, "again"), line(4, "d")]);
        workers.log_lines("nobody", vec![line(1, "a")]);
        let log = workers.log("w").unwrap();
        let texts: Vec<&str> = log.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((texts.join(" "), log.lines_dropped), (String::from("a b d"), 1));
        workers.log_lines("w", (5..5 + LINES_MAX as u64).map(|number| line(number, "x")).collect());
        assert_eq!(workers.log("w").map(|log| (log.lines.len(), log.lines_dropped)), Some((LINES_MAX, 4)));
        workers.log_lines("w", (1_000..1_100).map(|number| line(number, &"y".repeat(3_000))).collect());
        let bytes: usize = workers.log("w").unwrap().lines.iter().map(|line| line.text.len()).sum();
        assert!(bytes <= LINES_BYTES_MAX && bytes > LINES_BYTES_MAX / 2, "{bytes} bytes");
        assert_eq!(workers.log("nobody"), None);
        let [record] = &workers.all(true)[..] else { panic!("one worker") };
        assert_eq!((record.samples.len(), record.cores_busy), (SAMPLES_MAX, 1.5));
        assert!(workers.go("w", 9) && !workers.go("w", 10), "it goes once");
        assert_eq!((workers.here().len(), workers.all(false)[0].gone_at_ms), (0, Some(9)));
    }
}
