//! Rows from arrays and frames, and rows back as an array.
//!
//! An array's rows are its features, then, if it has them, one column of targets and one of weights; or these are arrays
//! of their own. A frame's columns
//! are made numbers: missing values become NaN.

use crate::matrix::{Data, Matrix};
use crate::rows::{FEATURES_MAX, Layout};
use datafusion::arrow::array::{Array as _, ArrayRef, AsArray, Float64Array, RecordBatch};
use datafusion::arrow::buffer::ScalarBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, SchemaRef};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use futures::TryStreamExt;
use phalanx_array::chunks::ChunkSpec;
use phalanx_array::rowwise::{self, ChunkReader};
use phalanx_array::{Array, concatenate};
use phalanx_chunk::{Chunk, wire};
use phalanx_engine::{Engine, Error, Operator, Plan, Result, plan, stream, typetag};
use phalanx_frame::Frame;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows that become one batch: a copy of them stays in a cache.
const PIECE_ROWS: usize = 4096;

impl Matrix {
    /// The rows of a matrix of `float64` whose chunks hold whole rows: features, then what else `layout` says.
    ///
    /// # Errors
    /// `Input`: it is no such matrix, or has not as many columns as the layout and the names say. Otherwise an error in
    /// the expression, or the engine's: what several stages of it share is computed first.
    pub async fn from_array(engine: &dyn Engine, names: Vec<String>, array: &Array, layout: Layout) -> Result<Self> {
        let columns = layout.width + usize::from(layout.target) + usize::from(layout.weight);
        if layout.width == 0 || layout.width > FEATURES_MAX {
            return Err(Error::input(format!("rows of {} features", layout.width))
                .with_hint("a matrix has between 1 and 65,536 of them"));
        }
        let rows = rowwise::plan(engine, array).await?;
        let bytes = rows.task_bytes().saturating_add((PIECE_ROWS * columns * 16) as u64);
        let inputs = rows.inputs().to_vec();
        let root = plan::operator(RowsOfChunks { layout }, vec![Arc::clone(rows.root())])?;
        Self::from_plan(names, Plan::new("rows", root).reading(inputs).projecting(bytes))
    }

    /// The rows of a matrix of `float64` whose chunks hold whole rows, with targets and weights beside them: arrays of one
    /// axis. Where all are cut alike, nothing is copied.
    ///
    /// # Errors
    /// `Input`: as [`Matrix::from_array`]; or targets or weights are not as many as rows.
    pub async fn from_arrays(
        engine: &dyn Engine,
        names: Vec<String>,
        features: &Array,
        target: Option<&Array>,
        weight: Option<&Array>,
    ) -> Result<Self> {
        let layout = Layout { width: names.len(), target: target.is_some(), weight: weight.is_some() };
        let beside: Vec<&Array> = target.into_iter().chain(weight).collect();
        if beside.is_empty() {
            return Self::from_array(engine, names, features, layout).await;
        }
        let rows = features.shape()?[0];
        for column in &beside {
            if column.shape()? != [rows] {
                return Err(Error::input(format!("{:?} numbers beside {rows} rows", column.shape()?))
                    .with_hint("give one target and one weight a row"));
            }
        }
        if let Some(plans) = rowwise::plans(engine, features, &beside).await? {
            let bytes = plans.iter().fold(0, |sum: u64, plan| sum.saturating_add(plan.task_bytes()));
            let inputs: Vec<_> = plans.iter().flat_map(|plan| plan.inputs().iter().cloned()).collect();
            let roots = plans.iter().map(|plan| Arc::clone(plan.root())).collect();
            let root = plan::operator(RowsOfChunks { layout }, roots)?;
            return Self::from_plan(names, Plan::new("rows", root).reading(inputs).projecting(bytes));
        }
        let columns: Vec<Array> = beside.iter().map(|column| column.expand_dims(1)).collect();
        let table = concatenate(&std::iter::once(features).chain(&columns).collect::<Vec<_>>(), 1);
        let sizes = vec![features.chunks()?.sizes(0), vec![layout.width + columns.len()]];
        Self::from_array(engine, names, &table.rechunk(ChunkSpec::Sizes(sizes)), layout).await
    }

    /// The rows of a frame: its columns `features` as numbers, NaN where they are missing, and the target and the
    /// weight if there are columns of them.
    ///
    /// # Errors
    /// `Input`: a column does not exist, or holds neither numbers nor truth values.
    pub async fn from_frame(
        engine: &dyn Engine,
        frame: &Frame,
        features: Vec<String>,
        target: Option<String>,
        weight: Option<String>,
    ) -> Result<Self> {
        let layout = Layout { width: features.len(), target: target.is_some(), weight: weight.is_some() };
        let mut given = features.clone();
        given.extend(target);
        given.extend(weight);
        // Each column is selected once, and used as often as it is named.
        let mut columns: Vec<String> = vec![];
        for name in &given {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        let selected = frame.reset_index().select(columns.clone())?;
        for field in selected.schema().fields() {
            need_number(field)?;
        }
        let places = given.iter().filter_map(|name| columns.iter().position(|column| column == name)).collect();
        let rows = selected.plan_async(engine.settings()).await?;
        let bytes = rows.task_bytes();
        let inputs = rows.inputs().to_vec();
        let root = plan::operator(RowsOfColumns { layout, places }, vec![Arc::clone(rows.root())])?;
        Self::from_plan(features, Plan::new("rows", root).reading(inputs).projecting(bytes))
    }
}

fn need_number(field: &Field) -> Result<()> {
    let kind = field.data_type();
    if kind.is_numeric() || matches!(kind, DataType::Boolean | DataType::Null) {
        return Ok(());
    }
    Err(Error::input(format!("column {:?} holds {kind}, which is no number", field.name()))
        .with_hint("encode it first (OneHotEncoder, OrdinalEncoder, DummyEncoder), or leave it out"))
}

impl Data {
    /// The features as an array: a chunk for each partition that has rows, persisted.
    ///
    /// # Errors
    /// The engine's.
    pub async fn to_array(&self, engine: &dyn Engine) -> Result<Array> {
        let width = self.matrix().layout().width;
        let rows: Vec<usize> = self.partition_rows().iter().map(|rows| *rows as usize).collect();
        let matrix = self.matrix();
        let inputs = vec![Arc::clone(matrix.plan().root()), rowwise::places(&rows)?];
        let root = plan::operator(ChunkOfRows { layout: matrix.layout() }, inputs)?;
        let largest = rows.iter().copied().max().unwrap_or(0);
        let bytes = matrix.plan().task_bytes().saturating_add((largest * width * 16) as u64);
        let plan = Plan::new("array of rows", root).reading(matrix.plan().inputs().iter().cloned()).projecting(bytes);
        let persisted = engine.persist(plan).collect().await?;
        rowwise::of_persisted(persisted, &rows, width)
    }
}

/// Chunks of whole rows as rows of a matrix: of one input whose columns are features, target and weight, or of an input
/// for each.
#[derive(Debug, Serialize, Deserialize)]
struct RowsOfChunks {
    layout: Layout,
}

#[typetag::serde(name = "rows_of_chunks")]
impl Operator for RowsOfChunks {
    fn name(&self) -> &'static str {
        "rows_of_chunks"
    }
    fn schema(&self) -> SchemaRef {
        self.layout.schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let layout = self.layout;
        let mut reader = ChunkReader::default();
        let beside = input.split_off(1);
        let features = input.swap_remove(0);
        if beside.is_empty() && (layout.target || layout.weight) {
            return Ok(stream::flat_map(self.schema(), features, move |batch| {
                let chunks = reader.read(&batch)?;
                Ok(chunks.into_iter().flat_map(move |chunk| pieces(layout, &chunk)))
            }));
        }
        let schema = self.schema();
        let output = async move {
            // Targets and weights are few beside the features, and wait for them.
            let mut columns: Vec<VecDeque<Chunk>> = vec![];
            for mut column in beside {
                let mut reader = ChunkReader::default();
                let mut chunks = VecDeque::new();
                while let Some(batch) = column.try_next().await? {
                    chunks.extend(reader.read(&batch)?);
                }
                reader.close()?;
                columns.push(chunks);
            }
            Ok::<_, DataFusionError>(stream::flat_map(layout.schema(), features, move |batch| {
                let mut made = vec![];
                for chunk in reader.read(&batch)? {
                    let beside = columns.iter_mut().map(VecDeque::pop_front).collect::<Option<Vec<Chunk>>>();
                    made.extend(side_by_side(layout, &chunk, &beside.unwrap_or_default())?);
                }
                Ok(made.into_iter().map(Ok))
            }))
        };
        Ok(stream::with_schema(schema, futures::stream::once(output).try_flatten()))
    }
}

/// The rows of a chunk of features, with what is beside them, in their own memory.
fn side_by_side(layout: Layout, features: &Chunk, beside: &[Chunk]) -> Result<Vec<RecordBatch>> {
    let rows = features.shape().first().copied().unwrap_or(0);
    let expected = usize::from(layout.target) + usize::from(layout.weight);
    if features.shape() != [rows, layout.width]
        || beside.len() != expected
        || beside.iter().any(|column| column.shape() != [rows])
    {
        return Err(Error::internal(format!("{rows} rows of features have other columns beside them")));
    }
    // Padding at the end, if there is any, is not looked at.
    let buffer = |chunk: &Chunk| ScalarBuffer::<f64>::new(wire::to_bytes(chunk), 0, chunk.len());
    let (features, beside) = (buffer(features), beside.iter().map(buffer).collect::<Vec<_>>());
    let piece = |first: usize| {
        let count = PIECE_ROWS.min(rows - first);
        let column =
            |values: &ScalarBuffer<f64>| -> ArrayRef { Arc::new(Float64Array::new(values.slice(first, count), None)) };
        let target = beside.first().filter(|_| layout.target).map(column);
        let weight = beside.last().filter(|_| layout.weight).map(column);
        Ok(layout.batch(features.slice(first * layout.width, count * layout.width), target, weight)?)
    };
    (0..rows).step_by(PIECE_ROWS).map(piece).collect()
}

fn pieces(layout: Layout, chunk: &Chunk) -> Vec<DataFusionResult<RecordBatch>> {
    let columns = layout.width + usize::from(layout.target) + usize::from(layout.weight);
    let found = chunk.shape().get(1).copied().unwrap_or(0);
    if found != columns {
        let what = format!("rows of {columns} numbers were announced, and chunks have {found} columns");
        return vec![Err(Error::input(what).into())];
    }
    let values = match chunk.values::<f64>() {
        Ok(values) => values,
        Err(error) => return vec![Err(Error::internal("chunks of rows hold no floats").caused_by(&error).into())],
    };
    let piece = |values: &[f64]| {
        let rows = || values.chunks_exact(columns);
        let features: Vec<f64> = rows().flat_map(|row| &row[..layout.width]).copied().collect();
        let column = |place: usize| Arc::new(Float64Array::from_iter_values(rows().map(|row| row[place]))) as ArrayRef;
        let target = layout.target.then(|| column(layout.width));
        let weight = layout.weight.then(|| column(columns - 1));
        layout.batch(features, target, weight)
    };
    values.chunks(PIECE_ROWS * columns).map(piece).collect()
}

/// Columns as rows of a matrix.
#[derive(Debug, Serialize, Deserialize)]
struct RowsOfColumns {
    layout: Layout,
    /// Which column each feature is, and then the target and the weight.
    places: Vec<usize>,
}

#[typetag::serde(name = "rows_of_columns")]
impl Operator for RowsOfColumns {
    fn name(&self) -> &'static str {
        "rows_of_columns"
    }
    fn schema(&self) -> SchemaRef {
        self.layout.schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (layout, places) = (self.layout, self.places.clone());
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| rows_of(layout, &places, &batch)))
    }
}

fn rows_of(layout: Layout, places: &[usize], batch: &RecordBatch) -> DataFusionResult<RecordBatch> {
    let numbers: DataFusionResult<Vec<Vec<f64>>> = batch.columns().iter().map(numbers_of).collect();
    let numbers = numbers?;
    let column = |place: usize| Arc::new(Float64Array::from(numbers[place].clone())) as ArrayRef;
    let mut features = vec![0.0; batch.num_rows() * layout.width];
    for (feature, place) in places.iter().take(layout.width).enumerate() {
        for (row, value) in features.chunks_exact_mut(layout.width).zip(&numbers[*place]) {
            row[feature] = *value;
        }
    }
    let target = places.get(layout.width).filter(|_| layout.target).map(|place| column(*place));
    let weight = places.last().filter(|_| layout.weight).map(|place| column(*place));
    layout.batch(features, target, weight)
}

/// The column as floats, NaN where it is null.
fn numbers_of(column: &ArrayRef) -> DataFusionResult<Vec<f64>> {
    let floats = cast(column, &DataType::Float64)?;
    let floats = floats.as_primitive::<Float64Type>();
    Ok(match floats.null_count() {
        0 => floats.values().to_vec(),
        _ => floats.iter().map(|value| value.unwrap_or(f64::NAN)).collect(),
    })
}

/// The rows of a partition as one chunk. Its second input says which chunk, and where its first row is.
#[derive(Debug, Serialize, Deserialize)]
struct ChunkOfRows {
    layout: Layout,
}

#[typetag::serde(name = "chunk_of_rows")]
impl Operator for ChunkOfRows {
    fn name(&self) -> &'static str {
        "chunk_of_rows"
    }
    fn schema(&self) -> SchemaRef {
        rowwise::schema()
    }
    fn run(
        &self,
        input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let layout = self.layout;
        Ok(rowwise::gathered(input, layout.width, move |batch, values| {
            values.extend_from_slice(layout.view(batch)?.features());
            Ok(())
        }))
    }
}
