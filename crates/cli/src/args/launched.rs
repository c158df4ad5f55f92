//! A cluster that stays, and its credentials.

use crate::values;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Bring up a cluster that stays, on this machine, on others over SSH, or on Cloudera AI; scale it, look at it, take it down.
///
/// Over SSH, the first host takes the scheduler, the others the workers. `ssh` must reach them without asking for anything; its
/// keys, known_hosts and ssh_config count. Hosts that have no Phalanx of this version get this binary. Credentials are
/// made for each cluster, and go with it.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  phalanx cluster up                                       two workers on this machine
  phalanx cluster up --launcher ssh --config hosts.json    with {\"ssh\": {\"hosts\": [\"a\", \"b\"]}}
  phalanx cluster up --launcher cloudera                   in a session of Cloudera AI
  phalanx cluster scale 8
  phalanx cluster adapt 1 8
  phalanx cluster status
  phalanx cluster logs
  phalanx cluster down

The file of --config is a JSON object: workers, cores and memory (of each, as 4 and \"16GiB\"; without them what its
machine has, and its part of it where the cluster is on this machine; several on one host would each take all of it),
allow_python, adapt with minimum and maximum, cloudera with worker_cpu, worker_memory, nvidia_gpu, scheduler_cpu,
scheduler_memory, dashboard_port, env and python, and ssh with hosts, ssh (arguments of ssh), program (of phalanx on the hosts), address (of the first host,
for the others), port, dashboard_port, days (of the credentials).")]
pub enum ClusterCommand {
    /// Start the scheduler and the workers, and leave them running.
    Up(UpArgs),
    /// Start workers, or let the youngest go, until there are N.
    Scale {
        /// How many workers.
        #[arg(value_name = "N", allow_negative_numbers = true, value_parser = values::count)]
        workers: usize,
        /// The cluster.
        #[arg(long, value_name = "NAME", default_value = "default", value_parser = values::name)]
        name: String,
    },
    /// Follow the queue from now on: as many workers as have tasks to run, from MINIMUM to MAXIMUM, until `scale` says
    /// otherwise. It grows at once; a worker goes when it was not needed for half a minute.
    Adapt {
        /// The fewest workers.
        #[arg(value_name = "MINIMUM")]
        minimum: usize,
        /// The most.
        #[arg(value_name = "MAXIMUM", allow_negative_numbers = true, value_parser = values::count)]
        maximum: usize,
        /// The cluster.
        #[arg(long, value_name = "NAME", default_value = "default", value_parser = values::name)]
        name: String,
    },
    /// Print what the processes wrote lately: their logs, as the dashboard shows them, and their standard error.
    Logs {
        /// The cluster.
        #[arg(long, value_name = "NAME", default_value = "default", value_parser = values::name)]
        name: String,
    },
    /// Show what the cluster has and does.
    Status {
        /// The cluster.
        #[arg(long, value_name = "NAME", default_value = "default", value_parser = values::name)]
        name: String,
    },
    /// Stop all processes of the cluster.
    Down {
        /// The cluster.
        #[arg(long, value_name = "NAME", default_value = "default", value_parser = values::name)]
        name: String,
    },
    /// Hold the cluster: the process that `up` leaves behind.
    #[command(hide = true)]
    Keep(UpArgs),
}

/// Which cluster, and how it is launched.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// The cluster's name, by which the other commands find it.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = values::name)]
    pub name: String,
    /// Where its processes are.
    #[arg(long, value_name = "LAUNCHER", value_enum, default_value_t = LauncherName::Local)]
    pub launcher: LauncherName,
    /// What it has, as a JSON object.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Where a cluster's processes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LauncherName {
    /// Processes of this machine.
    Local,
    /// Processes of other machines, started by `ssh`.
    Ssh,
    /// Sessions of Cloudera AI; elsewhere, processes of this machine that stand for them.
    Cloudera,
}

/// Make the credentials of a cluster: who has them may be a part of it.
///
/// A cluster that serves other machines needs them; each of its processes shows a certificate to the others, and what a
/// process may do is what its certificate says: scheduler, worker, client (submits jobs) or viewer (only looks).
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  phalanx credentials new ~/.phalanx/cluster            then, with the folder on each machine (scp -rp):
  phalanx scheduler --bind 10.0.0.5:8786 --credentials ~/.phalanx/cluster
  phalanx worker tcp://10.0.0.5:8786 --credentials ~/.phalanx/cluster
  phalanx status tcp://10.0.0.5:8786 --credentials ~/.phalanx/cluster

A machine needs no more than the file of its role: worker.pem for a worker. The authority's key, authority.key.pem,
signs new credentials and is needed on no machine of the cluster.")]
pub enum CredentialsCommand {
    /// Make a new authority, and credentials for every role.
    New {
        /// The folder to write them to; made if it is not there.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// For how many days they are good.
        #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
    },
    /// Make new credentials for every role by the same authority. Running processes take them up by themselves.
    Renew {
        /// The folder that `phalanx credentials new` made.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// For how many days they are good.
        #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
        days: u16,
    },
    /// Show which credentials a folder has, and when they expire.
    Show {
        /// The folder that `phalanx credentials new` made.
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}
