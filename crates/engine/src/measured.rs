//! The time and rows of one partition of an operator.
//!
//! An operator computes while its stream is polled, and so do its inputs, which it polls meanwhile: its own time is the
//! one less the other. Two looks at the clock a batch.

use crate::stream::with_schema;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, RecordOutput};
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

/// Measures one partition.
pub struct Measure {
    metrics: BaselineMetrics,
    /// Nanoseconds that polling the inputs took.
    in_inputs: Arc<AtomicU64>,
}

impl Measure {
    /// Of `partition`, into `metrics`.
    pub fn new(metrics: &ExecutionPlanMetricsSet, partition: usize) -> Self {
        Self { metrics: BaselineMetrics::new(metrics, partition), in_inputs: Arc::default() }
    }

    /// `input`, whose time is not the operator's.
    pub fn input(&self, mut input: SendableRecordBatchStream) -> SendableRecordBatchStream {
        let (schema, spent) = (input.schema(), Arc::clone(&self.in_inputs));
        let timed = futures::stream::poll_fn(move |context| {
            let began = Instant::now();
            let polled = input.poll_next_unpin(context);
            spent.fetch_add(nanoseconds(began.elapsed()), Ordering::Relaxed);
            polled
        });
        with_schema(schema, timed)
    }

    /// `output`, whose time and rows are the operator's. What it computes before its first poll, or in tasks of its own,
    /// is not seen.
    pub fn output(self, mut output: SendableRecordBatchStream) -> SendableRecordBatchStream {
        let schema = output.schema();
        let timed = futures::stream::poll_fn(move |context| {
            let (before, began) = (self.in_inputs.load(Ordering::Relaxed), Instant::now());
            let polled = output.poll_next_unpin(context);
            let inputs = self.in_inputs.load(Ordering::Relaxed).saturating_sub(before);
            let own = nanoseconds(began.elapsed()).saturating_sub(inputs);
            self.metrics.elapsed_compute().add_duration(Duration::from_nanos(own));
            match polled {
                Poll::Ready(Some(Ok(batch))) => Poll::Ready(Some(Ok(batch.record_output(&self.metrics)))),
                other => other,
            }
        });
        with_schema(schema, timed)
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::datatypes::{DataType, Field, Schema};
    use datafusion::arrow::record_batch::RecordBatch;

    fn rows(count: usize) -> RecordBatch {
        let schema = Schema::new(vec![Field::new("x", DataType::Int64, false)]);
        let values = datafusion::arrow::array::Int64Array::from(vec![0; count]);
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(values)]).unwrap()
    }

    #[tokio::test]
    async fn an_operators_time_is_its_own_and_its_rows_are_counted() {
        let metrics = ExecutionPlanMetricsSet::new();
        let measure = Measure::new(&metrics, 0);
        fn slowly(millis: u64, batch: RecordBatch) -> datafusion::error::Result<RecordBatch> {
            std::thread::sleep(Duration::from_millis(millis));
            Ok(batch)
        }
        let batches = vec![rows(3), rows(4)];
        let schema = batches[0].schema();
        let input = measure
            .input(with_schema(Arc::clone(&schema), futures::stream::iter(batches).map(|batch| slowly(60, batch))));
        let worked = input.map(|batch| slowly(10, batch.unwrap()));
        let output = measure.output(with_schema(schema, worked));
        assert_eq!(output.collect::<Vec<_>>().await.len(), 2);
        let found = metrics.clone_inner();
        assert_eq!(found.output_rows(), Some(7));
        let own = Duration::from_nanos(found.elapsed_compute().unwrap() as u64);
        assert!(own >= Duration::from_millis(20) && own < Duration::from_millis(100), "{own:?}");
    }
}
