//! What a user can type: definitions and their help side by side.

use crate::values;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use phalanx_cluster::{Limits, Role, SchedulerAddress, Transport};
use phalanx_engine::Result;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

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

/// Run arrays, frames, a plot and a trained model, end to end.
///
/// Seven steps, each lazy until it is computed: an SVD that evaluates 10,000 of 10⁹ elements, an SVD of a million rows,
/// a mean over an array and its transpose, unique names, cumulative sums with a plot, a group-by, and a logistic
/// regression. Each says what it did, how long it took, and a digest of its result: the digest is the same in process
/// and on a cluster, with any number of workers, also after some were killed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx demo                                  in this process
  phalanx demo --workers 3 --kill               on three workers, some of which are killed meanwhile
  phalanx demo --data flights.parquet           the model predicts which flights arrive late
  phalanx demo --json | jq -r '[.step,.digest] | @tsv'
  phalanx demo fraud                            another road: boosted trees, a search, a model to serve")]
#[command(args_conflicts_with_subcommands = true)]
pub struct DemoArgs {
    #[command(subcommand)]
    pub other: Option<OtherDemo>,

    #[command(flatten)]
    pub road: RoadArgs,

    /// A Parquet file of flights (nycflights13's columns); without it, the model learns from generated data.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// Run these steps alone.
    #[arg(long, value_name = "STEP", value_enum)]
    pub only: Vec<StepName>,
}

/// What every demo takes.
#[derive(Debug, Args)]
pub struct RoadArgs {
    #[command(flatten)]
    pub place: PlaceArgs,

    /// Where to write its files (a plot; a model and a report); made if it is not there.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub out: PathBuf,

    /// The seed of all random numbers: other seeds, other digests.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,

    /// Print one JSON object a line: step, seconds, engine, workers, digest, and the step's own facts.
    #[arg(long)]
    pub json: bool,
}

/// Where to run.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// Start a scheduler and N workers as processes of their own, run on them, and stop them all.
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    #[arg(conflicts_with = "scheduler")]
    pub workers: Option<usize>,

    /// Run on the cluster of this scheduler.
    #[arg(long, value_name = "tcp://HOST:PORT", value_parser = values::address)]
    pub scheduler: Option<SchedulerAddress>,

    /// Kill a worker in the middle of each longer step, and start another; the digests stay the same.
    #[arg(long, requires = "workers")]
    pub kill: bool,

    #[command(flatten)]
    pub credentials: CredentialsArg,

    /// Run in this process as adversely as the determinism law allows: batches cut at random, random delays, orders
    /// and numbers of threads. The digests stay the same.
    #[arg(long, value_name = "S", hide = true, conflicts_with_all = ["workers", "scheduler"])]
    pub perturb: Option<u64>,
}

/// Demos of their own.
#[derive(Debug, Subcommand)]
pub enum OtherDemo {
    Fraud(FraudArgs),
}

/// From a table of payments to a model that finds the frauds: split, trained, searched, judged, saved, and a report.
///
/// Boosted trees (XGBoost, which must be installed: pip install 'phalanx[xgboost]') are trained by two processes that
/// workers start, and again if a worker is lost. It writes the model, fraud.ubj, which plain XGBoost reads, and one page
/// with all numbers and plots, fraud.html. The digests are the same in process and on a cluster, with any number of
/// workers, also after some were killed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx demo fraud                            generated payments, in this process
  phalanx demo fraud --data creditcard.csv      the public data set, if you have it
  phalanx demo fraud --workers 3 --kill         on three workers, some of which are killed meanwhile
  phalanx demo fraud --data flights.parquet     which flights arrive late (nycflights13's columns)")]
pub struct FraudArgs {
    #[command(flatten)]
    pub road: RoadArgs,

    /// A CSV, JSON-lines or Parquet file of payments; without it, payments of the shape of creditcard.csv are generated.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,

    /// The column to be predicted, of 0 and 1 [default: Class].
    #[arg(long, value_name = "COLUMN")]
    pub target: Option<String>,
}

/// Predict the rows of a file with a trained model.
///
/// Features are found by their names, and rows stay in their order. Files of any size: partitions are read, predicted and
/// written where they are, in this process or on a cluster.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx predict fraud.ubj payments.parquet --out predictions.parquet
  phalanx predict fraud.ubj 'payments/*.csv' --out predictions.csv --keep Time,Amount
  phalanx predict fraud.ubj payments.parquet --out predictions --scheduler tcp://127.0.0.1:8786")]
pub struct PredictArgs {
    /// A model of XGBoost, in either of its formats (.ubj, .json).
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// A CSV, JSON-lines or Parquet file, or several by a pattern.
    #[arg(value_name = "ROWS")]
    pub rows: PathBuf,

    /// Where predictions go: a file that ends in .parquet or .csv, or a folder, which gets a Parquet file for each
    /// partition.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,

    /// Columns of the rows that are written beside the predictions.
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub keep: Vec<String>,

    /// Write margins, before the objective makes probabilities or the like of them.
    #[arg(long)]
    pub margin: bool,

    #[command(flatten)]
    pub place: PlaceArgs,
}

/// Serve a trained model over HTTP.
///
/// POST /predict takes one row as a JSON object, or many as an array of objects, by the names of the features; a feature
/// that is missing, unknown or no number is answered with 422 and its name. GET /openapi.json describes it all,
/// GET /metrics has latencies, scores and the drift of each feature for Prometheus. It ends at Ctrl-C or SIGTERM, after
/// it has answered. Off loopback it needs credentials of a worker, and asks clients for theirs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  phalanx serve fraud.ubj
  curl -H 'Content-Type: application/json' -d @row.json http://127.0.0.1:8000/predict")]
pub struct ServeArgs {
    /// A model of XGBoost, in either of its formats (.ubj, .json).
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,

    /// Where to serve; port 0 takes any free port.
    #[arg(long, value_name = "ADDR:PORT", value_parser = values::socket, default_value = "127.0.0.1:8000")]
    pub bind: SocketAddr,

    /// Threads that score [default: the cores that this machine, or its container, gives].
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub threads: Option<usize>,

    /// How many rows a request may have.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_rows: u32,

    #[command(flatten)]
    pub credentials: CredentialsArg,
}

/// The demo's steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StepName {
    ArraySvd,
    ArrayTallSvd,
    ArrayMean,
    FrameUnique,
    FrameCumsum,
    FrameGroupby,
    LearnLogistic,
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

/// Bring up a cluster that stays, on this machine or on others over SSH; scale it, look at it, take it down.
///
/// The first host takes the scheduler, the others the workers. `ssh` must reach them without asking for anything; its
/// keys, known_hosts and ssh_config count. Hosts that have no Phalanx of this version get this binary. Credentials are
/// made for each cluster, and go with it.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
Examples:
  phalanx cluster up                                       two workers on this machine
  phalanx cluster up --launcher ssh --config hosts.json    with {\"ssh\": {\"hosts\": [\"a\", \"b\"]}}
  phalanx cluster scale 8
  phalanx cluster status
  phalanx cluster logs
  phalanx cluster down

The file of --config is a JSON object: workers, cores and memory_bytes (of each; 0 for what the machine has),
allow_python, and ssh with hosts, ssh (arguments of ssh), program (of phalanx on the hosts), address (of the first host,
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
    /// Print what the processes wrote lately.
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

/// Time the works of `cargo xtask bench`; one JSON object a line.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// On so many workers of one core, as processes of their own; without it, in this process.
    #[arg(long, value_name = "N", value_parser = values::count, allow_negative_numbers = true)]
    pub workers: Option<usize>,

    /// These works alone.
    #[arg(long, value_name = "WORK")]
    pub only: Vec<String>,
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
