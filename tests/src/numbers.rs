//! Rows to be moved: made where they lie, from their numbers.

use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::{Operator, datafusion, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Bytes of a row: a key and three numbers.
pub const ROW_BYTES: u64 = 32;
const BATCH_ROWS: i64 = 8192;

/// `rows` rows for each row of its input, whose first column says which they are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Numbers {
    /// How many.
    pub rows: i64,
}

/// `(key, a, b, c)`.
pub fn schema() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::Float64, false);
    Arc::new(Schema::new(vec![Field::new("key", DataType::Int64, false), number("a"), number("b"), number("c")]))
}

/// The rows from `first` to `last - 1`: keys that are spread over all numbers.
fn batch(first: i64, last: i64) -> DataFusionResult<RecordBatch> {
    let keys: Int64Array = (first..last).map(|row| row.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64)).collect();
    let column = |part: f64| -> ArrayRef {
        let value = |row: i64| (row as f64 * part).fract();
        Arc::new((first..last).map(value).collect::<Float64Array>())
    };
    Ok(RecordBatch::try_new(schema(), vec![Arc::new(keys), column(0.1), column(0.01), column(0.001)])?)
}

#[typetag::serde]
impl Operator for Numbers {
    fn name(&self) -> &'static str {
        "test_numbers"
    }
    fn schema(&self) -> SchemaRef {
        schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let rows = self.rows;
        let output = input.swap_remove(0).map_ok(move |batch_of_numbers| {
            let numbers = batch_of_numbers.column(0).as_primitive::<Int64Type>().values().to_vec();
            let begins = numbers.into_iter().flat_map(move |number| {
                let (begin, end) = (number * rows, (number + 1) * rows);
                (begin..end).step_by(BATCH_ROWS as usize).map(move |first| batch(first, (first + BATCH_ROWS).min(end)))
            });
            futures::stream::iter(begins)
        });
        Ok(stream::with_schema(schema(), output.try_flatten().boxed()))
    }
}
