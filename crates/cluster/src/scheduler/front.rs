//! Ballista's scheduler service behind our fence.
//!
//! * Only workers with a control stream are given work; one that dies while it is given work is removed again.
//! * A worker that has polled with all its cores free for longer than [`FORGOTTEN_AFTER`] runs nothing: a task that was
//!   bound to it before, and still stands as running, is lost, and so is its attempt.
//! * `get_job_status` is refused: it reads the live graph past the gate. The stream of `execute_query_push` tells all.

use super::SchedulerServer_;
use super::certify;
use super::control::State;
use super::definition::{self, Definitions};
use super::gate::{JOB_NAME, split_name};
use super::hub::Hub;
use super::placement::Placement;
use crate::transport::Peer;
use crate::transport::audit::Event;
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::AvailableVcores;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpc;
use ballista_scheduler::cluster::DistributionPolicy;
use dashmap::DashMap;
use phalanx_engine::caught::caught_future;
use phalanx_engine::forged;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tonic::{Request, Response, Status};

/// The status of a task that ended is on its way for less than this.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(2);

/// Ballista hears of a worker that it is alive, if of nothing else, this often.
const ALIVE_INTERVAL: Duration = Duration::from_millis(500);

/// The fence.
pub struct Front {
    /// Ballista's service.
    server: SchedulerServer_,
    /// Who is here.
    hub: Arc<Hub>,
    /// What the parts of the scheduler share.
    state: Arc<State>,
    placement: Placement,
    definitions: Definitions,
    /// Since when a worker has polled with all its cores free, in milliseconds since 1970.
    idle_since: DashMap<String, u128>,
}

type Answer<T> = Result<Response<T>, Status>;

impl Front {
    /// In front of `server`.
    pub fn new(server: SchedulerServer_, hub: Arc<Hub>, state: Arc<State>, placement: Placement) -> Self {
        Self { server, hub, state, placement, definitions: Definitions::default(), idle_since: DashMap::default() }
    }

    /// Passes on what a worker says of its tasks, and now and then that it is alive. Which of Ballista's tasks it gets is
    /// not asked for here.
    async fn told(&self, worker: &str, poll: pb::PollWorkParams) -> Result<(), Status> {
        if self.hub.is_news(worker, ALIVE_INTERVAL) {
            self.server.poll_work(Request::new(pb::PollWorkParams { num_free_vcores: 0, ..poll })).await?;
        } else if !poll.task_status.is_empty() {
            self.report(worker, poll.task_status).await?;
        }
        Ok(())
    }

    async fn report(&self, worker: &str, task_status: Vec<pb::TaskStatus>) -> Result<(), Status> {
        let update = pb::UpdateTaskStatusParams { executor_id: worker.to_owned(), task_status };
        SchedulerGrpc::update_task_status(&self.server, Request::new(update)).await.map(drop)
    }

    /// Tasks for `worker`, which has this many cores free.
    async fn tasks(&self, worker: &str, free: u32) -> Result<Vec<pb::TaskDefinition>, Status> {
        let running = self.server.state.task_manager.get_running_job_cache();
        if free == 0 || running.is_empty() {
            return Ok(vec![]);
        }
        let mut budget = AvailableVcores { executor_id: worker.to_owned(), vcores: free };
        let bound = self.placement.bind_tasks(vec![&mut budget], Arc::clone(&running)).await;
        let bound = bound.map_err(|error| Status::internal(error.to_string()))?;
        let (mut tasks, mut failed) = (Vec::with_capacity(bound.len()), vec![]);
        for (_, task) in bound {
            let status = definition::status_of(&task);
            match self.definitions.define(task, |job| running.contains_key(job)) {
                Ok(task) => tasks.push(task),
                Err(error) => failed.push(definition::failed(&status, &error)),
            }
        }
        if !failed.is_empty() {
            self.report(worker, failed).await?;
        }
        Ok(tasks)
    }

    /// Does a task stand as running on `worker`, although it was bound before the worker became idle, and that is long
    /// ago?
    async fn forgets_a_task(&self, worker: &str) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut idle_since = self.idle_since.entry(worker.to_owned()).or_insert(now);
        if *idle_since > now {
            *idle_since = now; // the clock was set back
        }
        let before = *idle_since;
        drop(idle_since);
        if now.saturating_sub(before) < FORGOTTEN_AFTER.as_millis() {
            return false;
        }
        for job in self.server.state.task_manager.get_running_job_cache().values() {
            if certify::runs_since(job.execution_graph.read().await.as_ref(), worker, before) {
                return true;
            }
        }
        false
    }
}

#[tonic::async_trait]
impl SchedulerGrpc for Front {
    type ExecuteQueryPushStream = <SchedulerServer_ as SchedulerGrpc>::ExecuteQueryPushStream;

    async fn poll_work(&self, request: Request<pb::PollWorkParams>) -> Answer<pb::PollWorkResult> {
        let metadata = request.get_ref().metadata.as_ref();
        let worker = metadata.map(|metadata| metadata.id.clone()).unwrap_or_default();
        if !self.hub.is_alive(&worker) {
            return Err(Status::unavailable("this worker has no control stream"));
        }
        let idle = request.get_ref().task_status.is_empty() && request.get_ref().num_free_vcores == cores(metadata);
        if !idle {
            self.idle_since.remove(&worker);
        } else if self.forgets_a_task(&worker).await {
            self.idle_since.remove(&worker);
            self.hub.worker_is_lost(&worker);
            return Err(Status::aborted("a task of this worker is forgotten: come back under a new name"));
        }
        self.hub.history.tasks_end(&request.get_ref().task_status, &worker);
        let poll = request.into_inner();
        let free = poll.num_free_vcores;
        self.told(&worker, poll).await?;
        // Before it is looked for work: what comes after that look is heard of.
        self.hub.is_hungry(&worker, free > 0);
        let tasks = self.tasks(&worker, free).await?;
        if tasks.len() >= free as usize {
            self.hub.is_hungry(&worker, false);
        }
        if !tasks.is_empty() {
            self.idle_since.remove(&worker);
        }
        if !self.hub.is_alive(&worker) {
            self.idle_since.remove(&worker);
            self.hub.worker_is_lost(&worker); // it died while tasks were bound to it
        }
        // Ballista calls `on_work_available` once; if this poll was what revived the stage, others must hear of it.
        if !tasks.is_empty() {
            self.hub.wake();
        }
        Ok(Response::new(pb::PollWorkResult { tasks, jobs_to_clean: vec![] }))
    }

    async fn execute_query_push(
        &self,
        request: Request<pb::ExecuteQueryParams>,
    ) -> Answer<Self::ExecuteQueryPushStream> {
        let (peer, asked) = (request.extensions().get::<Peer>().cloned(), request.get_ref());
        let name = asked.settings.iter().find(|pair| pair.key == JOB_NAME).and_then(|pair| pair.value.as_deref());
        let (label, attempt) = split_name(name.unwrap_or_default());
        let event = Event { event: "submit", session: &asked.session_id, job: attempt, what: label };
        let transport = &self.state.options.transport;
        let plan = match &asked.query {
            Some(Query::PhysicalPlan(plan)) => plan,
            _ => return Err(Status::invalid_argument("this scheduler takes physical plans alone")),
        };
        let checked = self.state.options.limits.check_size(plan.len()).and_then(|()| forged::check(plan));
        if let Err(error) = checked {
            transport.note(peer.as_ref(), Event { event: "refuse", what: error.message(), ..event });
            return Err(Status::resource_exhausted(error.to_wire()));
        }
        transport.note(peer.as_ref(), event);
        let (session, job) = (asked.session_id.clone(), attempt.to_owned());
        // A plan is read there; one that makes its reader panic must not take this connection's other calls along.
        let answer = caught_future(self.server.execute_query_push(request)).await;
        answer.unwrap_or_else(|panic| {
            let event = Event { event: "refuse", session: &session, job: &job, what: "a malformed plan" };
            transport.note(peer.as_ref(), event);
            Err(Status::invalid_argument(format!("it is malformed: {panic}")))
        })
    }
    async fn cancel_job(&self, _: Request<pb::CancelJobParams>) -> Answer<pb::CancelJobResult> {
        not_served()
    }

    async fn register_executor(&self, _: Request<pb::RegisterExecutorParams>) -> Answer<pb::RegisterExecutorResult> {
        not_served()
    }
    async fn heart_beat_from_executor(&self, _: Request<pb::HeartBeatParams>) -> Answer<pb::HeartBeatResult> {
        not_served()
    }
    async fn update_task_status(&self, _: Request<pb::UpdateTaskStatusParams>) -> Answer<pb::UpdateTaskStatusResult> {
        not_served()
    }
    async fn create_update_session(
        &self,
        _: Request<pb::CreateUpdateSessionParams>,
    ) -> Answer<pb::CreateUpdateSessionResult> {
        not_served()
    }
    async fn remove_session(&self, _: Request<pb::RemoveSessionParams>) -> Answer<pb::RemoveSessionResult> {
        not_served()
    }
    async fn execute_query(&self, _: Request<pb::ExecuteQueryParams>) -> Answer<pb::ExecuteQueryResult> {
        not_served()
    }
    async fn get_job_status(&self, _: Request<pb::GetJobStatusParams>) -> Answer<pb::GetJobStatusResult> {
        not_served()
    }
    async fn get_job_metrics(&self, _: Request<pb::GetJobMetricsParams>) -> Answer<pb::GetJobMetricsResult> {
        not_served()
    }
    async fn executor_stopped(&self, _: Request<pb::ExecutorStoppedParams>) -> Answer<pb::ExecutorStoppedResult> {
        not_served()
    }
    async fn clean_job_data(&self, _: Request<pb::CleanJobDataParams>) -> Answer<pb::CleanJobDataResult> {
        not_served()
    }
}

fn cores(metadata: Option<&pb::ExecutorRegistration>) -> u32 {
    use pb::executor_resource::Resource;
    let resources = metadata.and_then(|metadata| metadata.specification.as_ref()).map(|spec| spec.resources.as_slice());
    resources
        .unwrap_or_default()
        .iter()
        .find_map(|resource| match resource.resource {
            Some(Resource::Vcores(cores)) => Some(cores),
            _ => None,
        })
        .unwrap_or(0)
}

fn not_served<T>() -> Answer<T> {
    Err(Status::unimplemented("Phalanx does not serve this call of Ballista's; use its control service"))
}
