//! The same elements seen otherwise: other axes, another shape, a part, repeated, in other chunks.

use crate::array::Array;
use crate::chunks::{Auto, ChunkSpec, Chunks, borders_of};
use crate::error::lift;
use crate::expr::Expr;
use crate::index::{Index, index};
use crate::node::reshape::Reshape;
use crate::node::view::{Broadcast, Rechunk, Slice, Transpose};
use crate::shape::{INFER, IntoShape, axis_of};
use phalanx_chunk::Span;
use phalanx_chunk::shape::{broadcast, element_count};
use phalanx_engine::{Error, Result};
use std::sync::Arc;

impl Array {
    /// The axes in reverse order.
    #[must_use]
    pub fn t(&self) -> Self {
        match self.ndim() {
            Ok(ndim) => self.transpose(&(0..ndim).rev().map(usize::cast_signed).collect::<Vec<_>>()),
            Err(_) => self.clone(),
        }
    }

    /// Axis `i` of the result is axis `axes[i]` of this array.
    #[must_use]
    pub fn transpose(&self, axes: &[isize]) -> Self {
        self.then(|expr| {
            let ndim = expr.shape().len();
            let permutation = axes.iter().map(|&axis| axis_of(axis, ndim)).collect::<Result<Vec<_>>>()?;
            let mut named = permutation.clone();
            named.sort_unstable();
            if !named.iter().copied().eq(0..ndim) {
                return Err(Error::input(format!("the axes {axes:?} do not name each of {ndim} axes once"))
                    .with_hint("give a permutation of the axes"));
            }
            let shape = permutation.iter().map(|&axis| expr.shape()[axis]).collect();
            let borders = permutation.iter().map(|&axis| Arc::clone(expr.chunks.borders(axis))).collect();
            let node = Transpose { permutation, dtype: expr.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(expr)], Chunks::from_borders(borders)))
        })
    }

    /// Two axes exchanged.
    #[must_use]
    pub fn swap_axes(&self, a: isize, b: isize) -> Self {
        let axes = self.ndim().and_then(|ndim| {
            let mut axes: Vec<isize> = (0..ndim.cast_signed()).collect();
            axes.swap(axis_of(a, ndim)?, axis_of(b, ndim)?);
            Ok(axes)
        });
        match axes {
            Ok(axes) => self.transpose(&axes),
            Err(error) => Self::failed(error),
        }
    }

    /// The same elements, in C order, under another shape; one length may be [`INFER`].
    #[must_use]
    pub fn reshape(&self, shape: impl IntoShape) -> Self {
        self.then(|expr| {
            let shape = inferred(expr.shape(), shape.into_shape())?;
            if shape == expr.shape() {
                return Ok(Arc::clone(expr));
            }
            let node = Reshape::new(expr.shape().to_vec(), expr.dtype(), shape);
            let chunks = node.chunks(&expr.chunks);
            Ok(Expr::new(node, vec![Arc::clone(expr)], chunks))
        })
    }

    /// One axis with all elements.
    #[must_use]
    pub fn flatten(&self) -> Self {
        if let Some(later) = Self::after("ravel", &[self], |given| given[0].flatten()) {
            return later;
        }
        let count = self.shape().map(|shape| shape.iter().product::<usize>());
        self.reshape(count.unwrap_or(INFER))
    }

    /// The part that an index expression names; see [`s!`](crate::s).
    #[must_use]
    pub fn slice(&self, parts: impl AsRef<[Index]>) -> Self {
        self.then(|expr| {
            let indexed = index(expr.shape(), parts.as_ref())?;
            let mut borders = vec![];
            let mut shape = vec![];
            for axis in &indexed.axes {
                let (length, inherited) = match *axis {
                    None => (1, [0, 1].into()),
                    Some(axis) => {
                        let span = indexed.spans[axis];
                        (span.len, sliced_borders(expr.chunks.borders(axis), span))
                    }
                };
                shape.push(length);
                borders.push(inherited);
            }
            let node = Slice { spans: indexed.spans, axes: indexed.axes, dtype: expr.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(expr)], Chunks::from_borders(borders)))
        })
    }

    /// With a new axis of length 1 at `axis`.
    #[must_use]
    pub fn expand_dims(&self, axis: isize) -> Self {
        let parts = self.ndim().and_then(|ndim| {
            let mut parts = vec![Index::from(..); ndim];
            parts.insert(axis_of(axis, ndim + 1)?, Index::NewAxis);
            Ok(parts)
        });
        match parts {
            Ok(parts) => self.slice(parts),
            Err(error) => Self::failed(error),
        }
    }

    /// Repeated along new axes and axes of length 1, as NumPy broadcasts.
    #[must_use]
    pub fn broadcast_to(&self, shape: impl IntoShape) -> Self {
        self.then(|expr| {
            let shape = shape.into_shape();
            if broadcast(expr.shape(), &shape).ok().as_deref() != Some(&shape) {
                let own = expr.shape();
                let message = if own.len() > shape.len() {
                    format!("input operand has more dimensions than allowed by the axis remapping: {own:?} to {shape:?}")
                } else {
                    format!(
                        "operands could not be broadcast together with remapped shapes [original->remapped]: {own:?} and \
                         requested shape {shape:?}"
                    )
                };
                return Err(Error::input(message).with_hint("axes must be equal, or 1, or new in front"));
            }
            element_count(&shape).map_err(lift)?;
            let chunks = broadcast_chunks(&shape, &[expr])?;
            let node = Broadcast { input: expr.shape().to_vec(), dtype: expr.dtype(), shape };
            Ok(Expr::new(node, vec![Arc::clone(expr)], chunks))
        })
    }

    /// The same array in other chunks.
    #[must_use]
    pub fn rechunk(&self, chunks: impl Into<ChunkSpec>) -> Self {
        self.then(|expr| {
            let chunks = Chunks::new(expr.shape(), chunks)?;
            let node = Rechunk { dtype: expr.dtype(), shape: expr.shape().to_vec() };
            Ok(Expr::new(node, vec![Arc::clone(expr)], chunks))
        })
    }
}

/// Borders of chunks where a span crosses borders of the input.
fn sliced_borders(borders: &Arc<[usize]>, span: Span) -> Arc<[usize]> {
    if span.is_all(borders[borders.len() - 1]) {
        return Arc::clone(borders);
    }
    let grid = Chunks::from_borders(vec![Arc::clone(borders)]);
    let sizes: Vec<usize> = grid.split(&[span]).iter().map(|piece| piece.within[0].len).collect();
    borders_of(&sizes)
}

/// The chunks of a result to which several arrays broadcast: on each axis those of the input with the most.
pub(crate) fn broadcast_chunks(shape: &[usize], inputs: &[&Arc<Expr>]) -> Result<Chunks> {
    let borders = |axis: usize| {
        let of_input = |expr: &&Arc<Expr>| {
            let own = (axis + expr.shape().len()).checked_sub(shape.len())?;
            (expr.shape()[own] == shape[axis]).then(|| Arc::clone(expr.chunks.borders(own)))
        };
        let most = inputs.iter().filter_map(of_input).reduce(|a, b| if b.len() > a.len() { b } else { a });
        most.unwrap_or_else(|| [0, shape[axis]].into())
    };
    let chunks = Chunks::from_borders((0..shape.len()).map(borders).collect());
    // New axes may be long: what no input cuts is cut by size.
    let automatic = Chunks::new(shape, Auto)?;
    let has_own = |axis: usize| {
        inputs.iter().any(|expr| {
            (axis + expr.shape().len()).checked_sub(shape.len()).is_some_and(|own| expr.shape()[own] == shape[axis])
        })
    };
    let borders =
        (0..shape.len()).map(|axis| if has_own(axis) { chunks.borders(axis) } else { automatic.borders(axis) });
    Ok(Chunks::from_borders(borders.map(Arc::clone).collect()))
}

fn inferred(from: &[usize], mut to: Vec<usize>) -> Result<Vec<usize>> {
    let elements: usize = from.iter().product();
    let refused = |to: &[usize]| {
        let text: Vec<String> =
            to.iter().map(|&length| if length == INFER { "?".to_owned() } else { length.to_string() }).collect();
        Error::input(format!("an array of shape {from:?} does not reshape to ({})", text.join(", ")))
            .with_hint("both shapes need the same number of elements; one length may be `INFER`")
    };
    let unknown: Vec<usize> = (0..to.len()).filter(|&at| to[at] == INFER).collect();
    let known = to.iter().filter(|&&length| length != INFER).try_fold(1_usize, |a, &b| a.checked_mul(b));
    let known = known.ok_or_else(|| refused(&to))?;
    match unknown.as_slice() {
        [] if known == elements => Ok(to),
        [at] if known > 0 && elements.is_multiple_of(known) => {
            to[*at] = elements / known;
            Ok(to)
        }
        _ => Err(refused(&to)),
    }
}
