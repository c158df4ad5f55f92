//! Lazy arrays: the class, what every area needs, and a file an area.

mod basics;
mod convert;

pub use convert::Operand;

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
    /// The lengths of the axes.
    #[getter]
    fn shape(&self) -> PyResult<Vec<usize>> {
        Ok(self.0.shape().raise()?.to_vec())
    }

    /// NumPy's name of the element type.
    #[getter]
    fn dtype(&self) -> PyResult<&'static str> {
        Ok(self.0.dtype().raise()?.name())
    }

    /// The sizes of the chunks, axis by axis.
    #[getter]
    fn chunks(&self) -> PyResult<Vec<Vec<usize>>> {
        let chunks = self.0.chunks().raise()?;
        Ok((0..chunks.ndim()).map(|axis| chunks.sizes(axis)).collect())
    }

    /// An array of at most 1 MiB, from C-contiguous elements.
    #[staticmethod]
    fn embedded(bytes: PyBuffer<u8>, dtype: &str, shape: Vec<usize>) -> PyResult<Self> {
        checked(embedded(bytes, dtype, &shape)?)
    }
}
