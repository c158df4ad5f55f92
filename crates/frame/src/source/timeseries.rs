//! The rows of [`datasets::timeseries`](crate::datasets::timeseries): a table of row ranges in the plan, and an
//! operator that makes the rows, only the columns that are read.

use async_trait::async_trait;
use datafusion::arrow::array::TimestampNanosecondArray;
use datafusion::arrow::array::{
    ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, RecordBatchOptions, StringArray,
};
use datafusion::arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimeUnit};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_chunk::random::{Distribution, generate};
use phalanx_chunk::{Chunk, Span};
use phalanx_engine::{Error, Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, LazyLock};

/// Dask's names.
pub(crate) const NAMES: [&str; 26] = [
    "Alice", "Bob", "Charlie", "Dan", "Edith", "Frank", "George", "Hannah", "Ingrid", "Jerry", "Kevin", "Laura",
    "Michael", "Norbert", "Oliver", "Patricia", "Quinn", "Ray", "Sarah", "Tim", "Ursula", "Victor", "Wendy", "Xavier",
    "Yvonne", "Zelda",
];

/// Partitions that a table may have: each is a row of the plan.
const PARTITIONS_MAX: i64 = 1 << 20;

/// What every row is made from.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Columns {
    pub seed: u64,
    /// Nanoseconds since 1970.
    pub start: i64,
    /// Nanoseconds from row to row.
    pub frequency: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Column {
    Timestamp,
    Id,
    Name,
    X,
    Y,
}

const ALL: [Column; 5] = [Column::Timestamp, Column::Id, Column::Name, Column::X, Column::Y];

impl Column {
    fn field(self) -> Field {
        let (name, data_type) = match self {
            Self::Timestamp => ("timestamp", DataType::Timestamp(TimeUnit::Nanosecond, None)),
            Self::Id => ("id", DataType::Int64),
            Self::Name => ("name", DataType::Utf8),
            Self::X => ("x", DataType::Float64),
            Self::Y => ("y", DataType::Float64),
        };
        Field::new(name, data_type, false)
    }
}

fn schema_of(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(|column| column.field()).collect::<Vec<_>>()))
}

/// The table that [`datasets::timeseries`](crate::datasets::timeseries) scans.
#[derive(Debug)]
pub(crate) struct TimeseriesTable {
    pub columns: Columns,
    pub rows: i64,
    pub partition_rows: i64,
}

impl TimeseriesTable {
    /// Refuses a table of too many partitions.
    pub fn check(&self) -> phalanx_engine::Result<()> {
        let partitions = self.partitions();
        if partitions <= PARTITIONS_MAX {
            return Ok(());
        }
        Err(Error::input(format!("a time series of {partitions} partitions; {PARTITIONS_MAX} are the most"))
            .with_hint("let a partition hold more time"))
    }

    fn partitions(&self) -> i64 {
        (self.rows / self.partition_rows + i64::from(self.rows % self.partition_rows != 0)).max(1)
    }
}

#[async_trait]
impl TableProvider for TimeseriesTable {
    fn schema(&self) -> SchemaRef {
        schema_of(&ALL)
    }
    fn table_type(&self) -> TableType {
        TableType::Base
    }
    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            None => ALL.to_vec(),
            Some(indices) => indices.iter().filter_map(|&index| ALL.get(index).copied()).collect(),
        };
        let ranges: Result<Vec<Vec<RecordBatch>>> = (0..self.partitions())
            .map(|partition| {
                let first = partition * self.partition_rows;
                let rows = self.partition_rows.min(self.rows - first);
                let number = |value| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
                Ok(vec![RecordBatch::try_new(Arc::clone(&RANGE), vec![number(first), number(rows)])?])
            })
            .collect();
        let ranges = plan::table(Arc::clone(&RANGE), &ranges?)?;
        plan::operator(Timeseries { columns: self.columns, read: columns }, vec![ranges])
    }
}

static RANGE: LazyLock<SchemaRef> = LazyLock::new(|| {
    let number = |name| Field::new(name, DataType::Int64, false);
    Arc::new(Schema::new(vec![number("first"), number("rows")]))
});

#[derive(Debug, Serialize, Deserialize)]
struct Timeseries {
    columns: Columns,
    read: Vec<Column>,
}

#[typetag::serde]
impl Operator for Timeseries {
    fn name(&self) -> &'static str {
        "timeseries"
    }
    fn schema(&self) -> SchemaRef {
        schema_of(&self.read)
    }
    fn describe(&self) -> String {
        let schema = self.schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        format!("timeseries [{}]", names.join(", "))
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> Result<SendableRecordBatchStream> {
        let (columns, read, schema) = (self.columns, self.read.clone(), self.schema());
        let batch_rows = context.session_config().batch_size().max(1);
        let output = Arc::clone(&schema);
        Ok(stream::flat_map(output, input.swap_remove(0), move |ranges| {
            let number =
                |column: usize, row: usize| ranges.column(column).as_primitive::<Int64Type>().value(row) as usize;
            let ranges: Vec<(usize, usize)> =
                (0..ranges.num_rows()).map(|row| (number(0, row), number(1, row))).collect();
            let (read, schema) = (read.clone(), Arc::clone(&schema));
            let pieces = ranges.into_iter().flat_map(move |(first, rows)| {
                (0..rows).step_by(batch_rows).map(move |done| (first + done, batch_rows.min(rows - done)))
            });
            Ok(pieces.map(move |(first, rows)| {
                let arrays =
                    read.iter().map(|column| columns.make(*column, first, rows)).collect::<Result<Vec<_>>>()?;
                let options = RecordBatchOptions::new().with_row_count(Some(rows));
                Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options)?)
            }))
        }))
    }
}

impl Columns {
    /// `rows` values of a column from row `first`.
    fn make(&self, column: Column, first: usize, rows: usize) -> Result<ArrayRef> {
        let draw = |distribution, stream| self.draw(distribution, stream, first, rows);
        let uniform = Distribution::Uniform { low: -1.0, high: 1.0 };
        Ok(match column {
            Column::Timestamp => Arc::new(TimestampNanosecondArray::from_iter_values(
                (first..first + rows).map(|row| self.start + self.frequency * row as i64),
            )),
            Column::Id => {
                // Poisson(1000), as good as: its normal approximation.
                let normal = Distribution::Normal { mean: 1000.0, std: 31.622_776_601_683_793 };
                let draws = draw(normal, 0)?;
                let values = draws.values::<f64>().map_err(wrong)?.iter();
                Arc::new(Int64Array::from_iter_values(values.map(|value| value.round_ties_even().max(0.0) as i64)))
            }
            Column::Name => {
                let draws = draw(Distribution::Integers { low: 0, high: NAMES.len() as i64 }, 1)?;
                names(draws.values::<i64>().map_err(wrong)?)
            }
            Column::X => floats(&draw(uniform, 2)?)?,
            Column::Y => floats(&draw(uniform, 3)?)?,
        })
    }

    fn draw(&self, distribution: Distribution, stream: u64, first: usize, rows: usize) -> Result<Chunk> {
        generate(distribution, self.seed, stream, &[first + rows], &[Span::range(first, rows)]).map_err(wrong)
    }
}

fn floats(chunk: &Chunk) -> Result<ArrayRef> {
    Ok(Arc::new(Float64Array::new(ScalarBuffer::from(chunk.values::<f64>().map_err(wrong)?.to_vec()), None)))
}

/// The names of these numbers. Every name fits eight bytes, so each is copied as eight and the next overwrites what
/// is too many.
fn names(numbers: &[i64]) -> ArrayRef {
    const WIDE: usize = 8;
    let padded = NAMES.map(|name| {
        let mut bytes = [b' '; WIDE];
        bytes[..name.len()].copy_from_slice(name.as_bytes());
        (bytes, name.len())
    });
    let mut bytes = vec![0_u8; WIDE * (numbers.len() + 1)];
    let mut offsets = Vec::with_capacity(numbers.len() + 1);
    let mut end = 0;
    offsets.push(0);
    for number in numbers {
        let (name, length) = &padded[number.cast_unsigned() as usize % padded.len()];
        bytes[end..end + WIDE].copy_from_slice(name);
        end += length;
        offsets.push(end as i32);
    }
    bytes.truncate(end);
    Arc::new(StringArray::new(OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from_vec(bytes), None))
}

fn wrong(error: phalanx_chunk::Error) -> DataFusionError {
    Error::internal("a column can't be generated").caused_by(&error).into()
}
