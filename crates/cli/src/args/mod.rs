//! What a user can type: definitions and their help side by side.
//!
//! | module | what it is |
//! |---|---|
//! | [`demo`], [`model`] | work: the demo, the bench, a trained model |
//! | [`processes`] | a scheduler and a worker by hand |
//! | [`launched`] | a cluster that stays, and its credentials |
//! | [`look`] | looking at a cluster, and at jobs that failed |

mod demo;
mod launched;
mod look;
mod model;
mod processes;

pub use demo::{BenchArgs, DemoArgs, FraudArgs, OtherDemo, PlaceArgs, RoadArgs, StepName};
pub use launched::{ClusterCommand, CredentialsCommand, LauncherName, UpArgs};
pub use look::{JobCommand, ReplayArgs, SampleArgs, StatusArgs, TokenArgs, TokenRole, TopArgs};
pub use model::{PredictArgs, ServeArgs};
pub use processes::{SchedulerArgs, WorkerArgs};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use phalanx_cluster::{Role, Transport};
use phalanx_engine::Result;
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Arrays, dataframes and models that have outgrown one machine.
///
/// The same program runs in this process or on a cluster of one scheduler and many workers, and gives the same bits.
#[derive(Debug, Parser)]
#[command(name = "phalanx", version, styles = STYLES, max_term_width = 100, propagate_version = false)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  phalanx demo                            the whole road in this process; nothing to start
  phalanx demo --workers 2                the same on a scheduler and two workers, started and stopped for you

  phalanx scheduler                       a cluster by hand: one scheduler,
  phalanx worker tcp://127.0.0.1:8786     as many workers as you like, each in a terminal of its own,
  phalanx demo --scheduler tcp://127.0.0.1:8786
  phalanx status tcp://127.0.0.1:8786     and a look at it; in a browser: http://127.0.0.1:8787/status

Exit codes: 0 done, 1 error, 2 wrong usage, 130 interrupted.")]
pub struct Cli {
    /// What to log to standard error.
    ///
    /// `info` shows what Phalanx does, `debug` also what the libraries below it do, `trace` everything.
    #[arg(long, global = true, value_name = "LEVEL", value_enum, default_value_t = Level::Warn, display_order = 100)]
    pub log: Level,

    #[command(subcommand)]
    pub command: Command,
}

/// Levels of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// What people type for `value`.
pub fn typed(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// How to talk to a cluster that has credentials.
#[derive(Debug, Args)]
pub struct CredentialsArg {
    /// The folder that `phalanx credentials new` made, or the one file of it for this process; without it, the variable
    /// PHALANX_CREDENTIALS says where. Without that too, addresses of other machines need the folder
    /// ~/.phalanx/credentials, and those of this machine need none.
    #[arg(long, value_name = "PATH", display_order = 90)]
    pub credentials: Option<PathBuf>,
}

impl CredentialsArg {
    /// What a process of one of `roles` talks by, if it serves or calls `host` (`HOST`, or `HOST:PORT`).
    ///
    /// # Errors
    /// The credentials can't be used.
    pub fn transport(&self, roles: &[Role], host: &str) -> Result<Transport> {
        Transport::open_for(self.credentials.as_deref(), roles, host)
    }
}

/// What the Python package's `run` would take.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Its arguments.
    #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<std::ffi::OsString>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(DemoArgs),
    Predict(PredictArgs),
    Serve(ServeArgs),
    Scheduler(SchedulerArgs),
    Worker(WorkerArgs),
    Status(StatusArgs),
    Top(TopArgs),
    Token(TokenArgs),
    #[command(hide = true)]
    DashboardSample(SampleArgs),
    /// Run a program that was written for Dask: a command of the Python package alone.
    #[command(hide = true, disable_help_flag = true)]
    Run(RunArgs),
    #[command(subcommand)]
    Cluster(ClusterCommand),
    #[command(subcommand)]
    Credentials(CredentialsCommand),
    #[command(subcommand)]
    Job(JobCommand),
    Replay(ReplayArgs),
    #[command(hide = true)]
    Bench(BenchArgs),
    /// One process of a gang; what it is to do comes from the process that starts it.
    #[command(hide = true)]
    Rank,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn definitions_are_consistent() {
        Cli::command().debug_assert();
    }
}
