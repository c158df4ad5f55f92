//! Reductions over axes.

use crate::array::Array;
use crate::chunks::Chunks;
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::fingerprint::Fingerprint;
use crate::node::reduce::{Finish, Partial, words_of};
use crate::shape::{AllAxes, IntoAxes, axes_of};
use phalanx_chunk::reduce::Reduction;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// Elements that make a block of their own worth while. A constant, because bits depend on it.
const BLOCK_ELEMENTS: usize = 1 << 18;

macro_rules! reductions {
    ($($(#[$doc:meta])* $name:ident, $reduction:expr;)*) => {
        impl Array {
            $($(#[$doc])*
            #[must_use]
            pub fn $name(&self, axes: impl IntoAxes) -> Self {
                self.reduce($reduction, axes, KeepDimensions::No)
            })*
        }
    };
}

reductions! {
    /// The sum over axes ([`AllAxes`], one, or several); integers as `int64`, wrapping around.
    sum, Reduction::Sum;
    /// The product over axes.
    prod, Reduction::Prod;
    /// The arithmetic mean over axes.
    mean, Reduction::Mean;
    /// The population variance over axes (`ddof=0`); [`Array::reduce`] takes others.
    var, Reduction::Var { ddof: 0.0 };
    /// The population standard deviation over axes (`ddof=0`).
    std, Reduction::Std { ddof: 0.0 };
    /// The smallest element over axes; NaN if there is one.
    min, Reduction::Min;
    /// The largest element over axes; NaN if there is one.
    max, Reduction::Max;
    /// Whether any element over the axes is not 0.
    any, Reduction::Any;
    /// Whether every element over the axes is not 0.
    all, Reduction::All;
    /// How many elements over the axes are not 0, NumPy's `count_nonzero`.
    count, Reduction::Count;
    /// The index of the first smallest element: along one axis, or in C order over all of them.
    argmin, Reduction::Argmin;
    /// The index of the first largest element: along one axis, or in C order over all of them.
    argmax, Reduction::Argmax;
}

/// Whether the reduced axes stay, with length 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepDimensions {
    /// They go.
    No,
    /// They stay.
    Yes,
}

impl Array {
    /// Any reduction over axes.
    ///
    /// Blocks of chunks are folded where they are, and their states merged in the order of the blocks, so the bits
    /// depend on shape and chunks alone. Cost: one pass over the data; what is exchanged is one state for each block.
    ///
    /// ```
    /// use phalanx_array::{AllAxes, Array, KeepDimensions};
    /// use phalanx_chunk::reduce::Reduction;
    /// use phalanx_engine::{LocalEngine, Settings};
    /// let engine = LocalEngine::new(Settings::default())?;
    /// let x = Array::arange(0, 6, 1, 2).reshape((2, 3));
    /// assert_eq!(x.sum(0).compute(&engine)?.values::<i64>().unwrap(), [3, 5, 7]);
    /// assert_eq!(x.mean(AllAxes).compute(&engine)?.item::<f64>(), Ok(2.5));
    /// assert_eq!(x.reduce(Reduction::Max, 1, KeepDimensions::Yes).shape()?, [2, 1]);
    /// # Ok::<(), phalanx_engine::Error>(())
    /// ```
    #[must_use]
    pub fn reduce(&self, reduction: Reduction, axes: impl IntoAxes, keep: KeepDimensions) -> Self {
        let axes = axes.into_axes();
        let named = axes.clone();
        let again = move |given: &[Self]| given[0].reduce(reduction, named.clone(), keep);
        if let Some(later) = Self::after("a reduction", &[self], again) {
            return later;
        }
        self.then(|expr| reduce(expr, reduction, axes, keep))
    }

    /// A checksum of dtype-and-value bits and positions, as one `int64`: the wrapping sum over all elements of
    /// `mix(bits ^ mix(index + c))` with SplitMix64's finaliser. It does not depend on chunks or on the order of
    /// addition, is computed where the data is, and tells permuted elements apart. NaNs count as one value. Not
    /// cryptographic.
    #[must_use]
    pub fn checksum(&self) -> Self {
        let prints = self.then(|expr| {
            let node = Fingerprint { shape: expr.shape().to_vec() };
            Ok(Expr::new(node, vec![Arc::clone(expr)], expr.chunks.clone()))
        });
        prints.sum(AllAxes)
    }
}

fn reduce(expr: &Arc<Expr>, reduction: Reduction, axes: impl IntoAxes, keep: KeepDimensions) -> Result<Arc<Expr>> {
    let shape = expr.shape();
    let axes = axes_of(axes, shape.len())?;
    let dtype = reduction.dtype(expr.dtype()).lift()?;
    let parts = reduction.state(expr.dtype()).lift()?;
    let positions = reduction.is_position();
    if positions && axes.len() != 1 && axes.len() != shape.len() {
        return Err(Error::input(format!("{} over the axes {axes:?} of {}", reduction.name(), shape.len()))
            .with_hint("name one axis, or all of them"));
    }
    let nothing_to_choose = axes.iter().any(|&axis| shape[axis] == 0);
    if nothing_to_choose && reduction.needs_elements() {
        let name = reduction.name();
        let message = if positions {
            format!("attempt to get {name} of an empty sequence: shape {shape:?}")
        } else {
            format!("zero-size array to reduction operation {name} which has no identity: shape {shape:?}")
        };
        return Err(Error::input(message).with_hint("reduce axes that have elements"));
    }
    let blocks = blocks(expr, &axes);

    let mut states: Vec<usize> = shape.to_vec();
    let mut borders: Vec<Arc<[usize]>> = (0..shape.len()).map(|axis| Arc::clone(expr.chunks.borders(axis))).collect();
    for (&axis, blocks) in axes.iter().zip(&blocks) {
        states[axis] = blocks.len() - 1;
        borders[axis] = (0..blocks.len()).collect();
    }
    let words = words_of(&parts);
    states.push(words);
    borders.push([0, words].into());
    let kept = |axis: &usize| keep == KeepDimensions::Yes || !axes.contains(axis);
    let out_shape = (0..shape.len()).filter(kept).map(|at| if axes.contains(&at) { 1 } else { shape[at] }).collect();
    let one: Arc<[usize]> = [0, 1].into();
    let out_borders = (0..shape.len())
        .filter(kept)
        .map(|at| Arc::clone(if axes.contains(&at) { &one } else { expr.chunks.borders(at) }))
        .collect();

    let partial = Partial {
        reduction,
        axes: axes.clone(),
        blocks: blocks.iter().map(|blocks| blocks.to_vec()).collect(),
        input: shape.to_vec(),
        input_dtype: expr.dtype(),
        parts: parts.clone(),
        shape: states.clone(),
    };
    let partial = Expr::new(partial, vec![Arc::clone(expr)], Chunks::from_borders(borders));
    let finish = Finish {
        reduction,
        axes,
        keep_dimensions: keep == KeepDimensions::Yes,
        input_dtype: expr.dtype(),
        parts,
        states,
        dtype,
        shape: out_shape,
    };
    Ok(Expr::new(finish, vec![partial], Chunks::from_borders(out_borders)))
}

/// Where the blocks of a reduction end, for each of `axes`: at the chunks, of which tiny neighbours are joined. So
/// blocks keep to where data lies, ten thousand chunks of one element are one block, and the bits do not depend on
/// whether the data is pulled or persisted.
fn blocks(expr: &Arc<Expr>, axes: &[usize]) -> Vec<Arc<[usize]>> {
    let grid = expr.chunks.grid();
    let elements: usize = expr.shape().iter().product();
    let chunk_elements = (elements / expr.chunks.count().max(1)).max(1);
    // How many neighbours may become one block; the last axes are joined first, since tiles are runs of them.
    let mut joined = (BLOCK_ELEMENTS / chunk_elements).max(1);
    let mut blocks: Vec<Arc<[usize]>> = axes
        .iter()
        .rev()
        .map(|&axis| {
            let size = (expr.shape()[axis].div_ceil(grid[axis])).max(1);
            let count = joined.min(grid[axis]);
            joined = (joined / count).max(1);
            expr.chunks.joined(axis, size.saturating_mul(count))
        })
        .collect();
    blocks.reverse();
    blocks
}
