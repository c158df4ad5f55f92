//! Ranges, diagonals and constants; functions of Python over blocks.

use super::convert::{Operand, Sizes};
use super::{PyArray, checked};
use crate::memory::dtype_of;
use phalanx::array::Array;
use phalanx::array::blockwise::{BlockInput, blockwise};
use phalanx::engine::host::HostFunction;
use pyo3::prelude::*;

/// For each axis of an input the result's axis that it is cut along, with how many elements before and after; and
/// where it is cut, if not where its chunks end.
type Described = (PyArray, Vec<Option<(usize, usize, usize)>>, Vec<Option<Vec<usize>>>);

#[pymethods]
impl PyArray {
    #[staticmethod]
    fn full_of(shape: Vec<usize>, value: Operand, dtype: &str, chunks: Sizes) -> PyResult<Self> {
        checked(Array::full_of(shape, value, dtype_of(dtype)?, chunks))
    }

    #[staticmethod]
    fn arange(start: i64, stop: i64, step: i64, chunks: Sizes) -> PyResult<Self> {
        checked(Array::arange(start, stop, step, chunks))
    }

    /// `count` numbers: up to `stop`, or so that it would be the next.
    #[staticmethod]
    fn linspace(start: f64, stop: f64, count: usize, endpoint: bool, chunks: Sizes) -> PyResult<Self> {
        checked(if endpoint {
            Array::linspace(start, stop, count, chunks)
        } else {
            Array::linspace_open(start, stop, count, chunks)
        })
    }

    #[staticmethod]
    fn arange_float(start: f64, stop: f64, step: f64, chunks: Sizes) -> PyResult<Self> {
        checked(Array::arange_float(start, stop, step, chunks))
    }

    #[staticmethod]
    fn eye(rows: usize, columns: usize, offset: i64, dtype: &str, chunks: Sizes) -> PyResult<Self> {
        checked(Array::eye_of(rows, columns, offset, chunks).astype(dtype_of(dtype)?))
    }

    #[staticmethod]
    fn tri(rows: usize, columns: usize, offset: i64, dtype: &str, chunks: Sizes) -> PyResult<Self> {
        checked(Array::tri(rows, columns, offset, dtype_of(dtype)?, chunks))
    }

    /// What a packed function makes of blocks.
    #[staticmethod]
    fn blockwise(
        payload: Vec<u8>,
        label: String,
        inputs: Vec<Described>,
        shape: Vec<usize>,
        chunks: Sizes,
        dtype: &str,
    ) -> PyResult<Self> {
        let inputs: Vec<BlockInput> =
            inputs.into_iter().map(|(array, axes, borders)| BlockInput { array: array.0, axes, borders }).collect();
        checked(blockwise(HostFunction { payload, label }, &inputs, shape, chunks, dtype_of(dtype)?))
    }
}
