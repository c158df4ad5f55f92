//! `merge`: a hash join between numbered rows, whose pairs are sorted by the numbers in one partition.

use super::canonical::Canonical;
use super::ordinal::number_rows;
use super::unpack::unpack;
use super::{column, exchange, sort_partitions};
use crate::merge::Keep;
use datafusion::common::{JoinType, NullEquality};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use std::sync::Arc;

/// The pairs of rows with equal keys, by left row and then by right row, in one partition.
pub fn lower(
    left: Arc<dyn ExecutionPlan>,
    right: Arc<dyn ExecutionPlan>,
    on: &[String],
    keep: Keep,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let output = crate::merge::schema(&left.schema(), &right.schema(), on, keep);
    let (left_keys, right_keys) = (indices(&left, on)?, indices(&right, on)?);
    let left = number_rows(comparable(left, &left_keys)?)?;
    let right = number_rows(comparable(right, &right_keys)?)?;
    let (left_schema, right_schema) = (left.schema(), right.schema());
    let keys = right_keys
        .iter()
        .zip(&left_keys)
        .map(|(&right, &left)| (column(&right_schema, right), column(&left_schema, left)))
        .collect();
    // The first input of DataFusion's hash join is the one that is held in memory: ours is the right frame.
    let kind = match keep {
        Keep::Inner => JoinType::Inner,
        Keep::Left => JoinType::Right,
    };
    let pairs: Arc<dyn ExecutionPlan> = Arc::new(HashJoinExec::try_new(
        exchange(right, &right_keys, partitions)?,
        exchange(left, &left_keys, partitions)?,
        keys,
        None,
        &kind,
        None,
        PartitionMode::Partitioned,
        NullEquality::NullEqualsNull,
        false,
    )?);
    let right_columns = right_schema.fields().len();
    let (right_ordinal, left_ordinal) = (right_columns - 1, pairs.schema().fields().len() - 1);
    let gathered = exchange(pairs, &[left_ordinal], 1)?;
    let sorted = sort_partitions(gathered, &[(left_ordinal, false), (right_ordinal, false)], None)?;
    let rights = (0..right_ordinal).filter(|index| !right_keys.contains(index));
    let picks = (right_columns..left_ordinal).chain(rights).map(|index| (index, None)).collect();
    unpack(sorted, output, picks)
}

fn indices(input: &Arc<dyn ExecutionPlan>, names: &[String]) -> Result<Vec<usize>> {
    names.iter().map(|name| Ok(input.schema().index_of(name)?)).collect()
}

/// Float keys in the form in which equal means equal.
fn comparable(input: Arc<dyn ExecutionPlan>, keys: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
    Canonical { compared: keys.to_vec(), missing: keys.to_vec(), required: vec![] }.over(input)
}
