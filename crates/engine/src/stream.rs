//! Helpers for the streams of [operators](crate::Operator).

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::MemoryLimit;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{Stream, StreamExt, TryStreamExt};

/// Gives `stream` its schema.
pub fn with_schema(
    schema: SchemaRef,
    stream: impl Stream<Item = Result<RecordBatch>> + Send + 'static,
) -> SendableRecordBatchStream {
    Box::pin(RecordBatchStreamAdapter::new(schema, stream))
}

/// One output batch for each input batch. `map` may not depend on where the batches are cut.
pub fn map(
    schema: SchemaRef,
    input: SendableRecordBatchStream,
    mut map: impl FnMut(RecordBatch) -> Result<RecordBatch> + Send + 'static,
) -> SendableRecordBatchStream {
    with_schema(schema, input.map(move |batch| map(batch?)))
}

/// Any number of output batches for each input batch, made one at a time.
pub fn flat_map<I>(
    schema: SchemaRef,
    input: SendableRecordBatchStream,
    mut map: impl FnMut(RecordBatch) -> Result<I> + Send + 'static,
) -> SendableRecordBatchStream
where
    I: Iterator<Item = Result<RecordBatch>> + Send + 'static,
{
    with_schema(schema, input.map(move |batch| batch.and_then(&mut map).map(futures::stream::iter)).try_flatten())
}

/// Batches that take no more of the memory than operators expect of one: what is larger comes in pieces of as many rows as
/// the session's batches have. Nothing is copied.
pub fn in_pieces(input: SendableRecordBatchStream, context: &TaskContext) -> SendableRecordBatchStream {
    /// No batch is larger than this part of the memory.
    const SHARE: u64 = 64;
    let MemoryLimit::Finite(limit) = context.memory_pool().memory_limit() else { return input };
    let (most, rows) = (limit as u64 / SHARE, context.session_config().batch_size().max(1));
    flat_map(input.schema(), input, move |batch| {
        let step = if crate::memory::bytes_of([&batch]) > most { rows } else { batch.num_rows().max(1) };
        let starts = (0..batch.num_rows().max(1)).step_by(step);
        Ok(starts.map(move |from| Ok(batch.slice(from, step.min(batch.num_rows() - from)))))
    })
}

/// Waits for all inputs, whole and in order, and computes the output from them. For operators whose partition fits
/// the task's memory by construction.
pub fn gather(
    schema: SchemaRef,
    inputs: Vec<SendableRecordBatchStream>,
    compute: impl FnOnce(Vec<Vec<RecordBatch>>) -> Result<Vec<RecordBatch>> + Send + 'static,
) -> SendableRecordBatchStream {
    let output = async move {
        let mut gathered = Vec::with_capacity(inputs.len());
        for input in inputs {
            gathered.push(input.try_collect::<Vec<_>>().await?);
        }
        let batches = compute(gathered)?;
        Ok::<_, DataFusionError>(futures::stream::iter(batches.into_iter().map(Ok)))
    };
    with_schema(schema, futures::stream::once(output).try_flatten())
}
