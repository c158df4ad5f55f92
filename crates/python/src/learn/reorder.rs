//! Rows of arrays in another order.

use crate::array::{PyArray, checked};
use crate::client::{PyClient, wait_blocking};
use crate::errors::Raise;
use phalanx::Error;
use phalanx::learn::reorder;
use pyo3::prelude::*;

/// The rows whose numbers are `places`, 64-bit integers as bytes, in that order and in chunks of so many rows; lazy.
#[pyfunction]
pub fn take_rows(
    py: Python<'_>,
    client: &PyClient,
    array: &PyArray,
    places: &[u8],
    chunk_rows: usize,
) -> PyResult<PyArray> {
    let numbers = places.as_chunks::<8>().0.iter().map(|bytes| usize::try_from(i64::from_le_bytes(*bytes)));
    let places: Vec<usize> = numbers.collect::<Result<_, _>>().map_err(|_| Error::input("a negative row")).raise()?;
    let (client, array) = (client.get()?, array.0.clone());
    checked(wait_blocking(py, move || reorder::take_rows(client.engine(), &array, &places, chunk_rows))?)
}

/// Two parts of so many rows each, drawn within chunks; lazy.
#[pyfunction]
pub fn split_within_chunks(array: &PyArray, first: usize, second: usize, seed: u64) -> PyResult<(PyArray, PyArray)> {
    let (first, second) = reorder::split_within_chunks(&array.0, first, second, seed).raise()?;
    Ok((checked(first)?, checked(second)?))
}
