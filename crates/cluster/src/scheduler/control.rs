//! The control service: streams of workers and sessions, and what clients ask beside running plans.

use super::gate::{Doomed, Gate, split_name};
use super::history::{Event, now_ms};
use super::hub::{Hub, StreamGuard};
use super::progress::progress;
use super::slots::{Slots, Spread};
use super::{SUBMISSION_TIMEOUT, SchedulerOptions, SchedulerServer_};
use crate::codec;
use crate::protocol::service::control_server::Control;
use crate::protocol::{
    Beat, Command, Empty, Freed, GangPlaces, GangRequest, Hello, JobName, Json, Report, Saved, Scattered, TokenRequest,
    Update, View, Workers,
};
use crate::transport::Peer;
use crate::transport::audit;
use ballista_core::JobId;
use futures::{Stream, StreamExt};
use phalanx_engine::{EngineDescription, EngineKind, Progress};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tonic::{Request, Response, Status, Streaming};

/// Makes an address with a token of the dashboard.
pub type Entrance = Box<dyn Fn(bool) -> String + Send + Sync>;

/// What the parts of a scheduler share.
pub struct State {
    pub server: SchedulerServer_,
    pub hub: Arc<Hub>,
    pub gate: Arc<Gate>,
    pub doomed: Doomed,
    /// The workers' cores that gangs share.
    pub slots: Arc<Slots>,
    pub address: SocketAddr,
    /// The URL of the status page; whoever serves it says where.
    pub page: OnceLock<String>,
    /// Makes an address at which a browser gets the right to look (or, if that is true, to cancel and release too); whoever
    /// serves the page says how.
    pub entrance: OnceLock<Entrance>,
    /// What was last seen of the running jobs.
    pub look: super::observed::LatestLook,
    pub options: SchedulerOptions,
}

impl State {
    /// Ends a job or frees the data that bears its name.
    pub async fn end(&self, job: &str) {
        let id = JobId::from(job.to_owned());
        let runs = || self.server.state.task_manager.get_running_job_cache().contains_key(&id);
        if self.hub.reaches(job, runs).await {
            self.hub.cancel(job);
            if let Err(error) = self.server.cancel_job(id).await {
                tracing::warn!(%job, %error, "a job can't be cancelled");
            }
        }
        self.hub.free(&Freed { job: job.to_owned(), ..Freed::default() });
    }

    /// The running jobs with their sessions and attempts.
    pub(super) async fn jobs(&self) -> Vec<(String, String, Progress)> {
        let mut jobs = vec![];
        for (id, cached) in self.server.state.task_manager.get_running_job_cache().iter() {
            let graph = cached.execution_graph.read().await;
            let (_, attempt) = split_name(graph.job_name());
            jobs.push((graph.session_id().to_owned(), attempt.to_owned(), progress(id, graph.as_ref())));
        }
        jobs.sort_by(|a, b| a.2.job.cmp(&b.2.job));
        jobs
    }

    /// What the cluster has and does.
    pub async fn describe(&self) -> EngineDescription {
        EngineDescription {
            kind: EngineKind::Cluster,
            address: format!("tcp://{}", self.address),
            page: self.page.get().cloned(),
            workers: self.hub.workers(),
            jobs: self.jobs().await.into_iter().map(|(_, _, progress)| progress).collect(),
        }
    }
}

/// The service.
pub struct ControlService {
    /// What it serves.
    pub state: Arc<State>,
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The receiver as a stream that keeps `guard` as long as the peer listens.
fn guarded<T: Send + 'static>(mut receiver: Receiver<Result<T, Status>>, guard: StreamGuard) -> Answers<T> {
    Box::pin(futures::stream::poll_fn(move |context| {
        let _ends_with_the_stream = &guard;
        receiver.poll_recv(context)
    }))
}

fn refusing<T: Send + 'static>(message: T) -> Answers<T> {
    Box::pin(futures::stream::once(async { Ok(message) }))
}

#[tonic::async_trait]
impl Control for ControlService {
    type AttachStream = Answers<Command>;
    type SessionStream = Answers<Update>;
    type GangStream = Answers<GangPlaces>;

    /// The places come when all ranks can run; they are the gang's until the client lets the stream go.
    async fn gang(&self, request: Request<GangRequest>) -> Result<Response<Self::GangStream>, Status> {
        let GangRequest { ranks, threads, one_host, on_gpus } = request.into_inner();
        if ranks == 0 {
            return Err(Status::invalid_argument("a gang has ranks"));
        }
        let spread = if one_host { Spread::OneHost } else { Spread::Anywhere };
        let (hub, slots) = (Arc::clone(&self.state.hub), &self.state.slots);
        let ticket = match on_gpus {
            true => slots.ask_for_gpus(ranks as usize, spread),
            false => slots.ask(ranks as usize, threads as usize, spread),
        };
        let granted = async move {
            let places = match ticket.granted(|| hub.workers_that_stay()).await {
                Ok(ranks) => GangPlaces { ranks, ..GangPlaces::default() },
                Err(refuse) => GangPlaces { refuse, ..GangPlaces::default() },
            };
            (Ok(places), ticket)
        };
        let places = futures::stream::once(granted).flat_map(|(places, ticket)| {
            futures::stream::once(async { places }).chain(futures::stream::poll_fn(move |_| {
                let _held_until_the_stream_ends = &ticket;
                std::task::Poll::Pending
            }))
        });
        Ok(Response::new(Box::pin(places)))
    }

    async fn attach(&self, request: Request<Streaming<Beat>>) -> Result<Response<Self::AttachStream>, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let mut beats = request.into_inner();
        let Some(first) = beats.message().await? else { return Err(Status::invalid_argument("no first heartbeat")) };
        let Some(hello) = first.hello.clone() else { return Err(Status::invalid_argument("no hello")) };
        let conflict = || self.state.hub.simd_conflict(&hello).filter(|_| self.state.options.exact);
        if let Some(refuse) = Hello::ours("the scheduler").refusal(&hello).or_else(conflict) {
            self.note(
                peer.as_ref(),
                audit::Event { event: "refuse", session: &hello.id, what: &refuse, ..audit::Event::default() },
            );
            return Ok(Response::new(refusing(Command { refuse, ..Command::default() })));
        }
        self.note(peer.as_ref(), audit::Event { event: "join", session: &hello.id, ..audit::Event::default() });
        let (guard, outbox) = self.state.hub.worker_joins(&hello, first);
        let allow = Command { allow_paths: self.state.options.allow_paths.clone(), ..Command::default() };
        let _first = outbox.add(&allow);
        tracing::info!(worker = %hello.id, "worker joined");
        let hub = Arc::clone(&self.state.hub);
        tokio::spawn(async move {
            while let Ok(Some(beat)) = beats.message().await {
                hub.worker_beats(&hello.id, beat);
            }
        });
        // The guard goes with the stream: a worker is there as long as it listens.
        let commands = futures::stream::unfold((outbox, guard), |(outbox, guard)| async move {
            outbox.next().await.map(|command| (Ok(command), (outbox, guard)))
        });
        Ok(Response::new(Box::pin(commands)))
    }

    async fn session(&self, request: Request<Hello>) -> Result<Response<Self::SessionStream>, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let hello = request.into_inner();
        let ours = Hello::ours("the scheduler");
        if let Some(refuse) = ours.refusal(&hello) {
            self.note(
                peer.as_ref(),
                audit::Event { event: "refuse", session: &hello.id, what: &refuse, ..audit::Event::default() },
            );
            return Ok(Response::new(refusing(Update { refuse, ..Update::default() })));
        }
        self.note(peer.as_ref(), audit::Event { event: "session", session: &hello.id, ..audit::Event::default() });
        let (guard, updates) = self.state.hub.session_begins(&hello.id);
        Ok(Response::new(guarded(updates, guard)))
    }

    async fn describe(&self, _: Request<Empty>) -> Result<Response<Json>, Status> {
        let description = self.state.describe().await;
        let text = serde_json::to_string(&description).map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(Json { text }))
    }

    async fn failed(&self, _: Request<Empty>) -> Result<Response<Json>, Status> {
        let failed = self.state.gate.failed();
        let text = serde_json::to_string(&failed).map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(Json { text }))
    }

    async fn observe(&self, request: Request<View>) -> Result<Response<Json>, Status> {
        let text = super::observed::answer(&self.state, &request.into_inner()).await?;
        Ok(Response::new(Json { text }))
    }

    async fn token(&self, request: Request<TokenRequest>) -> Result<Response<Json>, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let control = request.into_inner().control;
        let what = if control { "for the dashboard, to cancel and release too" } else { "for the dashboard, to look" };
        self.note(peer.as_ref(), audit::Event { event: "token", what, ..audit::Event::default() });
        let entrance = self.state.entrance.get();
        let entrance =
            entrance.ok_or_else(|| Status::failed_precondition("the dashboard of this scheduler takes no tokens"))?;
        Ok(Response::new(Json { text: entrance(control) }))
    }

    async fn report(&self, request: Request<Report>) -> Result<Response<Empty>, Status> {
        let report = request.into_inner();
        let event = serde_json::from_str(&report.event).map_err(|error| Status::invalid_argument(error.to_string()))?;
        if !self.state.hub.has_session(&report.session) {
            return Err(Status::permission_denied("there is no such session"));
        }
        self.state.hub.history.note(Event::Reported { session: report.session, event, at_ms: now_ms() });
        Ok(Response::new(Empty {}))
    }

    async fn scattered(&self, request: Request<Scattered>) -> Result<Response<Empty>, Status> {
        let Scattered { data, label, session, parts, before } = request.into_inner();
        if self.state.hub.owner(&data).is_none_or(|owner| owner != session) {
            return Err(Status::permission_denied(format!("{data} is not this session's")));
        }
        self.state.hub.history.note(match before.is_empty() {
            true => Event::Scattered { data, label, session, parts, at_ms: now_ms() },
            false => Event::Moved { data, before, parts },
        });
        Ok(Response::new(Empty {}))
    }

    async fn save(&self, request: Request<JobName>) -> Result<Response<Saved>, Status> {
        self.note_name("save", &request);
        let job = request.into_inner().job;
        let found = self.state.gate.failed_plan(&job);
        let (label, plan) = found.ok_or_else(|| Status::not_found(format!("no job {job} failed lately")))?;
        let plan = codec::engine().encode(plan).map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(Saved { label, plan }))
    }

    async fn own(&self, request: Request<JobName>) -> Result<Response<Empty>, Status> {
        self.note_name("scatter", &request);
        let name = request.into_inner();
        let held = self.state.hub.session_bytes(&name.session);
        let fits = self.state.options.limits.check_bytes(held, name.bytes);
        fits.map_err(|error| Status::resource_exhausted(error.to_wire()))?;
        if !self.state.hub.session_owns(&name.session, &name.job) {
            return Err(Status::permission_denied(format!("{} is not this session's to own", name.job)));
        }
        self.state.hub.job_holds(&name.job, name.bytes);
        Ok(Response::new(Empty {}))
    }

    async fn cancel(&self, request: Request<JobName>) -> Result<Response<Empty>, Status> {
        self.note_name("cancel", &request);
        let name = request.into_inner();
        let state = Arc::clone(&self.state);
        tokio::spawn(async move {
            let deadline = tokio::time::Instant::now() + SUBMISSION_TIMEOUT;
            while tokio::time::Instant::now() < deadline {
                if let Some(job) = state.hub.job_of(&name.job) {
                    if state.hub.owner(&job).is_none_or(|owner| owner == name.session) {
                        state.end(&job).await;
                    }
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        Ok(Response::new(Empty {}))
    }

    async fn release(&self, request: Request<Freed>) -> Result<Response<Empty>, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let freed = request.into_inner();
        let event =
            audit::Event { event: "release", session: &freed.session, job: &freed.job, ..audit::Event::default() };
        if let Err(status) = self.must_own(&freed.session, &freed.job) {
            self.note(peer.as_ref(), audit::Event { event: "refuse", what: status.message(), ..event });
            return Err(status);
        }
        if freed.keep_stage.is_none() {
            self.note(peer.as_ref(), event);
        }
        self.state.hub.free(&freed);
        Ok(Response::new(Empty {}))
    }

    async fn retire(&self, request: Request<Workers>) -> Result<Response<Empty>, Status> {
        let peer = request.extensions().get::<Peer>().cloned();
        let Workers { session, workers } = request.into_inner();
        for worker in &workers {
            self.note(
                peer.as_ref(),
                audit::Event { event: "retire", session: &session, job: worker, ..audit::Event::default() },
            );
        }
        if let Some(unknown) = workers.iter().find(|worker| !self.state.hub.is_alive(worker)) {
            return Err(Status::not_found(format!("there is no worker {unknown}")));
        }
        for worker in workers {
            self.state.hub.retire(&worker);
        }
        Ok(Response::new(Empty {}))
    }

    async fn needs_nothing(&self, request: Request<Workers>) -> Result<Response<Empty>, Status> {
        let said = request.into_inner();
        for worker in &said.workers {
            self.state.hub.session_needs_nothing(&said.session, worker);
        }
        Ok(Response::new(Empty {}))
    }

    async fn goodbye(&self, request: Request<JobName>) -> Result<Response<Empty>, Status> {
        self.note_name("goodbye", &request);
        self.state.hub.session_ends(&request.into_inner().session, None);
        Ok(Response::new(Empty {}))
    }
}

impl ControlService {
    fn note(&self, peer: Option<&Peer>, event: audit::Event<'_>) {
        self.state.options.transport.note(peer, event);
    }
    fn note_name(&self, event: &str, request: &Request<JobName>) {
        let name = request.get_ref();
        let event = audit::Event { event, session: &name.session, job: &name.job, ..audit::Event::default() };
        self.note(request.extensions().get::<Peer>(), event);
    }
    /// Refuses a session that speaks of another's job.
    fn must_own(&self, session: &str, job: &str) -> Result<(), Status> {
        match self.state.hub.owner(job) {
            Some(owner) if owner != session => {
                Err(Status::permission_denied(format!("{job} belongs to another session")))
            }
            _ => Ok(()),
        }
    }
}
