//! The ordinal of a row: its partition and its place there, as one integer that sorts like pandas' row numbers.
//!
//! A task does not know which partition it computes. So a table of partition numbers, with as many partitions as the
//! data, stands beside it as a second input, and each task sees its own number.

use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, NullArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, replace_children_if_necessary};
use futures::TryStreamExt;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, OperatorExec, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// Bits of an ordinal for the row within its partition: a million million rows in each of eight million partitions.
pub const ROW_BITS: u32 = 40;

/// Appends the rows' ordinals as the last column.
pub fn number_rows(input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let mut fields = input.schema().fields().to_vec();
    fields.push(Arc::new(Field::new("ordinal", DataType::Int64, false)));
    let numbers = partition_numbers(plan::partition_count(&input))?;
    plan::operator(NumberRows { schema: SerializedSchema(Arc::new(Schema::new(fields))) }, vec![input, numbers])
}

/// `numbered` with nothing in place of the ordinals: for who reads no order. `None` if they are not given right below it, or
/// below an exchange.
pub fn without_ordinals(numbered: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    if numbered.is::<RepartitionExec>()
        && let [child] = numbered.children().as_slice()
    {
        let child = without_ordinals(child)?;
        return child.map(|child| replace_children_if_necessary(Arc::clone(numbered), vec![child])).transpose();
    }
    let ours = numbered.downcast_ref::<OperatorExec>();
    let children = numbered.children();
    let (Some(_), [data, _]) = (ours.and_then(OperatorExec::downcast::<NumberRows>), children.as_slice()) else {
        return Ok(None);
    };
    let mut fields = data.schema().fields().to_vec();
    fields.push(Arc::new(Field::new("ordinal", DataType::Null, true)));
    let schema = SerializedSchema(Arc::new(Schema::new(fields)));
    plan::operator(NumberNothing { schema }, vec![Arc::clone(data)]).map(Some)
}

#[derive(Debug, Serialize, Deserialize)]
struct NumberNothing {
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for NumberNothing {
    fn name(&self) -> &'static str {
        "number_nothing"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let schema = self.schema();
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let mut columns = batch.columns().to_vec();
            columns.push(Arc::new(NullArray::new(batch.num_rows())));
            Ok(RecordBatch::try_new(Arc::clone(&schema), columns)?)
        }))
    }
}

static NUMBER: LazyLock<SchemaRef> =
    LazyLock::new(|| Arc::new(Schema::new(vec![Field::new("partition", DataType::Int64, false)])));

/// A table whose partition `i` is the one row `i`.
pub fn partition_numbers(partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
    let rows: Result<Vec<Vec<RecordBatch>>> = (0..partitions)
        .map(|partition| {
            let number: ArrayRef = Arc::new(Int64Array::from(vec![partition as i64]));
            Ok(vec![RecordBatch::try_new(Arc::clone(&NUMBER), vec![number])?])
        })
        .collect();
    plan::table(Arc::clone(&NUMBER), &rows?)
}

/// The one row of a partition of a small table.
pub async fn one_row(input: SendableRecordBatchStream) -> Result<RecordBatch> {
    let batches: Vec<RecordBatch> = input.try_collect().await?;
    batches
        .into_iter()
        .find(|batch| batch.num_rows() > 0)
        .ok_or_else(|| DataFusionError::Internal(String::from("a task has no row of its own")))
}

/// The partition's number, from its partition of [`partition_numbers`].
pub async fn partition_number(input: SendableRecordBatchStream) -> Result<i64> {
    Ok(one_row(input).await?.column(0).as_primitive::<Int64Type>().value(0))
}

/// The two inputs of an operator that has two.
pub fn two<T>(input: Vec<T>) -> Result<(T, T)> {
    let [first, second] = <[T; 2]>::try_from(input)
        .map_err(|inputs| DataFusionError::Internal(format!("two inputs, not {}", inputs.len())))?;
    Ok((first, second))
}

#[derive(Debug, Serialize, Deserialize)]
struct NumberRows {
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for NumberRows {
    fn name(&self) -> &'static str {
        "number_rows"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let (data, numbers) = two(input)?;
        let schema = self.schema();
        let output = Arc::clone(&schema);
        let numbered = async move {
            let mut next = partition_number(numbers).await? << ROW_BITS;
            Ok::<_, DataFusionError>(data.and_then(move |batch| {
                let rows = batch.num_rows() as i64;
                let ordinals: ArrayRef = Arc::new(Int64Array::from_iter_values(next..next + rows));
                next += rows;
                let mut columns = batch.columns().to_vec();
                columns.push(ordinals);
                let schema = Arc::clone(&schema);
                async move { Ok(RecordBatch::try_new(schema, columns)?) }
            }))
        };
        Ok(stream::with_schema(output, futures::stream::once(numbered).try_flatten()))
    }
}

/// Numbered rows that were gathered into one partition, in the order of their ordinals, the last column. Rows come in runs
/// whose numbers follow on each other, batches mostly, and only these are sorted. For who holds all rows anyway.
pub fn put_in_order(gathered: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan::operator(PutInOrder { schema: SerializedSchema(gathered.schema()) }, vec![gathered])
}

#[derive(Debug, Serialize, Deserialize)]
struct PutInOrder {
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for PutInOrder {
    fn name(&self) -> &'static str {
        "put_in_order"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        Ok(stream::gather(self.schema(), input, |inputs| {
            let mut runs: Vec<(i64, RecordBatch)> = inputs.iter().flatten().flat_map(runs).collect();
            runs.sort_by_key(|(first, _)| *first);
            Ok(runs.into_iter().map(|(_, run)| run).collect())
        }))
    }
}

/// The runs of a batch, each with its first ordinal.
fn runs(batch: &RecordBatch) -> Vec<(i64, RecordBatch)> {
    let ordinals = batch.column(batch.num_columns() - 1).as_primitive::<Int64Type>().values();
    let (mut first, mut runs) = (0, vec![]);
    for run in ordinals.chunk_by(|left, right| left + 1 == *right) {
        runs.push((run[0], batch.slice(first, run.len())));
        first += run.len();
    }
    runs
}

/// The rows of a sort, as they are. Passes that run on a worker's stages take out a sort whose keys are projected away,
/// since nobody above seems to require it: this operator does.
pub fn in_order(sorted: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan::operator(InOrder { schema: SerializedSchema(sorted.schema()) }, vec![sorted])
}

#[derive(Debug, Serialize, Deserialize)]
pub struct InOrder {
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for InOrder {
    fn name(&self) -> &'static str {
        "in_order"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        Ok(input.swap_remove(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_put_in_order() {
        let batch = |ordinals: &[i64]| {
            let column: ArrayRef = Arc::new(Int64Array::from(ordinals.to_vec()));
            RecordBatch::try_from_iter([("ordinal", column)]).unwrap()
        };
        let second = 1 << ROW_BITS;
        // Batches of two partitions were joined, and a later one of the first came last.
        let mut found: Vec<(i64, RecordBatch)> =
            [batch(&[0, 1, second, second + 1, second + 2]), batch(&[]), batch(&[2, 3])]
                .iter()
                .flat_map(runs)
                .collect();
        found.sort_by_key(|(first, _)| *first);
        let runs: Vec<&[i64]> =
            found.iter().map(|(_, run)| &**run.column(0).as_primitive::<Int64Type>().values()).collect();
        assert_eq!(runs, [&[0, 1][..], &[2, 3], &[second, second + 1, second + 2]]);
    }
}
