//! Parts of the rows, drawn at random: train and test.

use crate::draws::draws;
use crate::matrix::{Data, Matrix};
use crate::rows::Layout;
use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use futures::{StreamExt, TryStreamExt};
use phalanx_chunk::random::Distribution;
use phalanx_engine::{Error, Operator, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// The stream of random numbers that splits draw from.
const STREAM: u64 = 0x0073_706c_6974; // "split"

/// A part of a [`split`](Data::split).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Part {
    Train,
    Test,
}

impl Data {
    /// The rows in two parts, train and test, each in the order of the rows; a row is in the second part with the
    /// probability `test_share`.
    ///
    /// Where a row goes depends on the seed and on its number among all rows alone: not on the borders of partitions,
    /// nor on the rows around it. So the parts have about, and not exactly, the shares that were asked for. Both are
    /// lazy and read the persisted rows.
    ///
    /// ```
    /// # use phalanx_engine::{LocalEngine, Settings};
    /// # fn main() -> phalanx_engine::Result<()> {
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let data = phalanx_learn::datasets::make_classification(10_000, 3).build()?.persist(&engine)?;
    /// let (train, test) = data.split(0.2, 7)?;
    /// let (train, test) = (train.persist(&engine)?, test.persist(&engine)?);
    /// assert_eq!(train.rows() + test.rows(), 10_000);
    /// assert!((1_850..2_150).contains(&test.rows()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `Input`: `test_share` is not between 0 and 1.
    pub fn split(&self, test_share: f64, seed: u64) -> Result<(Matrix, Matrix)> {
        if !(test_share > 0.0 && test_share < 1.0) {
            return Err(Error::input(format!("a test share of {test_share}"))
                .with_hint("take a share between 0 and 1, such as 0.2"));
        }
        let part = |part: Part| {
            let keep = Keep { layout: self.matrix().layout(), test_share, seed, part };
            let label = keep.name();
            let inputs = vec![Arc::clone(self.matrix().plan().root()), self.first_rows()?];
            self.matrix().under(label, plan::operator(keep, inputs)?)
        };
        Ok((part(Part::Train)?, part(Part::Test)?))
    }

    /// A table whose partition `i` says which number the first row of the data's partition `i` has.
    pub(crate) fn first_rows(&self) -> Result<Arc<dyn datafusion::physical_plan::ExecutionPlan>> {
        let mut next = 0_i64;
        let mut partitions = vec![];
        for rows in self.partition_rows() {
            let column: ArrayRef = Arc::new(Int64Array::from(vec![next]));
            partitions.push(vec![RecordBatch::try_new(Arc::clone(&FIRST), vec![column])?]);
            next = i64::try_from(rows)
                .ok()
                .and_then(|rows| next.checked_add(rows))
                .ok_or_else(|| Error::unsupported("more than 2^63 rows"))?;
        }
        Ok(plan::table(Arc::clone(&FIRST), &partitions)?)
    }
}

static FIRST: LazyLock<SchemaRef> =
    LazyLock::new(|| Arc::new(Schema::new(vec![Field::new("first_row", DataType::Int64, false)])));

/// Keeps the rows of one part. Its second input says which number the first row has.
#[derive(Debug, Serialize, Deserialize)]
struct Keep {
    layout: Layout,
    test_share: f64,
    seed: u64,
    part: Part,
}

#[typetag::serde(name = "split_keep")]
impl Operator for Keep {
    fn name(&self) -> &'static str {
        match self.part {
            Part::Train => "train_rows",
            Part::Test => "test_rows",
        }
    }
    fn schema(&self) -> SchemaRef {
        self.layout.schema()
    }
    fn run(
        &self,
        input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (share, seed, part) = (self.test_share, self.seed, self.part);
        numbered(self.schema(), input, move |first, batch| {
            let kept = in_test(seed, share, first, batch.num_rows())?;
            let mask: BooleanArray = kept.iter().map(|test| Some(*test == (part == Part::Test))).collect();
            Ok(filter_record_batch(&batch, &mask)?)
        })
    }
}

/// What `make` makes of each batch of a partition's rows, and of the number of the batch's first row among all rows. Of
/// the two inputs, the second is the table of [`Data::first_rows`].
pub(crate) fn numbered(
    schema: SchemaRef,
    mut input: Vec<SendableRecordBatchStream>,
    mut make: impl FnMut(usize, RecordBatch) -> DataFusionResult<RecordBatch> + Send + 'static,
) -> DataFusionResult<SendableRecordBatchStream> {
    let (Some(mut firsts), Some(rows)) = (input.pop(), input.pop()) else {
        return Err(DataFusionError::Internal(String::from("numbered rows have two inputs")));
    };
    let made = async move {
        let mut first = None;
        while let Some(batch) = firsts.try_next().await? {
            if batch.num_rows() > 0 {
                first = Some(batch.column(0).as_primitive::<Int64Type>().value(0) as usize);
            }
        }
        let mut next = first.ok_or_else(|| DataFusionError::Internal(String::from("a task has no row of its own")))?;
        Ok::<_, DataFusionError>(rows.map(move |batch| {
            let batch = batch?;
            let first = next;
            next += batch.num_rows();
            make(first, batch)
        }))
    };
    Ok(stream::with_schema(schema, futures::stream::once(made).try_flatten()))
}

/// Whether the rows `first..first + count` are in the test part.
fn in_test(seed: u64, share: f64, first: usize, count: usize) -> Result<Vec<bool>> {
    Ok(draws(Distribution::Random, seed, STREAM, first, count)?.into_iter().map(|draw| draw < share).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rows_part_depends_on_its_number_alone() {
        let all = in_test(3, 0.2, 0, 1000).unwrap();
        assert_eq!(in_test(3, 0.2, 400, 100).unwrap(), all[400..500]);
        assert_ne!(in_test(4, 0.2, 0, 1000).unwrap(), all);
        let test = all.iter().filter(|test| **test).count();
        assert!((150..250).contains(&test), "{test}");
    }
}
