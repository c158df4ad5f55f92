//! Indexing by arrays and masks; sizes that are known later.

use super::convert::{Operand, keys_of};
use super::{PyArray, checked};
use crate::client::{PyClient, wait};
use crate::errors::Raise;
use phalanx::array::{self, Array};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// The arrays inside.
pub fn inner(arrays: &[PyArray]) -> Vec<&Array> {
    arrays.iter().map(|array| &array.0).collect()
}

/// Several arrays, or the exception that one of them holds.
pub fn all_checked(arrays: impl IntoIterator<Item = Array>) -> PyResult<Vec<PyArray>> {
    arrays.into_iter().map(checked).collect()
}

#[pymethods]
impl PyArray {
    /// The part that an index names: integers, slices, None, ..., and arrays.
    fn get(&self, parts: &Bound<'_, PyTuple>) -> PyResult<Self> {
        checked(self.0.get(keys_of(parts)?))
    }

    /// A copy with the part that an index names replaced.
    fn with_item(&self, parts: &Bound<'_, PyTuple>, value: Operand) -> PyResult<Self> {
        checked(self.0.with_item(keys_of(parts)?, value))
    }

    fn take_along_axis(&self, indices: &Self, axis: isize) -> PyResult<Self> {
        checked(self.0.take_along_axis(&indices.0, axis))
    }

    fn compress(&self, condition: &Self, axis: isize) -> PyResult<Self> {
        checked(self.0.compress(&condition.0, axis))
    }

    fn extract(&self, condition: &Self) -> PyResult<Self> {
        checked(self.0.extract(&condition.0))
    }

    fn flatnonzero(&self) -> PyResult<Self> {
        checked(array::flatnonzero(&self.0))
    }

    fn nonzero(&self) -> PyResult<Vec<Self>> {
        all_checked(array::nonzero(&self.0).raise()?)
    }

    fn argwhere(&self) -> PyResult<Self> {
        checked(array::argwhere(&self.0))
    }

    fn choose(&self, choices: Vec<Self>) -> PyResult<Self> {
        let choices: Vec<Array> = choices.into_iter().map(|choice| choice.0).collect();
        checked(array::choose(&self.0, &choices))
    }

    #[staticmethod]
    fn select(conditions: Vec<Self>, choices: Vec<Self>, default: &Self) -> PyResult<Self> {
        let arrays = |arrays: Vec<Self>| arrays.into_iter().map(|array| array.0).collect::<Vec<Array>>();
        checked(array::select(&arrays(conditions), &arrays(choices), &default.0))
    }

    #[staticmethod]
    fn unravel_index(flat: &Self, shape: Vec<usize>) -> PyResult<Vec<Self>> {
        all_checked(array::manipulate::unravel_index(&flat.0, &shape))
    }

    #[staticmethod]
    fn ravel_multi_index(indices: Vec<Self>, shape: Vec<usize>) -> PyResult<Self> {
        let indices: Vec<Array> = indices.into_iter().map(|index| index.0).collect();
        checked(array::manipulate::ravel_multi_index(&indices, &shape))
    }
}

#[pymethods]
impl PyClient {
    /// The same array with known sizes.
    fn compute_chunk_sizes(&self, py: Python<'_>, array: PyArray) -> PyResult<PyArray> {
        let client = self.get()?;
        let known = wait(py, async move { array.0.compute_chunk_sizes_async(client.engine()).await })?;
        checked(known)
    }
}
