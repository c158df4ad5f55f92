//! A model's answers to arrays and frames: lazy, and computed where the rows are.

use crate::model::{Model, answers};
use crate::native::Asked;
use crate::rows::{need_number, rows_of};
use datafusion::arrow::array::{ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float32Type};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::{ColumnarValue, Expr, col};
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use phalanx_array::Array;
use phalanx_array::blockwise::{BlockFunction, BlockInput, blockwise_native};
use phalanx_array::chunks::ChunkSpec;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, Error, Result, RowFunction, scalar, typetag};
use phalanx_frame::Frame;
use phalanx_frame::series::Series;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::io::Read;
use std::sync::Arc;

/// A frame's model travels in the plan, compressed, and messages have 64 MiB.
const PACKED_BYTES_MAX: usize = 16 << 20;
/// An array's model travels in the plan up to here, and is handed to the engine beyond.
const EMBEDDED_BYTES_MAX: usize = 1 << 20;

impl Model {
    /// The answers to a matrix's rows, lazily, as an array of `float32`: for one number a row, of one axis; else with the
    /// axes that [`Model::shape`] says behind the rows'. `margin`, an array of as many rows, is where predictions begin.
    /// A model of more than 1 MiB is handed to the engine now. Blocks.
    ///
    /// # Errors
    /// `Input`: the matrix has other features, or the margin other rows. The engine's.
    pub fn of_array(&self, engine: &dyn Engine, x: &Array, margin: Option<&Array>, asked: &Asked) -> Result<Array> {
        let (shape, rows) = (x.shape()?, x.chunks()?.sizes(0).to_vec());
        if shape.len() != 2 || shape[1] != self.features() {
            return Err(Error::input(format!("rows of shape {shape:?} for a model of {} features", self.features()))
                .with_hint("give it the features of the training, in the same order"));
        }
        let answer = self.shape(asked)?;
        let mut inputs = vec![];
        let input = |array: Array, axes: usize, is_of_rows: bool| BlockInput {
            axes: (0..axes).map(|axis| (is_of_rows && axis == 0).then_some((0, 0, 0))).collect(),
            borders: vec![None; axes],
            array,
        };
        inputs.push(input(self.as_array(engine)?, 1, false));
        inputs.push(input(x.clone(), 2, true));
        if let Some(margin) = margin {
            let (axes, given) = (margin.shape()?.len(), margin.shape()?[0]);
            if given != shape[0] {
                return Err(Error::input(format!("{given} margins for {} rows", shape[0])));
            }
            let margin = margin.rechunk(ChunkSpec::Sizes(whole_rows(&rows, &margin.shape()?[1..])));
            inputs.push(input(margin, axes, true));
        }
        let mut lengths = vec![shape[0]];
        lengths.extend(&answer);
        let chunks = ChunkSpec::Sizes(whole_rows(&rows, &answer));
        let function = AnswersOfRows { features: self.features(), asked: asked.clone() };
        Ok(blockwise_native(function, &inputs, lengths, chunks, DType::Float32))
    }

    fn as_array(&self, engine: &dyn Engine) -> Result<Array> {
        let bytes = self.bytes();
        let chunk = Chunk::new(&[bytes.len()], bytes.to_vec())
            .map_err(|error| Error::internal("a model is no chunk").caused_by(&error))?;
        match bytes.len() > EMBEDDED_BYTES_MAX {
            false => Ok(Array::from_chunk(chunk)),
            true => Array::scatter(engine, &chunk, ChunkSpec::Sizes(vec![vec![bytes.len()]])),
        }
    }

    /// The answers to a frame's rows, lazily: a column for each number of an answer. `columns` are the features, in the
    /// order of the training, and `margins` what predictions begin with, if there are any.
    ///
    /// # Errors
    /// `Input`: a column is missing, or no number; an answer has several axes. `Unsupported`: a frame's plan carries its
    /// model, and this one has more than 16 MiB (compressed).
    pub fn of_frame(
        &self,
        frame: &Frame,
        columns: &[String],
        margins: &[String],
        asked: &Asked,
    ) -> Result<Vec<Series>> {
        let (answer, width) = self.answer_of_frame(frame, columns, margins, asked)?;
        let at = |place: usize| -> Result<Expr> { Ok(scalar::call(AnswerAt { place }, vec![answer.clone()])?) };
        (0..width).map(|place| frame.series(at(place)?)).collect()
    }

    /// The answers to a frame's rows as lists of so many numbers.
    fn answer_of_frame(
        &self,
        frame: &Frame,
        columns: &[String],
        margins: &[String],
        asked: &Asked,
    ) -> Result<(Expr, usize)> {
        if columns.len() != self.features() {
            return Err(Error::input(format!("{} columns for a model of {} features", columns.len(), self.features())));
        }
        let given: Vec<String> = columns.iter().chain(margins).cloned().collect();
        let schema = frame.schema();
        for name in &given {
            let field = schema.field_with_name(name).map_err(|_| Error::input(format!("no column {name:?}")))?;
            need_number(field, self.categories())?;
        }
        let shape = self.shape(asked)?;
        if shape.len() > 1 {
            return Err(Error::input("an answer to a row has several axes, and a column holds one number a row")
                .with_hint("predict from an array, or from a DMatrix"));
        }
        let width = shape.first().copied().unwrap_or(1);
        let function = AnswerOfRow {
            packed: self.packed()?,
            codes: self.codes(&given),
            names: given.clone(),
            features: columns.len(),
            width,
            asked: asked.clone(),
        };
        let arguments = given.iter().map(|name| col(datafusion::common::Column::from_name(name))).collect();
        Ok((scalar::call(function, arguments)?, width))
    }

    /// The place of the largest number of each answer, the first of several, as an integer: of a frame's rows, lazily.
    ///
    /// # Errors
    /// As [`Model::of_frame`].
    pub fn largest_of_frame(
        &self,
        frame: &Frame,
        columns: &[String],
        margins: &[String],
        asked: &Asked,
    ) -> Result<Series> {
        let (answer, _) = self.answer_of_frame(frame, columns, margins, asked)?;
        frame.series(scalar::call(LargestAt, vec![answer])?)
    }

    fn packed(&self) -> Result<Arc<Vec<u8>>> {
        let mut packed = vec![];
        DeflateEncoder::new(self.bytes().as_ref(), Compression::fast())
            .read_to_end(&mut packed)
            .map_err(|error| Error::internal("a model can't be compressed").caused_by(&error))?;
        if packed.len() > PACKED_BYTES_MAX {
            let size = packed.len();
            return Err(Error::unsupported(format!("a model of {size} bytes (compressed) beside a frame"))
                .with_hint("predict from an array or a DMatrix, for models of any size, or from fewer rounds"));
        }
        Ok(Arc::new(packed))
    }
}

fn whole_rows(rows: &[usize], others: &[usize]) -> Vec<Vec<usize>> {
    let mut sizes = vec![rows.to_vec()];
    sizes.extend(others.iter().map(|length| vec![*length]));
    sizes
}

/// The answers to a block of rows. The inputs are the model, the rows and, if there is one, the margin.
#[derive(Debug, Serialize, Deserialize)]
struct AnswersOfRows {
    features: usize,
    asked: Asked,
}

#[typetag::serde(name = "boost_answers")]
impl BlockFunction for AnswersOfRows {
    fn name(&self) -> &'static str {
        "predict"
    }
    fn run(&self, inputs: &[Chunk]) -> Result<Chunk> {
        let broken = |error: phalanx_chunk::Error| Error::internal("rows hold no numbers").caused_by(&error);
        let [model, rows, margin @ ..] = inputs else { return Err(Error::internal("answers have two inputs")) };
        let rows = rows.cast(DType::Float32);
        let margin = margin.first().map(|margin| margin.cast(DType::Float32));
        let margin = margin.as_ref().map(|margin| margin.values::<f32>()).transpose().map_err(broken)?;
        let (model, numbers) = (model.values::<u8>().map_err(broken)?, rows.values::<f32>().map_err(broken)?);
        let answers = answers(model, numbers, self.features, margin, &self.asked)?;
        Chunk::new(&answers.shape, answers.values).map_err(broken)
    }
}

/// The answer to a row of a frame, as a list of `width` numbers.
#[derive(Debug, Serialize, Deserialize)]
struct AnswerOfRow {
    packed: Arc<Vec<u8>>,
    names: Vec<String>,
    codes: Vec<Option<Vec<String>>>,
    /// The first of the columns; the others are margins.
    features: usize,
    width: usize,
    asked: Asked,
}

impl AnswerOfRow {
    fn kind(&self) -> DataType {
        DataType::FixedSizeList(Arc::new(Field::new_list_field(DataType::Float32, false)), self.width as i32)
    }
}

/// A model as it travelled, and unpacked.
type Unpacked = (Arc<Vec<u8>>, Arc<[u8]>);

thread_local! {
    /// The model that a thread unpacked last.
    static UNPACKED: RefCell<Unpacked> = RefCell::new((Arc::default(), Arc::from([])));
}

fn unpacked(packed: &Arc<Vec<u8>>) -> Result<Arc<[u8]>> {
    UNPACKED.with_borrow_mut(|(known, bytes)| {
        if !Arc::ptr_eq(known, packed) && known != packed {
            let mut unpacked = vec![];
            DeflateDecoder::new(packed.as_slice())
                .read_to_end(&mut unpacked)
                .map_err(|error| Error::internal("a model can't be unpacked").caused_by(&error))?;
            (*known, *bytes) = (Arc::clone(packed), unpacked.into());
        }
        Ok(Arc::clone(bytes))
    })
}

#[typetag::serde(name = "boost_answer")]
impl RowFunction for AnswerOfRow {
    fn name(&self) -> &'static str {
        "predict"
    }
    fn output(&self, _inputs: &[FieldRef]) -> DataFusionResult<Field> {
        Ok(Field::new("predict", self.kind(), false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<ArrayRef> {
        let columns = inputs.iter().map(|input| input.to_array(rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let part =
            |from: usize, to: usize| rows_of(&columns[from..to], &self.names[from..to], &self.codes[from..to], rows);
        let numbers = part(0, self.features)?;
        let margin = if columns.len() > self.features { Some(part(self.features, columns.len())?) } else { None };
        let bytes = unpacked(&self.packed)?;
        let answers = answers(&bytes, &numbers, self.features, margin.as_deref(), &self.asked)?;
        let DataType::FixedSizeList(item, width) = self.kind() else {
            return Err(DataFusionError::Internal(String::from("answers are lists")));
        };
        let values = Arc::new(Float32Array::new(answers.values.into(), None));
        Ok(Arc::new(FixedSizeListArray::try_new(item, width, values, None)?))
    }
}

/// One number of each list.
#[derive(Debug, Serialize, Deserialize)]
struct AnswerAt {
    place: usize,
}

#[typetag::serde(name = "boost_answer_at")]
impl RowFunction for AnswerAt {
    fn name(&self) -> &'static str {
        "at"
    }
    fn output(&self, _inputs: &[FieldRef]) -> DataFusionResult<Field> {
        Ok(Field::new("at", DataType::Float32, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<ArrayRef> {
        let (values, width) = numbers_of(inputs, rows)?;
        Ok(Arc::new(Float32Array::from_iter_values(values.iter().skip(self.place).step_by(width).copied())))
    }
}

/// The place of the largest number of each list.
#[derive(Debug, Serialize, Deserialize)]
struct LargestAt;

#[typetag::serde(name = "boost_largest_at")]
impl RowFunction for LargestAt {
    fn name(&self) -> &'static str {
        "argmax"
    }
    fn output(&self, _inputs: &[FieldRef]) -> DataFusionResult<Field> {
        Ok(Field::new("argmax", DataType::Int64, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<ArrayRef> {
        let (values, width) = numbers_of(inputs, rows)?;
        let largest = |numbers: &[f32]| {
            let mut best = 0;
            (1..numbers.len()).for_each(|place| {
                if numbers[place] > numbers[best] {
                    best = place
                }
            });
            best as i64
        };
        Ok(Arc::new(Int64Array::from_iter_values(values.chunks_exact(width).map(largest))))
    }
}

/// The numbers of lists, one list after the other, and how many each has.
fn numbers_of(inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<(Vec<f32>, usize)> {
    let no_list = || DataFusionError::Internal(String::from("answers are lists of floats"));
    let list = inputs.first().ok_or_else(no_list)?.to_array(rows)?;
    let list = list.as_fixed_size_list_opt().ok_or_else(no_list)?;
    let values = list.values().as_primitive_opt::<Float32Type>().ok_or_else(no_list)?;
    Ok((values.values().to_vec(), (list.value_length() as usize).max(1)))
}
