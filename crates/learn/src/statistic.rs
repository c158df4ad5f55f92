//! Statistics: sums over rows that are computed where the rows are.
//!
//! Most of classical machine learning is a small loop around a sum over rows. A [`Statistic`] says what a block of rows
//! adds to the sum and how two sums become one; [`compute`] does the rest: one state a partition, its blocks merged in
//! order, brought here and merged in the order of partitions. So a result's bits depend on the rows and the borders of
//! partitions, never on batches, threads or the engine.

use crate::matrix::Matrix;
use crate::rows::{BLOCK_ROWS, Blocks, Layout, Rows};
use datafusion::arrow::array::{ArrayRef, AsArray, BinaryArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlan;
use futures::TryStreamExt;
use phalanx_engine::{Engine, Error, OperatorExec, Plan, Result, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

/// A sum over rows, in the widest sense.
///
/// ```
/// use phalanx_engine::{LocalEngine, Settings};
/// use phalanx_learn::{Rows, Statistic, datasets, statistic};
/// use serde::{Deserialize, Serialize};
///
/// /// How many rows have a positive first feature.
/// #[derive(Debug, Clone, Serialize, Deserialize)]
/// struct Positive;
///
/// impl Statistic for Positive {
///     type State = u64;
///     fn of(&self, rows: &Rows<'_>) -> u64 {
///         rows.features().chunks(rows.width()).filter(|row| row[0] > 0.0).count() as u64
///     }
///     fn merge(left: u64, right: u64) -> u64 {
///         left + right
///     }
/// }
/// phalanx_learn::statistic!(Positive, "example_positive");
///
/// # fn main() -> phalanx_engine::Result<()> {
/// let engine = LocalEngine::new(Settings::default())?;
/// let matrix = datasets::make_classification(10_000, 3).build()?;
/// let positive = statistic::compute(&engine, &Positive, &matrix)?;
/// assert!(positive > 0 && positive < 10_000);
/// # Ok(())
/// # }
/// ```
pub trait Statistic: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    /// What is known of the rows seen so far.
    type State: Serialize + DeserializeOwned + Send + 'static;
    /// The state of one block: [`BLOCK_ROWS`] consecutive rows, or what a partition has left.
    fn of(&self, rows: &Rows<'_>) -> Self::State;
    /// The state of the rows of `left` followed by those of `right`.
    fn merge(left: Self::State, right: Self::State) -> Self::State;
    /// About how many numbers a state has at most, for rows of `width` features: what a task's memory is projected with.
    fn state_numbers(&self, width: usize) -> u64 {
        (width as u64 + 8).saturating_mul(width as u64 + 8)
    }
}

/// A statistic with an operator of its own; [`statistic!`](crate::statistic!) implements it.
pub trait Distributed: Statistic {
    /// The operator that computes the state of a partition of rows with this layout.
    fn operator(&self, layout: Layout) -> Arc<dyn phalanx_engine::Operator>;
}

/// Makes a [`Statistic`] known to every process: its type, and a name that no other operator has. A generic operator
/// can't be named on the wire, so each statistic gets one of its own, which carries the state as binary.
#[macro_export]
macro_rules! statistic {
    ($statistic:ty, $name:tt) => {
        const _: () = {
            use ::std::sync::Arc;
            use $crate::statistic::export::{
                DataFusionResult, Layout, Operator, SchemaRef, SendableRecordBatchStream, TaskContext, typetag,
            };

            #[derive(Debug, serde::Serialize, serde::Deserialize)]
            struct Partial {
                statistic: $statistic,
                layout: Layout,
            }

            #[typetag::serde(name = $name)]
            impl Operator for Partial {
                fn name(&self) -> &'static str {
                    $name
                }
                fn schema(&self) -> SchemaRef {
                    $crate::statistic::export::state_schema()
                }
                fn run(
                    &self,
                    input: Vec<SendableRecordBatchStream>,
                    _context: &TaskContext,
                ) -> DataFusionResult<SendableRecordBatchStream> {
                    $crate::statistic::export::partial(&self.statistic, self.layout, input)
                }
            }

            impl $crate::statistic::Distributed for $statistic {
                fn operator(&self, layout: Layout) -> Arc<dyn Operator> {
                    Arc::new(Partial { statistic: self.clone(), layout })
                }
            }
        };
    };
}

/// What [`statistic!`](crate::statistic!) needs.
#[doc(hidden)]
pub mod export {
    pub use super::{partial, state_schema};
    pub use crate::rows::Layout;
    pub use datafusion::arrow::datatypes::SchemaRef;
    pub use datafusion::error::Result as DataFusionResult;
    pub use datafusion::execution::{SendableRecordBatchStream, TaskContext};
    pub use phalanx_engine::{Operator, typetag};
}

static STATE: LazyLock<SchemaRef> =
    LazyLock::new(|| Arc::new(Schema::new(vec![Field::new("state", DataType::Binary, false)])));

/// One column of states.
#[doc(hidden)]
pub fn state_schema() -> SchemaRef {
    Arc::clone(&STATE)
}

/// A state as a batch of one row.
pub(crate) fn state_batch(state: &impl Serialize) -> DataFusionResult<RecordBatch> {
    let bytes = postcard::to_stdvec(state)
        .map_err(|error| Error::internal("the state of a statistic can't be written").caused_by(&error))?;
    let column: ArrayRef = Arc::new(BinaryArray::from_vec(vec![&bytes]));
    Ok(RecordBatch::try_new(state_schema(), vec![column])?)
}

/// The states of a job's partitions, in order.
pub(crate) fn states<T: DeserializeOwned>(partitions: &[Vec<RecordBatch>]) -> Result<Vec<T>> {
    let mut states = vec![];
    for batch in partitions.iter().flatten() {
        for bytes in batch.column(0).as_binary::<i32>().iter().flatten() {
            states.push(
                postcard::from_bytes(bytes)
                    .map_err(|error| Error::internal("the state of a statistic can't be read").caused_by(&error))?,
            );
        }
    }
    Ok(states)
}

/// The state of a partition as one row; none for a partition without rows.
#[doc(hidden)]
pub fn partial<S: Statistic>(
    statistic: &S,
    layout: Layout,
    mut input: Vec<SendableRecordBatchStream>,
) -> DataFusionResult<SendableRecordBatchStream> {
    let statistic = statistic.clone();
    let mut batches = input.swap_remove(0);
    let output = async move {
        let mut blocks = Blocks::new(layout);
        let mut total: Option<S::State> = None;
        let mut add = |rows: Rows<'_>| {
            let state = statistic.of(&rows);
            total = Some(match total.take() {
                None => state,
                Some(sum) => S::merge(sum, state),
            });
        };
        while let Some(batch) = batches.try_next().await? {
            blocks.push(&batch, &mut add)?;
        }
        blocks.finish(&mut add);
        match total {
            None => Ok(RecordBatch::new_empty(state_schema())),
            Some(state) => state_batch(&state),
        }
    };
    Ok(stream::with_schema(state_schema(), futures::stream::once(output)))
}

/// The plan that computes one state for each partition of `data`.
///
/// # Errors
/// Never, but for bugs of ours.
pub fn plan<S: Distributed>(statistic: &S, data: &Matrix) -> Result<Plan> {
    let operator = statistic.operator(data.layout());
    let label = operator.name();
    let root: Arc<dyn ExecutionPlan> = Arc::new(OperatorExec::try_new(operator, vec![Arc::clone(data.plan().root())])?);
    let width = data.layout().width as u64;
    let block_bytes = BLOCK_ROWS as u64 * (width + 2) * 8;
    // There are two states when they are merged, and one is being written.
    let state_bytes = statistic.state_numbers(data.layout().width).saturating_mul(8);
    let bytes = data.plan().task_bytes().saturating_add(block_bytes * 2).saturating_add(state_bytes.saturating_mul(3));
    Ok(Plan::new(label, root).reading(data.plan().inputs().iter().cloned()).projecting(bytes))
}

/// The state of all rows of `data`: one job, one task a partition; only the states travel.
///
/// Blocks until it is done.
///
/// # Errors
/// `Data`: there are no rows. Otherwise the job's own.
pub fn compute<S: Distributed>(engine: &dyn Engine, statistic: &S, data: impl AsRef<Matrix>) -> Result<S::State> {
    merged::<S>(&engine.submit(plan(statistic, data.as_ref())?).wait()?)
}

/// As [`compute`], for async code.
///
/// # Errors
/// As [`compute`].
pub async fn compute_async<S: Distributed>(engine: &dyn Engine, statistic: &S, data: &Matrix) -> Result<S::State> {
    merged::<S>(&engine.submit(plan(statistic, data)?).collect().await?)
}

fn merged<S: Statistic>(partitions: &[Vec<RecordBatch>]) -> Result<S::State> {
    states(partitions)?
        .into_iter()
        .reduce(S::merge)
        .ok_or_else(|| Error::data("there are no rows").with_hint("look at the filters that the rows went through"))
}
