//! Different values of arrays, and their numbers.

use crate::array::{PyArray, checked};
use crate::client::{PyClient, wait};
use crate::errors::Raise;
use crate::frame::PyFrame;
use phalanx::Error;
use phalanx::chunk::DType;
use phalanx::learn::labels::{self, Key, Unknown};
use pyo3::prelude::*;

fn key(is_float: bool) -> Key {
    if is_float { Key::Float } else { Key::Integer }
}

fn dtype(name: &str) -> PyResult<DType> {
    name.parse().map_err(|_| Error::input(format!("data type {name:?} not understood"))).raise()
}

/// Of each column the keys of its different values; None, if they are too many to be told so.
#[pyfunction]
pub fn distinct_keys(py: Python<'_>, client: &PyClient, array: &PyArray) -> PyResult<Option<Vec<Vec<i64>>>> {
    let (client, array) = (client.get()?, array.0.clone());
    wait(py, async move { labels::distinct(client.engine(), &array).await })
}

/// For each value the number of its key among the categories of its column; lazy. Unknown ones are an error when it is
/// computed, unless `unknown` is given.
#[pyfunction]
#[pyo3(signature = (array, categories, is_float, unknown, missing, dtype_name))]
pub fn category_codes(
    array: &PyArray,
    categories: Vec<Vec<i64>>,
    is_float: bool,
    unknown: Option<f64>,
    missing: f64,
    dtype_name: &str,
) -> PyResult<PyArray> {
    let unknown = unknown.map_or(Unknown::Refused, Unknown::Is);
    let codes = labels::codes(&array.0, categories, key(is_float), unknown, missing, dtype(dtype_name)?);
    checked(codes.raise()?)
}

/// Columns of 0 and 1 for the categories of each column, but for those left out; lazy.
#[pyfunction]
#[pyo3(signature = (array, categories, left_out, is_float, dtype_name))]
pub fn category_columns(
    array: &PyArray,
    categories: Vec<Vec<i64>>,
    left_out: Vec<Option<usize>>,
    is_float: bool,
    dtype_name: &str,
) -> PyResult<PyArray> {
    checked(labels::one_hot(&array.0, categories, left_out, key(is_float), dtype(dtype_name)?).raise()?)
}

/// The frame with one more column for each of `columns` (from, to, categories): the number of each text among them.
#[pyfunction]
pub fn text_numbers(
    frame: &PyFrame,
    columns: Vec<(String, String, Vec<String>)>,
    unknown: f64,
    missing: f64,
) -> PyResult<PyFrame> {
    let mut made = frame.0.clone();
    for (from, to, categories) in columns {
        made = labels::numbers_of_texts(&made, &from, &to, categories, unknown, missing).raise()?;
    }
    Ok(PyFrame(made))
}
