//! Some rows of each group, in the input's order and partitions: `drop_duplicates`, `groupby().head()`.

use super::segment::{Segments, restore, segments};
use super::{column, project};
use crate::kernel::reduce::nth;
use crate::kernel::values::internal;
use crate::relation::Relation;
use datafusion::arrow::array::{BooleanArray, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::error::Result;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use phalanx_engine::{plan, typetag};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::sync::Arc;

/// Which rows of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Which {
    /// The first; all but so many of the last, if negative.
    Head(i64),
    /// The last; all but so many of the first, if negative.
    Tail(i64),
    /// Those.
    Nth(Vec<i64>),
    /// The only one, if it is the only one.
    Single,
}

impl Which {
    fn rows(&self, group: &Range<usize>) -> Vec<usize> {
        let count = |rows: i64| {
            let rows = if rows >= 0 { rows } else { (group.len() as i64 + rows).max(0) };
            usize::try_from(rows).unwrap_or(0).min(group.len())
        };
        match self {
            Self::Head(rows) => (group.start..group.start + count(*rows)).collect(),
            Self::Tail(rows) => (group.end - count(*rows)..group.end).collect(),
            Self::Nth(rows) => rows.iter().filter_map(|row| nth(group, *row)).collect(),
            Self::Single => {
                if group.len() == 1 {
                    group.clone().collect()
                } else {
                    vec![]
                }
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct GroupRows {
    pub keys: Vec<String>,
    pub dropna: bool,
    pub which: Which,
}

impl Relation for GroupRows {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(inputs[0].fields().clone())))
    }

    fn needs(&self, inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        let mut needed = outputs.to_vec();
        needed.extend(self.keys.iter().filter_map(|name| inputs[0].index_of(name).ok()));
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }

    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("groups have one input"))?;
        let home = plan::partition_count(&input);
        let columns = input.schema().fields().len();
        let (input, keys) = keys_first(input, &self.keys)?;
        let task = Kept { which: self.which.clone() };
        let kept = segments(input, keys, self.dropna, partitions, |schema| Ok(Arc::clone(schema)), Box::new(task))?;
        let restored = restore(kept, home)?;
        project(restored, &(keys..keys + columns).collect::<Vec<_>>())
    }
}

/// Copies of the keys, which may be made canonical, and then the input's own columns.
pub fn keys_first(input: Arc<dyn ExecutionPlan>, keys: &[String]) -> Result<(Arc<dyn ExecutionPlan>, usize)> {
    let schema = input.schema();
    let mut expressions = vec![];
    for (number, key) in keys.iter().enumerate() {
        expressions.push((column(&schema, schema.index_of(key)?), format!("key {number}")));
    }
    for (index, field) in schema.fields().iter().enumerate() {
        expressions.push((column(&schema, index), field.name().clone()));
    }
    Ok((Arc::new(ProjectionExec::try_new(expressions, input)?), keys.len()))
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    which: Which,
}

#[typetag::serde]
impl Segments for Kept {
    fn name(&self) -> &'static str {
        "kept rows"
    }
    fn boxed(&self) -> Box<dyn Segments> {
        Box::new(self.clone())
    }
    fn run(&self, batch: &RecordBatch, groups: &[Range<usize>]) -> Result<RecordBatch> {
        let mut keep = vec![false; batch.num_rows()];
        for row in groups.iter().flat_map(|group| self.which.rows(group)) {
            keep[row] = true;
        }
        Ok(filter_record_batch(batch, &BooleanArray::from(keep))?)
    }
}
