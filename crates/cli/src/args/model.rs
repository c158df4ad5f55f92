//! What is done with a trained model.

use super::{CredentialsArg, PlaceArgs};
use crate::values;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

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

    /// The name of a proxy in front of it on this machine, as it asks; requests under other names than this machine's are
    /// refused. In a session of Cloudera AI, the names that it has there are known.
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,

    #[command(flatten)]
    pub credentials: CredentialsArg,
}
