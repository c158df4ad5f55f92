//! What singular values answer.

use super::{matrices, matrix};
use crate::array::Array;
use crate::index::Index;
use crate::shape::AllAxes;
use phalanx_chunk::DType;
use phalanx_engine::{Error, Result};

impl Array {
    /// The Moore–Penrose pseudo-inverse (n, m): singular values up to `cutoff` times the largest count as 0 (NumPy's
    /// `rcond`, 1e-15 by default there).
    ///
    /// # Errors
    /// (held by the array) As [`Array::svd`].
    #[must_use]
    pub fn pinv(&self, cutoff: f64) -> Self {
        let (u, s, vt) = self.svd();
        let scaled = vt.adjoint() * inverted(&s, cutoff).expand_dims(-2);
        scaled.matmul(&u.adjoint())
    }

    /// How many singular values are above `tolerance`; by default the largest times `max(m, n)` times the machine
    /// epsilon, as NumPy has it (`int64`, no axis).
    ///
    /// # Errors
    /// (held by the array) As [`Array::svd`].
    #[must_use]
    pub fn matrix_rank(&self, tolerance: Option<f64>) -> Self {
        let s = self.svdvals();
        match tolerance {
            Some(tolerance) => s.greater(tolerance).count(-1),
            None => match self.expr().and_then(matrices) {
                Ok((rows, columns)) => {
                    s.greater(s.max(-1).expand_dims(-1) * (rows.max(columns) as f64 * epsilon(&s))).count(-1)
                }
                Err(error) => Self::failed(error),
            },
        }
    }

    /// X that minimises `‖A X - B‖`, the one with the smallest norm if several do; the squares of the columns of
    /// `A X - B`, summed; the rank of A; its singular values. As `numpy.linalg.lstsq` with `rcond` (by default machine
    /// epsilon times `max(m, n)`), for tall and wide matrices in any chunks, by their singular values.
    ///
    /// NumPy's sums of squares are empty if A has not full rank, which is not known before it runs; here they are empty
    /// only if A has not more rows than columns.
    ///
    /// # Errors
    /// (held by the arrays) `Input`: shapes that do not fit.
    #[must_use]
    pub fn lstsq(&self, b: &Array, cutoff: Option<f64>) -> (Self, Self, Self, Self) {
        let make = || -> Result<(Self, Self, Self, Self)> {
            let (rows, columns) = matrix(self.expr()?)?;
            let shape = b.shape()?;
            if !(1..=2).contains(&shape.len()) || shape[0] != rows {
                let message =
                    format!("lstsq: a matrix of shape ({rows}, {columns}) has no right side of shape {shape:?}");
                return Err(Error::input(message).with_hint("the right side has shape (m) or (m, k)"));
            }
            let sides = if shape.len() == 1 { b.expand_dims(1) } else { b.clone() };
            let (u, s, vt) = self.svd();
            let cutoff = cutoff.unwrap_or_else(|| rows.max(columns) as f64 * epsilon(&s));
            let inner = u.adjoint().matmul(&sides) * inverted(&s, cutoff).expand_dims(1);
            let x = vt.adjoint().matmul(&inner);
            let residuals = if rows > columns {
                (self.matmul(&x) - &sides).abs().square().sum(0)
            } else {
                Self::zeros(0, 1).astype(x.dtype()?)
            };
            let rank = s.greater(s.max(AllAxes) * cutoff).count(AllAxes);
            let x = if shape.len() == 1 { x.slice([Index::from(..), Index::At(0)]) } else { x };
            Ok((x, residuals, rank, s))
        };
        make().unwrap_or_else(|error| {
            let failed = || Self::failed(Error::clone(&error));
            (failed(), failed(), failed(), failed())
        })
    }
}

/// The machine epsilon of an array's type.
fn epsilon(array: &Array) -> f64 {
    if array.dtype().is_ok_and(|dtype| dtype == DType::Float32) { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

/// 1 / s where s is above `cutoff` times its largest, else 0.
fn inverted(s: &Array, cutoff: f64) -> Array {
    let large = s.greater(s.max(-1).expand_dims(-1) * cutoff);
    let inverse = large.choose(s, 1.0).reciprocal();
    let zero = Array::from_chunk(phalanx_chunk::Chunk::scalar(0.0));
    match s.dtype() {
        Ok(dtype) => large.choose(inverse, zero.astype(dtype)).astype(dtype),
        Err(error) => Array::failed(error),
    }
}
