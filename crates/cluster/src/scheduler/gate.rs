//! The one gate through which a job's end is told: the scheduler's job state.
//!
//! Ballista saves a job here before it tells the client. What lost a worker is saved as failed with [`RETRY`] in its
//! message, whatever it claims; the client then submits the same plan again.

use super::certify;
use super::history::{Event, now_ms};
use super::hub::Hub;
use super::limits::Limits;
use crate::protocol::FailedJob;
use crate::task_options::TaskOptions;
use ballista_core::error::{BallistaError, Result};
use ballista_core::serde::protobuf::{FailedJob as FailedState, JobStatus, job_status::Status as JobState_};
use ballista_core::{JobId, JobStatusSubscriber};
use ballista_scheduler::cluster::memory::InMemoryJobState;
use ballista_scheduler::cluster::{JobState, JobStateEventStream};
use ballista_scheduler::state::execution_graph::ExecutionGraphBox;
use ballista_scheduler::state::execution_stage::ExecutionStage;
use dashmap::DashSet;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionConfig, SessionContext};
use parking_lot::Mutex;
use phalanx_engine::remote::Stores;
use phalanx_engine::{credentials, datafusion};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Begins the message of a failed attempt that is worth another one.
pub const RETRY: &str = "phalanx-retry: ";

/// What stands between a job's label and its attempt in Ballista's name of it.
const NAME_SEPARATOR: char = '\u{1f}';

/// The option that carries a job's name.
pub const JOB_NAME: &str = "ballista.job.name";

/// The name by which Ballista knows an attempt: what people call the job, and what its client does.
pub fn join_name(label: &str, attempt: &str) -> String {
    format!("{}{NAME_SEPARATOR}{attempt}", label.replace(NAME_SEPARATOR, " "))
}

/// The label and the attempt in a name.
pub fn split_name(name: &str) -> (&str, &str) {
    name.split_once(NAME_SEPARATOR).unwrap_or((name, ""))
}

/// What Ballista says of a job that was cancelled.
pub const CANCELLED: &str = "Cancelled";

/// Jobs whose attempt is given up although they still run.
pub type Doomed = Arc<DashSet<JobId>>;

/// The plans of a job's stages.
type StagePlans = Vec<Arc<dyn ExecutionPlan>>;

/// Ballista's own state in memory, behind the gate.
pub struct Gate {
    inner: InMemoryJobState,
    doomed: Doomed,
    hub: Arc<Hub>,
    limits: Limits,
    failed: Mutex<VecDeque<(FailedJob, Arc<dyn ExecutionPlan>)>>,
    /// The latest jobs that succeeded, and the plans of their stages.
    succeeded: Mutex<VecDeque<(JobId, StagePlans)>>,
    succeeded_max: usize,
}

/// Failed jobs whose plans are kept, so that they can be saved and run again elsewhere.
const FAILED_JOBS_MAX: usize = 16;

impl Gate {
    /// A gate in front of `inner` that keeps the plans of so many jobs that succeeded.
    pub fn new(inner: InMemoryJobState, doomed: Doomed, hub: Arc<Hub>, limits: Limits, succeeded_max: usize) -> Self {
        let (failed, succeeded) = (Mutex::default(), Mutex::default());
        Self { inner, doomed, hub, limits, failed, succeeded, succeeded_max }
    }

    /// The plans of the stages of a job that succeeded lately.
    pub fn stage_plans(&self, job: &str) -> Option<StagePlans> {
        let succeeded = self.succeeded.lock();
        succeeded.iter().find(|(id, _)| id.as_str() == job).map(|(_, plans)| plans.clone())
    }

    fn note_success(&self, job: &JobId, graph: &ExecutionGraphBox) {
        if self.succeeded_max == 0 || !matches!(graph.status().status, Some(JobState_::Successful(_))) {
            return;
        }
        let plan = |stage: &ExecutionStage| match stage {
            ExecutionStage::Successful(stage) => Some(Arc::clone(&stage.plan)),
            _ => None,
        };
        let mut all = self.succeeded.lock();
        all.push_back((job.clone(), graph.stages().values().filter_map(plan).collect()));
        if all.len() > self.succeeded_max {
            all.pop_front();
        }
    }

    /// Tells the end of a job, which Ballista's state would then remember, whole, for whoever asks late: nobody does, and
    /// of many small jobs that is most of a scheduler's memory.
    async fn tell_end(&self, job: &JobId, graph: &ExecutionGraphBox) -> Result<()> {
        self.inner.save_job(job, graph).await?;
        match graph.status().status {
            Some(JobState_::Successful(_) | JobState_::Failed(_)) => self.inner.remove_job(job).await,
            _ => Ok(()),
        }
    }

    /// The latest jobs that failed, the oldest first.
    pub fn failed(&self) -> Vec<FailedJob> {
        self.failed.lock().iter().map(|(job, _)| job.clone()).collect()
    }
    /// The plan of one of [`Gate::failed`], with its label.
    pub fn failed_plan(&self, job: &str) -> Option<(String, Arc<dyn ExecutionPlan>)> {
        let failed = self.failed.lock();
        let (found, plan) = failed.iter().rfind(|(failed, _)| failed.job == job)?;
        Some((found.label.clone(), Arc::clone(plan)))
    }
    /// Notes what a job has left on the workers, for the limit of its session.
    fn note_bytes(&self, job: &JobId, graph: &ExecutionGraphBox) {
        if matches!(graph.status().status, Some(JobState_::Successful(_))) {
            let bytes = graph.output_locations().into_iter().filter_map(|at| at.partition_stats.num_bytes());
            self.hub.job_holds(job.as_ref(), bytes.sum());
        }
    }
    /// May this session run one more job, and this one?
    fn check(&self, graph: &ExecutionGraphBox) -> phalanx_engine::Result<()> {
        let session = graph.session_id();
        self.limits.check_jobs(self.hub.jobs_running(session))?;
        self.limits.check_bytes(self.hub.session_bytes(session), 0)?;
        self.limits.check_depth(&graph.physical_plan())?;
        self.limits.check_nodes(&graph.physical_plan())
    }
    /// Keeps the plan of a job that failed for good.
    fn note_failure(&self, job: &JobId, graph: &ExecutionGraphBox) {
        let Some(JobState_::Failed(failed)) = &graph.status().status else { return };
        if failed.error == CANCELLED {
            return;
        }
        let error = phalanx_engine::Error::from_wire(&failed.error);
        let error = error.map_or_else(|| failed.error.clone(), |error| error.to_string());
        let label = split_name(graph.job_name()).0.to_owned();
        let mut all = self.failed.lock();
        all.push_back((FailedJob { job: job.to_string(), label, error }, graph.physical_plan()));
        if all.len() > FAILED_JOBS_MAX {
            all.pop_front();
        }
    }

    /// Why `graph`, which has ended, is to be tried again, if it is.
    async fn verdict(&self, job: &JobId, graph: &ExecutionGraphBox) -> Option<String> {
        match &graph.status().status {
            Some(JobState_::Successful(_)) => {
                self.doomed.remove(job);
                certify::doubt(graph.as_ref())
            }
            Some(JobState_::Failed(failed)) => {
                if self.doomed.remove(job).is_some() {
                    return Some(String::from("a worker was lost"));
                }
                if failed.error == CANCELLED {
                    return None; // its owner no longer listens; looking for a loss would hold up other jobs
                }
                if certify::lost_something(graph.as_ref()) || self.loses_a_worker(graph).await {
                    return Some(format!("a worker was lost: {}", failed.error));
                }
                None
            }
            _ => None,
        }
    }

    /// A shuffle that is cut by a death can surface as a plain error before the death is noticed: look again for a while.
    async fn loses_a_worker(&self, graph: &ExecutionGraphBox) -> bool {
        let workers = certify::workers(graph.as_ref());
        for _ in 0..10 {
            if workers.iter().any(|worker| !self.hub.is_alive(worker)) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    }
}

#[async_trait::async_trait]
impl JobState for Gate {
    async fn save_job(&self, job_id: &JobId, graph: &ExecutionGraphBox) -> Result<()> {
        if matches!(graph.status().status, Some(JobState_::Successful(_) | JobState_::Failed(_))) {
            self.hub.job_ends(job_id.as_ref());
        }
        let why = self.verdict(job_id, graph).await;
        if matches!(graph.status().status, Some(JobState_::Successful(_) | JobState_::Failed(_))) {
            self.hub.history.job_ends(job_id.as_ref(), graph, why.as_deref());
        }
        let Some(why) = why else {
            self.note_bytes(job_id, graph);
            self.note_failure(job_id, graph);
            self.note_success(job_id, graph);
            return self.tell_end(job_id, graph).await;
        };
        let status = graph.status();
        let mut judged = graph.cloned();
        judged.update_status(JobStatus {
            job_id: status.job_id.clone(),
            job_name: status.job_name.clone(),
            status: Some(JobState_::Failed(FailedState { error: format!("{RETRY}{why}"), ..FailedState::default() })),
        });
        self.tell_end(job_id, &judged).await
    }
    async fn submit_job(
        &self,
        job: JobId,
        graph: &ExecutionGraphBox,
        subscriber: Option<JobStatusSubscriber>,
    ) -> Result<()> {
        self.check(graph).map_err(|error| BallistaError::General(error.to_wire()))?;
        if !self.hub.session_owns(graph.session_id(), job.as_ref()) {
            return Err(BallistaError::General(format!("session {} has ended", graph.session_id())));
        }
        let (label, attempt) = split_name(graph.job_name());
        let (name, label, session) = (job.to_string(), label.to_owned(), graph.session_id().to_owned());
        self.hub.history.note(Event::JobBegins { job: name, label, session, at_ms: now_ms() });
        // First, and then its name: whoever can name it finds it running.
        self.hub.job_begins(job.as_ref(), graph.session_id());
        self.hub.attempt_is(attempt, job.as_ref());
        let submitted = self.inner.submit_job(job.clone(), graph, subscriber).await;
        if submitted.is_err() {
            self.hub.job_ends(job.as_ref());
        }
        submitted
    }
    fn accept_job(&self, job: &JobId, name: &str, queued_at: u64) -> Result<()> {
        self.inner.accept_job(job, name, queued_at)
    }
    fn pending_job_number(&self) -> usize {
        self.inner.pending_job_number()
    }
    async fn get_jobs(&self) -> Result<HashSet<JobId>> {
        self.inner.get_jobs().await
    }
    async fn get_all_jobs(&self) -> Result<HashSet<JobId>> {
        self.inner.get_all_jobs().await
    }
    async fn get_job_status(&self, job: &JobId) -> Result<Option<JobStatus>> {
        self.inner.get_job_status(job).await
    }
    async fn get_execution_graph(&self, job: &JobId) -> Result<Option<ExecutionGraphBox>> {
        self.inner.get_execution_graph(job).await
    }
    async fn fail_unscheduled_job(&self, job: &JobId, reason: String) -> Result<()> {
        self.hub.job_ends(job.as_ref());
        self.hub.history.job_is_refused(job.as_ref(), &reason);
        self.inner.fail_unscheduled_job(job, reason).await?;
        self.inner.remove_job(job).await
    }
    async fn remove_job(&self, job: &JobId) -> Result<()> {
        self.inner.remove_job(job).await
    }
    async fn try_acquire_job(&self, job: &JobId) -> Result<Option<ExecutionGraphBox>> {
        self.inner.try_acquire_job(job).await
    }
    async fn job_state_events(&self) -> Result<JobStateEventStream> {
        self.inner.job_state_events().await
    }
    async fn create_or_update_session(&self, session: &str, config: &SessionConfig) -> Result<Arc<SessionContext>> {
        // Reading a plan opens the stores that it names.
        credentials::lend(&TaskOptions::of(config).credentials)
            .map_err(|error| BallistaError::DataFusionError(Box::new(error.into())))?;
        // Ballista would give the session another name, and nobody would know whose its jobs are.
        let context = self.inner.create_or_update_session(session, config).await?;
        let state = SessionStateBuilder::new_from_existing(context.state()).with_session_id(session.to_owned());
        // A plan's files may be behind URLs, whose stores are looked for when it is read.
        let environment = RuntimeEnvBuilder::from_runtime_env(&context.runtime_env())
            .with_object_store_registry(Arc::new(Stores::default()))
            .build_arc()
            .map_err(|error| BallistaError::DataFusionError(Box::new(error)))?;
        let state = state.with_runtime_env(environment).build();
        Ok(Arc::new(SessionContext::new_with_state(state)))
    }
    async fn remove_session(&self, session: &str) -> Result<()> {
        self.inner.remove_session(session).await
    }
    fn produce_config(&self) -> SessionConfig {
        self.inner.produce_config()
    }
}
