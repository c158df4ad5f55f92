//! Lazy arrays: the class, what every area needs, and a file an area.

mod basics;
mod convert;
mod creation;
mod fft;
mod indexing;
mod linalg;
mod random;
mod shapes;
mod sorting;

use crate::errors::Raise;
use crate::memory::embedded;
use phalanx::array::Array;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;

/// A lazy array. `phalanx.array.Array` wraps it.
#[pyclass(frozen, name = "Array", module = "phalanx._phalanx", from_py_object)]
#[derive(Clone)]
pub struct PyArray(pub Array);

/// The array, or the exception that it holds.
pub fn checked(array: Array) -> PyResult<PyArray> {
    array.check().raise()?;
    Ok(PyArray(array))
}

#[pymethods]
impl PyArray {
    /// The lengths of the axes; None where one depends on the data.
    #[getter]
    fn shape(&self) -> PyResult<Vec<Option<usize>>> {
        self.0.known_shape().raise()
    }

    /// NumPy's name of the element type.
    #[getter]
    fn dtype(&self) -> PyResult<&'static str> {
        Ok(self.0.dtype().raise()?.name())
    }

    /// The sizes of the chunks, axis by axis; None where they depend on the data.
    #[getter]
    fn chunks(&self) -> PyResult<Vec<Vec<Option<usize>>>> {
        let Ok(chunks) = self.0.chunks() else {
            return Ok(self.0.known_shape().raise()?.into_iter().map(|length| vec![length]).collect());
        };
        Ok((0..chunks.ndim()).map(|axis| chunks.sizes(axis).into_iter().map(Some).collect()).collect())
    }

    /// An array of at most 1 MiB, from C-contiguous elements.
    #[staticmethod]
    fn embedded(bytes: PyBuffer<u8>, dtype: &str, shape: Vec<usize>) -> PyResult<Self> {
        checked(embedded(bytes, dtype, &shape)?)
    }
}
