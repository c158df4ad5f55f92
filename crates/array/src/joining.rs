//! Several arrays as one: concatenating, stacking, blocks; and shapes made to agree.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::expr::Expr;
use crate::index::Index;
use crate::node::join::Concatenate;
use crate::shape::axis_of;
use phalanx_chunk::DType;
use phalanx_chunk::shape::{broadcast, element_count};
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// Arrays one after the other along `axis`, in their common dtype.
pub fn concatenate(arrays: &[&Array], axis: isize) -> Array {
    let exprs = || {
        let dtypes = arrays.iter().map(|array| array.dtype()).collect::<Result<Vec<_>>>()?;
        let dtype = dtypes
            .into_iter()
            .reduce(DType::promote)
            .ok_or_else(|| Error::input("there is no array to concatenate").with_hint("give at least one"))?;
        let exprs = arrays.iter().map(|array| array.astype(dtype).expr().cloned()).collect::<Result<Vec<_>>>()?;
        let mut shape = exprs[0].shape().to_vec();
        let axis = axis_of(axis, shape.len())?;
        let mut ends = vec![0];
        let mut borders = vec![0];
        for (number, expr) in exprs.iter().enumerate() {
            fits(&shape, expr.shape(), axis, number)?;
            let end = ends[ends.len() - 1];
            borders.extend(expr.chunks.borders(axis)[1..].iter().map(|border| end + border));
            ends.push(end + expr.shape()[axis]);
        }
        borders.dedup();
        if borders.len() == 1 {
            borders.push(0);
        }
        shape[axis] = ends[ends.len() - 1];
        element_count(&shape).map_err(crate::error::lift)?;
        let borders: Arc<[usize]> = borders.into();
        let grid = (0..shape.len()).map(|at| if at == axis { &borders } else { exprs[0].chunks.borders(at) });
        let chunks = Chunks::from_borders(grid.map(Arc::clone).collect());
        let node = Concatenate { axis, dtype, shape, ends: Chunks::from_borders(vec![ends.into()]) };
        Ok(Expr::new(node, exprs, chunks))
    };
    Array::from_result(exprs())
}

/// Arrays of one shape side by side along a new axis.
pub fn stack(arrays: &[&Array], axis: isize) -> Array {
    let expanded: Vec<Array> = arrays.iter().map(|array| array.expand_dims(axis)).collect();
    concatenate(&expanded.iter().collect::<Vec<_>>(), axis)
}

/// Arrays of one axis as rows, others one below the other.
pub fn vstack(arrays: &[&Array]) -> Array {
    let rows: Vec<Array> = arrays.iter().map(|array| atleast(array, 2)).collect();
    concatenate(&rows.iter().collect::<Vec<_>>(), 0)
}

/// Arrays side by side: along the second axis, of one axis along that.
pub fn hstack(arrays: &[&Array]) -> Array {
    let columns: Vec<Array> = arrays.iter().map(|array| atleast(array, 1)).collect();
    let axis = isize::from(columns.first().is_some_and(|first| first.ndim().is_ok_and(|ndim| ndim > 1)));
    concatenate(&columns.iter().collect::<Vec<_>>(), axis)
}

/// Arrays behind each other, along the third axis.
pub fn dstack(arrays: &[&Array]) -> Array {
    let layers: Vec<Array> = arrays.iter().map(|array| atleast(array, 3)).collect();
    concatenate(&layers.iter().collect::<Vec<_>>(), 2)
}

/// Arrays of one axis as the columns of a matrix; matrices keep theirs.
pub fn column_stack(arrays: &[&Array]) -> Array {
    let column = |array: &&Array| {
        if array.ndim().is_ok_and(|ndim| ndim < 2) { atleast(array, 1).expand_dims(1) } else { Array::clone(array) }
    };
    let columns: Vec<Array> = arrays.iter().map(column).collect();
    concatenate(&columns.iter().collect::<Vec<_>>(), 1)
}

/// An array with at least `ndim` axes (1 to 3), new ones where `atleast_1d`, `_2d` and `_3d` put them.
pub fn atleast(array: &Array, ndim: usize) -> Array {
    let Ok(own) = array.ndim() else { return array.clone() };
    match (own, ndim) {
        (0, 1) => array.reshape(vec![1]),
        (0, _) => array.reshape(vec![1; ndim]),
        (1, 2) => array.expand_dims(0),
        (1, 3) => array.expand_dims(0).expand_dims(2),
        (2, 3) => array.expand_dims(2),
        _ => array.clone(),
    }
}

/// Arrays in nested lists, NumPy's `block`: the innermost lists along the last axis, the next along the one before.
#[derive(Clone, Debug)]
pub enum Nested {
    /// An array.
    One(Array),
    /// A list of equally deep ones.
    Many(Vec<Nested>),
}

impl Nested {
    fn depth(&self) -> Result<usize> {
        let Self::Many(inner) = self else { return Ok(0) };
        let depths = inner.iter().map(Self::depth).collect::<Result<Vec<_>>>()?;
        match depths.first() {
            Some(first) if depths.iter().all(|depth| depth == first) => Ok(first + 1),
            Some(_) => Err(Error::input("the lists of a block are not equally deep").with_hint("nest each as deep")),
            None => Err(Error::input("a list of a block is empty").with_hint("give an array")),
        }
    }

    fn ndim(&self) -> Result<usize> {
        match self {
            Self::One(array) => array.ndim(),
            Self::Many(inner) => inner.iter().try_fold(0, |most, one| Ok(most.max(one.ndim()?))),
        }
    }

    fn joined(&self, depth: usize, ndim: usize) -> Array {
        match self {
            Self::One(array) => {
                let missing = ndim.saturating_sub(array.ndim().unwrap_or(ndim));
                (0..missing).fold(array.clone(), |array, _| array.expand_dims(0))
            }
            Self::Many(inner) => {
                let parts: Vec<Array> = inner.iter().map(|one| one.joined(depth - 1, ndim)).collect();
                concatenate(&parts.iter().collect::<Vec<_>>(), -(depth.cast_signed()))
            }
        }
    }
}

/// An array from nested lists of arrays.
pub fn block(arrays: &Nested) -> Array {
    let make = || {
        let depth = arrays.depth()?;
        Ok(arrays.joined(depth, arrays.ndim()?.max(depth)))
    };
    make().unwrap_or_else(Array::failed)
}

/// `values` after `array`: both flattened, or along an axis.
pub fn append(array: &Array, values: &Array, axis: Option<isize>) -> Array {
    match axis {
        None => concatenate(&[&array.flatten(), &values.flatten()], 0),
        Some(axis) => concatenate(&[array, values], axis),
    }
}

/// The arrays broadcast to the one shape that they have together.
///
/// # Errors
/// `Input`, if they do not broadcast; as [`Array::check`].
pub fn broadcast_arrays(arrays: &[&Array]) -> Result<Vec<Array>> {
    let mut shape = vec![];
    for array in arrays {
        shape = broadcast(&shape, array.shape()?).map_err(crate::error::lift)?;
    }
    Ok(arrays.iter().map(|array| array.broadcast_to(&shape)).collect())
}

/// Whether the first array runs along rows or along columns of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indexing {
    /// Along columns: the first two axes of the grid are exchanged, NumPy's `"xy"`.
    Cartesian,
    /// Along rows, NumPy's `"ij"`.
    Matrix,
}

/// The coordinates of a grid from those of its axes; `sparse` ones have length 1 along all other axes.
pub fn meshgrid(axes: &[&Array], indexing: Indexing, sparse: crate::KeepDimensions) -> Vec<Array> {
    let count = axes.len();
    let place = |at: usize| match (indexing, at) {
        (Indexing::Cartesian, 0) if count > 1 => 1,
        (Indexing::Cartesian, 1) => 0,
        _ => at,
    };
    let open: Vec<Array> = axes
        .iter()
        .enumerate()
        .map(|(at, axis)| {
            let mut parts = vec![Index::NewAxis; count];
            parts[place(at)] = Index::from(..);
            axis.flatten().slice(parts)
        })
        .collect();
    if sparse == crate::KeepDimensions::Yes {
        return open;
    }
    broadcast_arrays(&open.iter().collect::<Vec<_>>()).unwrap_or_else(|error| vec![Array::failed(error); count])
}

/// Whether a further array has the lengths of the first, off the axis.
fn fits(first: &[usize], shape: &[usize], axis: usize, number: usize) -> Result<()> {
    if first.len() != shape.len() {
        let message = format!(
            "all the input arrays must have same number of dimensions, but the array at index 0 has {} dimension(s) and \
             the array at index {number} has {} dimension(s)",
            first.len(),
            shape.len()
        );
        return Err(Error::input(message).with_hint("reshape one of them, or use vstack or stack"));
    }
    match (0..first.len()).find(|&at| at != axis && first[at] != shape[at]) {
        None => Ok(()),
        Some(at) => {
            let message = format!(
                "all the input array dimensions except for the concatenation axis must match exactly, but along dimension \
                 {at}, the array at index 0 has size {} and the array at index {number} has size {}",
                first[at], shape[at]
            );
            Err(Error::input(message).with_hint("join along another axis, or cut the arrays"))
        }
    }
}
