//! Elements by their numbers.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::compute::embedded_value;
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::join::Gather;
use crate::node::pick::{TakeAlong, TakeBy};
use crate::shape::axis_of;
use phalanx_chunk::shape::{broadcast, element_count};
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Error, Result};
use std::sync::Arc;

impl Array {
    /// The slices number `indices` along `axis`, in that order, negative ones from the end.
    #[must_use]
    pub fn take(&self, indices: &[isize], axis: isize) -> Self {
        let list = List { shape: vec![indices.len()], values: indices.iter().map(|&index| index as i64).collect() };
        let taken = self.ndim().and_then(|ndim| self.take_list(&list, axis_of(axis, ndim)?));
        taken.unwrap_or_else(Self::failed)
    }

    /// The slices along `axis` whose numbers are the elements of an array of indices, in its shape: NumPy's `take`.
    /// Where the indices are computed, a chunk pulls its lines whole.
    #[must_use]
    pub fn take_by(&self, indices: &Self, axis: isize) -> Self {
        let make = || {
            let (expr, given) = (self.expr()?, indices.expr()?);
            let axis = axis_of(axis, expr.shape().len())?;
            if !given.dtype().is_integer() {
                return Err(Error::input(format!("indices of type {}", given.dtype()))
                    .with_hint("arrays used as indices must be of integer (or boolean) type"));
            }
            if let Some(values) = embedded_value(given) {
                return self.take_list(&List::of(&values)?, axis)?.expr().cloned();
            }
            let shape = [&expr.shape()[..axis], given.shape(), &expr.shape()[axis + 1..]].concat();
            element_count(&shape).lift()?;
            let borders = (0..axis)
                .map(|at| expr.chunks.borders(at))
                .chain((0..given.shape().len()).map(|at| given.chunks.borders(at)))
                .chain((axis + 1..expr.shape().len()).map(|at| expr.chunks.borders(at)));
            let chunks = Chunks::from_borders(borders.map(Arc::clone).collect());
            let length = expr.shape()[axis];
            let node = TakeBy { axis, ndim: given.shape().len(), length, dtype: expr.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(expr), Arc::clone(given)], chunks))
        };
        Self::from_result(make())
    }

    /// The slices whose numbers a list has, in its shape.
    pub(crate) fn take_list(&self, list: &List, axis: usize) -> Result<Self> {
        let length = self.shape()?[axis];
        let places = list.positions(axis, length)?;
        let taken = self.then(|expr| {
            let mut shape = expr.shape().to_vec();
            shape[axis] = places.len();
            element_count(&shape).lift()?;
            let size = expr.chunks.sizes(axis).into_iter().max().unwrap_or(1).max(1);
            let own = Chunks::new(&[places.len()], size)?;
            let borders = (0..shape.len()).map(|at| if at == axis { own.borders(0) } else { expr.chunks.borders(at) });
            let chunks = Chunks::from_borders(borders.map(Arc::clone).collect());
            let node = Gather { axis, indices: places, dtype: expr.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(expr)], chunks))
        });
        if list.shape.len() == 1 {
            return Ok(taken);
        }
        let shape = taken.shape()?;
        Ok(taken.reshape([&shape[..axis], &list.shape, &shape[axis + 1..]].concat()))
    }

    /// For each index the element of its line along `axis`, NumPy's `take_along_axis`: what undoes an `argsort`.
    #[must_use]
    pub fn take_along_axis(&self, indices: &Self, axis: isize) -> Self {
        let make = || {
            let (ndim, given) = (self.shape()?.len(), indices.shape()?);
            let axis = axis_of(axis, ndim)?;
            if given.len() != ndim || !indices.dtype()?.is_integer() {
                return Err(Error::input(format!(
                    "indices of shape {given:?} and type {} for an array of {ndim} dimension(s)",
                    indices.dtype()?
                ))
                .with_hint("indices must be integers, and have as many dimensions as the array"));
            }
            let (mut own, mut other) = (self.shape()?.to_vec(), given.to_vec());
            (own[axis], other[axis]) = (1, 1);
            let mut shape = broadcast(&own, &other).lift()?;
            shape[axis] = self.shape()?[axis];
            let values = self.broadcast_to(&shape);
            shape[axis] = given[axis];
            let spread = indices.broadcast_to(&shape);
            let (values, spread) = (values.expr()?, spread.expr()?);
            let node = TakeAlong { axis, length: values.shape()[axis], dtype: values.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(values), Arc::clone(spread)], spread.chunks.clone()))
        };
        Self::from_result(make())
    }
}

/// An array of indices whose values the client has.
pub(crate) struct List {
    pub shape: Vec<usize>,
    pub values: Vec<i64>,
}

impl List {
    pub fn of(chunk: &Chunk) -> Result<Self> {
        Ok(Self { shape: chunk.shape().to_vec(), values: chunk.cast(DType::Int64).values::<i64>().lift()?.to_vec() })
    }

    pub fn positions(&self, axis: usize, length: usize) -> Result<Vec<usize>> {
        self.values.iter().map(|&index| counted(index, axis, length)).collect()
    }
}

/// `index` of an axis of length `length`, from its end where negative.
pub(crate) fn counted(index: i64, axis: usize, length: usize) -> Result<usize> {
    let at = if index < 0 { index.saturating_add(length as i64) } else { index };
    usize::try_from(at).ok().filter(|&at| at < length).ok_or_else(|| {
        Error::input(format!("index {index} is out of bounds for axis {axis} with size {length}"))
            .with_hint("indices count from 0, or from the end where negative")
    })
}
