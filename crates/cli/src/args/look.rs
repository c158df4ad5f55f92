//! Looking at a cluster, and at jobs that failed.

use super::CredentialsArg;
use crate::values;
use clap::{Args, Subcommand, ValueEnum};
use phalanx_cluster::SchedulerAddress;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What a token of the dashboard gives the right to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TokenRole {
    /// To look.
    Viewer,
    /// To look, to cancel jobs and to release data.
    Client,
}

/// Print an address that opens a cluster's dashboard in a browser without a certificate.
///
/// The scheduler must take tokens (`phalanx scheduler --dashboard-token`), and you must be a client of it. The address is
/// good once, for a quarter of an hour; whoever opens it may look for half a day. Its token is behind the `#`, which
/// browsers send to nobody.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx token tcp://10.0.0.5:8786 --credentials ~/.phalanx/cluster
  phalanx token tcp://10.0.0.5:8786 --role client             may cancel and release too")]
pub struct TokenArgs {
    /// The scheduler to ask.
    #[arg(value_name = "tcp://HOST:PORT", value_parser = values::address)]
    pub scheduler: SchedulerAddress,

    /// What it gives the right to.
    #[arg(long, value_name = "ROLE", value_enum, default_value_t = TokenRole::Viewer)]
    pub role: TokenRole,

    #[command(flatten)]
    pub credentials: CredentialsArg,
}

/// List jobs that failed on a cluster, and save one.
///
/// A plan is data: a job that failed among many workers can be run again in one process, where it is easily looked
/// into. The scheduler keeps the last sixteen.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  phalanx job list tcp://127.0.0.1:8786
  phalanx job save tcp://127.0.0.1:8786 038G5RNN8G000 --out failed.plan
  phalanx replay failed.plan")]
pub enum JobCommand {
    /// Show the jobs that failed lately.
    List {
        /// The scheduler to ask.
        #[arg(value_name = "tcp://HOST:PORT", value_parser = values::address)]
        scheduler: SchedulerAddress,
        #[command(flatten)]
        credentials: CredentialsArg,
    },
    /// Write the plan of a failed job to a file.
    Save {
        /// The scheduler to ask.
        #[arg(value_name = "tcp://HOST:PORT", value_parser = values::address)]
        scheduler: SchedulerAddress,
        /// The job, as `phalanx job list` names it.
        #[arg(value_name = "ID")]
        job: String,
        /// The file to write.
        #[arg(long, value_name = "FILE", default_value = "job.plan")]
        out: PathBuf,
        #[command(flatten)]
        credentials: CredentialsArg,
    },
}

/// Run a saved job again in this process.
///
/// It ends as the job did: with an error, or, where that was the cluster's doing, with the number of rows of its result.
/// Files that it reads must be here; data that was persisted on the cluster is not in the file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx replay failed.plan
  phalanx --log debug replay failed.plan")]
pub struct ReplayArgs {
    /// What `phalanx job save` wrote.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Show what a cluster has and does.
///
/// Workers with their cores, tasks and memory, running jobs with their stages, and what is persisted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx status tcp://127.0.0.1:8786
  phalanx status tcp://127.0.0.1:8786 --watch
  phalanx status tcp://127.0.0.1:8786 --json | jq '.workers | length'")]
pub struct StatusArgs {
    /// The scheduler to ask.
    #[arg(value_name = "tcp://HOST:PORT", value_parser = values::address)]
    pub scheduler: SchedulerAddress,

    /// Print one JSON object; with --watch, one a line.
    #[arg(long)]
    pub json: bool,

    /// Print it again, every second or so many, until interrupted.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "1", value_parser = values::duration)]
    pub watch: Option<Duration>,

    #[command(flatten)]
    pub credentials: CredentialsArg,
}

/// Watch a cluster in this terminal.
///
/// Workers with their tasks, processors, memory and disk, running jobs with their stages and the time left, and the
/// latest jobs, drawn anew every second until interrupted. Where the output is no terminal, it is printed once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx top tcp://127.0.0.1:8786
  phalanx top tcp://127.0.0.1:8786 --interval 0.2")]
pub struct TopArgs {
    /// The scheduler to ask.
    #[arg(value_name = "tcp://HOST:PORT", value_parser = values::address)]
    pub scheduler: SchedulerAddress,

    /// Seconds between two looks.
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = values::duration)]
    pub interval: Duration,

    #[command(flatten)]
    pub credentials: CredentialsArg,
}

/// Serve the dashboard of a made-up cluster, to look at its pages.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// Where to serve it; port 0 takes any free port.
    #[arg(long, value_name = "ADDR:PORT", value_parser = values::socket, default_value = "127.0.0.1:8787")]
    pub dashboard: SocketAddr,

    /// Jobs that ended.
    #[arg(long, default_value_t = 100)]
    pub jobs: usize,

    /// Workers.
    #[arg(long, default_value_t = 4)]
    pub workers: usize,

    /// The path before its pages.
    #[arg(long, value_name = "PATH", default_value = "")]
    pub dashboard_prefix: String,
}
