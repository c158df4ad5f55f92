//! What `phalanx demo` takes, and what the bench does.

use super::CredentialsArg;
use crate::values;
use clap::{Args, Subcommand, ValueEnum};
use phalanx_cluster::SchedulerAddress;
use std::path::PathBuf;

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
