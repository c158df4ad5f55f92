//! Rows of one partition in the order of their ordinals: in memory while they fit, else by a sort that spills; and rows
//! that are no part of more.

use super::buckets::{Batches, Space, bytes_of};
use crate::kernel::values::internal;
use datafusion::arrow::array::{AsArray, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{SortOptions, concat_batches, take_record_batch};
use datafusion::arrow::datatypes::{Int64Type, SchemaRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Rows, and the same in order.
const COPIES: usize = 2;

/// The rows by these columns of integers, the first of which counts most; ties keep their order, and nobody may rely on
/// where a missing one stands.
pub(super) fn by_ordinals(
    mut input: SendableRecordBatchStream,
    columns: Vec<usize>,
    context: &TaskContext,
) -> SendableRecordBatchStream {
    let schema = input.schema();
    let output = Arc::clone(&schema);
    let mut space = Space::of(context, "order", COPIES);
    let own = Arc::new(task_context(context));
    let ordered = async move {
        let (mut rows, mut fits) = (vec![], true);
        while fits && let Some(batch) = input.try_next().await? {
            fits = space.take(bytes_of(&batch));
            rows.push(batch);
        }
        if !fits {
            drop(space);
            let all = futures::stream::iter(rows.into_iter().map(Ok)).chain(input);
            return sort(stream::with_schema(schema, all), &columns, own);
        }
        let batches = in_memory(&schema, rows, &columns, own.session_config().batch_size())?;
        let held = batches.inspect(move |_| {
            let _held = &space;
        });
        Ok(stream::with_schema(schema, futures::stream::iter(held)))
    };
    stream::with_schema(output, futures::stream::once(ordered).try_flatten())
}

/// A context for what outlives the call that was lent one.
pub(super) fn task_context(context: &TaskContext) -> TaskContext {
    TaskContext::default().with_session_config(context.session_config().clone()).with_runtime(context.runtime_env())
}

fn in_memory(schema: &SchemaRef, rows: Vec<RecordBatch>, columns: &[usize], batch_rows: usize) -> Result<Batches> {
    if is_ordered(&rows, columns) {
        return Ok(Box::new(rows.into_iter().map(Ok)));
    }
    let whole = concat_batches(schema, &rows)?;
    drop(rows);
    let keys = ordinals(&whole, columns);
    let mut order: Vec<u32> = (0..whole.num_rows() as u32).collect();
    order.sort_by(|one, other| {
        let key = |row: u32| keys.iter().map(move |values| values[row as usize]);
        key(*one).cmp(key(*other))
    });
    let batch_rows = batch_rows.max(1);
    let pieces = (0..order.len()).step_by(batch_rows);
    let piece = move |from: usize| order[from..order.len().min(from + batch_rows)].to_vec();
    Ok(Box::new(pieces.map(move |from| Ok(take_record_batch(&whole, &UInt32Array::from(piece(from)))?))))
}

fn ordinals<'a>(batch: &'a RecordBatch, columns: &[usize]) -> Vec<&'a [i64]> {
    columns.iter().map(|column| batch.column(*column).as_primitive::<Int64Type>().values().as_ref()).collect()
}

fn is_ordered(rows: &[RecordBatch], columns: &[usize]) -> bool {
    let mut last: Vec<i64> = vec![i64::MIN; columns.len()];
    rows.iter().all(|batch| {
        let keys = ordinals(batch, columns);
        (0..batch.num_rows()).all(|row| {
            let key = || keys.iter().map(|values| values[row]);
            let after = last.iter().copied().le(key());
            last.clear();
            last.extend(key());
            after
        })
    })
}

/// The same by a sort that spills.
fn sort(
    rows: SendableRecordBatchStream,
    columns: &[usize],
    context: Arc<TaskContext>,
) -> Result<SendableRecordBatchStream> {
    let schema = rows.schema();
    let options = SortOptions { descending: false, nulls_first: false };
    let keys = columns.iter().map(|&index| PhysicalSortExpr { expr: super::column(&schema, index), options });
    let ordering = LexOrdering::new(keys).ok_or_else(|| internal("nothing to sort by"))?;
    let once: Arc<dyn PartitionStream> = Arc::new(Once { schema: Arc::clone(&schema), rows: Mutex::new(Some(rows)) });
    let rows = StreamingTableExec::try_new(schema, vec![once], None, [], false, None)?;
    SortExec::new(ordering, Arc::new(rows)).execute(0, context)
}

/// A stream as the input of a plan that is run once.
struct Once {
    schema: SchemaRef,
    rows: Mutex<Option<SendableRecordBatchStream>>,
}

impl fmt::Debug for Once {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Once")
    }
}

impl PartitionStream for Once {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }
    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let twice = || futures::stream::iter([Err(internal("rows are read twice"))]);
        self.rows.lock().take().unwrap_or_else(|| stream::with_schema(Arc::clone(&self.schema), twice()))
    }
}

/// Copies rows that are a part of much more, which a sort would count whole for each of its parts.
pub(super) fn alone(input: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    plan::operator(Alone { schema: SerializedSchema(input.schema()) }, vec![input])
}

#[derive(Debug, Serialize, Deserialize)]
struct Alone {
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for Alone {
    fn name(&self) -> &'static str {
        "alone"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, mut input: Vec<SendableRecordBatchStream>, _: &TaskContext) -> Result<SendableRecordBatchStream> {
        Ok(stream::map(self.schema(), input.swap_remove(0), |batch| {
            if batch.get_array_memory_size() <= 2 * bytes_of(&batch) + SMALL {
                return Ok(batch);
            }
            let all: UInt32Array = (0..batch.num_rows() as u32).collect();
            Ok::<_, DataFusionError>(take_record_batch(&batch, &all)?)
        }))
    }
}

/// Bytes that are not worth a copy.
const SMALL: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{ArrayRef, Int64Array};
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use phalanx_engine::session;

    /// Rows of (build, ordinal, value) out of order, in batches of `rows`.
    fn shuffled(count: i64, rows: usize) -> (SchemaRef, Vec<RecordBatch>) {
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        let schema = Arc::new(Schema::new(vec![field("build"), field("ordinal"), field("value")]));
        let at = |number: i64| number * 7919 % count; // a prime: each once
        let column = |of: &dyn Fn(i64) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values((0..count).map(|number| of(at(number)))))
        };
        let columns = vec![column(&|row| row % 3), column(&|row| row / 3), column(&|row| row)];
        let whole = RecordBatch::try_new(Arc::clone(&schema), columns).unwrap();
        let pieces = (0..count as usize).step_by(rows);
        (schema, pieces.map(|from| whole.slice(from, rows.min(count as usize - from))).collect())
    }

    async fn values(memory_bytes: u64, rows: usize) -> Vec<i64> {
        let folder = tempfile::tempdir().unwrap();
        let context = TaskContext::default().with_runtime(session::environment(memory_bytes, folder.path()).unwrap());
        let (schema, batches) = shuffled(100_000, rows);
        let input = stream::with_schema(schema, futures::stream::iter(batches.into_iter().map(Ok)));
        let sorted: Vec<RecordBatch> = by_ordinals(input, vec![1, 0], &context).try_collect().await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "what was spilled is gone with the stream");
        sorted.iter().flat_map(|batch| batch.column(2).as_primitive::<Int64Type>().values().to_vec()).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_order_is_the_same_with_little_memory() {
        let expected: Vec<i64> = (0..100_000).collect();
        assert_eq!(values(1 << 30, 1000).await, expected);
        assert_eq!(values(1 << 20, 1000).await, expected);
        assert_eq!(values(1 << 20, 100).await, expected);
    }

    #[test]
    fn what_is_in_order_is_not_copied() {
        let (_, batches) = shuffled(10, 10);
        let sorted = batches[0].project(&[2]).unwrap();
        assert!(!is_ordered(std::slice::from_ref(&sorted), &[0]));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
        let ordered = RecordBatch::try_new(sorted.schema(), vec![numbers]).unwrap();
        assert!(is_ordered(&[ordered.clone(), ordered.slice(9, 1)], &[0]));
        assert!(!is_ordered(&[ordered.clone(), ordered], &[0]));
    }
}
