//! Operations on whole rows, by their ordinals or by columns.

use super::ordinal::number_rows;
use super::ranges::{Key, sorted, with_keys};
use super::{exchange, gather, project, sort_partitions, sort_partitions_by};
use crate::kernel::values::internal;
use crate::relation::Relation;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::limit::LocalLimitExec;
use std::sync::Arc;

/// The first `count` rows: each partition gives its first, one task sorts them and keeps the first again. A partition
/// stops as soon as it has its rows, so this costs little even where the input is large.
pub fn head(input: Arc<dyn ExecutionPlan>, count: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let limited: Arc<dyn ExecutionPlan> = Arc::new(LocalLimitExec::new(input, count));
    let numbered = number_rows(limited)?;
    let ordinal = numbered.schema().fields().len() - 1;
    let gathered = exchange(numbered, &[ordinal], 1)?;
    // No rows at all is not a limit that DataFusion's sort takes; the limit above has done it already.
    let sorted = sort_partitions(gathered, &[(ordinal, false)], (count > 0).then_some(count))?;
    project(sorted, &(0..ordinal).collect::<Vec<_>>())
}

/// All rows by columns (name, descending), ties in their order; or only the first.
#[derive(Debug)]
pub(crate) struct Sorted {
    pub by: Vec<(String, bool)>,
    pub missing_first: bool,
    pub fetch: Option<usize>,
    /// Ties go backwards.
    pub last: bool,
}

impl Relation for Sorted {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(inputs[0].fields().clone())))
    }

    fn needs(&self, inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        let mut needed = outputs.to_vec();
        needed.extend(self.by.iter().filter_map(|(name, _)| inputs[0].index_of(name).ok()));
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }

    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("a sort has one input"))?;
        let schema = input.schema();
        let by = self
            .by
            .iter()
            .map(|(name, descending)| {
                Ok(Key { column: schema.index_of(name)?, descending: *descending, missing_first: self.missing_first })
            })
            .collect::<Result<Vec<_>>>()?;
        let Some(fetch) = self.fetch else { return sorted(input, &by) };
        // Each partition gives its best, one task the best of them.
        let (input, by) = with_keys(input, &by)?;
        let numbered = number_rows(input)?;
        let ordinal = numbered.schema().fields().len() - 1;
        let mut keys: Vec<(usize, SortOptions)> = by.iter().map(|key| (key.column, key.options())).collect();
        keys.push((ordinal, SortOptions { descending: self.last, nulls_first: false }));
        let fetch = Some(fetch.max(1));
        let best = gather(sort_partitions_by(numbered, &keys, fetch)?)?;
        project(sort_partitions_by(best, &keys, fetch)?, &(0..schema.fields().len()).collect::<Vec<_>>())
    }
}
