//! A trained model: what is known of it, and its answers to rows at hand.
//!
//! A model's bytes are XGBoost's own format, which its other language bindings read. XGBoost's object of it answers one
//! question at a time, so there are a few of them, and who asks takes one that is free.

use crate::format::need_model;
use crate::native::{Asked, Booster, Kept, Matrix};
use crate::rows::{Categories, rows_of};
use datafusion::arrow::array::{ArrayRef, RecordBatch};
use phalanx_engine::{Error, Result};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Where a model says which category each code of a feature stands for: a text that goes with it.
pub const CATEGORIES: &str = "phalanx_categories";
/// Models that are kept ready, for all threads together.
const READY_MAX: usize = 16;

/// A trained model.
#[derive(Clone, Debug)]
pub struct Model {
    bytes: Arc<[u8]>,
    features: usize,
    names: Vec<String>,
    types: Vec<String>,
    rounds: u32,
    best: Option<u32>,
    categories: Categories,
}

/// What a model says to rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// The lengths of the axes, the rows first.
    pub shape: Vec<usize>,
    /// The numbers, in C order.
    pub values: Vec<f32>,
}

impl Model {
    /// The model in these bytes: UBJSON or JSON, as XGBoost writes it.
    ///
    /// # Errors
    /// `Data`: they hold no model. `Unsupported`: XGBoost is not there.
    pub fn of_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Self> {
        let bytes = bytes.into();
        need_whole(&bytes)?;
        with_ready(&bytes, |booster| {
            let categories = match booster.attribute(CATEGORIES)? {
                None => Categories::default(),
                Some(text) => serde_json::from_str(&text)
                    .map_err(|error| Error::data("the categories of a model can't be read").caused_by(&error))?,
            };
            let best = booster.attribute("best_iteration")?.and_then(|round| round.parse().ok());
            Ok(Self {
                bytes: Arc::clone(&bytes),
                features: booster.features()?,
                names: booster.texts("feature_name")?,
                types: booster.texts("feature_type")?,
                rounds: booster.rounds()?,
                best,
                categories,
            })
        })
    }

    /// The model in a file.
    ///
    /// # Errors
    /// `Data`: the file is not there, or holds no model. `Unsupported`: XGBoost is not there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let unreadable = |error: &(dyn std::error::Error + 'static)| {
            Error::data(format!("{} can't be read as a model", path.display())).caused_by(error)
        };
        let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
        Self::of_bytes(bytes).map_err(|error| match error.kind() {
            phalanx_engine::ErrorKind::Data => unreadable(&error).with_hint(DAMAGED),
            _ => error,
        })
    }

    /// Writes the model as a file that XGBoost reads: whole or not at all.
    ///
    /// # Errors
    /// `Resources`: the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let unwritable =
            |error: std::io::Error| Error::resources(format!("{} can't be written", path.display())).caused_by(&error);
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        std::fs::write(&beside, &self.bytes).map_err(unwritable)?;
        std::fs::rename(&beside, path).map_err(unwritable)
    }

    /// The model as bytes.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }
    /// How many features a row has.
    pub fn features(&self) -> usize {
        self.features
    }
    /// Their names; none if it was trained without.
    pub fn names(&self) -> &[String] {
        &self.names
    }
    /// Their types: `float`, `int`, `i` (truth values), `q` or `c` (categories); none if it was trained without.
    pub fn types(&self) -> &[String] {
        &self.types
    }
    /// How many rounds it has.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }
    /// The best of them, counted from 0, if it was trained with early stopping.
    pub fn best_round(&self) -> Option<u32> {
        self.best
    }
    /// For features of categories, the text of each code.
    pub fn categories(&self) -> &Categories {
        &self.categories
    }

    /// The lengths of the axes of an answer to one row, without that of the rows: none for one number a row.
    ///
    /// # Errors
    /// XGBoost's: it has no such answers.
    pub fn shape(&self, asked: &Asked) -> Result<Vec<usize>> {
        Ok(self.predict(&vec![0.0; self.features], asked)?.shape.split_off(1))
    }

    /// The answers to rows at hand: numbers in row-major order, as many a row as there are features, categories as
    /// their codes, and NaN where a value is missing.
    ///
    /// # Errors
    /// `Input`: these are no whole rows, or a number is infinite.
    pub fn predict(&self, numbers: &[f32], asked: &Asked) -> Result<Answers> {
        answers(&self.bytes, numbers, self.features, None, asked)
    }

    /// The answers to the rows of a batch, whose columns are found by the names of the features; others are not
    /// looked at.
    ///
    /// # Errors
    /// `Input`: the model has no names, a column is missing or no number, or a category is unknown.
    pub fn predict_batch(&self, batch: &RecordBatch, asked: &Asked) -> Result<Answers> {
        if self.names.is_empty() {
            return Err(Error::input("the model was trained without names of features")
                .with_hint("predict from rows of numbers, in the order of the training"));
        }
        let column = |name: &String| {
            let field = batch.schema_ref().field_with_name(name).map_err(|_| self.missing(name, batch))?;
            crate::rows::need_number(field, &self.categories)?;
            batch.column_by_name(name).cloned().ok_or_else(|| self.missing(name, batch))
        };
        let columns = self.names.iter().map(column).collect::<Result<Vec<ArrayRef>>>()?;
        self.predict(&rows_of(&columns, &self.names, &self.codes(&self.names), batch.num_rows())?, asked)
    }

    /// For each of these columns its categories, if it has any.
    pub(crate) fn codes(&self, columns: &[String]) -> Vec<Option<Vec<String>>> {
        columns.iter().map(|name| self.categories.get(name).cloned()).collect()
    }

    fn missing(&self, name: &str, batch: &RecordBatch) -> Error {
        let there: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
        Error::input(format!("no column {name:?} among {there:?}"))
            .with_hint(format!("the model needs the features {:?}", self.names))
    }
}

const DAMAGED: &str = "a model is what XGBoost's save_model writes, as .ubj or .json; a file of another kind, or one that \
                       was cut off, is none";

/// Refuses bytes that are no whole model.
///
/// # Errors
/// `Data`.
pub(crate) fn need_whole(bytes: &[u8]) -> Result<()> {
    need_model(bytes).map_err(|error| damaged(&error))
}

fn damaged(cause: &Error) -> Error {
    Error::data("these bytes hold no model of XGBoost").with_hint(DAMAGED).caused_by(cause)
}

/// The answers of the model in `bytes` to rows of `width` numbers. `margin`, with as many numbers for each row, is where
/// predictions begin.
pub(crate) fn answers(
    bytes: &[u8],
    numbers: &[f32],
    width: usize,
    margin: Option<&[f32]>,
    asked: &Asked,
) -> Result<Answers> {
    if width == 0 || !numbers.len().is_multiple_of(width) {
        return Err(Error::input(format!("{} numbers are no rows of {width} features", numbers.len())));
    }
    let rows = numbers.len() / width;
    if rows == 0 {
        // XGBoost would not say a shape.
        let one = answers(bytes, &vec![0.0; width], width, None, asked)?;
        let shape = one.shape.iter().enumerate().map(|(axis, length)| if axis == 0 { 0 } else { *length });
        return Ok(Answers { shape: shape.collect(), values: vec![] });
    }
    let kept = Kept { missing: asked.missing.unwrap_or(f32::NAN), threads: 1, quantiles: None };
    let matrix = Matrix::new(numbers, width, kept)?;
    if let Some(margin) = margin {
        let outputs = margin.len() / rows;
        matrix.set("base_margin", margin, (outputs > 1).then_some(outputs))?;
    }
    let (shape, values) = with_ready(bytes, |booster| booster.predict(&matrix, asked))?;
    Ok(Answers { shape, values })
}

static READY: Mutex<Vec<(Arc<[u8]>, Booster)>> = Mutex::new(vec![]);

/// Hands the model in `bytes` to `ask`, which has it for itself meanwhile. Models stay ready for the next question: a
/// few, of which one may be there several times for several threads. They are not the threads' own, because XGBoost's
/// own memory of a thread is gone before ours when the thread ends.
fn with_ready<T>(bytes: &[u8], ask: impl FnOnce(&Booster) -> Result<T>) -> Result<T> {
    let is_it = |known: &[u8]| std::ptr::eq(known, bytes) || known == bytes;
    let taken = {
        let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
        ready.iter().position(|(known, _)| is_it(known)).map(|place| ready.remove(place))
    };
    let (known, booster) = match taken {
        Some(taken) => taken,
        None => {
            let booster = Booster::new(&[])?;
            booster.load(bytes).map_err(|error| damaged(&error))?;
            booster.set("nthread", "1")?;
            (Arc::from(bytes), booster)
        }
    };
    let answer = ask(&booster);
    let mut ready = READY.lock().unwrap_or_else(PoisonError::into_inner);
    let too_many = ready.len().saturating_sub(READY_MAX - 1);
    let dropped: Vec<_> = ready.drain(..too_many).collect();
    ready.push((known, booster));
    drop(ready);
    drop(dropped);
    answer
}
