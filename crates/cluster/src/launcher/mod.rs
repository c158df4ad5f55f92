//! Where the processes of a cluster are started, a file a launcher: on this machine, over SSH on others, or as sessions of
//! Cloudera AI.
//!
//! A launcher makes the commands; [`LaunchedCluster`](crate::LaunchedCluster) runs, counts and ends them, in the same way
//! for all. Each process is tied to us: it ends when the pipe to its standard input does, which also SSH passes on.

pub mod cloudera;
pub mod local;
pub mod ssh;

pub use cloudera::{CloudOptions, Cloudera};
pub use local::Local;
pub use ssh::{Ssh, SshOptions};

use crate::transport::SchedulerAddress;
use phalanx_engine::Result;
use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Makes the commands that start processes of a cluster somewhere.
pub trait Launcher: fmt::Debug + Send + Sync {
    /// What users call it.
    fn name(&self) -> &'static str;

    /// The command that starts a scheduler. `bind` is where it listened before, if it is started once more.
    ///
    /// # Errors
    /// There is no such place.
    fn scheduler(&self, log: &str, bind: Option<&SchedulerAddress>) -> Result<Command>;

    /// Where workers and clients reach the scheduler that says it is at `said`.
    ///
    /// # Errors
    /// The place has no address.
    fn address(&self, said: &str) -> Result<SchedulerAddress>;

    /// The command that starts worker `number`, with the arguments of `phalanx` and variables for it.
    ///
    /// # Errors
    /// There is no such place.
    fn worker(&self, number: usize, arguments: &[String], variables: &[(String, String)]) -> Result<Command>;

    /// The place of worker `number`, for people.
    fn host(&self, number: usize) -> String;

    /// Are the processes on this machine, where they can share our scratch folder and be sent signals?
    fn is_local(&self) -> bool;

    /// The credentials of the cluster, if it has any: clients need them.
    fn credentials(&self) -> Option<&Path>;

    /// The command that brings the status page `page` here, if it is the loopback of another machine.
    fn page_command(&self, _page: &str) -> Option<String> {
        None
    }

    /// A process that takes longer than this to say that it is ready does not start.
    fn ready_timeout(&self) -> Duration {
        Duration::from_secs(20)
    }

    /// A process that takes longer than this to end after being asked is killed. Of one on another machine we only see its
    /// connection.
    fn stop_timeout(&self) -> Duration {
        if self.is_local() { Duration::from_millis(1500) } else { Duration::from_secs(8) }
    }

    /// Removes what was put to where the processes were. A launcher that is dropped has done so.
    fn clean(&self) {}
}
