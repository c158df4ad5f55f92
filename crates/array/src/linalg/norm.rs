//! Norms.

use crate::array::Array;
use crate::reductions::KeepDimensions;
use crate::shape::{AllAxes, IntoAxes, axis_of};
use phalanx_chunk::DType;
use phalanx_chunk::reduce::Reduction;
use phalanx_engine::{Error, Result};

/// Which norm, NumPy's `ord`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NormOrder {
    /// NumPy's `None`: the 2-norm of all elements.
    Default,
    /// A number. Of vectors: the p-norm, for 0 the number of elements that are not 0, for ±∞ the largest or smallest
    /// absolute value. Of matrices: 1, -1 (sums over columns), ∞, -∞ (over rows), 2, -2 (singular values).
    Number(f64),
    /// `'fro'`: of matrices, the 2-norm of all elements.
    Frobenius,
    /// `'nuc'`: of matrices, the sum of the singular values.
    Nuclear,
}

impl Array {
    /// The 2-norm of all elements: of a vector the Euclidean norm, of a matrix the Frobenius norm.
    #[must_use]
    pub fn norm(&self) -> Self {
        self.norm_by(NormOrder::Default, AllAxes, KeepDimensions::No)
    }

    /// NumPy's `linalg.norm`: of vectors along one axis, of matrices along two, else of an array of one or two axes (of
    /// any number of axes for [`NormOrder::Default`]). Squares are added up without scaling, as NumPy adds them.
    ///
    /// # Errors
    /// (held by the array) `Input`: a norm that vectors or matrices have not. `Unsupported`: norms by singular values
    /// of stacks of matrices.
    ///
    /// ```
    /// use phalanx_array::{Array, KeepDimensions, linalg::NormOrder};
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let x = Array::from_vec((2, 2), vec![3.0, 0.0, -4.0, 1.0]);
    /// let columns = x.norm_by(NormOrder::Number(1.0), 0, KeepDimensions::No);
    /// assert_eq!(columns.compute(&engine)?.values::<f64>().unwrap(), [7.0, 1.0]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn norm_by(&self, order: NormOrder, axes: impl IntoAxes, keep: KeepDimensions) -> Self {
        let make = || -> Result<Self> {
            let ndim = self.ndim()?;
            let x = match self.dtype()? {
                dtype if dtype.is_integer() || dtype == DType::Bool => self.astype(DType::Float64),
                _ => self.clone(),
            };
            let axes = match axes.into_axes() {
                Some(axes) => axes.into_iter().map(|axis| axis_of(axis, ndim)).collect::<Result<Vec<_>>>()?,
                None if order == NormOrder::Default || ndim <= 2 => (0..ndim).collect(),
                None => {
                    return Err(Error::input(format!("a norm of order {order:?} of an array of {ndim} dimensions"))
                        .with_hint("name one axis (vectors) or two (matrices)"));
                }
            };
            let all = axes.len() == ndim && order == NormOrder::Default;
            let answer = match *axes.as_slice() {
                _ if all => x.euclidean(&axes, keep),
                [axis] => x.vector_norm(order, axis, keep)?,
                [rows, columns] if rows != columns => x.matrix_norm(order, rows, columns, keep)?,
                _ => {
                    return Err(Error::input(format!("a norm over the axes {axes:?}"))
                        .with_hint("name one axis (vectors) or two (matrices)"));
                }
            };
            Ok(answer)
        };
        make().unwrap_or_else(Self::failed)
    }

    fn over(&self, reduction: Reduction, axes: &[usize], keep: KeepDimensions) -> Self {
        let axes: Vec<isize> = axes.iter().map(|axis| axis.cast_signed()).collect();
        self.reduce(reduction, axes.as_slice(), keep)
    }

    fn euclidean(&self, axes: &[usize], keep: KeepDimensions) -> Self {
        self.abs().square().over(Reduction::Sum, axes, keep).sqrt()
    }

    fn vector_norm(&self, order: NormOrder, axis: usize, keep: KeepDimensions) -> Result<Self> {
        let p = match order {
            NormOrder::Default => 2.0,
            NormOrder::Number(p) if !p.is_nan() => p,
            _ => {
                return Err(Error::input(format!("a norm of order {order:?} of vectors"))
                    .with_hint("vectors have norms by numbers; name two axes for matrices"));
            }
        };
        let over = |x: &Array, reduction| x.over(reduction, &[axis], keep);
        Ok(match p {
            f64::INFINITY => over(&self.abs(), Reduction::Max),
            f64::NEG_INFINITY => over(&self.abs(), Reduction::Min),
            2.0 => self.euclidean(&[axis], keep),
            1.0 => over(&self.abs(), Reduction::Sum),
            0.0 => over(&self.not_equal(0.0), Reduction::Count).astype(self.abs().dtype()?),
            p => over(&self.abs().power(p), Reduction::Sum).power(1.0 / p),
        })
    }

    fn matrix_norm(&self, order: NormOrder, rows: usize, columns: usize, keep: KeepDimensions) -> Result<Self> {
        // The inner sum keeps its axis, so that the outer axis keeps its number.
        let sums = |summed: usize, other: usize, outer: Reduction| {
            let norms = self.abs().over(Reduction::Sum, &[summed], KeepDimensions::Yes);
            norms.over(outer, &[summed.min(other), summed.max(other)], keep)
        };
        Ok(match order {
            NormOrder::Default | NormOrder::Frobenius => self.euclidean(&[rows, columns], keep),
            NormOrder::Number(1.0) => sums(rows, columns, Reduction::Max),
            NormOrder::Number(-1.0) => sums(rows, columns, Reduction::Min),
            NormOrder::Number(f64::INFINITY) => sums(columns, rows, Reduction::Max),
            NormOrder::Number(f64::NEG_INFINITY) => sums(columns, rows, Reduction::Min),
            NormOrder::Nuclear | NormOrder::Number(2.0 | -2.0) => {
                if self.ndim()? != 2 {
                    return Err(Error::unsupported(format!("a norm of order {order:?} of stacks of matrices"))
                        .with_hint("take the norm of each matrix of the stack"));
                }
                let s = self.svdvals();
                let norm = match order {
                    NormOrder::Nuclear => s.sum(AllAxes),
                    NormOrder::Number(2.0) => s.max(AllAxes),
                    _ => s.min(AllAxes),
                };
                if keep == KeepDimensions::Yes { norm.reshape((1, 1)) } else { norm }
            }
            NormOrder::Number(_) => {
                return Err(Error::input(format!("a norm of order {order:?} of matrices"))
                    .with_hint("matrices have the orders 1, -1, 2, -2, inf, -inf, 'fro' and 'nuc'"));
            }
        })
    }
}
