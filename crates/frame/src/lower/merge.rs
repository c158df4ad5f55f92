//! `merge`: a hash join between numbered rows, whose pairs go back to the partition of their left row and are sorted
//! there.

use super::canonical::Canonical;
use super::ordinal::{ROW_BITS, number_rows};
use super::unpack::unpack;
use super::{column, exchange, sort_partitions};
use crate::merge::Keep;
use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::common::{JoinType, NullEquality};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::route::routes;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The pairs of rows with equal keys, by left row and then by right row, in the partitions of `left`.
pub fn lower(
    left: Arc<dyn ExecutionPlan>,
    right: Arc<dyn ExecutionPlan>,
    on: &[String],
    keep: Keep,
    partitions: usize,
) -> Result<Arc<dyn ExecutionPlan>> {
    let output = crate::merge::schema(&left.schema(), &right.schema(), on, keep);
    let left_partitions = plan::partition_count(&left);
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
    let routed = RouteBack::over(pairs, left_ordinal, left_partitions)?;
    let home = exchange(routed, &[left_ordinal + 1], left_partitions)?;
    let sorted = sort_partitions(home, &[(left_ordinal, false), (right_ordinal, false)], None)?;
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

/// Appends the route to the partition that an ordinal names.
#[derive(Debug, Serialize, Deserialize)]
struct RouteBack {
    schema: SerializedSchema,
    ordinal: usize,
    partitions: usize,
}

impl RouteBack {
    fn over(input: Arc<dyn ExecutionPlan>, ordinal: usize, partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let mut fields = input.schema().fields().to_vec();
        fields.push(Arc::new(Field::new("route", DataType::Int64, false)));
        let schema = SerializedSchema(Arc::new(Schema::new(fields)));
        plan::operator(Self { schema, ordinal, partitions }, vec![input])
    }
}

#[typetag::serde]
impl Operator for RouteBack {
    fn name(&self) -> &'static str {
        "route_back"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let (schema, ordinal, routes) = (self.schema(), self.ordinal, routes(self.partitions));
        let output = Arc::clone(&schema);
        Ok(stream::map(output, input.swap_remove(0), move |batch| {
            let ordinals = batch.column(ordinal).as_primitive::<Int64Type>().values();
            let route = |ordinal: &i64| {
                usize::try_from(ordinal >> ROW_BITS).ok().and_then(|partition| routes.get(partition)).copied()
            };
            let routed: Option<Vec<i64>> = ordinals.iter().map(route).collect();
            let routed =
                routed.ok_or_else(|| DataFusionError::Internal(String::from("an ordinal names no partition")))?;
            let mut columns = batch.columns().to_vec();
            columns.push(Arc::new(Int64Array::from(routed)) as ArrayRef);
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}
