//! Looking at a cluster without a session: what a viewer may do.

use crate::protocol::service::control_client::ControlClient;
use crate::protocol::{Empty, FailedJob};
use crate::session::scheduler_lost;
use crate::transport::{Role, SchedulerAddress, Transport};
use phalanx_engine::{EngineDescription, Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use tonic::transport::Channel;

/// A connection to a scheduler by which nothing can be changed.
#[derive(Clone, Debug)]
pub struct Observer(ControlClient<Channel>);

impl Observer {
    /// Connects to a scheduler.
    ///
    /// # Errors
    /// `Cluster`: nobody answers there, or it does not trust us.
    pub async fn connect(address: &SchedulerAddress, transport: &Transport) -> Result<Self> {
        let channel = transport.connect(address.authority(), Role::Scheduler).await;
        channel.map(|channel| Self(ControlClient::new(channel))).map_err(|error| no_scheduler(address, &error))
    }

    /// Looks through a channel that is there.
    pub(crate) fn over(control: ControlClient<Channel>) -> Self {
        Self(control)
    }

    /// What the cluster has and does.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or refuses us.
    pub async fn describe(&self) -> Result<EngineDescription> {
        let answer = self.0.clone().describe(Empty {}).await.map_err(|status| refused_or_lost(&status))?;
        parsed(&answer.into_inner().text)
    }

    /// The latest jobs that failed, whoever ran them; the oldest first.
    ///
    /// # Errors
    /// `Cluster`: the scheduler is gone, or refuses us.
    pub async fn failed_jobs(&self) -> Result<Vec<FailedJob>> {
        let answer = self.0.clone().failed(Empty {}).await.map_err(|status| refused_or_lost(&status))?;
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
