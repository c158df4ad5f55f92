//! Operations on whole rows, by their ordinals.

use super::ordinal::number_rows;
use super::{exchange, project, sort_partitions};
use crate::node::SortKey;
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::limit::LocalLimitExec;
use std::sync::Arc;

/// The first `count` rows: each partition gives its first, one task sorts them and keeps the first again. A partition
/// stops as soon as it has its rows, so this costs little even where the input is large.
pub fn head(input: Arc<dyn ExecutionPlan>, count: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let limited: Arc<dyn ExecutionPlan> = Arc::new(LocalLimitExec::new(input, count));
    // No rows at all is not a limit that DataFusion's sort takes; the limit below has done it already.
    by_ordinal(number_rows(limited)?, &[], (count > 0).then_some(count))
}

/// All rows in one partition, by these columns; ties keep the input's order.
pub fn sort(input: Arc<dyn ExecutionPlan>, by: &[SortKey]) -> Result<Arc<dyn ExecutionPlan>> {
    let schema = input.schema();
    let keys: Result<Vec<(usize, bool)>> =
        by.iter().map(|key| Ok((schema.index_of(&key.column)?, key.descending))).collect();
    by_ordinal(number_rows(input)?, &keys?, None)
}

/// Brings rows whose last column is their ordinal into one partition, sorted by `by` and then by it, without it.
fn by_ordinal(
    input: Arc<dyn ExecutionPlan>,
    by: &[(usize, bool)],
    fetch: Option<usize>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let ordinal = input.schema().fields().len() - 1;
    let gathered = exchange(input, &[ordinal], 1)?;
    let mut keys = by.to_vec();
    keys.push((ordinal, false));
    project(sort_partitions(gathered, &keys, fetch)?, &(0..ordinal).collect::<Vec<_>>())
}
