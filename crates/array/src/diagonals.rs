//! Diagonals and triangles of matrices.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::error::Lift;
use crate::expr::Expr;
use crate::joining::concatenate;
use crate::node::pick::Diagonal;
use crate::node::set::Triangle;
use crate::shape::axis_of;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::Error;
use std::sync::Arc;

impl Array {
    /// The elements on and below diagonal `k` of the last two axes, 0 above.
    #[must_use]
    pub fn tril(&self, k: i64) -> Self {
        self.triangle(k, |mask, array| mask.choose(array, array.zero()))
    }

    /// The elements on and above diagonal `k` of the last two axes, 0 below.
    #[must_use]
    pub fn triu(&self, k: i64) -> Self {
        self.triangle(k.saturating_sub(1), |mask, array| mask.choose(array.zero(), array))
    }

    /// A 0 of this array's type.
    pub(crate) fn zero(&self) -> Self {
        let zero = self.dtype().and_then(|dtype| Chunk::zeros(dtype, &[]).lift());
        zero.map_or_else(Self::failed, Self::from_chunk)
    }

    fn triangle(&self, k: i64, apply: impl FnOnce(&Self, &Self) -> Self) -> Self {
        let make = || {
            let array = if self.shape()?.len() == 1 {
                let length = self.shape()?[0];
                self.broadcast_to((length, length))
            } else {
                self.clone()
            };
            let expr = array.expr()?;
            let Some(outer) = expr.shape().len().checked_sub(2) else {
                return Err(Error::input("a triangle of an array of no dimension").with_hint("give a matrix"));
            };
            let borders = (outer..outer + 2).map(|axis| Arc::clone(expr.chunks.borders(axis))).collect();
            let node = Triangle { offset: k, shape: expr.shape()[outer..].to_vec() };
            let mask = Self::from_expr(Expr::new(node, vec![], Chunks::from_borders(borders)));
            Ok(apply(&mask, &array))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// Diagonal `offset` of two axes, as the last axis of the result.
    #[must_use]
    pub fn diagonal(&self, offset: i64, axes: (isize, isize)) -> Self {
        let make = || {
            let ndim = self.shape()?.len();
            if ndim < 2 {
                return Err(
                    Error::input("diag requires an array of at least two dimensions").with_hint("give a matrix")
                );
            }
            let (a, b) = (axis_of(axes.0, ndim)?, axis_of(axes.1, ndim)?);
            if a == b {
                return Err(Error::input("axis1 and axis2 cannot be the same").with_hint("name two different axes"));
            }
            let moved = self.moveaxis(&[a.cast_signed(), b.cast_signed()], &[-2, -1]);
            let expr = moved.expr()?;
            let (rows, columns) = (expr.shape()[ndim - 2], expr.shape()[ndim - 1]);
            let skip = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            let (row, column) = if offset < 0 { (skip, 0) } else { (0, skip) };
            let length = rows.saturating_sub(row).min(columns.saturating_sub(column));
            let mut shape = expr.shape()[..ndim - 2].to_vec();
            shape.push(length);
            let size = expr.chunks.sizes(ndim - 2).into_iter().max().unwrap_or(1).max(1);
            let own = Chunks::new(&[length], size)?;
            let outer = (0..ndim - 2).map(|axis| expr.chunks.borders(axis)).chain([own.borders(0)]);
            let chunks = Chunks::from_borders(outer.map(Arc::clone).collect());
            let node = Diagonal { row, column, dtype: expr.dtype(), shape };
            Ok(Self::from_expr(Expr::new(node, vec![Arc::clone(expr)], chunks)))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// A matrix with this vector on diagonal `k`; of a matrix the diagonal `k`. NumPy's `diag`.
    #[must_use]
    pub fn diag(&self, k: i64) -> Self {
        let make = || match *self.shape()? {
            [length] => {
                let skip = usize::try_from(k.unsigned_abs()).unwrap_or(usize::MAX);
                let (before, after) = if k < 0 { (0, skip) } else { (skip, 0) };
                let size = length.saturating_add(skip);
                let chunks: Vec<usize> = self.chunks()?.sizes(0).into_iter().take(1).map(|size| size.max(1)).collect();
                let eye = Self::eye_of(size, size, k, chunks[0]).astype(DType::Bool);
                // Column `j` of the matrix holds element `j - k` of the vector.
                let row = self.pad_zeros(before, after);
                Ok(eye.choose(&row, self.zero()))
            }
            [_, _] => Ok(self.diagonal(k, (0, 1))),
            ref shape => Err(Error::input(format!("Input must be 1- or 2-d, and the shape is {shape:?}"))
                .with_hint("give a vector or a matrix")),
        };
        make().unwrap_or_else(Self::failed)
    }

    /// A vector with zeros before and after.
    fn pad_zeros(&self, before: usize, after: usize) -> Self {
        let zeros = |count: usize| self.zero().broadcast_to(vec![count]);
        concatenate(&[&zeros(before), self, &zeros(after)], 0)
    }

    /// The sum along diagonal `offset` of two axes.
    #[must_use]
    pub fn trace(&self, offset: i64, axes: (isize, isize)) -> Self {
        self.diagonal(offset, axes).sum(-1)
    }
}
