//! Arrays and frames as rows of 32-bit floats, the only numbers that XGBoost keeps; missing values are NaN.
//!
//! Rows travel as one Arrow column, lists of fixed size in row-major order. Where batches and partitions are cut has no
//! meaning: ranks get ranges of rows, counted over all partitions.

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray, FixedSizeListArray, Float32Array, RecordBatch, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float32Type, Int32Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use futures::StreamExt;
use phalanx_array::Array;
use phalanx_array::chunks::ChunkSpec;
use phalanx_array::rowwise::{self, ChunkReader};
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, Error, Operator, Persisted, Plan, Result, plan, stream, typetag};
use phalanx_frame::Frame;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Numbers in one batch, at most: 4 MiB.
const BATCH_NUMBERS: usize = 1 << 20;
/// The most features of a row.
pub const WIDTH_MAX: usize = 1 << 20;

/// For columns of text that are categories, the text of each code.
pub type Categories = BTreeMap<String, Vec<String>>;

/// Persisted rows of `width` numbers. The last clone that is dropped frees them.
#[derive(Clone, Debug)]
pub struct Rows {
    data: Persisted,
    width: usize,
}

impl Rows {
    /// The rows of a matrix of numbers.
    ///
    /// # Errors
    /// `Input`: it is no matrix of real numbers. Otherwise an error in the expression, or the engine's.
    pub async fn from_array(engine: &dyn Engine, array: &Array) -> Result<Self> {
        let [rows, width] = *array.shape()? else {
            return Err(Error::input(format!("rows of an array of shape {:?}", array.shape()?))
                .with_hint("rows have two axes: reshape it"));
        };
        need_width(width)?;
        if matches!(array.dtype()?, DType::Complex64 | DType::Complex128) {
            return Err(Error::input("complex numbers as features").with_hint("give real numbers: .real, .imag"));
        }
        let sizes = array.chunks()?.sizes(0).to_vec();
        let whole = if rows == 0 { vec![0] } else { sizes };
        let whole = array.rechunk(ChunkSpec::Sizes(vec![whole, vec![width]])).astype(DType::Float64);
        let chunks = rowwise::plan(engine, &whole).await?;
        let bytes = chunks.task_bytes().saturating_add((BATCH_NUMBERS * 8) as u64);
        let inputs = chunks.inputs().to_vec();
        let root = plan::operator(RowsOfChunks { width }, vec![Arc::clone(chunks.root())])?;
        Self::persist(engine, Plan::new("rows", root).reading(inputs).projecting(bytes), width).await
    }

    /// The rows of a frame's columns. A column of text has a code for each of its `categories`, the others' numbers and
    /// truth values are taken as they are.
    ///
    /// # Errors
    /// `Input`: a column does not exist, or holds neither numbers nor categories.
    pub async fn from_frame(
        engine: &dyn Engine,
        frame: &Frame,
        columns: &[String],
        categories: &Categories,
    ) -> Result<Self> {
        need_width(columns.len())?;
        let selected = frame.reset_index().select(columns.to_vec())?;
        for field in selected.schema().fields() {
            need_number(field, categories)?;
        }
        let rows = selected.plan_async(engine.settings()).await?;
        let (bytes, inputs) = (rows.task_bytes(), rows.inputs().to_vec());
        let codes = columns.iter().map(|name| categories.get(name).cloned()).collect();
        let columns_of = RowsOfColumns { names: columns.to_vec(), codes };
        let root = plan::operator(columns_of, vec![Arc::clone(rows.root())])?;
        Self::persist(engine, Plan::new("rows", root).reading(inputs).projecting(bytes), columns.len()).await
    }

    async fn persist(engine: &dyn Engine, plan: Plan, width: usize) -> Result<Self> {
        Ok(Self::of(engine.persist(plan).collect().await?, width))
    }

    /// Rows that are persisted already, as [`schema`] describes them.
    pub(crate) fn of(data: Persisted, width: usize) -> Self {
        Self { data, width }
    }
    /// How many rows there are.
    pub fn count(&self) -> u64 {
        self.data.rows()
    }
    /// How many numbers a row has.
    pub fn width(&self) -> usize {
        self.width
    }
    /// Where the rows are.
    pub fn data(&self) -> &Persisted {
        &self.data
    }

    /// The rows as a persisted matrix of `float64`: a chunk for each partition that has any.
    ///
    /// # Errors
    /// The engine's.
    pub async fn to_array(&self, engine: &dyn Engine) -> Result<Array> {
        let counts: Vec<usize> = self.data.locations().iter().map(|location| location.rows as usize).collect();
        let inputs = vec![self.data.scan()?, rowwise::places(&counts)?];
        let root = plan::operator(ChunkOfRows { width: self.width }, inputs)?;
        let largest = counts.iter().copied().max().unwrap_or(0);
        let plan = Plan::new("array of rows", root).reading([self.data.clone()]);
        let plan = plan.projecting((largest * self.width * 24) as u64);
        rowwise::of_persisted(engine.persist(plan).collect().await?, &counts, self.width)
    }
}

fn need_width(width: usize) -> Result<()> {
    if (1..=WIDTH_MAX).contains(&width) {
        return Ok(());
    }
    Err(Error::input(format!("rows of {width} features")).with_hint("they have between 1 and 1,048,576"))
}

/// Refuses a column that has no numbers.
///
/// # Errors
/// `Input`.
pub(crate) fn need_number(field: &Field, categories: &Categories) -> Result<()> {
    let kind = field.data_type();
    let is_number = kind.is_numeric() || matches!(kind, DataType::Boolean | DataType::Null);
    if is_number || categories.contains_key(field.name()) {
        return Ok(());
    }
    Err(Error::input(format!("column {:?} holds {kind}, which is no number", field.name()))
        .with_hint("make it a category (astype('category'), with enable_categorical=True), encode it, or leave it out"))
}

/// The schema of rows of `width` numbers.
pub fn schema(width: usize) -> SchemaRef {
    let list = DataType::FixedSizeList(Arc::new(Field::new("item", DataType::Float32, false)), width as i32);
    Arc::new(Schema::new(vec![Field::new("row", list, false)]))
}

/// Rows as a batch.
fn batch(width: usize, numbers: Vec<f32>) -> DataFusionResult<RecordBatch> {
    let schema = schema(width);
    let DataType::FixedSizeList(item, size) = schema.field(0).data_type() else {
        return Err(DataFusionError::Internal(String::from("rows are lists")));
    };
    let values = Arc::new(Float32Array::new(numbers.into(), None));
    let list = FixedSizeListArray::try_new(Arc::clone(item), *size, values, None)?;
    Ok(RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(list)])?)
}

/// The numbers of a batch of rows, in row-major order.
///
/// # Errors
/// `Internal`: these are no rows.
pub fn numbers(batch: &RecordBatch) -> Result<&[f32]> {
    let list = batch.column(0).as_fixed_size_list_opt();
    let values = list.and_then(|list| list.values().as_primitive_opt::<Float32Type>());
    Ok(values.ok_or_else(|| Error::internal("rows hold no 32-bit floats"))?.values())
}

/// Chunks of whole rows as rows.
#[derive(Debug, Serialize, Deserialize)]
struct RowsOfChunks {
    width: usize,
}

#[typetag::serde(name = "boost_rows_of_chunks")]
impl Operator for RowsOfChunks {
    fn name(&self) -> &'static str {
        "boost_rows_of_chunks"
    }
    fn schema(&self) -> SchemaRef {
        schema(self.width)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let width = self.width;
        let mut reader = ChunkReader::default();
        Ok(stream::flat_map(self.schema(), input.swap_remove(0), move |batch| {
            let chunks = reader.read(&batch)?;
            Ok(chunks.into_iter().flat_map(move |chunk| pieces(width, &chunk)))
        }))
    }
}

fn pieces(width: usize, chunk: &Chunk) -> Vec<DataFusionResult<RecordBatch>> {
    let values = match chunk.values::<f64>() {
        Ok(values) => values,
        Err(error) => return vec![Err(Error::internal("chunks of rows hold no floats").caused_by(&error).into())],
    };
    let piece = |values: &[f64]| batch(width, values.iter().map(|value| *value as f32).collect());
    values.chunks((BATCH_NUMBERS / width).max(1) * width).map(piece).collect()
}

/// Columns as rows.
#[derive(Debug, Serialize, Deserialize)]
struct RowsOfColumns {
    names: Vec<String>,
    /// For each column the categories that its texts stand for, if it has any.
    codes: Vec<Option<Vec<String>>>,
}

#[typetag::serde(name = "boost_rows_of_columns")]
impl Operator for RowsOfColumns {
    fn name(&self) -> &'static str {
        "boost_rows_of_columns"
    }
    fn schema(&self) -> SchemaRef {
        schema(self.codes.len())
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (names, codes) = (self.names.clone(), self.codes.clone());
        let rows = input.swap_remove(0).map(move |given| {
            let given = given?;
            batch(codes.len(), rows_of(given.columns(), &names, &codes, given.num_rows())?)
        });
        Ok(stream::with_schema(self.schema(), rows))
    }
}

/// Columns of `rows` values as numbers in row-major order: NaN where a value is missing.
///
/// # Errors
/// `Data`: a category is none of those that are known. `Input`: a column is neither of numbers nor of categories.
pub(crate) fn rows_of(
    columns: &[ArrayRef],
    names: &[String],
    codes: &[Option<Vec<String>>],
    rows: usize,
) -> Result<Vec<f32>> {
    let width = columns.len();
    let mut numbers = vec![f32::NAN; rows * width];
    for (place, (column, codes)) in columns.iter().zip(codes).enumerate() {
        let cells = numbers.iter_mut().skip(place).step_by(width);
        match codes {
            Some(known) => {
                let name = names.get(place).map_or("", String::as_str);
                cells.zip(codes_of(column, known, name)?).for_each(|(cell, code)| *cell = code);
            }
            None => {
                let values = cast(column, &DataType::Float32)?;
                let values = values.as_primitive::<Float32Type>();
                if values.null_count() == 0 {
                    cells.zip(values.values()).for_each(|(cell, value)| *cell = *value);
                } else {
                    cells.zip(values).for_each(|(cell, value)| *cell = value.unwrap_or(f32::NAN));
                }
            }
        }
    }
    Ok(numbers)
}

/// The place of each value among the categories that are known, NaN where it is missing.
fn codes_of(column: &ArrayRef, known: &[String], name: &str) -> Result<Vec<f32>> {
    let places: BTreeMap<&str, f32> =
        known.iter().enumerate().map(|(code, text)| (text.as_str(), code as f32)).collect();
    let code = |text: &str| {
        places.get(text).copied().ok_or_else(|| {
            Error::data(format!("column {name:?} holds the category {text:?}, which the training has not seen"))
                .with_hint("make it missing, or train with categories that have it: .cat.add_categories")
        })
    };
    let texts =
        |values: &ArrayRef| -> Result<StringArray> { Ok(cast(values, &DataType::Utf8)?.as_string::<i32>().clone()) };
    match column.as_dictionary_opt::<Int32Type>() {
        None => texts(column)?.iter().map(|text| text.map_or(Ok(f32::NAN), code)).collect(),
        Some(dictionary) => {
            // Only what a row has counts: dictionaries may hold more.
            let texts = texts(dictionary.values())?;
            let mut seen: Vec<Option<f32>> = vec![None; texts.len()];
            let of_key = |key: Option<i32>| {
                let Some(key) = key.and_then(|key| usize::try_from(key).ok()) else { return Ok(f32::NAN) };
                if texts.is_null(key) {
                    return Ok(f32::NAN);
                }
                match seen[key] {
                    Some(code) => Ok(code),
                    None => Ok(*seen[key].insert(code(texts.value(key))?)),
                }
            };
            dictionary.keys().iter().map(of_key).collect()
        }
    }
}

/// The rows of a partition as one chunk. The second input says which chunk, and where its first row is.
#[derive(Debug, Serialize, Deserialize)]
struct ChunkOfRows {
    width: usize,
}

#[typetag::serde(name = "boost_chunk_of_rows")]
impl Operator for ChunkOfRows {
    fn name(&self) -> &'static str {
        "boost_chunk_of_rows"
    }
    fn schema(&self) -> SchemaRef {
        rowwise::schema()
    }
    fn run(
        &self,
        input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        Ok(rowwise::gathered(input, self.width, |batch, values| {
            values.extend(numbers(batch)?.iter().copied().map(f64::from));
            Ok(())
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{BooleanArray, DictionaryArray, Int64Array};

    #[test]
    fn columns_become_rows_and_what_is_missing_nan() {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
            Arc::new(StringArray::from(vec![Some("b"), Some("a"), None])),
            Arc::new(BooleanArray::from(vec![true, false, true])),
        ];
        let codes = vec![None, Some(vec!["a".to_owned(), "b".to_owned()]), None];
        let names = ["x", "c", "t"].map(String::from);
        let rows = rows_of(&columns, &names, &codes, 3).unwrap();
        let texts: Vec<String> = rows.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["1", "1", "1", "NaN", "0", "0", "3", "NaN", "1"]);
        let packed = batch(3, rows).unwrap();
        assert_eq!((packed.num_rows(), numbers(&packed.slice(1, 2)).unwrap()[2]), (3, 0.0));
    }

    #[test]
    fn categories_are_found_through_any_dictionary_and_new_ones_refused() {
        let known = vec!["a".to_owned(), "b".to_owned()];
        let dictionary: DictionaryArray<Int32Type> = [Some("b"), None, Some("a"), Some("new")].into_iter().collect();
        let column: ArrayRef = Arc::new(dictionary);
        let codes = codes_of(&column.slice(0, 3), &known, "c").unwrap();
        assert_eq!(codes.iter().map(ToString::to_string).collect::<Vec<_>>(), ["1", "NaN", "0"]);
        let error = codes_of(&column, &known, "c").unwrap_err();
        assert!(error.message().contains("\"new\""), "{error}");
    }
}
