//! Covariance and correlation.

use crate::array::Array;
use crate::index::Index;
use crate::joining::concatenate;
use crate::reductions::KeepDimensions;
use phalanx_chunk::DType;
use phalanx_chunk::reduce::Reduction;
use phalanx_engine::{Error, Result};

/// Where the variables are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variables {
    /// A row each, NumPy's `rowvar=True`.
    Rows,
    /// A column each.
    Columns,
}

impl Array {
    /// The covariance matrix of variables, NumPy's `cov`: of this array's, and `other`'s behind them; sums are divided by
    /// the number of observations less `ddof` (1 for NumPy's default, 0 for `bias=True`).
    ///
    /// # Errors
    /// (held by the array) `Input`: more than two axes, or other numbers of observations.
    #[must_use]
    pub fn cov(&self, other: Option<&Array>, variables: Variables, ddof: f64) -> Self {
        let make = || -> Result<Self> {
            let x = observations(self, variables)?;
            let x = match other {
                None => x,
                Some(other) => concatenate(&[&x, &observations(other, variables)?], 0),
            };
            let count = x.shape()?[1];
            let mean = x.reduce(Reduction::Mean, 1, KeepDimensions::Yes);
            let centred = &x - mean;
            // As NumPy: too few observations divide by 0.
            let divisor = (count as f64 - ddof).max(0.0);
            let products = centred.matmul(&centred.matrix_transposed().conjugated());
            let dtype = x.dtype()?;
            Ok(squeezed(&(products / divisor).astype(dtype)))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The correlation matrix of variables, NumPy's `corrcoef`: covariances by standard deviations, clipped to [-1, 1].
    ///
    /// # Errors
    /// As [`Array::cov`].
    #[must_use]
    pub fn corrcoef(&self, other: Option<&Array>, variables: Variables) -> Self {
        let covariance = self.cov(other, variables, 1.0);
        if let Ok(dtype) = covariance.dtype()
            && dtype.is_complex()
        {
            return Self::failed(
                Error::unsupported("the correlation of complex variables")
                    .with_hint("divide `cov` by the deviations of its diagonal"),
            );
        }
        match covariance.shape() {
            Ok(&[side, _]) => {
                let every = Index::Slice { start: None, stop: None, step: side.cast_signed() + 1 };
                let deviation = covariance.flatten().slice([every]).sqrt();
                let scaled = &covariance / deviation.expand_dims(1) / deviation.expand_dims(0);
                scaled.minimum(1.0).maximum(-1.0)
            }
            #[expect(clippy::eq_op, reason = "a variable correlates with itself as 1, or as NaN if it never varies")]
            _ => &covariance / &covariance,
        }
    }
}

/// Variables in rows, as floating-point numbers.
fn observations(array: &Array, variables: Variables) -> Result<Array> {
    let array = match array.dtype()? {
        dtype if dtype.is_complex() => array.astype(DType::Complex128),
        _ => array.astype(DType::Float64),
    };
    match (array.ndim()?, variables) {
        (0, _) => Ok(array.reshape((1, 1))),
        (1, _) => Ok(array.expand_dims(0)),
        (2, Variables::Rows) => Ok(array),
        (2, Variables::Columns) => Ok(array.t()),
        (ndim, _) => Err(Error::input(format!("m has more than 2 dimensions: {ndim}"))
            .with_hint("give one variable, or a matrix of them")),
    }
}

/// A matrix of one element as a number.
fn squeezed(matrix: &Array) -> Array {
    match matrix.shape() {
        Ok([1, 1]) => matrix.slice([Index::At(0), Index::At(0)]),
        _ => matrix.clone(),
    }
}
