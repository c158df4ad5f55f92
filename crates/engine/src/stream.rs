//! Helpers for the streams of [operators](crate::Operator).

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::{DataFusionError, Result};
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
