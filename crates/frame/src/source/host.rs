//! Rows that a function of a host language makes.

use super::memory::FixedTable;
use super::scan;
use crate::Frame;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use phalanx_engine::host::{CallHost, HostFunction};
use phalanx_engine::{Error, Result, plan};
use std::sync::Arc;

/// A frame of what `function` returns, which is called once for each of `arguments`: a batch is one partition. The
/// arguments travel inside the plan; the function must return rows of `schema`.
///
/// # Errors
/// `Input`: there is no argument, or they have different schemas. When it is computed, whatever the function raises.
pub fn from_host(function: HostFunction, arguments: Vec<RecordBatch>, schema: SchemaRef) -> Result<Frame> {
    let Some(first) = arguments.first() else {
        return Err(Error::input("a function that is called for no argument makes no partition")
            .with_hint("give at least one argument"));
    };
    let label = function.label.clone();
    let given = first.schema();
    let partitions: Vec<Vec<RecordBatch>> = arguments.into_iter().map(|batch| vec![batch]).collect();
    let call = CallHost::new(function, Arc::clone(&schema));
    let rows = plan::operator(call, vec![plan::table(given, &partitions)?])?;
    scan(&label, Arc::new(FixedTable { schema, rows }), vec![])
}
