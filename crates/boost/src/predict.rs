//! A model's answers, where the rows are: a function of a row over frames, an operator over rows.

use crate::library::Library;
use crate::native::{Asked, Booster, Kept, Matrix};
use crate::rows::{self, Categories, Rows, rows_of};
use datafusion::arrow::array::{ArrayRef, AsArray, Float32Array, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{ColumnarValue, col};
use phalanx_array::{Array, rowwise};
use phalanx_chunk::Chunk;
use phalanx_engine::{Engine, Error, Operator, Plan, Result, RowFunction, plan, scalar, stream, typetag};
use phalanx_frame::{Frame, series::Series};
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

/// A model travels in the plan, and messages have 16 MiB.
const MODEL_BYTES_MAX: usize = 14 << 20;
/// Models that a thread keeps ready.
const READY_MAX: usize = 4;

/// A trained model, and what it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    bytes: Arc<Vec<u8>>,
    asked: Asked,
    missing: Option<f32>,
    base_margin: usize,
}

impl Model {
    /// A model in XGBoost's own format, and what its answers are of; `missing` stands for a missing value, besides NaN.
    /// The last `base_margin` columns of the rows are where predictions begin.
    ///
    /// # Errors
    /// `Input`: these bytes hold no model. `Unsupported`: they are too many, or XGBoost is not there.
    pub fn new(bytes: Vec<u8>, asked: Asked, missing: Option<f32>, base_margin: usize) -> Result<Self> {
        if bytes.len() > MODEL_BYTES_MAX {
            let size = bytes.len();
            return Err(Error::unsupported(format!("a model of {size} bytes; {MODEL_BYTES_MAX} are the most"))
                .with_hint("predict from fewer rounds (slice the booster), or part by part with xgboost itself"));
        }
        Booster::of_bytes(&bytes)?;
        Ok(Self { bytes: Arc::new(bytes), asked, missing, base_margin })
    }

    /// How many features a row must have.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn features(&self) -> Result<usize> {
        Booster::of_bytes(&self.bytes)?.features()
    }

    /// The axes of an answer to one row, without the axis of rows: none for one number.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn shape(&self) -> Result<Vec<usize>> {
        let width = self.features()? + self.base_margin;
        Ok(self.answer(&vec![0.0; width], width)?.0[1..].to_vec())
    }

    /// The answers to rows of `width` numbers: their shape, and values in C order.
    fn answer(&self, numbers: &[f32], width: usize) -> Result<(Vec<usize>, Vec<f32>)> {
        let features = width.saturating_sub(self.base_margin);
        let kept = Kept { missing: self.missing.unwrap_or(f32::NAN), threads: 1, quantiles: None };
        let matrix = if self.base_margin == 0 {
            Matrix::new(numbers, width, kept)?
        } else {
            let part = |from: usize, to: usize| -> Vec<f32> {
                numbers.chunks_exact(width).flat_map(|row| &row[from..to]).copied().collect()
            };
            let matrix = Matrix::new(&part(0, features), features, kept)?;
            matrix.set("base_margin", &part(features, width), (self.base_margin > 1).then_some(self.base_margin))?;
            matrix
        };
        ready(&self.bytes, |booster| booster.predict(&matrix, &self.asked))
    }

    /// The answers to a frame's rows, as a column: those at `place` of each row's answer, where it has several.
    ///
    /// # Errors
    /// `Input`: a column is missing, or no number.
    pub fn of_frame(
        &self,
        frame: &Frame,
        columns: &[String],
        categories: &Categories,
        place: usize,
        name: Option<&str>,
    ) -> Result<Series> {
        for name in columns {
            let schema = frame.schema();
            let field = schema.field_with_name(name).map_err(|_| Error::input(format!("no column {name:?}")))?;
            rows::need_number(field, categories)?;
        }
        let codes = columns.iter().map(|name| categories.get(name).cloned()).collect();
        let function = AnswerOfRow { model: self.clone(), codes, place };
        let arguments = columns.iter().map(|name| col(datafusion::common::Column::from_name(name))).collect();
        frame.series(scalar::call(function, arguments)?)?.rename(name)
    }

    /// The answers to persisted rows, as a persisted matrix with as many rows: what a row's answer has, in C order.
    ///
    /// # Errors
    /// The engine's, and XGBoost's.
    pub async fn of_rows(&self, engine: &dyn Engine, given: &Rows) -> Result<Array> {
        let width: usize = self.shape()?.iter().product();
        let counts: Vec<usize> = given.data().locations().iter().map(|location| location.rows as usize).collect();
        let mut first = 0_usize;
        let mut places = vec![];
        for count in &counts {
            let number = |value: usize| Arc::new(Int64Array::from(vec![value as i64])) as ArrayRef;
            let columns = vec![number(places.len()), number(first)];
            places.push(vec![RecordBatch::try_new(Arc::clone(&PLACE), columns)?]);
            first += count;
        }
        let inputs = vec![given.data().scan()?, plan::table(Arc::clone(&PLACE), &places)?];
        let root = plan::operator(AnswersOfRows { model: self.clone(), rows: given.width(), width }, inputs)?;
        let largest = counts.iter().copied().max().unwrap_or(0);
        let bytes = (largest * (width * 16 + given.width() * 8)) as u64;
        let plan = Plan::new("predict", root).reading([given.data().clone()]).projecting(bytes);
        rowwise::of_persisted(engine.persist(plan).collect().await?, &counts, width)
    }
}

thread_local! {
    static READY: RefCell<Vec<(Arc<Vec<u8>>, Booster)>> = const { RefCell::new(vec![]) };
}

/// Hands the model in `bytes` to `ask`; a thread reads it once.
fn ready<T>(bytes: &Arc<Vec<u8>>, ask: impl FnOnce(&Booster) -> Result<T>) -> Result<T> {
    READY.with_borrow_mut(|ready| {
        let found = ready.iter().position(|(known, _)| Arc::ptr_eq(known, bytes) || known == bytes);
        let (known, booster) = match found {
            Some(place) => ready.remove(place),
            None => {
                let booster = Booster::of_bytes(bytes)?;
                booster.set("nthread", "1")?;
                (Arc::clone(bytes), booster)
            }
        };
        let answer = ask(&booster);
        ready.truncate(READY_MAX - 1);
        ready.insert(0, (known, booster));
        answer
    })
}

static PLACE: LazyLock<SchemaRef> = LazyLock::new(|| {
    let number = |name| Field::new(name, DataType::Int64, false);
    Arc::new(Schema::new(vec![number("chunk"), number("first_row")]))
});

/// One number of the answer to a row of a frame.
#[derive(Debug, Serialize, Deserialize)]
struct AnswerOfRow {
    model: Model,
    codes: Vec<Option<Vec<String>>>,
    place: usize,
}

#[typetag::serde(name = "boost_answer")]
impl RowFunction for AnswerOfRow {
    fn name(&self) -> &'static str {
        "boost_answer"
    }
    fn output(&self, _inputs: &[FieldRef]) -> DataFusionResult<Field> {
        Ok(Field::new("prediction", DataType::Float32, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<ArrayRef> {
        let columns = inputs.iter().map(|input| input.to_array(rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let numbers = rows_of(&columns, &self.codes, rows)?;
        let (shape, values) = self.model.answer(&numbers, columns.len())?;
        let width: usize = shape.iter().skip(1).product();
        let values = values.into_iter().skip(self.place).step_by(width.max(1));
        Ok(Arc::new(Float32Array::new(values.collect::<Vec<f32>>().into(), None)))
    }
}

/// The answers to the rows of a partition, as one chunk. The second input says which chunk, and where its first row is.
#[derive(Debug, Serialize, Deserialize)]
struct AnswersOfRows {
    model: Model,
    rows: usize,
    width: usize,
}

#[typetag::serde(name = "boost_answers")]
impl Operator for AnswersOfRows {
    fn name(&self) -> &'static str {
        "boost_answers"
    }
    fn schema(&self) -> SchemaRef {
        rowwise::schema()
    }
    fn run(
        &self,
        input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        Library::get()?; // before the rows are read
        let (model, rows, width) = (self.model.clone(), self.rows, self.width);
        Ok(stream::gather(self.schema(), input, move |inputs| {
            let [given, places] = inputs.as_slice() else {
                return Err(DataFusionError::Internal(String::from("answers have two inputs")));
            };
            let Some(place) = places.iter().find(|batch| batch.num_rows() > 0) else {
                return Err(DataFusionError::Internal(String::from("a chunk of answers has no place")));
            };
            let number = |column: usize| place.column(column).as_primitive::<Int64Type>().value(0) as usize;
            let mut values: Vec<f64> = vec![];
            for batch in given.iter().filter(|batch| batch.num_rows() > 0) {
                values.extend(model.answer(rows::numbers(batch)?, rows)?.1.into_iter().map(f64::from));
            }
            let chunk = Chunk::new(&[values.len() / width.max(1), width], values)
                .map_err(|error| Error::internal("answers make no chunk").caused_by(&error))?;
            Ok(rowwise::batches(number(0), number(1), &chunk)?)
        }))
    }
}
