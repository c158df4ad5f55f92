//! What nearly every program uses: constructors, views, arithmetic, reductions, the decomposition.

use super::convert::{Operand, Sizes, index_of};
use super::{PyArray, checked};
use crate::errors::Raise;
use crate::memory::dtype_of;
use phalanx::array::{Array, KeepDimensions, random};
use phalanx::chunk::reduce::Reduction;
use phalanx::chunk::ufunc::{Binary, Unary};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

#[pymethods]
impl PyArray {
    /// Uniform on [0, 1): stream `stream` of `seed`.
    #[staticmethod]
    fn random(seed: u64, stream: u64, shape: Vec<usize>, chunks: Sizes) -> PyResult<Self> {
        checked(random::Generator::at(seed, stream).random(shape, chunks))
    }

    /// The same value everywhere.
    #[staticmethod]
    fn full(shape: Vec<usize>, value: f64, dtype: &str, chunks: Sizes) -> PyResult<Self> {
        checked(Array::full(shape, value, chunks).astype(dtype_of(dtype)?))
    }

    fn reshape(&self, shape: Vec<usize>) -> PyResult<Self> {
        checked(self.0.reshape(shape))
    }

    fn transpose(&self, axes: Vec<isize>) -> PyResult<Self> {
        checked(self.0.transpose(&axes))
    }

    fn slice(&self, parts: &Bound<'_, PyTuple>) -> PyResult<Self> {
        checked(self.0.slice(index_of(parts)?))
    }

    fn rechunk(&self, chunks: Sizes) -> PyResult<Self> {
        checked(self.0.rechunk(chunks))
    }

    fn astype(&self, dtype: &str) -> PyResult<Self> {
        checked(self.0.astype(dtype_of(dtype)?))
    }

    /// NumPy's elementwise function of this name.
    fn unary(&self, name: &str) -> PyResult<Self> {
        checked(self.0.unary(name.parse::<Unary>().raise()?))
    }

    /// NumPy's elementwise function of this name, of this array and another operand.
    fn binary(&self, name: &str, other: Operand) -> PyResult<Self> {
        checked(self.0.binary(name.parse::<Binary>().raise()?, other))
    }

    /// NumPy's reduction of this name.
    #[pyo3(signature = (name, axes, keepdims, ddof=0.0))]
    fn reduce(&self, name: &str, axes: Option<Vec<isize>>, keepdims: bool, ddof: f64) -> PyResult<Self> {
        let reduction = match name {
            "sum" => Reduction::Sum,
            "prod" => Reduction::Prod,
            "mean" => Reduction::Mean,
            "var" => Reduction::Var { ddof },
            "std" => Reduction::Std { ddof },
            "min" => Reduction::Min,
            "max" => Reduction::Max,
            "any" => Reduction::Any,
            "all" => Reduction::All,
            "argmin" => Reduction::Argmin,
            "argmax" => Reduction::Argmax,
            _ => return Err(pyo3::exceptions::PyNotImplementedError::new_err(name.to_owned())),
        };
        let keep = if keepdims { KeepDimensions::Yes } else { KeepDimensions::No };
        checked(self.0.reduce(reduction, axes, keep))
    }

    fn matmul(&self, other: &Self) -> PyResult<Self> {
        checked(self.0.matmul(&other.0))
    }

    fn svd(&self) -> PyResult<(Self, Self, Self)> {
        let (u, s, vt) = self.0.svd();
        Ok((checked(u)?, checked(s)?, checked(vt)?))
    }
}
