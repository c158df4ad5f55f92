//! Models, and what they answer.

use super::{Matrix, pointers, text, texts};
use crate::library::Library;
use crate::symbols::{Handle, Symbols};
use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::ffi::{CStr, c_int};
use std::ptr::{null, null_mut};

/// What a prediction is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum Kind {
    /// The answer: a number, a probability, a class.
    #[default]
    Value = 0,
    /// The same before it is transformed.
    Margin = 1,
    /// What each feature adds to the margin (SHAP values), and the bias last.
    Contributions = 2,
    /// The same, approximately.
    ApproximateContributions = 3,
    /// What each pair of features adds.
    Interactions = 4,
    /// The same, approximately.
    ApproximateInteractions = 5,
    /// The leaf of each tree that a row comes to.
    Leaf = 6,
}

/// What a model is asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What the answers are of.
    pub kind: Kind,
    /// The rounds of the model that answer; (0, 0) for all.
    pub rounds: (u32, u32),
    /// Always all axes: none of length 1 is left out.
    pub strict: bool,
    /// The value that stands for a missing one, besides NaN.
    pub missing: Option<f32>,
}

/// A model, in the making or done.
#[derive(Debug)]
pub struct Booster {
    symbols: &'static Symbols,
    handle: Handle,
}

impl Booster {
    /// A model of nothing, for these rows.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn new(matrices: &[&Matrix]) -> Result<Self> {
        let symbols = Library::get()?.symbols();
        let handles: Vec<Handle> = matrices.iter().map(|matrix| matrix.handle).collect();
        let mut handle = null_mut();
        // SAFETY: as many handles as it is told.
        symbols.check(unsafe { (symbols.booster_create)(handles.as_ptr(), handles.len() as u64, &raw mut handle) })?;
        Ok(Self { symbols, handle })
    }

    /// The model in these bytes.
    ///
    /// # Errors
    /// XGBoost's: they hold none.
    pub fn of_bytes(bytes: &[u8]) -> Result<Self> {
        let booster = Self::new(&[])?;
        booster.load(bytes)?;
        Ok(booster)
    }

    /// Becomes the model in these bytes.
    ///
    /// # Errors
    /// XGBoost's: they hold none.
    pub fn load(&self, bytes: &[u8]) -> Result<()> {
        // SAFETY: as many bytes as it is told.
        self.symbols
            .check(unsafe { (self.symbols.booster_load)(self.handle, bytes.as_ptr().cast(), bytes.len() as u64) })
    }

    /// The model as bytes, in XGBoost's own format (UBJSON).
    ///
    /// # Errors
    /// XGBoost's.
    pub fn save(&self) -> Result<Vec<u8>> {
        let (mut length, mut start) = (0, null());
        let config = c"{\"format\": \"ubj\"}";
        // SAFETY: places for a length and a pointer, which it sets.
        self.symbols.check(unsafe {
            (self.symbols.booster_save)(self.handle, config.as_ptr(), &raw mut length, &raw mut start)
        })?;
        // SAFETY: as many bytes, which are the booster's until its next call.
        Ok(unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length as usize) }.to_vec())
    }

    /// Sets a parameter.
    ///
    /// # Errors
    /// XGBoost's, now or when it is used.
    pub fn set(&self, name: &str, value: &str) -> Result<()> {
        let (name, value) = (text(name)?, text(value)?);
        // SAFETY: C strings, which it copies.
        self.symbols.check(unsafe { (self.symbols.booster_set_parameter)(self.handle, name.as_ptr(), value.as_ptr()) })
    }

    /// Takes the parameters that were set as they are now.
    ///
    /// # Errors
    /// XGBoost's: a parameter is wrong.
    pub fn configure(&self) -> Result<()> {
        self.configured().map(drop)
    }

    /// The same, and what they are then, as JSON.
    ///
    /// # Errors
    /// XGBoost's: a parameter is wrong.
    pub fn configured(&self) -> Result<String> {
        let (mut length, mut start) = (0, null());
        // SAFETY: places for a length and a pointer, which it sets.
        self.symbols
            .check(unsafe { (self.symbols.booster_save_config)(self.handle, &raw mut length, &raw mut start) })?;
        if start.is_null() {
            return Ok(String::new());
        }
        // SAFETY: it points to a C string, which is the booster's until its next call.
        Ok(unsafe { CStr::from_ptr(start) }.to_string_lossy().into_owned())
    }

    /// One round.
    ///
    /// # Errors
    /// XGBoost's: a parameter or a label is wrong, or another rank is gone.
    pub fn update(&self, round: u32, matrix: &Matrix) -> Result<()> {
        // SAFETY: both handles are alive.
        self.symbols.check(unsafe { (self.symbols.booster_update)(self.handle, round as c_int, matrix.handle) })
    }

    /// The metrics of these rows: each as `name-metric` and its value, in order.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn evaluate(&self, round: u32, sets: &[(&Matrix, &str)]) -> Result<Vec<(String, f64)>> {
        let handles: Vec<Handle> = sets.iter().map(|(matrix, _)| matrix.handle).collect();
        let names = texts(&sets.iter().map(|(_, name)| (*name).to_owned()).collect::<Vec<_>>())?;
        let names = pointers(&names);
        let mut said = null();
        // SAFETY: as many handles and C strings as it is told; the answer is the booster's until its next call.
        let line = unsafe {
            self.symbols.check((self.symbols.booster_evaluate)(
                self.handle,
                round as c_int,
                handles.as_ptr(),
                names.as_ptr(),
                handles.len() as u64,
                &raw mut said,
            ))?;
            CStr::from_ptr(said).to_string_lossy().into_owned()
        };
        // `[3]\ttrain-rmse:0.5\ttrain-mae:0.25`
        let score = |word: &str| {
            let (name, value) = word.rsplit_once(':')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        line.split('\t').skip(1).map(|word| score(word).ok_or_else(|| Error::internal(line.clone()))).collect()
    }

    /// A text that goes with the model.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn set_attribute(&self, name: &str, value: &str) -> Result<()> {
        let (name, value) = (text(name)?, text(value)?);
        // SAFETY: C strings, which it copies.
        self.symbols.check(unsafe { (self.symbols.booster_set_attribute)(self.handle, name.as_ptr(), value.as_ptr()) })
    }

    /// Reads [`Booster::set_attribute`].
    ///
    /// # Errors
    /// XGBoost's.
    pub fn attribute(&self, name: &str) -> Result<Option<String>> {
        let name = text(name)?;
        let (mut value, mut there) = (null(), 0);
        // SAFETY: places for a pointer and a number; the C string is the booster's until its next call.
        unsafe {
            let asked = (self.symbols.booster_attribute)(self.handle, name.as_ptr(), &raw mut value, &raw mut there);
            self.symbols.check(asked)?;
            Ok((there != 0).then(|| CStr::from_ptr(value).to_string_lossy().into_owned()))
        }
    }

    /// Sets the names (`feature_name`) or types (`feature_type`) of the features.
    ///
    /// # Errors
    /// XGBoost's: not as many as there are features.
    pub fn set_texts(&self, field: &str, values: &[String]) -> Result<()> {
        let (field, values) = (text(field)?, texts(values)?);
        let pointers = pointers(&values);
        // SAFETY: as many C strings as it is told, which it copies.
        self.symbols.check(unsafe {
            (self.symbols.booster_set_texts)(self.handle, field.as_ptr(), pointers.as_ptr(), pointers.len() as u64)
        })
    }

    /// The names (`feature_name`) or types (`feature_type`) of the features; none if the model has none.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn texts(&self, field: &str) -> Result<Vec<String>> {
        let field = text(field)?;
        let (mut count, mut start) = (0, null());
        // SAFETY: places for a number and a pointer to as many C strings, the booster's until its next call.
        unsafe {
            let asked = (self.symbols.booster_texts)(self.handle, field.as_ptr(), &raw mut count, &raw mut start);
            self.symbols.check(asked)?;
            let owned = |at: usize| CStr::from_ptr(*start.add(at)).to_string_lossy().into_owned();
            Ok((0..count as usize).map(owned).collect())
        }
    }

    /// How many rounds it has.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn rounds(&self) -> Result<u32> {
        let mut rounds = 0;
        // SAFETY: a place for a number.
        self.symbols.check(unsafe { (self.symbols.booster_rounds)(self.handle, &raw mut rounds) })?;
        Ok(u32::try_from(rounds).unwrap_or(0))
    }

    /// How many features it has seen.
    ///
    /// # Errors
    /// XGBoost's.
    pub fn features(&self) -> Result<usize> {
        let mut features = 0;
        // SAFETY: a place for a number.
        self.symbols.check(unsafe { (self.symbols.booster_features)(self.handle, &raw mut features) })?;
        Ok(features as usize)
    }

    /// Its answers: their shape, the rows first, and their values in C order.
    ///
    /// # Errors
    /// XGBoost's: the rows have other features.
    pub fn predict(&self, matrix: &Matrix, asked: &Asked) -> Result<(Vec<usize>, Vec<f32>)> {
        let config = json!({
            "type": asked.kind as u8, "training": false, "iteration_begin": asked.rounds.0,
            "iteration_end": asked.rounds.1, "strict_shape": asked.strict,
        });
        let config = text(&config.to_string())?;
        let (mut shape, mut axes, mut values) = (null(), 0, null());
        // SAFETY: places for what it sets: as many lengths as axes, and their product of values, the booster's until its
        // next call.
        unsafe {
            self.symbols.check((self.symbols.booster_predict)(
                self.handle,
                matrix.handle,
                config.as_ptr(),
                &raw mut shape,
                &raw mut axes,
                &raw mut values,
            ))?;
            let shape: Vec<usize> =
                std::slice::from_raw_parts(shape, axes as usize).iter().map(|length| *length as usize).collect();
            let count = shape.iter().product();
            let values = if count == 0 { vec![] } else { std::slice::from_raw_parts(values, count).to_vec() };
            Ok((shape, values))
        }
    }
}

// SAFETY: outside of a collective XGBoost's model has nothing of the thread that made it; what it answers lies in the
// memory of the thread that asks, and is copied before that ends. Bindings of other languages hand models on likewise.
unsafe impl Send for Booster {}

impl Drop for Booster {
    fn drop(&mut self) {
        // SAFETY: it is ours, and freed once.
        unsafe { (self.symbols.booster_free)(self.handle) };
    }
}
