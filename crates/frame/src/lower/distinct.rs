//! `unique` and `value_counts`: groups by value, each with its smallest ordinal, sorted at the end.

use super::canonical::Canonical;
use super::groupby::aggregate_twice;
use super::ordinal::number_rows;
use super::{column, exchange, project, sort_partitions};
use datafusion::error::Result;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::min_max::min_udaf;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// The distinct values of the only column, in order of first appearance, in one partition.
pub fn unique(input: Arc<dyn ExecutionPlan>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let canonical = Canonical { compared: vec![0], ..Canonical::default() }.over(input)?;
    let numbered = number_rows(canonical)?;
    let first = (min_udaf(), column(&numbered.schema(), 1), String::from("first"));
    let distinct = aggregate_twice(numbered, 1, vec![first], partitions)?;
    project(sort_partitions(exchange(distinct, &[1], 1)?, &[(1, false)], None)?, &[0])
}

/// The distinct values of the only column that are not missing, with their counts: most frequent first, ties by
/// first appearance, in one partition.
pub fn value_counts(input: Arc<dyn ExecutionPlan>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let canonical = Canonical { compared: vec![0], missing: vec![0], required: vec![0] }.over(input)?;
    let numbered = number_rows(canonical)?;
    let ordinal = column(&numbered.schema(), 1);
    let aggregates =
        vec![(count_udaf(), Arc::clone(&ordinal), String::from("count")), (min_udaf(), ordinal, String::from("first"))];
    let counted = aggregate_twice(numbered, 1, aggregates, partitions)?;
    project(sort_partitions(exchange(counted, &[2], 1)?, &[(1, true), (2, false)], None)?, &[0, 1])
}
