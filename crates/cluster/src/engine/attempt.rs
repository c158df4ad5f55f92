//! Attempts: a plan goes to the scheduler, and what becomes of it there is judged, until an attempt has lost nobody.

use super::Shared;
use crate::codec;
use crate::data::location;
use crate::scheduler::{CANCELLED, JOB_NAME, RETRY, is_deeper, join_name};
use crate::session::{Session, scheduler_lost};
use crate::task_options::TaskOptions;
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::job_status::Status as JobState;
use futures::FutureExt;
use futures::future::BoxFuture;
use phalanx_engine::{Error, Location, Persisted, Plan, Progress, Result, credentials};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::watch;

/// Plans that are deeper are not even written: who writes them, and who reads them, goes down into each operator's input,
/// on a stack.
const DEPTH_MAX: usize = 400;
/// How often a plan is submitted before we give up. A job that outlives this many losses is longer than the time
/// between them: it should be several jobs over persisted data.
const ATTEMPTS_MAX: u32 = 20;

/// What a certified attempt left on the workers.
pub struct Outputs {
    pub job: String,
    pub stage: Option<u64>,
    /// One for each partition of the result; with an empty path where there are no rows.
    pub locations: Vec<Location>,
}

/// How often a job has been tried, over all calls for it.
#[derive(Default)]
pub struct Attempts {
    count: u32,
    /// How often a lost scheduler was the reason.
    resubmitted: u32,
    /// What the last one that failed lost.
    pub lost: Option<Error>,
}

/// How an attempt ended that has no result.
enum Miss {
    /// A worker was lost: once more.
    Retry(Error),
    /// Persisted data is gone: make it again, then once more.
    Lost(Error),
    /// The scheduler is gone, or the connection to it: perhaps once more.
    Gone(Error),
    /// Nothing to be done.
    Final(Error),
}

impl From<Error> for Miss {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

impl Shared {
    /// Runs attempts of `plan` until one lost nobody.
    pub(super) fn run<'a>(
        &'a self,
        plan: &'a Plan,
        progress: &'a watch::Sender<Progress>,
        attempts: &'a mut Attempts,
    ) -> BoxFuture<'a, Result<Outputs>> {
        async move {
            plan.check(&self.settings)?;
            if plan.partitions() == 0 {
                return Ok(Outputs { job: String::new(), stage: None, locations: vec![] }); // no task would ever end
            }
            while attempts.count < ATTEMPTS_MAX {
                attempts.count += 1;
                progress.send_modify(|progress| {
                    progress.attempts = attempts.count;
                    progress.label = plan.label().to_owned();
                });
                let losses = self.session.losses();
                let versions: Vec<u64> = plan.inputs().iter().map(Persisted::version).collect();
                match self.attempt(&plan.refreshed()?, progress).await {
                    Ok(outputs) => return Ok(outputs),
                    Err(Miss::Retry(error)) => {
                        tracing::info!(plan = plan.label(), %error, "attempt dropped");
                        attempts.lost = Some(error);
                    }
                    Err(Miss::Lost(error)) => {
                        self.rebuild(plan.inputs(), &versions, error.clone()).await?;
                        attempts.lost = Some(error);
                    }
                    Err(Miss::Gone(error)) => {
                        if self.session.is_lost_since(losses).await {
                            if attempts.resubmitted >= self.settings.retries {
                                return Err(error);
                            }
                            attempts.resubmitted += 1;
                            self.session.back().await?;
                            tracing::info!(plan = plan.label(), "submitted again: its scheduler was lost");
                        } // else it was a connection: once more
                        attempts.lost = Some(error);
                    }
                    Err(Miss::Final(error)) => return Err(error),
                }
            }
            let message = format!("workers were lost in each of {ATTEMPTS_MAX} attempts of {:?}", plan.label());
            let error = Error::cluster(message).with_hint(
                "look at the workers' logs: does the job itself end them? Split one that is longer than the time \
                 between losses with persist()",
            );
            Err(match &attempts.lost {
                Some(last) => error.caused_by(last),
                None => error,
            })
        }
        .boxed()
    }

    async fn attempt(&self, plan: &Plan, progress: &watch::Sender<Progress>) -> std::result::Result<Outputs, Miss> {
        self.session.need_workers().await.map_err(|error| self.gone(error))?;
        if is_deeper(plan.root(), DEPTH_MAX) {
            return Err(Miss::Final(
                Error::resources(format!(
                    "{:?} is deeper than {DEPTH_MAX} operators, which can't travel",
                    plan.label()
                ))
                .with_hint("persist parts of the work: each is then a plan of its own"),
            ));
        }
        let bytes = codec::engine().encode(Arc::clone(plan.root())).map_err(Error::from)?;
        let attempt = uuid::Uuid::new_v4().simple().to_string();
        let name = (JOB_NAME.to_owned(), join_name(plan.label(), &attempt));
        let credentials = credentials::named_in(&bytes)?;
        let ours = TaskOptions { task_bytes: plan.task_bytes(), credentials }.entries_of();
        // Cutting a plan into stages, Ballista lets DataFusion's optimizer see each once more. Where a join has fewer
        // partitions than the session's default, that would put a second exchange into the stage, with more partitions,
        // whose files a task then writes under the wrong numbers. Partitions that satisfy their join are to stay.
        let keep = (String::from("datafusion.optimizer.preserve_file_partitions"), String::from("1"));
        let options = self.settings.options().into_iter().chain(ours).chain([name, keep]);
        let settings = options.map(|(key, value)| pb::KeyValuePair { key, value: Some(value) }).collect();
        let mut request = tonic::Request::new(pb::ExecuteQueryParams {
            session_id: self.session.id().to_owned(),
            settings,
            operation_id: attempt.clone(),
            query: Some(Query::PhysicalPlan(bytes)),
        });
        ballista_core::version::insert_version_header(request.metadata_mut());
        // From here on the scheduler may have the job, whatever we hear of it.
        let mut guard = AttemptGuard { session: &self.session, attempt: Some(attempt.clone()) };
        let answer = self.session.scheduler().execute_query_push(request).await.map_err(|status| refused(&status))?;
        let mut statuses = drained(&self.handle, answer.into_inner());
        let mut watch = self.session.watch();
        loop {
            let status = tokio::select! {
                biased;
                status = statuses.recv() => status,
                update = watch.next(&attempt) => {
                    if let Some(stages) = update.map_err(|error| self.gone(error))? {
                        progress.send_modify(|progress| progress.stages = stages);
                    }
                    continue;
                }
            };
            let Some(status) = status else { return Err(Miss::Gone(scheduler_lost())) };
            progress.send_if_modified(|progress| {
                let is_new = progress.job != status.job_id;
                progress.job.clone_from(&status.job_id);
                is_new
            });
            match status.status {
                Some(JobState::Successful(success)) => {
                    let outputs = outputs(status.job_id, plan.partitions(), success.partition_location)?;
                    guard.attempt = None;
                    return Ok(outputs);
                }
                Some(JobState::Failed(failed)) => return Err(judge(&failed.error, plan)),
                _ => {}
            }
        }
    }

    /// Is this error the loss of the scheduler?
    fn gone(&self, error: Error) -> Miss {
        if self.session.is_lost() { Miss::Gone(error) } else { Miss::Final(error) }
    }
}

/// Why the scheduler did not take a plan.
fn refused(status: &tonic::Status) -> Miss {
    match status.code() {
        tonic::Code::InvalidArgument if status.message().contains("RecursionLimitReached") => Miss::Final(
            Error::resources("the plan is nested deeper than a scheduler reads: about thirty steps of one column on top of each other")
                .with_hint("persist parts of the work: each is a plan of its own; in one process plans may be deeper"),
        ),
        tonic::Code::InvalidArgument => Miss::Final(
            Error::resources(format!("the scheduler can't read the plan: {}", status.message()))
                .with_hint("scheduler, workers and client must be of one version"),
        ),
        tonic::Code::ResourceExhausted => Miss::Final(
            Error::from_wire(status.message()).unwrap_or_else(|| Error::resources(status.message().to_owned())),
        ),
        tonic::Code::OutOfRange => Miss::Final(
            Error::resources(format!("the plan is too large for one message: {}", status.message()))
                .with_hint("scatter large data instead of embedding it, or raise --max-message-size of the scheduler"),
        ),
        _ => Miss::Gone(scheduler_lost().caused_by(status)),
    }
}

/// Cancels the attempt, and frees its data, unless it is kept.
struct AttemptGuard<'a> {
    session: &'a Session,
    attempt: Option<String>,
}

impl Drop for AttemptGuard<'_> {
    fn drop(&mut self) {
        if let Some(attempt) = self.attempt.take() {
            self.session.cancel(&attempt);
        }
    }
}

/// Reads the statuses in a task of its own: the scheduler keeps only 16 for a slow reader, and the last one counts.
fn drained(
    handle: &Handle,
    mut statuses: tonic::Streaming<pb::GetJobStatusResult>,
) -> UnboundedReceiver<pb::JobStatus> {
    let (sender, receiver) = unbounded_channel();
    handle.spawn(async move {
        while let Ok(Some(message)) = statuses.message().await {
            let is_wanted = message.status.is_none_or(|status| sender.send(status).is_ok());
            if !is_wanted {
                break;
            }
        }
    });
    receiver
}

/// The outputs in the order of their partitions, each at most once.
fn outputs(job: String, partitions: usize, locations: Vec<pb::PartitionLocation>) -> Result<Outputs> {
    let wrong = |what: String| Error::internal(format!("job {job} of {partitions} partitions: {what}"));
    let mut places: Vec<Option<Location>> = vec![None; partitions];
    let mut stage = None;
    for output in locations {
        let (from, partition, at) = location(output).ok_or_else(|| wrong(String::from("an output has no place")))?;
        stage = Some(from as u64);
        let place = places.get_mut(partition).ok_or_else(|| wrong(format!("there is no partition {partition}")))?;
        if place.replace(at).is_some() {
            return Err(wrong(format!("partition {partition} comes twice")));
        }
    }
    let locations = places.into_iter().map(Option::unwrap_or_default).collect();
    Ok(Outputs { job, stage, locations })
}

/// What a failed attempt means for its job.
fn judge(text: &str, plan: &Plan) -> Miss {
    if text.contains(RETRY) {
        let why: String = text.split(RETRY).last().unwrap_or(text).chars().take(300).collect();
        return Miss::Retry(Error::from_wire(text).unwrap_or_else(|| Error::cluster(why)));
    }
    match Error::from_wire(text) {
        // Not by us, who would no longer listen: by somebody at the dashboard, or because the session had been given up.
        None if text == CANCELLED => Miss::Final(Error::cancelled().with_hint("somebody ended it on the dashboard")),
        None => Miss::Final(Error::internal(text)),
        Some(error) => {
            let is_ours =
                error.lost_data().is_some_and(|lost| plan.inputs().iter().any(|input| input.handle() == lost.handle));
            if is_ours { Miss::Lost(error) } else { Miss::Final(error) }
        }
    }
}
