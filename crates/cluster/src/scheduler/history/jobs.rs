//! Jobs, their stages, and the tasks that ended.

use super::{TaskEnd, short};
use crate::data::location;
use crate::protocol::OperatorSums;
use crate::scheduler::gate::{CANCELLED, split_name};
use crate::scheduler::progress::{stage_name, stage_tasks};
use ballista_core::serde::protobuf::job_status::Status as GraphState;
use ballista_core::serde::protobuf::task_status::Status as TaskState;
use ballista_scheduler::state::execution_graph::ExecutionGraph;
use phalanx_engine::observe::{
    DataPlace, DataRecord, Failure, JobRecord, JobState, JobSummary, OperatorRecord, StageRecord, TaskQuery, TaskRecord,
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// Jobs that ended and are kept.
pub const JOBS_MAX: usize = 1_000;
/// Tasks that are kept.
pub const TASKS_MAX: usize = 50_000;
/// Stages of a job whose figures are kept.
const STAGES_MAX: usize = 256;
/// Operators of a stage whose figures are kept.
const OPERATORS_MAX: usize = 64;
/// Jobs that run and are kept; what runs beyond is seen when it ends.
const RUNNING_MAX: usize = 10_000;

/// What a stage is, without its figures.
#[derive(Clone, Debug, Default)]
pub struct StageShape {
    pub stage: usize,
    pub name: String,
    pub tasks: usize,
    pub tasks_running: usize,
    pub consumers: Vec<usize>,
}

/// The stages of `graph`, by number.
pub fn shapes(graph: &dyn ExecutionGraph) -> Vec<StageShape> {
    let mut shapes: Vec<StageShape> = graph
        .stages()
        .iter()
        .map(|(id, stage)| {
            let infos = stage.task_infos().unwrap_or_default();
            StageShape {
                stage: *id,
                name: stage_name(stage),
                tasks: stage_tasks(stage),
                tasks_running: infos.iter().filter(|info| matches!(info.task_status, TaskState::Running(_))).count(),
                consumers: stage.output_links().to_vec(),
            }
        })
        .collect();
    shapes.sort_by_key(|shape| shape.stage);
    shapes.truncate(STAGES_MAX);
    shapes
}

/// How a job ended.
#[derive(Debug, Default)]
pub struct JobEnd {
    pub job: String,
    /// When: events are folded later, when somebody looks.
    pub at_ms: u64,
    pub label: String,
    pub session: String,
    pub state: JobState,
    pub failure: Option<Failure>,
    pub stages: Vec<StageShape>,
    pub places: Vec<DataPlace>,
}

impl JobEnd {
    /// Of a graph that has ended.
    pub fn of(job: &str, graph: &dyn ExecutionGraph, repeated: Option<&str>) -> Self {
        let error = match &graph.status().status {
            Some(GraphState::Failed(failed)) => Some(failed.error.clone()),
            _ => None,
        };
        let (state, failure) = match (repeated, error) {
            (Some(why), _) => (JobState::Repeated, Some(Failure::of_wire(why))),
            (None, Some(error)) if error == CANCELLED => (JobState::Cancelled, None),
            (None, Some(error)) => (JobState::Failed, Some(Failure::of_wire(&error))),
            (None, None) => (JobState::Succeeded, None),
        };
        let failure = failure.map(|failure| Failure { message: short(&failure.message), ..failure });
        let mut places: BTreeMap<String, DataPlace> = BTreeMap::new();
        if state == JobState::Succeeded {
            let outputs = graph.output_locations().into_iter().filter_map(|output| output.try_into().ok());
            for (_, _, output) in outputs.filter_map(location) {
                let worker = output.worker;
                let place = places.entry(worker.clone()).or_insert_with(|| DataPlace { worker, ..Default::default() });
                place.partitions += 1;
                place.rows += output.rows;
                place.bytes += output.bytes;
            }
        }
        let label = split_name(graph.job_name()).0.to_owned();
        let (stages, places) = (shapes(graph), places.into_values().collect());
        let (at_ms, session) = (super::now_ms(), graph.session_id().to_owned());
        Self { job: job.to_owned(), at_ms, label, session, state, failure, stages, places }
    }
}

#[derive(Clone, Debug, Default)]
struct StageSums {
    done: u64,
    rows: u64,
    rows_max: u64,
    bytes: u64,
    task_ms: u64,
    task_ms_max: u64,
    began_at_ms: u64,
    ended_at_ms: u64,
    operators: Vec<OperatorRecord>,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    name: Arc<str>,
    label: String,
    session: String,
    state: JobState,
    began_at_ms: u64,
    ended_at_ms: u64,
    failure: Option<Failure>,
    shapes: Vec<StageShape>,
    sums: BTreeMap<usize, StageSums>,
    places: Vec<DataPlace>,
}

#[derive(Debug)]
struct EndedTask {
    job: Arc<str>,
    worker: Arc<str>,
    stage: u32,
    task: u32,
    began_at_ms: u64,
    took_ms: u32,
    succeeded: bool,
}

/// The jobs.
#[derive(Debug, Default)]
pub struct Jobs {
    all: HashMap<String, Kept>,
    /// Names of those that ended, the oldest first.
    ended: VecDeque<String>,
    tasks: VecDeque<EndedTask>,
    /// Names of workers, each once; those of tasks that are forgotten go.
    workers: HashMap<String, Arc<str>>,
}

impl Jobs {
    pub(super) fn begin(&mut self, job: &str, label: &str, session: &str, at_ms: u64) {
        if self.all.len() >= JOBS_MAX + RUNNING_MAX {
            return;
        }
        let kept = Kept {
            name: job.into(),
            label: short(label),
            session: session.to_owned(),
            began_at_ms: at_ms,
            ..Kept::default()
        };
        self.all.insert(job.to_owned(), kept);
    }

    pub(super) fn task_ends(&mut self, task: TaskEnd) {
        let Some(job) = self.all.get_mut(&task.job) else { return };
        let took = task.ended_at_ms.saturating_sub(task.began_at_ms);
        if task.succeeded && (job.sums.len() < STAGES_MAX || job.sums.contains_key(&(task.stage as usize))) {
            let sums = job.sums.entry(task.stage as usize).or_default();
            sums.began_at_ms = if sums.done == 0 { task.began_at_ms } else { sums.began_at_ms.min(task.began_at_ms) };
            sums.ended_at_ms = sums.ended_at_ms.max(task.ended_at_ms);
            sums.done += 1;
            sums.rows += task.rows;
            sums.rows_max = sums.rows_max.max(task.rows);
            sums.bytes += task.bytes;
            sums.task_ms += took;
            sums.task_ms_max = sums.task_ms_max.max(took);
        }
        let worker = self.workers.entry(task.worker).or_insert_with_key(|name| name.as_str().into());
        self.tasks.push_back(EndedTask {
            job: Arc::clone(&job.name),
            worker: Arc::clone(worker),
            stage: task.stage,
            task: task.task,
            began_at_ms: task.began_at_ms,
            took_ms: u32::try_from(took).unwrap_or(u32::MAX),
            succeeded: task.succeeded,
        });
        if self.tasks.len() > TASKS_MAX {
            self.tasks.pop_front();
            // Names are few beside tasks; a name that only this map holds is of no task any more.
            if self.workers.len() > TASKS_MAX / 10 {
                self.workers.retain(|_, name| Arc::strong_count(name) > 1);
            }
        }
    }

    pub(super) fn add_operators(&mut self, job: &str, stage: usize, sums: &[OperatorSums]) {
        let Some(job) = self.all.get_mut(job) else { return };
        if job.sums.len() >= STAGES_MAX && !job.sums.contains_key(&stage) {
            return;
        }
        let known = &mut job.sums.entry(stage).or_default().operators;
        for (place, sum) in sums.iter().take(OPERATORS_MAX).enumerate() {
            if known.len() <= place {
                known.push(OperatorRecord { depth: sum.depth, name: short(&sum.name), ..OperatorRecord::default() });
            }
            let Some(record) = known.get_mut(place).filter(|record| record.name == sum.name) else { return };
            record.rows += sum.rows;
            record.compute_us += sum.compute_us;
            record.spilled_bytes += sum.spilled_bytes;
        }
    }

    /// False if it had ended before.
    pub(super) fn end(&mut self, end: JobEnd) -> bool {
        let at_ms = end.at_ms.max(1);
        let kept = self.all.entry(end.job.clone()).or_insert_with(|| Kept {
            name: end.job.as_str().into(),
            label: short(&end.label),
            session: end.session,
            began_at_ms: at_ms,
            ..Kept::default()
        });
        if kept.ended_at_ms > 0 {
            return false;
        }
        kept.ended_at_ms = at_ms;
        (kept.state, kept.failure, kept.shapes, kept.places) = (end.state, end.failure, end.stages, end.places);
        self.ended.push_back(end.job);
        if self.ended.len() > JOBS_MAX
            && let Some(oldest) = self.ended.pop_front()
        {
            self.all.remove(&oldest);
        }
        true
    }

    /// What the outputs of `job`, which a session keeps, are.
    pub(super) fn kept(&mut self, job: &str, at_ms: u64) -> Option<DataRecord> {
        let kept = self.all.get_mut(job)?;
        let places = std::mem::take(&mut kept.places);
        if places.is_empty() {
            return None;
        }
        let sum = |of: fn(&DataPlace) -> u64| places.iter().map(of).sum();
        Some(DataRecord {
            data: job.to_owned(),
            label: kept.label.clone(),
            session: kept.session.clone(),
            since_at_ms: at_ms,
            is_scattered: false,
            partitions: sum(|place| place.partitions),
            rows: sum(|place| place.rows),
            bytes: sum(|place| place.bytes),
            places,
        })
    }

    /// Names of jobs that have not ended, as far as is noted.
    pub fn is_running(&self, job: &str) -> bool {
        self.all.get(job).is_some_and(|job| job.ended_at_ms == 0)
    }

    /// All jobs in a line each, the latest first; `cores` there are.
    pub fn summaries(&self, cores: u64, now_ms: u64) -> Vec<JobSummary> {
        let mut all: Vec<JobSummary> =
            self.all.values().map(|kept| kept.summary(&kept.shapes, cores, now_ms)).collect();
        all.sort_by(|a, b| (b.submitted_at_ms, &b.job).cmp(&(a.submitted_at_ms, &a.job)));
        all
    }

    /// The latest `count` jobs that ended, the latest first.
    pub fn recent(&self, count: usize) -> Vec<JobSummary> {
        let latest = self.ended.iter().rev().take(count).filter_map(|job| self.all.get(job));
        latest.map(|kept| kept.summary(&kept.shapes, 0, 0)).collect()
    }

    /// One job; `shapes` are its stages while it runs.
    pub fn record(&self, job: &str, shapes: Option<&[StageShape]>, cores: u64, now_ms: u64) -> Option<JobRecord> {
        let kept = self.all.get(job)?;
        let shapes = shapes.filter(|_| kept.ended_at_ms == 0).unwrap_or(&kept.shapes);
        let summary = kept.summary(shapes, cores, now_ms);
        let stages = shapes.iter().map(|shape| kept.stage(shape)).collect();
        Some(JobRecord { summary, stages, failure: kept.failure.clone() })
    }

    /// Tasks that ended, in the order of their ends.
    pub fn tasks(&self, query: &TaskQuery) -> Vec<TaskRecord> {
        let wanted = |task: &&EndedTask| {
            task.began_at_ms + u64::from(task.took_ms) >= query.since_ms
                && query.job.as_ref().is_none_or(|job| task.job.as_ref() == job)
        };
        let mut found: Vec<TaskRecord> = self
            .tasks
            .iter()
            .rev()
            .filter(wanted)
            .take(query.count_max)
            .map(|task| TaskRecord {
                job: task.job.to_string(),
                stage: task.stage,
                task: task.task,
                worker: task.worker.to_string(),
                began_at_ms: task.began_at_ms,
                ended_at_ms: task.began_at_ms + u64::from(task.took_ms),
                succeeded: task.succeeded,
            })
            .collect();
        found.reverse();
        found
    }
}

impl Kept {
    fn summary(&self, shapes: &[StageShape], cores: u64, now_ms: u64) -> JobSummary {
        let done: u64 = self.sums.values().map(|sums| sums.done).sum();
        let tasks: u64 = shapes.iter().map(|shape| shape.tasks as u64).sum();
        let task_ms = self.sums.values().map(|sums| sums.task_ms).sum();
        let is_running = self.ended_at_ms == 0;
        let until = if is_running { now_ms } else { self.ended_at_ms };
        let last = shapes.iter().filter(|shape| shape.consumers.is_empty()).map(|shape| shape.stage);
        JobSummary {
            job: self.name.to_string(),
            label: self.label.clone(),
            session: self.session.clone(),
            state: self.state,
            submitted_at_ms: self.began_at_ms,
            elapsed_ms: until.saturating_sub(self.began_at_ms),
            remaining_ms: (is_running && done > 0 && cores > 0).then(|| self.remaining_ms(shapes, cores)),
            tasks: tasks.max(done),
            tasks_running: shapes.iter().map(|shape| shape.tasks_running as u64).sum::<u64>() * u64::from(is_running),
            tasks_done: done,
            rows: last.filter_map(|stage| self.sums.get(&stage)).map(|sums| sums.rows).sum(),
            bytes: self.sums.values().map(|sums| sums.bytes).sum(),
            task_ms,
        }
    }

    /// Each stage's open tasks at the mean time of its done ones (or of all, where none is), on all cores.
    fn remaining_ms(&self, shapes: &[StageShape], cores: u64) -> u64 {
        let (done, spent) = self.sums.values().fold((0, 0), |sum, one| (sum.0 + one.done, sum.1 + one.task_ms));
        let mean_of_all = spent as f64 / done.max(1) as f64;
        let open: f64 = shapes
            .iter()
            .map(|shape| {
                let sums = self.sums.get(&shape.stage);
                let (done, spent) = sums.map_or((0, 0), |sums| (sums.done, sums.task_ms));
                let mean = if done > 0 { spent as f64 / done as f64 } else { mean_of_all };
                let open = (shape.tasks as u64).saturating_sub(done);
                open as f64 * mean / cores.min(open.max(1)) as f64
            })
            .sum();
        open as u64
    }

    fn stage(&self, shape: &StageShape) -> StageRecord {
        let none = StageSums::default();
        let sums = self.sums.get(&shape.stage).unwrap_or(&none);
        let skew = |most: u64, all: u64| {
            if all == 0 { 0.0 } else { most as f64 * sums.done as f64 / all as f64 }
        };
        StageRecord {
            stage: shape.stage,
            name: shape.name.clone(),
            consumers: shape.consumers.clone(),
            tasks: shape.tasks.max(usize::try_from(sums.done).unwrap_or(0)),
            tasks_running: if self.ended_at_ms == 0 { shape.tasks_running } else { 0 },
            tasks_done: usize::try_from(sums.done).unwrap_or(usize::MAX),
            rows: sums.rows,
            bytes: sums.bytes,
            began_at_ms: sums.began_at_ms,
            ended_at_ms: sums.ended_at_ms,
            task_ms: sums.task_ms,
            longest_task_ms: sums.task_ms_max,
            time_skew: skew(sums.task_ms_max, sums.task_ms),
            row_skew: skew(sums.rows_max, sums.rows),
            operators: sums.operators.clone(),
        }
    }
}
