//! Chunks by axis, by bytes, and for several arrays alike; blocks of neighbours reduced; slices shuffled.

use crate::array::Array;
use crate::chunks::{AUTO_BYTES, Chunks, borders_of};
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::view::Rechunk;
use crate::reductions::KeepDimensions;
use crate::shape::axis_of;
use phalanx_chunk::reduce::Reduction;
use phalanx_chunk::shape::element_count;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// What the chunks of one axis are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AxisChunks {
    /// As they are.
    Keep,
    /// One chunk, Dask's `-1`.
    Whole,
    /// Chosen with the other such axes, so that a chunk has about as many bytes as asked for.
    Auto,
    /// Of this size.
    Size(usize),
    /// Of these sizes.
    Sizes(Vec<usize>),
}

impl Array {
    /// The same array in other chunks, said axis by axis; `bytes` is what a chunk may have where axes are
    /// [`AxisChunks::Auto`] (8 MiB by default).
    ///
    /// ```
    /// use phalanx_array::{Array, AxisChunks};
    /// let x = Array::ones((4000, 4000), 500);
    /// let rows = x.rechunk_by(&[AxisChunks::Auto, AxisChunks::Whole], Some(16 << 20));
    /// assert_eq!(rows.chunks()?.grid(), [8, 1]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn rechunk_by(&self, axes: &[AxisChunks], bytes: Option<usize>) -> Self {
        self.then(|expr| {
            let chunks = chosen(expr, axes, bytes.unwrap_or(AUTO_BYTES))?;
            Ok(rechunked(expr, chunks))
        })
    }

    /// One axis in chunks of these sizes, the others as they are.
    pub(crate) fn rechunk_axis(&self, axis: usize, sizes: Vec<usize>) -> Self {
        match self.ndim() {
            Ok(ndim) => {
                let mut axes = vec![AxisChunks::Keep; ndim];
                axes[axis] = AxisChunks::Sizes(sizes);
                self.rechunk_by(&axes, None)
            }
            Err(_) => self.clone(),
        }
    }

    /// Blocks of `sizes` neighbours reduced to one element each, Dask's `coarsen`. Lengths must be multiples, unless
    /// `trim` drops what is left over.
    #[must_use]
    pub fn coarsen(&self, reduction: Reduction, sizes: &[(isize, usize)], trim: Trim) -> Self {
        let make = || {
            let shape = self.shape()?.to_vec();
            let mut by = vec![1; shape.len()];
            for &(axis, size) in sizes {
                by[axis_of(axis, shape.len())?] = size;
            }
            let uneven = shape.iter().zip(&by).position(|(&length, &size)| size == 0 || !length.is_multiple_of(size));
            if let Some(axis) = uneven.filter(|&axis| by[axis] == 0 || trim == Trim::Refuse) {
                return Err(Error::input(format!(
                    "coarsening factors {by:?} do not align with shape {shape:?} on axis {axis}"
                ))
                .with_hint("trim what is left over, or choose factors of the lengths"));
            }
            let parts: Vec<crate::Index> =
                shape.iter().zip(&by).map(|(&length, &size)| (..(length / size * size).cast_signed()).into()).collect();
            let pairs = shape.iter().zip(&by).flat_map(|(&length, &size)| [length / size, size]).collect::<Vec<_>>();
            let inner: Vec<isize> = (0..shape.len()).map(|axis| (2 * axis + 1).cast_signed()).collect();
            Ok(self.slice(parts).reshape(pairs).reduce(reduction, Some(inner), KeepDimensions::No))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The slices of an axis in groups of indices, a chunk each group (joined while they stay below the largest chunk
    /// so far), Dask's `shuffle`.
    #[must_use]
    pub fn shuffle(&self, groups: &[Vec<isize>], axis: isize) -> Self {
        self.with_axis(axis, |axis| {
            let largest = self.chunks()?.sizes(axis).into_iter().max().unwrap_or(1);
            let mut sizes: Vec<usize> = vec![];
            for group in groups.iter().filter(|group| !group.is_empty()) {
                match sizes.last_mut() {
                    Some(last) if *last + group.len() <= largest => *last += group.len(),
                    _ => sizes.push(group.len()),
                }
            }
            let taken = self.take(&groups.concat(), axis.cast_signed());
            if sizes.is_empty() { Ok(taken) } else { Ok(taken.rechunk_axis(axis, sizes)) }
        })
    }
}

/// What becomes of elements that do not fill a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trim {
    /// They are an error.
    Refuse,
    /// They are left out.
    Drop,
}

pub(crate) fn rechunked(expr: &Arc<Expr>, chunks: Chunks) -> Arc<Expr> {
    if chunks == expr.chunks {
        return Arc::clone(expr);
    }
    let node = Rechunk { dtype: expr.dtype(), shape: expr.shape().to_vec() };
    Expr::new(node, vec![Arc::clone(expr)], chunks)
}

/// The chunks that `axes` ask for.
fn chosen(expr: &Arc<Expr>, axes: &[AxisChunks], bytes: usize) -> Result<Chunks> {
    let shape = expr.shape();
    if axes.len() != shape.len() {
        return Err(Error::input(format!("chunks for {} axes of an array of shape {shape:?}", axes.len()))
            .with_hint("say what each axis is to have"));
    }
    let mut sizes: Vec<Vec<usize>> = vec![];
    for (axis, (wanted, &length)) in axes.iter().zip(shape).enumerate() {
        sizes.push(match wanted {
            AxisChunks::Keep => expr.chunks.sizes(axis),
            AxisChunks::Size(size) => Chunks::new(&[length], *size)?.sizes(0),
            AxisChunks::Sizes(sizes) => Chunks::new(&[length], vec![sizes.clone()])?.sizes(0),
            AxisChunks::Whole | AxisChunks::Auto => vec![length],
        });
    }
    let fixed: usize = sizes
        .iter()
        .zip(axes)
        .filter(|(_, wanted)| **wanted != AxisChunks::Auto)
        .map(|(sizes, _)| sizes.iter().copied().max().unwrap_or(1).max(1))
        .fold(expr.dtype().itemsize(), usize::saturating_mul);
    let free: Vec<usize> = (0..axes.len()).filter(|&axis| axes[axis] == AxisChunks::Auto).collect();
    let mut auto: Vec<usize> = free.iter().map(|&axis| shape[axis]).collect();
    while auto.iter().fold(fixed, |bytes, &size| bytes.saturating_mul(size.max(1))) > bytes {
        match auto.iter_mut().max() {
            Some(size) if *size > 1 => *size = size.div_ceil(2),
            _ => break,
        }
    }
    for (axis, size) in free.into_iter().zip(auto) {
        sizes[axis] = Chunks::new(&[shape[axis]], size.max(1))?.sizes(0);
    }
    Chunks::new(shape, sizes)
}

/// An array with one chunk along `axis`; the other axes keep their chunks if a chunk then has at most four times the
/// bytes of an automatic one, else they are cut by size.
pub(crate) fn whole_along(array: &Array, axis: usize) -> Array {
    array.then(|expr| {
        let mut axes = vec![AxisChunks::Keep; expr.shape().len()];
        axes[axis] = AxisChunks::Whole;
        let chunks = chosen(expr, &axes, AUTO_BYTES)?;
        let largest = (0..chunks.ndim()).map(|axis| chunks.sizes(axis).into_iter().max().unwrap_or(0));
        let bytes = largest.fold(expr.dtype().itemsize(), usize::saturating_mul);
        if bytes <= 4 * AUTO_BYTES || chunks == expr.chunks {
            return Ok(rechunked(expr, chunks));
        }
        let auto = (0..axes.len()).map(|at| if at == axis { AxisChunks::Whole } else { AxisChunks::Auto });
        Ok(rechunked(expr, chosen(expr, &auto.collect::<Vec<_>>(), AUTO_BYTES)?))
    })
}

/// The arrays with common chunks: borders of any are borders of all, on axes counted from the last, where their
/// lengths agree.
///
/// # Errors
/// As [`Array::check`].
pub fn unify_chunks(arrays: &[&Array]) -> Result<Vec<Array>> {
    let most = arrays.iter().map(|array| array.ndim()).collect::<Result<Vec<_>>>()?.into_iter().max().unwrap_or(0);
    // For each axis from the last the borders by length.
    let mut borders: Vec<std::collections::BTreeMap<usize, Vec<usize>>> = vec![Default::default(); most];
    for array in arrays {
        let expr = array.expr()?;
        for (axis, &length) in expr.shape().iter().rev().enumerate() {
            borders[axis].entry(length).or_default().extend(expr.chunks.borders(expr.shape().len() - 1 - axis).iter());
        }
    }
    for lists in &mut borders {
        for list in lists.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
    }
    let unified = |array: &&Array| {
        array.then(|expr| {
            let ndim = expr.shape().len();
            let sizes = (0..ndim).map(|axis| {
                let list = &borders[ndim - 1 - axis][&expr.shape()[axis]];
                if list.len() < 2 { vec![0] } else { list.windows(2).map(|pair| pair[1] - pair[0]).collect() }
            });
            let chunks = Chunks::from_borders(sizes.map(|sizes: Vec<usize>| borders_of(&sizes)).collect());
            element_count(&chunks.shape()).lift()?;
            Ok(rechunked(expr, chunks))
        })
    };
    Ok(arrays.iter().map(unified).collect())
}
