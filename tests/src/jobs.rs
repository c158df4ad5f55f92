//! Seeded jobs over known rows, whose answer is computed beside them.

use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::common::{JoinType, NullEquality};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning, SendableRecordBatchStream};
use futures::{StreamExt, TryStreamExt};
use phalanx_engine::{Operator, Plan, Result, datafusion, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Partitions of the rows that jobs begin with.
const LEAVES: i64 = 6;
/// How many pauses an operator makes over all its rows.
const PAUSES: usize = 30;

/// SplitMix64: seeded choices.
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
    /// A number from `low` to `high - 1`.
    pub fn range(&mut self, low: u64, high: u64) -> u64 {
        low + self.draw() % (high - low)
    }
    /// A number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// `v ← v · factor + addend`, or `(v + w) · factor + addend` of a joined row, with pauses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Affine {
    factor: i64,
    addend: i64,
    pause_us: u64,
    rows_per_pause: usize,
}

impl Affine {
    fn draw(random: &mut Random, rows: i64, pause_us: u64) -> Self {
        Self {
            factor: random.range(3, 1000) as i64 | 1,
            addend: random.range(1, 1000) as i64,
            pause_us,
            rows_per_pause: (rows as usize / PAUSES).max(1),
        }
    }
    fn of(&self, value: i64) -> i64 {
        value.wrapping_mul(self.factor).wrapping_add(self.addend)
    }
    fn apply(&self, batch: &RecordBatch) -> DataFusionResult<RecordBatch> {
        let values = batch.column(1).as_primitive::<Int64Type>().values();
        let computed: Int64Array = match batch.num_columns() {
            2 => values.iter().map(|value| self.of(*value)).collect(),
            _ => {
                let others = batch.column(3).as_primitive::<Int64Type>().values();
                values.iter().zip(others).map(|(value, other)| self.of(value.wrapping_add(*other))).collect()
            }
        };
        Ok(RecordBatch::try_new(schema(), vec![Arc::clone(batch.column(0)), Arc::new(computed)])?)
    }
}

#[typetag::serde]
impl Operator for Affine {
    fn name(&self) -> &'static str {
        "test_affine"
    }
    fn schema(&self) -> SchemaRef {
        schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (operator, rows) = (self.clone(), self.rows_per_pause);
        let pieces = input.swap_remove(0).map_ok(move |batch| {
            let pieces: Vec<_> = (0..batch.num_rows())
                .step_by(rows)
                .map(|first| Ok::<_, DataFusionError>(batch.slice(first, rows.min(batch.num_rows() - first))))
                .collect();
            futures::stream::iter(pieces)
        });
        let output = pieces.try_flatten().then(move |piece| {
            let operator = operator.clone();
            async move {
                if operator.pause_us > 0 {
                    tokio::time::sleep(Duration::from_micros(operator.pause_us)).await;
                }
                operator.apply(&piece?)
            }
        });
        Ok(stream::with_schema(schema(), output))
    }
}

/// `(id, v)`.
pub fn schema() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    Arc::new(Schema::new(vec![number("id"), number("v")]))
}

/// The shape of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// So many stages in a row.
    Chain(u32),
    /// Two exchanges joined, and one stage more.
    Diamond,
    /// The same with another stage on each side: six stages.
    DeepDiamond,
}

/// All shapes.
pub const SHAPES: [Shape; 6] =
    [Shape::Chain(2), Shape::Chain(3), Shape::Chain(4), Shape::Chain(5), Shape::Diamond, Shape::DeepDiamond];

/// A job and its answer.
pub struct KnownJob {
    /// What to run.
    pub plan: Plan,
    /// The rows, sorted.
    pub answer: Vec<(i64, i64)>,
}

/// The rows of a result, sorted.
pub fn rows(partitions: &[Vec<RecordBatch>]) -> Vec<(i64, i64)> {
    let mut rows: Vec<(i64, i64)> = partitions
        .iter()
        .flatten()
        .flat_map(|batch| {
            let (ids, values) =
                (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_primitive::<Int64Type>());
            ids.values().iter().copied().zip(values.values().iter().copied()).collect::<Vec<_>>()
        })
        .collect();
    rows.sort_unstable();
    rows
}

/// The table that every job begins with.
///
/// # Errors
/// Never.
pub fn leaf(count: i64) -> Result<Arc<dyn ExecutionPlan>> {
    let partitions: DataFusionResult<Vec<Vec<RecordBatch>>> = (0..LEAVES)
        .map(|partition| {
            let ids: Vec<i64> = (0..count / LEAVES).map(|index| index * LEAVES + partition).collect();
            let values: Vec<i64> = ids.iter().map(|id| base(*id)).collect();
            let columns: Vec<Arc<dyn datafusion::arrow::array::Array>> =
                vec![Arc::new(Int64Array::from(ids)), Arc::new(Int64Array::from(values))];
            Ok(vec![RecordBatch::try_new(schema(), columns)?])
        })
        .collect();
    Ok(plan::table(schema(), &partitions?)?)
}

fn base(id: i64) -> i64 {
    id * 3 + 1
}

fn exchange(input: Arc<dyn ExecutionPlan>, key: &str, partitions: u64) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
    let key = col(key, &input.schema())?;
    Ok(Arc::new(RepartitionExec::try_new(input, Partitioning::Hash(vec![key], partitions as usize))?))
}

/// The value that a row of this id has in the end.
type ValueOf = Box<dyn Fn(i64) -> i64>;

/// A job of `shape` over `start` (rows as [`leaf`] makes them), drawn from `seed`, whose tasks pause for `pause_us`
/// thirty times over all rows.
///
/// # Errors
/// Never.
pub fn job(start: &Arc<dyn ExecutionPlan>, count: i64, shape: Shape, pause_us: u64, seed: u64) -> Result<KnownJob> {
    let mut random = Random(seed);
    let draw = |random: &mut Random| Affine::draw(random, count, pause_us);
    let apply = |operator: &Affine, input| plan::operator(operator.clone(), vec![input]);
    let (root, value): (Arc<dyn ExecutionPlan>, ValueOf) = match shape {
        Shape::Chain(stages) => {
            let mut operators = vec![draw(&mut random)];
            let mut root = apply(&operators[0], Arc::clone(start))?;
            for stage in 1..stages {
                let operator = draw(&mut random);
                let key = if stage % 2 == 0 { "v" } else { "id" };
                root = apply(&operator, exchange(root, key, random.range(3, 7))?)?;
                operators.push(operator);
            }
            (root, Box::new(move |id| operators.iter().fold(base(id), |value, operator| operator.of(value))))
        }
        Shape::Diamond | Shape::DeepDiamond => {
            let partitions = random.range(3, 7);
            let mut sides = vec![];
            for _ in 0..2 {
                let mut operators = vec![draw(&mut random)];
                let mut side = apply(&operators[0], Arc::clone(start))?;
                if shape == Shape::DeepDiamond {
                    let operator = draw(&mut random);
                    side = apply(&operator, exchange(side, "v", random.range(3, 7))?)?;
                    operators.push(operator);
                }
                sides.push((exchange(side, "id", partitions)?, operators));
            }
            let (right, of_right) = sides.remove(1);
            let (left, of_left) = sides.remove(0);
            let on = vec![(col("id", &left.schema())?, col("id", &right.schema())?)];
            let joined = HashJoinExec::try_new(
                left,
                right,
                on,
                None,
                &JoinType::Inner,
                None,
                PartitionMode::Partitioned,
                NullEquality::NullEqualsNothing,
                false,
            )?;
            let (inner, outer) = (draw(&mut random), draw(&mut random));
            let root = apply(&inner, Arc::new(joined))?;
            let root = apply(&outer, exchange(root, "v", random.range(3, 7))?)?;
            let value = move |id| {
                let side = |operators: &[Affine]| operators.iter().fold(base(id), |value, operator| operator.of(value));
                outer.of(inner.of(side(&of_left).wrapping_add(side(&of_right))))
            };
            (root, Box::new(value))
        }
    };
    let ids = count / LEAVES * LEAVES;
    let answer = (0..ids).map(|id| (id, value(id))).collect();
    Ok(KnownJob { plan: Plan::new(format!("{shape:?}"), root), answer })
}
