//! Where rows come from.
//!
//! | module | what it reads |
//! |---|---|
//! | [`parquet`], [`csv`], [`json`] | files, cut into ranges that are part of the plan, never of the machine |
//! | [`files`], `folders`, [`place`] | which files a pattern means, on this machine and behind URLs; values in their folders' names; their bytes |
//! | `ranges` | a table over ranges of files that DataFusion reads |
//! | [`text_files`], `text` | how files of lines are read, whatever the lines are; the operator that reads them |
//! | `records`, `values`, `missing` | plain CSV, found fast; what it says, and what says nothing |
//! | [`host`] | what a function of the caller's makes |
//! | [`memory`] | the caller's own rows, in the plan or scattered |
//! | `timeseries` | generated rows |

pub mod csv;
pub mod files;
mod folders;
pub mod host;
pub mod json;
pub mod memory;
mod missing;
pub mod parquet;
pub mod place;
mod ranges;
mod records;
mod text;
pub mod text_files;
pub(crate) mod timeseries;
mod values;

pub use csv::read_csv;
pub use host::from_host;
pub use json::read_json;
pub use memory::{from_batches, from_persisted, from_table, scatter};
pub use parquet::read_parquet;

use crate::Frame;
use datafusion::catalog::TableProvider;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::LogicalPlanBuilder;
use phalanx_engine::{Persisted, Result};
use std::sync::Arc;

/// The frame of all rows of `table`.
pub(crate) fn scan(label: &str, table: Arc<dyn TableProvider>, inputs: Vec<Persisted>) -> Result<Frame> {
    let plan = LogicalPlanBuilder::scan(label, provider_as_source(table), None)?.build()?;
    Frame::from_plan(label, plan, inputs)
}
