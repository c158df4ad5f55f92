//! Rows.

use super::{pointers, text, texts};
use crate::library::Library;
use crate::symbols::{Handle, Symbols};
use phalanx_engine::Result;
use serde_json::json;
use std::cell::Cell;
use std::ffi::{CStr, c_int};
use std::ptr::null_mut;

/// Elements that XGBoost reads where they lie.
pub trait Element: Copy {
    /// NumPy's name of the type.
    const TYPE: &'static str;
}

impl Element for f32 {
    const TYPE: &'static str = "<f4";
}
impl Element for u32 {
    const TYPE: &'static str = "<u4";
}

/// The array interface of `values` in rows of `width` (or of one axis). They must outlive its use.
fn interface<T: Element>(values: &[T], width: Option<usize>) -> String {
    let shape = match width {
        Some(width) => json!([values.len() / width.max(1), width]),
        None => json!([values.len()]),
    };
    // XGBoost refuses a null pointer, also for no elements; this one is aligned and never read.
    json!({"data": [values.as_ptr() as usize, true], "shape": shape, "typestr": T::TYPE, "version": 3}).to_string()
}

/// How rows are kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept<'a> {
    /// The value that stands for a missing one, besides NaN.
    pub missing: f32,
    /// Threads that may work on it.
    pub threads: usize,
    /// Only quantiles, at most so many of each feature; those of another matrix, if there is one.
    pub quantiles: Option<(usize, Option<&'a Matrix>)>,
}

/// Rows of features with what belongs to them: a `DMatrix`.
#[derive(Debug)]
pub struct Matrix {
    symbols: &'static Symbols,
    pub(super) handle: Handle,
}

impl Matrix {
    /// Rows of `width` features.
    ///
    /// # Errors
    /// XGBoost's: infinity among the features.
    pub fn new(values: &[f32], width: usize, kept: Kept<'_>) -> Result<Self> {
        let symbols = Library::get()?.symbols();
        let data = text(&interface(values, Some(width)))?;
        // JSON has no NaN, but XGBoost reads one.
        let number = if kept.missing.is_nan() { String::from("NaN") } else { json!(kept.missing).to_string() };
        let mut handle = null_mut();
        if let Some((bins, reference)) = kept.quantiles {
            let config = text(&format!(r#"{{"missing": {number}, "nthread": {}, "max_bin": {bins}}}"#, kept.threads))?;
            let batch = Batch::new(symbols, &data)?;
            let reference = reference.map_or(null_mut(), |matrix| matrix.handle);
            let iterator: Handle = (&raw const batch).cast_mut().cast();
            // SAFETY: the iterator is a `Batch`, as its functions expect, and outlives the call with what it shows.
            symbols.check(unsafe {
                (symbols.quantiles_from_callback)(
                    iterator,
                    batch.proxy,
                    reference,
                    reset,
                    next,
                    config.as_ptr(),
                    &raw mut handle,
                )
            })?;
        } else {
            let config = text(&format!(r#"{{"missing": {number}, "nthread": {}}}"#, kept.threads))?;
            // SAFETY: the values outlive the call, which copies them.
            symbols.check(unsafe { (symbols.matrix_from_dense)(data.as_ptr(), config.as_ptr(), &raw mut handle) })?;
        }
        Ok(Self { symbols, handle })
    }

    /// Labels, weights and the like, one or several of a row.
    ///
    /// # Errors
    /// XGBoost's: not as many as there are rows.
    pub fn set<T: Element>(&self, field: &str, values: &[T], width: Option<usize>) -> Result<()> {
        let (field, data) = (text(field)?, text(&interface(values, width))?);
        // SAFETY: the values outlive the call, which copies them.
        self.symbols.check(unsafe { (self.symbols.matrix_set_info)(self.handle, field.as_ptr(), data.as_ptr()) })
    }

    /// The names (`feature_name`) or types (`feature_type`) of the features.
    ///
    /// # Errors
    /// XGBoost's: not as many as there are features.
    pub fn set_texts(&self, field: &str, values: &[String]) -> Result<()> {
        let (field, values) = (text(field)?, texts(values)?);
        let pointers = pointers(&values);
        // SAFETY: as many C strings as it is told, which it copies.
        self.symbols.check(unsafe {
            (self.symbols.matrix_set_texts)(self.handle, field.as_ptr(), pointers.as_ptr(), pointers.len() as u64)
        })
    }
}

impl Drop for Matrix {
    fn drop(&mut self) {
        // SAFETY: it is ours, and freed once.
        unsafe { (self.symbols.matrix_free)(self.handle) };
    }
}

/// One batch of rows, given once a pass.
struct Batch<'a> {
    symbols: &'static Symbols,
    proxy: Handle,
    data: &'a CStr,
    given: Cell<bool>,
}

impl<'a> Batch<'a> {
    fn new(symbols: &'static Symbols, data: &'a CStr) -> Result<Self> {
        let mut proxy = null_mut();
        // SAFETY: a place for a handle.
        symbols.check(unsafe { (symbols.proxy_create)(&raw mut proxy) })?;
        Ok(Self { symbols, proxy, data, given: Cell::new(false) })
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        // SAFETY: it is ours, and freed once.
        unsafe { (self.symbols.matrix_free)(self.proxy) };
    }
}

extern "C" fn reset(batch: Handle) {
    // SAFETY: XGBoost hands back the pointer that it was given, during that call.
    let batch = unsafe { &*batch.cast::<Batch<'_>>() };
    batch.given.set(false);
}

extern "C" fn next(batch: Handle) -> c_int {
    // SAFETY: as in `reset`.
    let batch = unsafe { &*batch.cast::<Batch<'_>>() };
    if batch.given.replace(true) {
        return 0;
    }
    // SAFETY: the proxy is the batch's, and the values that it shows outlive the whole call.
    let answer = unsafe { (batch.symbols.proxy_set_dense)(batch.proxy, batch.data.as_ptr()) };
    c_int::from(answer == 0)
}
