//! What nearly every program uses: constructors, views, arithmetic, reductions, the decomposition.

use super::convert::{Operand, Sizes, index_of};
use super::{PyArray, checked};
use crate::errors::Raise;
use crate::memory::dtype_of;
use phalanx::array::{Array, KeepDimensions, Replacement, Tolerance, operands, random};
use phalanx::chunk::reduce::Reduction;
use phalanx::chunk::ufunc::{Binary, Unary};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
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
        let function = name.parse::<Unary>().raise()?;
        function.dtype(self.0.dtype().raise()?).map_err(|error| PyTypeError::new_err(error.to_string()))?;
        checked(self.0.unary(function))
    }

    /// NumPy's elementwise function of this name, of two operands.
    #[staticmethod]
    fn binary_of(name: &str, a: Operand, b: Operand) -> PyResult<Self> {
        let function = name.parse::<Binary>().raise()?;
        let (x, y) = arrays(&a, &b, Some(function))?;
        let dtype = function.dtype(x.dtype().raise()?, y.dtype().raise()?);
        dtype.map_err(|error| PyTypeError::new_err(error.to_string()))?;
        checked(phalanx::array::binary(function, x, y))
    }

    /// Elements of `a` where this is not 0, else of `b`.
    fn where_of(&self, a: Operand, b: Operand) -> PyResult<Self> {
        let (a, b) = arrays(&a, &b, None)?;
        checked(self.0.choose(a, b))
    }

    fn round(&self, decimals: i32) -> PyResult<Self> {
        checked(self.0.round(decimals))
    }

    fn isclose(&self, other: Operand, relative: f64, absolute: f64, equal_nan: bool) -> PyResult<Self> {
        checked(self.0.isclose(other, Tolerance { relative, absolute, equal_nan }))
    }

    #[pyo3(signature = (nan, positive=None, negative=None))]
    fn nan_to_num(&self, nan: f64, positive: Option<f64>, negative: Option<f64>) -> PyResult<Self> {
        checked(self.0.nan_to_num(Replacement { nan, positive, negative }))
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
            "count_nonzero" => Reduction::Count,
            "nansum" => Reduction::Nansum,
            "nanprod" => Reduction::Nanprod,
            "nanmean" => Reduction::Nanmean,
            "nanvar" => Reduction::Nanvar { ddof },
            "nanstd" => Reduction::Nanstd { ddof },
            "nanmin" => Reduction::Nanmin,
            "nanmax" => Reduction::Nanmax,
            "nanargmin" => Reduction::Nanargmin,
            "nanargmax" => Reduction::Nanargmax,
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

/// Both operands as arrays; NumPy's `OverflowError` for an integer that does not fit the dtype of the other.
fn arrays(a: &Operand, b: &Operand, function: Option<Binary>) -> PyResult<(Array, Array)> {
    let (x, y) = operands(a, b, function);
    for (side, array) in [(a, &x), (b, &y)] {
        if !matches!(side, Operand::Array(_))
            && let Err(error) = array.check()
        {
            return Err(PyOverflowError::new_err(error.message().to_owned()));
        }
    }
    Ok((x, y))
}
