//! Looking at a cluster without a session: what a viewer may do.

use crate::protocol::service::control_client::ControlClient;
use crate::protocol::{Empty, FailedJob, TokenRequest, View};
use crate::session::scheduler_lost;
use crate::transport::{MESSAGE_BYTES_MAX, Role, SchedulerAddress, Transport};
use phalanx_engine::observe::{
    DataRecord, JobRecord, JobSummary, Overview, Period, ProcessLog, RunRecord, TaskQuery, TaskRecord, WorkerRecord,
};
use phalanx_engine::{EngineDescription, Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use std::time::{Duration, Instant};
use tonic::transport::Channel;

/// Heartbeats come every second.
const OPERATORS_TOLD_WITHIN: Duration = Duration::from_secs(2);

/// What a token of the dashboard gives the right to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// To look.
    View,
    /// To look, to cancel jobs and to release data.
    Control,
}

/// A connection to a scheduler by which nothing can be changed.
#[derive(Clone, Debug)]
pub struct Observer {
    control: ControlClient<Channel>,
    /// Where the scheduler was called.
    called: SchedulerAddress,
}

impl Observer {
    /// Connects to a scheduler.
    ///
    /// # Errors
    /// `Cluster`: nobody answers there, or it does not trust us.
    pub async fn connect(address: &SchedulerAddress, transport: &Transport) -> Result<Self> {
        let channel = transport.connect(address.authority(), Role::Scheduler).await;
        let over = |channel| Self::over(ControlClient::new(channel), address.clone());
        channel.map(over).map_err(|error| no_scheduler(address, &error))
    }

    /// Looks through a channel that is there.
    pub(crate) fn over(control: ControlClient<Channel>, called: SchedulerAddress) -> Self {
        Self { control, called }
    }

    /// What the cluster has and does.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or refuses us.
    pub async fn describe(&self) -> Result<EngineDescription> {
        let answer = self.control.clone().describe(Empty {}).await.map_err(|status| refused_or_lost(&status))?;
        let said: EngineDescription = parsed(&answer.into_inner().text)?;
        Ok(EngineDescription { address: self.called.or_said(said.address), ..said })
    }

    /// The latest jobs that failed, whoever ran them; the oldest first.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or refuses us.
    pub async fn failed_jobs(&self) -> Result<Vec<FailedJob>> {
        let answer = self.control.clone().failed(Empty {}).await.map_err(|status| refused_or_lost(&status))?;
        parsed(&answer.into_inner().text)
    }

    /// The cluster at this moment: workers, running jobs, totals.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or refuses us. So are those of the methods below.
    pub async fn overview(&self) -> Result<Overview> {
        let said: Overview = self.see(View { subject: String::from("overview"), ..View::default() }).await?;
        Ok(Overview { address: self.called.or_said(said.address), ..said })
    }
    /// Jobs that run and jobs that ended, the latest first.
    ///
    /// # Errors
    /// As [`Observer::overview`].
    pub async fn jobs(&self) -> Result<Vec<JobSummary>> {
        self.see(View { subject: String::from("jobs"), ..View::default() }).await
    }
    /// One job with its stages, if it is known.
    ///
    /// # Errors
    /// As [`Observer::overview`].
    pub async fn job(&self, job: &str) -> Result<Option<JobRecord>> {
        self.see(View { subject: String::from("job"), job: job.to_owned(), ..View::default() }).await
    }
    /// Tasks that ended, in the order of their ends.
    ///
    /// # Errors
    /// As [`Observer::overview`].
    pub async fn tasks(&self, query: &TaskQuery) -> Result<Vec<TaskRecord>> {
        let (subject, job) = (String::from("tasks"), query.job.clone().unwrap_or_default());
        let (since_ms, count_max) = (query.since_ms, query.count_max as u64);
        self.see(View { subject, job, since_ms, count_max, ..View::default() }).await
    }
    /// Workers that are here and that were, with what they said of themselves.
    ///
    /// # Errors
    /// As [`Observer::overview`].
    pub async fn workers(&self) -> Result<Vec<WorkerRecord>> {
        self.see(View { subject: String::from("workers"), ..View::default() }).await
    }
    /// What this worker wrote lately, or the scheduler, by the name `scheduler`; `None` if it is not known.
    ///
    /// # Errors
    /// As [`Observer::overview`].
    pub async fn log(&self, process: &str) -> Result<Option<ProcessLog>> {
        self.see(View { subject: String::from("log"), process: process.to_owned(), ..View::default() }).await
    }
    /// Persisted data, the latest first.
    ///
    /// # Errors
    /// As [`Observer::overview`].
    pub async fn data(&self) -> Result<Vec<DataRecord>> {
        self.see(View { subject: String::from("data"), ..View::default() }).await
    }
    /// Runs and what they report, the latest first.
    ///
    /// # Errors
    /// As [`Observer::overview`].
    pub async fn runs(&self) -> Result<Vec<RunRecord>> {
        self.see(View { subject: String::from("runs"), ..View::default() }).await
    }

    /// An address at which a browser gets the right to look, or to cancel and release too: good once and for a quarter of
    /// an hour.
    ///
    /// # Errors
    /// `Input`: we are no client, or the scheduler's dashboard takes no tokens. `Cluster`: the scheduler is gone.
    pub async fn entrance(&self, access: Entrance) -> Result<String> {
        let request = TokenRequest { control: access == Entrance::Control };
        match self.control.clone().token(request).await {
            Ok(answer) => Ok(answer.into_inner().text),
            Err(status) if status.code() == tonic::Code::FailedPrecondition => Err(Error::input(status.message())
                .with_hint(
                    "it is for schedulers with credentials whose dashboard is off loopback: phalanx scheduler \
                     --dashboard ADDR:PORT --dashboard-token --credentials DIR",
                )),
            Err(status) => Err(refused_or_lost(&status)),
        }
    }

    /// What happened since a moment of the scheduler's clock ([`Overview::at_ms`]). Workers tell of operators with their
    /// next heartbeat, so this waits for it, two seconds at most.
    ///
    /// # Errors
    /// As [`Observer::overview`].
    pub async fn period(&self, began_at_ms: u64) -> Result<Period> {
        let ended_at_ms = self.overview().await?.at_ms;
        let mut names: Vec<String> = vec![];
        for job in self.jobs().await? {
            if job.submitted_at_ms + job.elapsed_ms >= began_at_ms && job.submitted_at_ms <= ended_at_ms {
                names.push(job.job);
            }
        }
        let deadline = Instant::now() + OPERATORS_TOLD_WITHIN;
        let jobs = loop {
            let mut jobs = vec![];
            for name in &names {
                jobs.extend(self.job(name).await?);
            }
            let untold = jobs.iter().flat_map(|job| &job.stages);
            let is_told = untold.filter(|stage| stage.tasks_done > 0).all(|stage| !stage.operators.is_empty());
            if is_told || Instant::now() >= deadline {
                break jobs;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let query = TaskQuery { job: None, since_ms: began_at_ms, count_max: usize::MAX };
        let mut tasks = self.tasks(&query).await?;
        tasks.retain(|task| names.contains(&task.job));
        let mut workers = self.workers().await?;
        workers.retain(|worker| worker.gone_at_ms.is_none_or(|gone| gone >= began_at_ms));
        Ok(Period { began_at_ms, ended_at_ms, jobs, tasks, workers })
    }

    async fn see<T: DeserializeOwned>(&self, view: View) -> Result<T> {
        let mut control = self.control.clone().max_decoding_message_size(MESSAGE_BYTES_MAX);
        let answer = control.observe(view).await.map_err(|status| refused_or_lost(&status))?;
        parsed(&answer.into_inner().text)
    }
}

fn parsed<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text)
        .map_err(|error| Error::internal("the scheduler's answer can't be read").caused_by(&error))
}

/// Nobody is there, or nobody who trusts us. Where we may not even ask, trying again does not help, and the cause says
/// so itself.
pub(crate) fn no_scheduler(address: &SchedulerAddress, cause: &Error) -> Error {
    if cause.kind() == ErrorKind::Input {
        return cause.clone();
    }
    Error::cluster(format!("no scheduler answers at {address}")).caused_by(cause).with_hint(
        "start one with `phalanx scheduler`, or check the address; a scheduler with credentials answers only to who \
         has some of the same folder (--credentials DIR)",
    )
}

/// What a call that failed says.
pub(crate) fn refused_or_lost(status: &tonic::Status) -> Error {
    match status.code() {
        tonic::Code::PermissionDenied => Error::input(format!("the scheduler refuses this: {}", status.message()))
            .with_hint("use credentials of a role that may do it: --credentials DIR"),
        _ => scheduler_lost().caused_by(status),
    }
}
