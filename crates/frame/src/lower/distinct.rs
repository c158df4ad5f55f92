//! `unique` and `value_counts`: groups by value, each with its smallest ordinal, sorted at the end.

use super::aggregates::{Source, aggregate_twice};
use super::canonical::Canonical;
use super::ordinal::number_rows;
use super::{column, exchange, project, sort_partitions};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use std::sync::Arc;

/// The distinct values of the only column, in order of first appearance, in one partition.
pub fn unique(input: Arc<dyn ExecutionPlan>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let canonical = Canonical { compared: vec![0], ..Canonical::default() }.over(input)?;
    let numbered = number_rows(canonical)?;
    let distinct = aggregate_twice(numbered, 1, vec![(Source::First, 1)], partitions)?;
    project(sort_partitions(exchange(distinct, &[1], 1)?, &[(1, false)], None)?, &[0])
}

/// The distinct values of the only column that are not missing, with their counts: most frequent first, ties by
/// first appearance, in one partition.
pub fn value_counts(input: Arc<dyn ExecutionPlan>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let canonical = Canonical { compared: vec![0], missing: vec![0], required: vec![0] }.over(input)?;
    let numbered = number_rows(canonical)?;
    let counted = aggregate_twice(numbered, 1, vec![(Source::Count, 1), (Source::First, 1)], partitions)?;
    let sorted = sort_partitions(exchange(counted, &[2], 1)?, &[(1, true), (2, false)], None)?;
    let schema = sorted.schema();
    let value = (column(&schema, 0), schema.field(0).name().clone());
    Ok(Arc::new(ProjectionExec::try_new([value, (column(&schema, 1), String::from("count"))], sorted)?))
}
