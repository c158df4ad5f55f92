//! A scheduler and a worker by hand.

use super::{CredentialsArg, TokenRole};
use crate::values;
use clap::Args;
use phalanx_cluster::{Limits, SchedulerAddress};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// What one client may ask of a cluster.
#[derive(Debug, Args)]
pub struct LimitsArgs {
    /// The largest message that the scheduler takes.
    #[arg(long, value_name = "SIZE", value_parser = values::size, default_value = "64MiB", display_order = 91)]
    pub max_message_size: u64,
    /// The largest plan that the scheduler takes.
    #[arg(long, value_name = "SIZE", value_parser = values::size, default_value = "64MiB", display_order = 91)]
    pub max_plan_size: u64,
    /// How many operators of a plan may be above one another.
    #[arg(long, value_name = "N", default_value_t = 1000, display_order = 91)]
    pub max_plan_depth: usize,
    /// How many jobs one session may run at once.
    #[arg(long, value_name = "N", default_value_t = 10_000, display_order = 91)]
    pub max_session_jobs: usize,
    /// How much one session may have persisted and scattered [default: as much as the workers' disks hold].
    #[arg(long, value_name = "SIZE", value_parser = values::size, display_order = 91)]
    pub max_session_bytes: Option<u64>,
}

impl LimitsArgs {
    /// As the scheduler takes them.
    pub fn limits(&self) -> Limits {
        let bytes = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        Limits {
            message_bytes: bytes(self.max_message_size),
            plan_bytes: bytes(self.max_plan_size),
            plan_depth: self.max_plan_depth,
            session_jobs: self.max_session_jobs,
            session_bytes: self.max_session_bytes.unwrap_or(u64::MAX),
        }
    }
}

/// Start the scheduler of a cluster.
///
/// It hands out tasks to the workers that connect to it, and serves a dashboard. It prints one line when it is ready,
/// and runs until it is interrupted. Without credentials (`phalanx credentials`), it serves addresses of this machine
/// alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx scheduler
  phalanx scheduler --bind 127.0.0.1:0 --dashboard 127.0.0.1:0     any free ports
  phalanx scheduler --host 0.0.0.0                                 all addresses of this machine, port 8786
  phalanx scheduler --bind 10.0.0.5:8786 --credentials DIR         for other machines; see `phalanx credentials`

Then, in other terminals:
  phalanx worker tcp://127.0.0.1:8786
  phalanx demo --scheduler tcp://127.0.0.1:8786")]
pub struct SchedulerArgs {
    /// Where workers and clients connect; port 0 takes any free port.
    #[arg(long, value_name = "ADDR:PORT", value_parser = values::socket, default_value = "127.0.0.1:8786")]
    #[arg(conflicts_with_all = ["host", "port"])]
    pub bind: SocketAddr,

    /// The address to serve, as in --bind without its port.
    #[arg(long, value_name = "ADDR", value_parser = values::host)]
    pub host: Option<IpAddr>,

    /// The port to serve, as in --bind without its address.
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,

    /// Where to serve the dashboard; port 0 takes any free port. Off loopback it needs credentials, and so does who looks:
    /// a viewer's certificate may look, a client's may cancel and release too.
    #[arg(long, value_name = "ADDR:PORT", value_parser = values::socket, default_value = "127.0.0.1:8787")]
    #[arg(visible_alias = "dashboard-address")]
    pub dashboard: SocketAddr,

    /// The path before the dashboard's pages, as /clusters/7, for a proxy that leaves it in place.
    #[arg(long, value_name = "PATH", default_value = "")]
    pub dashboard_prefix: String,

    /// The name of a proxy in front of the dashboard, as a browser sends it; requests under other names than this
    /// machine's are refused. Who comes by it may look, and change nothing. In a session of Cloudera AI, the names that
    /// it has there are known.
    #[arg(long, value_name = "NAME")]
    pub dashboard_name: Vec<String>,

    /// Off loopback, also let browsers in that show no certificate, by tokens: one is printed, as an address to open, and
    /// `phalanx token` prints more. It is good once, for a quarter of an hour, and becomes a cookie of half a day. The role
    /// says what the printed one may: `viewer` looks, `client` cancels and releases too.
    #[arg(long, value_name = "ROLE", value_enum, num_args = 0..=1, default_missing_value = "viewer", require_equals = true)]
    pub dashboard_token: Option<TokenRole>,

    #[command(flatten)]
    pub credentials: CredentialsArg,

    #[command(flatten)]
    pub limits: LimitsArgs,

    /// Let workers open only these files for clients, and what is below them, as in /data, '/data/*.parquet' or
    /// s3://bucket/public; may be given several times [default: all that a worker's user may].
    #[arg(long, value_name = "PATTERN")]
    pub allow_path: Vec<String>,

    /// Append to this file who submitted, cancelled, released or was refused what: a JSON object a line.
    #[arg(long, value_name = "FILE")]
    pub audit_log: Option<PathBuf>,

    /// Refuse workers whose processors have another SIMD level than those that are there; without this, clients are
    /// warned that the last bits of results may differ.
    #[arg(long)]
    pub exact: bool,

    /// Stop the cluster, its workers too, when no job has run for so long, as in 90s, 30min or 8h; sessions that only
    /// stay open do not count [default: never].
    #[arg(long, value_name = "TIME", value_parser = values::duration, allow_negative_numbers = true)]
    pub idle_timeout: Option<Duration>,

    /// How long a client whose connection was cut may take to come back, before its jobs are cancelled and what it
    /// persisted is freed.
    #[arg(long, value_name = "TIME", value_parser = values::duration, allow_negative_numbers = true, default_value = "5s")]
    pub lease: Duration,

    /// End when standard input ends: whoever started this process is gone.
    #[arg(long, hide = true)]
    pub tied: bool,
}

impl SchedulerArgs {
    /// Where to listen.
    pub fn socket(&self) -> SocketAddr {
        let Self { bind, host, port, .. } = self;
        SocketAddr::new(host.unwrap_or(bind.ip()), port.unwrap_or(bind.port()))
    }
}

/// Start a worker of a cluster.
///
/// It runs the tasks that the scheduler hands out, and holds their results until they are fetched or released. It prints
/// one line when it is ready, and runs until it is interrupted or the scheduler is gone. Start as many as you like, at
/// any time. At SIGTERM it finishes its tasks and hands over what it holds before it ends; at Ctrl-C it ends at once.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx worker tcp://127.0.0.1:8786
  phalanx worker tcp://127.0.0.1:8786 --cores 4 --memory 8GiB --scratch /mnt/fast")]
pub struct WorkerArgs {
    /// The scheduler to work for.
    #[arg(value_name = "tcp://HOST:PORT", value_parser = values::address)]
    pub scheduler: SchedulerAddress,

    /// How many tasks to run at once; without it, the variable PHALANX_CORES says [default: the cores that this machine,
    /// or its container, gives].
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true, alias = "nthreads")]
    pub cores: Option<usize>,

    /// How much memory tasks may use before they spill to disk, as in 512MiB, 2GB or 1.5GiB; without it, the
    /// variable PHALANX_MEMORY says [default: 70 % of what this machine, or its container, has].
    #[arg(long, value_name = "SIZE", value_parser = values::size, allow_negative_numbers = true)]
    #[arg(alias = "memory-limit")]
    pub memory: Option<u64>,

    /// Where to keep results and spilled data; the worker makes a folder of its own in it and removes that when it ends
    /// [default: the system's folder for temporary files].
    #[arg(long, value_name = "DIR", alias = "local-directory")]
    pub scratch: Option<PathBuf>,

    /// Open only these files for clients, and what is below them, as in /data, '/data/*.parquet' or s3://bucket/public;
    /// may be given several times. What the scheduler restricts is restricted too [default: all that your user may].
    #[arg(long, value_name = "PATTERN")]
    pub allow_path: Vec<String>,

    /// How long to look for the scheduler before giving up, as in 90s or 5min [default: 5s at the start, 60s for one on
    /// another machine, or when the scheduler was lost]. A worker whose scheduler comes back at its address within this
    /// time works for it again.
    #[arg(long, value_name = "TIME", value_parser = values::duration, allow_negative_numbers = true)]
    pub death_timeout: Option<Duration>,

    /// Run Python functions that clients send. The worker must be started from the Python package (`python -m phalanx
    /// worker`), in an environment that has what the functions use. Whoever reaches the scheduler can then run any code
    /// as your user.
    #[arg(long)]
    pub allow_python: bool,

    #[command(flatten)]
    pub credentials: CredentialsArg,

    /// End when standard input ends: whoever started this process is gone.
    #[arg(long, hide = true)]
    pub tied: bool,
}
