//! What the scheduler remembers for those who look at it.
//!
//! Whoever schedules only drops an [`Event`] into a queue: no lock, no wait, nothing computed but a copy of a few
//! numbers. Those who look fold the queue into the records first, and so does a clock twice a second. A queue that is
//! full drops the event and counts it. Everything that is kept is bounded, here and in the files below.
//!
//! | module | what it keeps, at most |
//! |---|---|
//! | [`jobs`] | 1,000 jobs that ended (and all that run), 256 stages each, 64 operators each; 50,000 tasks |
//! | [`workers`] | all that are here and 200 that were, with ten minutes of samples a second; 500 lines of the log of each, 64 KiB |
//! | [`data`] | 10,000 handles |
//! | [`runs`] | 100 runs of 32 metrics of 2,000 points; the points of longer runs are thinned |

pub mod data;
pub mod jobs;
pub mod runs;
pub mod workers;

use crate::protocol::{Beat, HeldPart, Logged, OperatorSums};
use ballista_core::serde::protobuf::TaskStatus;
use ballista_core::serde::protobuf::task_status::Status as TaskState;
use ballista_scheduler::state::execution_graph::ExecutionGraphBox;
use parking_lot::{Mutex, MutexGuard};
use phalanx_engine::observe::{Failure, JobState, RunEvent, Totals};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Events that may wait to be folded.
const EVENTS_WAITING_MAX: usize = 16_384;
/// How often they are, if nobody looks.
const FOLD_INTERVAL: Duration = Duration::from_millis(500);
/// Longer texts are cut.
const TEXT_LETTERS_MAX: usize = 4_000;

/// Something happened.
#[derive(Debug)]
pub enum Event {
    JobBegins { job: String, label: String, session: String, at_ms: u64 },
    TasksEnd(Vec<TaskEnd>),
    Operators { job: String, stage: usize, sums: Vec<OperatorSums> },
    JobEnds(Box<jobs::JobEnd>),
    WorkerJoins { worker: String, beat: Box<Beat>, at_ms: u64 },
    WorkerBeats { worker: String, beat: Box<Beat>, at_ms: u64 },
    WorkerLogs { worker: String, lines: Vec<Logged> },
    WorkerGoes { worker: String, at_ms: u64 },
    SessionEnds { session: String },
    Kept { job: String, at_ms: u64 },
    Freed { job: String },
    Scattered { data: String, label: String, session: String, parts: Vec<HeldPart>, at_ms: u64 },
    Moved { data: String, before: String, parts: Vec<HeldPart> },
    Reported { session: String, event: RunEvent, at_ms: u64 },
}

/// A task has ended, as its worker says.
#[derive(Debug)]
pub struct TaskEnd {
    pub job: String,
    pub stage: u32,
    pub task: u32,
    pub worker: String,
    pub began_at_ms: u64,
    pub ended_at_ms: u64,
    pub succeeded: bool,
    pub rows: u64,
    pub bytes: u64,
}

/// The records, by subject.
#[derive(Debug, Default)]
pub struct Records {
    pub jobs: jobs::Jobs,
    pub workers: workers::Workers,
    pub data: data::Kept,
    pub runs: runs::Runs,
    pub totals: Totals,
}

/// The queue and the records.
#[derive(Debug)]
pub struct History {
    began_at_ms: u64,
    events: Sender<Event>,
    dropped: AtomicU64,
    /// Only those who look take this lock.
    folded: Mutex<(Receiver<Event>, Records)>,
}

impl Default for History {
    fn default() -> Self {
        let (events, receiver) = channel(EVENTS_WAITING_MAX);
        let folded = Mutex::new((receiver, Records::default()));
        Self { began_at_ms: now_ms(), events, dropped: AtomicU64::new(0), folded }
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// `text`, not too long.
pub fn short(text: &str) -> String {
    text.chars().take(TEXT_LETTERS_MAX).collect()
}

impl History {
    /// Since when there is one.
    pub fn began_at_ms(&self) -> u64 {
        self.began_at_ms
    }

    /// Notes `event`; never waits.
    pub fn note(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Notes what a worker says of its tasks.
    pub fn tasks_end(&self, statuses: &[TaskStatus], worker: &str) {
        if !statuses.is_empty() {
            self.note(Event::TasksEnd(statuses.iter().map(|status| task_end(status, worker)).collect()));
        }
    }

    /// Notes the end of `job`, whose attempt is repeated for the reason `repeated`, if it is.
    pub fn job_ends(&self, job: &str, graph: &ExecutionGraphBox, repeated: Option<&str>) {
        self.note(Event::JobEnds(Box::new(jobs::JobEnd::of(job, graph.as_ref(), repeated))));
    }

    /// Notes that `job` could not be planned.
    pub fn job_is_refused(&self, job: &str, reason: &str) {
        let failure = Some(Failure::of_wire(&short(reason)));
        let (job, at_ms, state) = (job.to_owned(), now_ms(), JobState::Failed);
        let end = jobs::JobEnd { job, at_ms, state, failure, ..jobs::JobEnd::default() };
        self.note(Event::JobEnds(Box::new(end)));
    }

    /// The records as they are now.
    pub fn look<T>(&self, look: impl FnOnce(&Records) -> T) -> T {
        look(&self.fold().1)
    }

    fn fold(&self) -> MutexGuard<'_, (Receiver<Event>, Records)> {
        let mut folded = self.folded.lock();
        let (events, records) = &mut *folded;
        // As many as there can be: who adds meanwhile does not keep us here.
        for _ in 0..EVENTS_WAITING_MAX {
            match events.try_recv() {
                Ok(event) => records.fold(event),
                Err(_) => break,
            }
        }
        records.totals.events_dropped = self.dropped.load(Ordering::Relaxed);
        folded
    }
}

/// Folds what came, so that the queue never grows full because nobody looks.
pub async fn fold_forever(hub: Arc<super::hub::Hub>) {
    loop {
        tokio::time::sleep(FOLD_INTERVAL).await;
        drop(hub.history.fold());
    }
}

impl Records {
    fn fold(&mut self, event: Event) {
        match event {
            Event::JobBegins { job, label, session, at_ms } => self.jobs.begin(&job, &label, &session, at_ms),
            Event::TasksEnd(tasks) => {
                for task in tasks {
                    self.totals.task_ms += task.ended_at_ms.saturating_sub(task.began_at_ms);
                    self.totals.rows += task.rows;
                    self.totals.bytes += task.bytes;
                    let count =
                        if task.succeeded { &mut self.totals.tasks_done } else { &mut self.totals.tasks_failed };
                    *count += 1;
                    self.workers.task_ends(&task);
                    self.jobs.task_ends(task);
                }
            }
            Event::Operators { job, stage, sums } => self.jobs.add_operators(&job, stage, &sums),
            Event::JobEnds(end) => {
                let count = match end.state {
                    JobState::Succeeded => &mut self.totals.jobs_succeeded,
                    JobState::Cancelled => &mut self.totals.jobs_cancelled,
                    JobState::Repeated => &mut self.totals.jobs_repeated,
                    JobState::Failed | JobState::Running => &mut self.totals.jobs_failed,
                };
                *count += u64::from(self.jobs.end(*end));
            }
            Event::WorkerJoins { worker, beat, at_ms } => {
                self.totals.workers_joined += 1;
                self.workers.join(&worker, &beat, at_ms);
            }
            Event::WorkerBeats { worker, beat, at_ms } => self.workers.beat(&worker, &beat, at_ms),
            Event::WorkerLogs { worker, lines } => self.workers.log_lines(&worker, lines),
            Event::WorkerGoes { worker, at_ms } => {
                self.totals.workers_gone += u64::from(self.workers.go(&worker, at_ms));
            }
            Event::SessionEnds { session } => self.runs.session_ends(&session),
            Event::Kept { job, at_ms } => {
                if let Some(record) = self.jobs.kept(&job, at_ms) {
                    self.data.keep(record);
                }
            }
            Event::Freed { job } => self.data.free(&job),
            Event::Scattered { data, label, session, parts, at_ms } => {
                self.data.keep(data::scattered(data, label, session, &parts, at_ms));
            }
            Event::Moved { data, before, parts } => self.data.moved(&data, &before, &parts),
            Event::Reported { session, event, at_ms } => self.runs.report(&session, event, at_ms),
        }
    }
}

fn task_end(status: &TaskStatus, worker: &str) -> TaskEnd {
    let (succeeded, rows, bytes) = match &status.status {
        Some(TaskState::Successful(done)) => (
            true,
            done.partitions.iter().map(|partition| partition.num_rows).sum(),
            done.partitions.iter().map(|partition| partition.num_bytes).sum(),
        ),
        _ => (false, 0, 0),
    };
    TaskEnd {
        job: status.job_id.clone(),
        stage: status.stage_id,
        task: status.task_id,
        worker: worker.to_owned(),
        began_at_ms: status.start_exec_time,
        ended_at_ms: status.end_exec_time.max(status.start_exec_time),
        succeeded,
        rows,
        bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(job: &str, number: u32) -> TaskEnd {
        TaskEnd {
            job: job.into(),
            stage: 1,
            task: number,
            worker: "w".into(),
            began_at_ms: 1_000,
            ended_at_ms: 1_000 + u64::from(number % 7),
            succeeded: true,
            rows: 10,
            bytes: 80,
        }
    }

    #[test]
    fn a_full_queue_drops_and_counts_and_never_waits() {
        let history = History::default();
        for number in 0..EVENTS_WAITING_MAX + 5 {
            history.note(Event::Freed { job: format!("j{number}") });
        }
        assert_eq!(history.look(|records| records.totals.events_dropped), 5);
        history.note(Event::TasksEnd(vec![task("j", 1)]));
        assert_eq!(history.look(|records| (records.totals.tasks_done, records.totals.rows)), (1, 10));
    }

    #[test]
    fn a_job_took_as_long_as_it_took_whenever_somebody_looks() {
        let history = History::default();
        let begin =
            |job: &str, at_ms| Event::JobBegins { job: job.into(), label: "x".into(), session: "s".into(), at_ms };
        let end = |job: &str, at_ms| jobs::JobEnd { job: job.into(), at_ms, ..jobs::JobEnd::default() };
        for event in [begin("a", 1_000), Event::JobEnds(Box::new(end("a", 1_011))), begin("b", 1_012)] {
            history.note(event);
        }
        history.note(Event::JobEnds(Box::new(end("b", 1_020))));
        let took = history.look(|records| {
            let all = records.jobs.summaries(2, 9_000);
            all.into_iter().map(|job| (job.job, job.elapsed_ms)).collect::<Vec<_>>()
        });
        assert_eq!(took, [("b".to_owned(), 8), ("a".to_owned(), 11)]);
    }

    #[test]
    fn everything_that_is_kept_is_bounded() {
        let history = History::default();
        for number in 0..3 * jobs::JOBS_MAX {
            let job = format!("j{number}");
            history.note(Event::JobBegins { job: job.clone(), label: "x".into(), session: "s".into(), at_ms: 1 });
            history.note(Event::TasksEnd((0..40).map(|number| task(&job, number)).collect()));
            let end = jobs::JobEnd { job: job.clone(), state: JobState::Succeeded, ..jobs::JobEnd::default() };
            history.note(Event::JobEnds(Box::new(end)));
            history.note(Event::Kept { job, at_ms: 2 });
            history.note(Event::WorkerJoins { worker: format!("w{number}"), beat: Box::default(), at_ms: 1 });
            history.note(Event::WorkerGoes { worker: format!("w{number}"), at_ms: 2 });
            let event = RunEvent { run: format!("r{number}"), ..RunEvent::default() };
            history.note(Event::Reported { session: "s".into(), event, at_ms: 3 });
            history.look(|_| ());
        }
        history.look(|records| {
            assert_eq!(records.jobs.summaries(2, 5).len(), jobs::JOBS_MAX);
            assert!(records.jobs.tasks(&Default::default()).is_empty(), "none was asked for");
            let all = phalanx_engine::observe::TaskQuery { count_max: usize::MAX, ..Default::default() };
            assert_eq!(records.jobs.tasks(&all).len(), jobs::TASKS_MAX);
            assert_eq!(records.workers.all(true).len(), workers::GONE_MAX);
            assert_eq!(records.runs.all().len(), runs::RUNS_MAX);
            assert_eq!(records.totals.events_dropped, 0);
            assert_eq!(records.totals.jobs_succeeded, 3 * jobs::JOBS_MAX as u64);
        });
    }
}
