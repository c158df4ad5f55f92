//! What can be seen of a scheduler: its history, and the stages of the jobs that run now.
//!
//! Looking at a running job reads its graph, under the lock that scheduling takes too; so all who look within a quarter
//! of a second share one look, and jobs that ended are read from the history alone.

use super::control::State;
use super::history::jobs::{StageShape, shapes};
use super::history::now_ms;
use super::history::workers::log_of;
use crate::protocol::View;
use crate::transport::audit;
use futures::FutureExt;
use futures::future::BoxFuture;
use phalanx_engine::logs;
use phalanx_engine::observe::{
    DataRecord, JobRecord, JobState, JobSummary, Observe, Overview, ProcessLog, RunRecord, SCHEDULER, TaskQuery,
    TaskRecord, WorkerRecord,
};
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tonic::Status;

/// Looks at running jobs within this time are one.
const LOOK_INTERVAL: Duration = Duration::from_millis(250);
/// Running jobs whose stages are looked at.
const RUNNING_SHOWN_MAX: usize = 200;
/// Jobs that an overview tells of after their end.
const RECENT_SHOWN: usize = 12;
/// Tasks in one answer.
const TASKS_SHOWN_MAX: u64 = 50_000;

/// The stages of the jobs that run, by job.
type Running = Arc<HashMap<String, Vec<StageShape>>>;

/// The latest look, and when it was.
#[derive(Debug, Default)]
pub struct LatestLook(tokio::sync::Mutex<Option<(Instant, Running)>>);

/// A scheduler's state, to be looked at.
pub struct Observed(pub Arc<State>);

impl Observed {
    async fn running(&self) -> Running {
        let mut latest = self.0.look.0.lock().await;
        if let Some((_, running)) = latest.as_ref().filter(|(at, _)| at.elapsed() < LOOK_INTERVAL) {
            return Arc::clone(running);
        }
        let mut running = HashMap::new();
        for (id, cached) in self.0.server.state.task_manager.get_running_job_cache().iter().take(RUNNING_SHOWN_MAX) {
            running.insert(id.to_string(), shapes(cached.execution_graph.read().await.as_ref()));
        }
        let running = Arc::new(running);
        *latest = Some((Instant::now(), Arc::clone(&running)));
        running
    }
}

impl Observe for Observed {
    fn overview(&self) -> BoxFuture<'_, Overview> {
        async move {
            let (running, at_ms) = (self.running().await, now_ms());
            let hub = &self.0.hub;
            hub.history.look(|records| {
                let cores = records.workers.cores();
                let shown = |(job, shapes): (&String, &Vec<StageShape>)| {
                    let record = records.jobs.record(job, Some(shapes), cores, at_ms)?;
                    (record.summary.state == JobState::Running && records.jobs.is_running(job)).then_some(record)
                };
                let mut running: Vec<JobRecord> = running.iter().filter_map(shown).collect();
                running.sort_by(|a, b| a.summary.job.cmp(&b.summary.job));
                Overview {
                    address: format!("tcp://{}", self.0.address),
                    version: env!("CARGO_PKG_VERSION").to_owned(),
                    at_ms,
                    began_at_ms: hub.history.began_at_ms(),
                    sessions: hub.session_count() as u64,
                    workers: records.workers.here(),
                    running,
                    recent: records.jobs.recent(RECENT_SHOWN),
                    totals: records.totals.clone(),
                }
            })
        }
        .boxed()
    }

    fn jobs(&self) -> BoxFuture<'_, Vec<JobSummary>> {
        async move {
            let (running, at_ms) = (self.running().await, now_ms());
            self.0.hub.history.look(|records| {
                let cores = records.workers.cores();
                let mut all = records.jobs.summaries(cores, at_ms);
                for job in all.iter_mut().filter(|job| job.state == JobState::Running) {
                    let now = running
                        .get(&job.job)
                        .and_then(|shapes| records.jobs.record(&job.job, Some(shapes), cores, at_ms));
                    if let Some(now) = now {
                        *job = now.summary;
                    }
                }
                all
            })
        }
        .boxed()
    }

    fn job(&self, job: &str) -> BoxFuture<'_, Option<JobRecord>> {
        let job = job.to_owned();
        async move {
            let (running, at_ms) = (self.running().await, now_ms());
            let shapes = running.get(&job).map(Vec::as_slice);
            self.0.hub.history.look(|records| records.jobs.record(&job, shapes, records.workers.cores(), at_ms))
        }
        .boxed()
    }

    fn tasks(&self, query: &TaskQuery) -> BoxFuture<'_, Vec<TaskRecord>> {
        let found = self.0.hub.history.look(|records| records.jobs.tasks(query));
        async move { found }.boxed()
    }

    fn workers(&self) -> BoxFuture<'_, Vec<WorkerRecord>> {
        let found = self.0.hub.history.look(|records| records.workers.all(true));
        async move { found }.boxed()
    }

    fn log(&self, process: &str) -> BoxFuture<'_, Option<ProcessLog>> {
        let found = match process {
            SCHEDULER => Some(log_of(SCHEDULER, logs::after(0, usize::MAX))),
            worker => self.0.hub.history.look(|records| records.workers.log(worker)),
        };
        async move { found }.boxed()
    }

    fn data(&self) -> BoxFuture<'_, Vec<DataRecord>> {
        let found = self.0.hub.history.look(|records| records.data.all(|worker| records.workers.is_here(worker)));
        async move { found }.boxed()
    }

    fn runs(&self) -> BoxFuture<'_, Vec<RunRecord>> {
        let found = self.0.hub.history.look(|records| records.runs.all());
        async move { found }.boxed()
    }

    fn cancel(&self, job: &str, by: &str) -> BoxFuture<'_, bool> {
        let (job, by) = (job.to_owned(), by.to_owned());
        async move {
            let runs = self.0.hub.history.look(|records| records.jobs.is_running(&job));
            if runs {
                tracing::info!(target: "audit", job, by, "cancelled");
                let event = audit::Event { event: "cancel", job: &job, what: &by, ..audit::Event::default() };
                self.0.options.transport.note(None, event);
                self.0.end(&job).await;
            }
            runs
        }
        .boxed()
    }

    fn release(&self, data: &str, by: &str) -> BoxFuture<'_, bool> {
        let (data, by) = (data.to_owned(), by.to_owned());
        async move {
            let is_kept = self.0.hub.history.look(|records| records.data.is_kept(&data));
            if is_kept {
                tracing::info!(target: "audit", data, by, "released");
                let event = audit::Event { event: "release", job: &data, what: &by, ..audit::Event::default() };
                self.0.options.transport.note(None, event);
                self.0.end(&data).await;
            }
            is_kept
        }
        .boxed()
    }
}

/// The answer to a `View`, as JSON.
pub async fn answer(state: &Arc<State>, view: &View) -> Result<String, Status> {
    let observed = Observed(Arc::clone(state));
    match view.subject.as_str() {
        "overview" => json(&observed.overview().await),
        "jobs" => json(&observed.jobs().await),
        "job" => json(&observed.job(&view.job).await),
        "tasks" => {
            let job = (!view.job.is_empty()).then(|| view.job.clone());
            let count_max = usize::try_from(view.count_max.min(TASKS_SHOWN_MAX)).unwrap_or(0);
            json(&observed.tasks(&TaskQuery { job, since_ms: view.since_ms, count_max }).await)
        }
        "workers" => json(&observed.workers().await),
        "log" => json(&observed.log(&view.process).await),
        "data" => json(&observed.data().await),
        "runs" => json(&observed.runs().await),
        other => Err(Status::invalid_argument(format!("{other:?} is nothing that can be seen"))),
    }
}

fn json<T: Serialize>(seen: &T) -> Result<String, Status> {
    serde_json::to_string(seen).map_err(|error| Status::internal(error.to_string()))
}
