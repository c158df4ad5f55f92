//! Matrices as streams of chunks of whole rows, and back: for crates that have operators of their own over rows.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::compute;
use crate::error::lift;
use crate::expr::{Expr, Stored};
use crate::rows::{Label, Reader, SCHEMA, to_batches};
use phalanx_chunk::{Chunk, DType, Span};
use phalanx_engine::datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use phalanx_engine::datafusion::arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use phalanx_engine::datafusion::error::DataFusionError;
use phalanx_engine::datafusion::execution::SendableRecordBatchStream;
use phalanx_engine::datafusion::physical_plan::ExecutionPlan;
use phalanx_engine::{Engine, Error, Persisted, Plan, Result, plan, stream};
use std::sync::{Arc, LazyLock};

/// The plan of a matrix of `float64` whose chunks hold whole rows: its partitions, one after the other, give its
/// chunks from first to last, as rows that a [`ChunkReader`] reads. What several stages of it share is computed
/// and persisted first.
///
/// # Errors
/// `Input`: it is no matrix of `float64`, or its columns are cut. Otherwise an error in the expression, or the engine's.
pub async fn plan(engine: &dyn Engine, matrix: &Array) -> Result<Plan> {
    let (plan, dtype, chunks) = compute::plan(engine, matrix).await?;
    if dtype != DType::Float64 || chunks.ndim() != 2 || chunks.sizes(1).len() > 1 {
        let what = format!("rows of an array of {dtype} in {chunks}");
        return Err(Error::input(what).with_hint("astype(float64) and rechunk({1: -1})"));
    }
    Ok(plan)
}

/// The plans of a matrix, as [`plan`] has it, and of arrays of one axis that go with its rows: the partitions of all have
/// the same chunks of rows, in the same order. None, if they are not cut alike.
///
/// # Errors
/// As [`plan`].
pub async fn plans(engine: &dyn Engine, matrix: &Array, beside: &[&Array]) -> Result<Option<Vec<Plan>>> {
    let arrays: Vec<&Array> = std::iter::once(matrix).chain(beside.iter().copied()).collect();
    let Some(plans) = compute::plans(engine, &arrays).await? else { return Ok(None) };
    for (number, (_, dtype, chunks)) in plans.iter().enumerate() {
        let axes = if number == 0 { 2 } else { 1 };
        if *dtype != DType::Float64 || chunks.ndim() != axes {
            let what = format!("rows of an array of {dtype} in {chunks}");
            return Err(Error::input(what).with_hint("astype(float64); a matrix, and one number a row beside it"));
        }
    }
    Ok(Some(plans.into_iter().map(|(plan, _, _)| plan).collect()))
}

/// The columns of the rows that chunks travel in.
pub fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

/// Puts chunks of `float64` together from rows, which may be cut into batches anyhow.
#[derive(Debug)]
pub struct ChunkReader(Reader);

impl Default for ChunkReader {
    fn default() -> Self {
        Self(Reader::new(DType::Float64))
    }
}

impl ChunkReader {
    /// The chunks that `batch` completes, in order.
    ///
    /// # Errors
    /// `Internal`: these are no rows of chunks.
    pub fn read(&mut self, batch: &RecordBatch) -> Result<Vec<Chunk>> {
        Ok(self.0.read(batch)?.into_iter().map(|received| received.values).collect())
    }

    /// Checks that nothing is missing.
    ///
    /// # Errors
    /// `Internal`: a part of a chunk did not arrive.
    pub fn close(self) -> Result<()> {
        self.0.close()
    }
}

/// For partitions of so many rows the table that tells each of their tasks the number of its chunk and of
/// the chunk's first row: the second input of [`gathered`].
///
/// # Errors
/// `Unsupported`: more rows than there are numbers.
pub fn places(rows: &[usize]) -> Result<Arc<dyn ExecutionPlan>> {
    let mut first = 0_usize;
    let mut places = vec![];
    for (count, number) in rows.iter().zip(chunk_numbers(rows)) {
        let column = |value: i64| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
        let number = number.map_or(-1, |number| number as i64);
        places.push(vec![RecordBatch::try_new(Arc::clone(&PLACE), vec![column(number), column(first as i64)])?]);
        first = first.checked_add(*count).ok_or_else(|| Error::unsupported("more than 2^64 rows"))?;
    }
    Ok(plan::table(Arc::clone(&PLACE), &places)?)
}

static PLACE: LazyLock<SchemaRef> = LazyLock::new(|| {
    let number = |name| Field::new(name, DataType::Int64, false);
    Arc::new(Schema::new(vec![number("chunk"), number("first_row")]))
});

/// The rows of a partition, whose second input [`places`] is, as one chunk of `columns` columns; `values` appends the
/// numbers of a batch of rows, in C order.
pub fn gathered(
    inputs: Vec<SendableRecordBatchStream>,
    columns: usize,
    values: impl Fn(&RecordBatch, &mut Vec<f64>) -> Result<()> + Send + 'static,
) -> SendableRecordBatchStream {
    stream::gather(schema(), inputs, move |inputs| {
        let [rows, places] = inputs.as_slice() else {
            return Err(DataFusionError::Internal(String::from("a chunk of rows has two inputs")));
        };
        let Some(place) = places.iter().find(|batch| batch.num_rows() > 0) else {
            return Err(DataFusionError::Internal(String::from("a chunk of rows has no place")));
        };
        let number = |column: usize| place.column(column).as_primitive::<Int64Type>().value(0);
        let Ok(chunk_number) = usize::try_from(number(0)) else {
            return Ok(vec![]); // a partition without rows is no chunk
        };
        let mut all = vec![];
        for batch in rows.iter().filter(|batch| batch.num_rows() > 0) {
            values(batch, &mut all)?;
        }
        let chunk = Chunk::new(&[all.len() / columns, columns], all)
            .map_err(|error| Error::internal("rows make no chunk").caused_by(&error))?;
        Ok(batches(chunk_number, number(1) as usize, &chunk)?)
    })
}

/// The rows in which chunk number `number`, whose first row is row `first` of the matrix, travels.
fn batches(number: usize, first: usize, chunk: &Chunk) -> Result<Vec<RecordBatch>> {
    let [rows, columns] = *chunk.shape() else {
        return Err(lift(crate::error::broken("a chunk of rows has two axes")));
    };
    let region = vec![Span::range(first, rows), Span::range(0, columns)];
    to_batches(&Label { route: 0, chunk: number, region, evaluated: 0 }, chunk)
}

/// The number of the chunk that each partition becomes: none for those without rows, but of the first if there are no
/// rows at all.
fn chunk_numbers(rows: &[usize]) -> Vec<Option<usize>> {
    let mut numbers = 0..rows.len();
    let any = rows.iter().any(|rows| *rows > 0);
    let there = |partition: usize, rows: usize| rows > 0 || (!any && partition == 0);
    let number = |(partition, rows): (usize, &usize)| if there(partition, *rows) { numbers.next() } else { None };
    rows.iter().enumerate().map(number).collect()
}

/// The matrix whose chunks are what the partitions of `persisted` hold, of so many rows each, numbered as
/// [`places`] does.
///
/// # Errors
/// `Input`: there are not as many numbers of rows as partitions.
pub fn of_persisted(persisted: Persisted, rows: &[usize], columns: usize) -> Result<Array> {
    if rows.len() != persisted.partitions() {
        let what = format!("{} chunks of rows in {} partitions", rows.len(), persisted.partitions());
        return Err(Error::input(what));
    }
    let numbers = chunk_numbers(rows);
    let partitions: Arc<[usize]> = (0..rows.len()).filter(|&partition| numbers[partition].is_some()).collect();
    let sizes: Vec<usize> = partitions.iter().map(|&partition| rows[partition]).collect();
    let shape = [sizes.iter().sum(), columns];
    let chunks = Chunks::new(&shape, crate::chunks::ChunkSpec::Sizes(vec![sizes, vec![columns]]))?;
    Ok(Array::from_expr(Expr::stored(DType::Float64, chunks, Stored { persisted, partitions })))
}
