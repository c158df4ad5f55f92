//! What a cluster tells of itself to whoever looks: jobs with their stages, tasks, workers, persisted data, and the
//! numbers that programs report while they run.
//!
//! Times are milliseconds since 1970 where a name ends in `at_ms`, else durations. Everything is plain data: pages,
//! the HTTP API, terminals and reports show the same values. What is kept is bounded; who keeps it says by what.

use crate::{Error, WorkerDescription};
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// How a job is, or how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It runs, or waits for a worker.
    #[default]
    Running,
    /// It ended well.
    Succeeded,
    /// It ended with an error.
    Failed,
    /// Somebody ended it.
    Cancelled,
    /// It lost a worker; the same plan runs again under another name.
    Repeated,
}

impl JobState {
    /// As pages and the API name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Repeated => "repeated",
        }
    }
}

/// Why a job failed, in the parts that its client was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind of the error; `internal` where it is not known.
    pub kind: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Where: stage, partition and worker.
    pub place: Option<String>,
    /// What it was caused by, the nearest first.
    pub causes: Vec<String>,
}

impl Failure {
    /// Of what the engine below wrote down: our error as it crosses the wire, or any text.
    pub fn of_wire(text: &str) -> Self {
        match Error::from_wire(text) {
            Some(error) => Self {
                kind: format!("{:?}", error.kind()).to_lowercase(), // as they are called, in one word
                message: error.message().to_owned(),
                hint: error.hint().map(str::to_owned),
                place: error.place().map(|place| {
                    format!("stage {}, partition {}, worker {}", place.stage, place.partition, place.worker)
                }),
                causes: error.causes().to_vec(),
            },
            None => Self { kind: String::from("internal"), message: text.to_owned(), ..Self::default() },
        }
    }
}

/// A job, as a line of a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobSummary {
    /// The engine's name of it.
    pub job: String,
    /// What it computes, for people.
    pub label: String,
    /// The session that submitted it.
    pub session: String,
    /// How it is.
    pub state: JobState,
    /// When it was submitted.
    pub submitted_at_ms: u64,
    /// How long it has taken, or took.
    pub elapsed_ms: u64,
    /// How long it will still take, by the mean time of its tasks so far; only of a running job.
    pub remaining_ms: Option<u64>,
    /// Tasks in all.
    pub tasks: u64,
    /// Tasks that run now.
    pub tasks_running: u64,
    /// Tasks that are done.
    pub tasks_done: u64,
    /// Rows of the result: what the last stage's tasks wrote.
    pub rows: u64,
    /// Bytes that all its tasks wrote.
    pub bytes: u64,
    /// The time of all its tasks together.
    pub task_ms: u64,
}

/// What one operator of a stage did, over all tasks that are done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OperatorRecord {
    /// How deep it stands below the stage's writer, which is 0.
    pub depth: u32,
    /// Its name.
    pub name: String,
    /// Rows that it gave.
    pub rows: u64,
    /// Time that it computed, without its inputs'.
    pub compute_us: u64,
    /// Bytes that it wrote to disk for want of memory.
    pub spilled_bytes: u64,
}

/// A stage of a job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StageRecord {
    /// The engine's number of it.
    pub stage: usize,
    /// What it computes, for people.
    pub name: String,
    /// The stages that read what it writes.
    pub consumers: Vec<usize>,
    /// Tasks in all.
    pub tasks: usize,
    /// Tasks that run now.
    pub tasks_running: usize,
    /// Tasks that are done.
    pub tasks_done: usize,
    /// Rows that its tasks wrote.
    pub rows: u64,
    /// Bytes that its tasks wrote.
    pub bytes: u64,
    /// When its first task began; 0 if none has ended yet.
    pub began_at_ms: u64,
    /// When its last finished task ended.
    pub ended_at_ms: u64,
    /// The time of all its tasks together.
    pub task_ms: u64,
    /// The time of its longest task.
    pub longest_task_ms: u64,
    /// The time of the longest task over the mean: 1 is even; 0 if no task is done.
    pub time_skew: f64,
    /// The rows of the largest task over the mean: 1 is even; 0 if there are none.
    pub row_skew: f64,
    /// Its operators from the writer down, each as often as it stands in the plan.
    pub operators: Vec<OperatorRecord>,
}

/// A job with its stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// The job in one line.
    pub summary: JobSummary,
    /// Its stages, by number.
    pub stages: Vec<StageRecord>,
    /// Why it failed.
    pub failure: Option<Failure>,
}

/// A task that has ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    /// Its job.
    pub job: String,
    /// Its stage.
    pub stage: u32,
    /// Its number in the stage.
    pub task: u32,
    /// Where it ran.
    pub worker: String,
    /// When it began, by the worker's clock.
    pub began_at_ms: u64,
    /// When it ended.
    pub ended_at_ms: u64,
    /// Did it end well?
    pub succeeded: bool,
}

/// Which tasks are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskQuery {
    /// Of this job alone.
    pub job: Option<String>,
    /// That ended after this.
    pub since_ms: u64,
    /// The latest so many.
    pub count_max: usize,
}

/// What a worker said at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerSample {
    /// When.
    pub at_ms: u64,
    /// Tasks that ran.
    pub tasks_running: u32,
    /// Cores that its process kept busy since the sample before.
    pub cores_busy: f32,
    /// Memory that its process held.
    pub memory_used_bytes: u64,
    /// Data that it held.
    pub persisted_bytes: u64,
}

/// A worker that is here, or was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerRecord {
    /// What it has, and does now or did last.
    pub worker: WorkerDescription,
    /// The id of its process on its machine.
    pub process: u32,
    /// When it joined.
    pub joined_at_ms: u64,
    /// When it was lost, or left.
    pub gone_at_ms: Option<u64>,
    /// Tasks of it that ended.
    pub tasks_done: u64,
    /// Those that failed.
    pub tasks_failed: u64,
    /// Cores that its process keeps busy now.
    pub cores_busy: f32,
    /// Size of the disk that its folder is on; 0 if it does not say.
    pub disk_bytes: u64,
    /// What is free of it.
    pub disk_free_bytes: u64,
    /// What it said, the oldest first.
    pub samples: Vec<WorkerSample>,
}

/// A line of a process's log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number among the lines of its process, from 1.
    pub number: u64,
    /// When it was written, by the process's clock.
    pub at_ms: u64,
    /// `error`, `warn` or `info`.
    pub level: String,
    /// What it says.
    pub text: String,
}

/// What a worker, or the scheduler, wrote lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessLog {
    /// The worker, or [`SCHEDULER`].
    pub process: String,
    /// The latest lines, the oldest first.
    pub lines: Vec<LogLine>,
    /// Lines before and between them that are not kept.
    pub lines_dropped: u64,
}

/// The scheduler's own name among the processes whose logs can be read.
pub const SCHEDULER: &str = "scheduler";

/// What of persisted data one worker holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPlace {
    /// The worker.
    pub worker: String,
    /// Is it still here?
    pub is_here: bool,
    /// Partitions that it holds.
    pub partitions: u64,
    /// Their rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Data that a session keeps on the workers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataRecord {
    /// The engine's name of it.
    pub data: String,
    /// What it is, for people.
    pub label: String,
    /// The session that keeps it.
    pub session: String,
    /// Since when.
    pub since_at_ms: u64,
    /// Was it handed in by its client, so that it can't be made again?
    pub is_scattered: bool,
    /// All its partitions that have rows.
    pub partitions: u64,
    /// All its rows.
    pub rows: u64,
    /// All its bytes.
    pub bytes: u64,
    /// Who holds it.
    pub places: Vec<DataPlace>,
}

/// Numbers that a program reports while it runs: a round, an iteration, an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunEvent {
    /// The run that they belong to; unique.
    pub run: String,
    /// What the run is, for people.
    pub name: String,
    /// The step that has ended, counted from 1; 0 for what stood before the first.
    pub iteration: u64,
    /// Steps that the run takes at most, if it knows.
    pub iterations_max: Option<u64>,
    /// The numbers of this step, by name; none where it is no number.
    pub metrics: Vec<(String, Option<f64>)>,
    /// Is this its last word?
    pub has_ended: bool,
}

/// One number of a run, over its steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricRecord {
    /// Its name.
    pub name: String,
    /// Iteration and value, in the order of their coming; `null` stands for what is no number.
    pub points: Vec<(u64, Option<f64>)>,
}

/// A run of steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its unique name.
    pub run: String,
    /// What it is, for people.
    pub name: String,
    /// The session that reports it.
    pub session: String,
    /// When it began.
    pub began_at_ms: u64,
    /// When it last reported.
    pub updated_at_ms: u64,
    /// Has it said its last word, or has its session ended?
    pub has_ended: bool,
    /// The last iteration that it reported.
    pub iteration: u64,
    /// Steps that it takes at most, if it knows.
    pub iterations_max: Option<u64>,
    /// Its numbers, in the order of their first coming.
    pub metrics: Vec<MetricRecord>,
}

/// Sums since the scheduler began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Jobs that ended well.
    pub jobs_succeeded: u64,
    /// Jobs that failed.
    pub jobs_failed: u64,
    /// Jobs that somebody ended.
    pub jobs_cancelled: u64,
    /// Attempts that lost a worker.
    pub jobs_repeated: u64,
    /// Tasks that ended well.
    pub tasks_done: u64,
    /// Tasks that failed.
    pub tasks_failed: u64,
    /// The time of all tasks.
    pub task_ms: u64,
    /// Rows that tasks wrote.
    pub rows: u64,
    /// Bytes that tasks wrote.
    pub bytes: u64,
    /// Workers that joined.
    pub workers_joined: u64,
    /// Workers that were lost, or left.
    pub workers_gone: u64,
    /// Events that were not noted, because too many came at once.
    pub events_dropped: u64,
}

/// The cluster at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// The scheduler's address.
    pub address: String,
    /// Its version.
    pub version: String,
    /// When this was seen.
    pub at_ms: u64,
    /// Since when the scheduler has run.
    pub began_at_ms: u64,
    /// Sessions that are open.
    pub sessions: u64,
    /// The workers that are here, by id, without their samples.
    pub workers: Vec<WorkerRecord>,
    /// The jobs that run, the oldest first.
    pub running: Vec<JobRecord>,
    /// The latest jobs that ended, the latest first.
    pub recent: Vec<JobSummary>,
    /// Sums since the beginning.
    pub totals: Totals,
}

/// What happened in a while.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Period {
    /// When it began.
    pub began_at_ms: u64,
    /// When it ended.
    pub ended_at_ms: u64,
    /// The jobs that ran meanwhile, the latest first.
    pub jobs: Vec<JobRecord>,
    /// The tasks that ended meanwhile.
    pub tasks: Vec<TaskRecord>,
    /// The workers that were here at its end, or went meanwhile.
    pub workers: Vec<WorkerRecord>,
}

/// What can be seen of a cluster, and the two things that a viewer with the right to it may do.
pub trait Observe: Send + Sync {
    /// The cluster at this moment.
    fn overview(&self) -> BoxFuture<'_, Overview>;
    /// Jobs that run and jobs that ended, the latest first.
    fn jobs(&self) -> BoxFuture<'_, Vec<JobSummary>>;
    /// One job, if it is known.
    fn job(&self, job: &str) -> BoxFuture<'_, Option<JobRecord>>;
    /// Tasks that ended, in the order of their ends.
    fn tasks(&self, query: &TaskQuery) -> BoxFuture<'_, Vec<TaskRecord>>;
    /// Workers that are here and that were, by id, with their samples.
    fn workers(&self) -> BoxFuture<'_, Vec<WorkerRecord>>;
    /// What this worker wrote lately, or, by the name [`SCHEDULER`], the scheduler; `None` if it is not known.
    fn log(&self, process: &str) -> BoxFuture<'_, Option<ProcessLog>>;
    /// Persisted data, the latest first.
    fn data(&self) -> BoxFuture<'_, Vec<DataRecord>>;
    /// Runs, the latest first.
    fn runs(&self) -> BoxFuture<'_, Vec<RunRecord>>;
    /// Ends a running job; false if there is none of this name. `by` says who wants that, for an audit log.
    fn cancel(&self, job: &str, by: &str) -> BoxFuture<'_, bool>;
    /// Frees persisted data; false if there is none of this name.
    fn release(&self, data: &str, by: &str) -> BoxFuture<'_, bool>;
}
