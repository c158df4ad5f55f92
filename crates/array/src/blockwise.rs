//! Functions over blocks: what `map_blocks`, `map_overlap` and `blockwise` are made of, and what crates add.

use crate::array::Array;
use crate::chunks::{ChunkSpec, Chunks};
use crate::expr::Expr;
use crate::node::host::{Callee, Host};
use phalanx_chunk::DType;
use phalanx_engine::host::HostFunction;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

pub use crate::node::host::{Along, BlockFunction};

/// What a block of an array's input is: for each axis the whole of it, or a chunk with what surrounds it.
#[derive(Clone, Debug)]
pub struct BlockInput {
    /// The array.
    pub array: Array,
    /// How its axes go with the result's: the axis of the result that an axis is cut along, and how many elements
    /// before and after the chunk a block has as well; `None` for a whole axis.
    pub axes: Vec<Option<(usize, usize, usize)>>,
    /// Where an axis is cut, if not where its chunks end.
    pub borders: Vec<Option<Vec<usize>>>,
}

/// An array whose blocks are what `function` makes of the blocks of its inputs. `chunks` says the sizes of the blocks
/// that it returns; along each axis these are as many as the inputs that are cut along it have.
///
/// The function runs where the blocks are, on a worker only if that was started to run such functions. It is called
/// once for each block that is needed, and must give the same result for the same block.
pub fn blockwise(
    function: HostFunction,
    inputs: &[BlockInput],
    shape: Vec<usize>,
    chunks: impl Into<ChunkSpec>,
    dtype: DType,
) -> Array {
    of_blocks(Callee::Host(function), inputs, shape, chunks, dtype)
}

/// As [`blockwise`], with a function that is part of this program and needs nobody's permission.
pub fn blockwise_native(
    function: impl BlockFunction + 'static,
    inputs: &[BlockInput],
    shape: Vec<usize>,
    chunks: impl Into<ChunkSpec>,
    dtype: DType,
) -> Array {
    of_blocks(Callee::Native(Box::new(function)), inputs, shape, chunks, dtype)
}

fn of_blocks(
    function: Callee,
    inputs: &[BlockInput],
    shape: Vec<usize>,
    chunks: impl Into<ChunkSpec>,
    dtype: DType,
) -> Array {
    let make = || {
        let blocks = Chunks::new(&shape, chunks)?;
        let grid = blocks.grid();
        let mut exprs = vec![];
        let mut described = vec![];
        for input in inputs {
            let expr = input.array.expr()?;
            described.push(described_axes(expr, input, &grid)?);
            exprs.push(Arc::clone(expr));
        }
        let node = Host { function, inputs: described, blocks: blocks.clone(), dtype, shape };
        Ok(Expr::new(node, exprs, blocks))
    };
    Array::from_result(make())
}

fn described_axes(expr: &Arc<Expr>, input: &BlockInput, grid: &[usize]) -> Result<Vec<(Along, usize)>> {
    let shape = expr.shape();
    if input.axes.len() != shape.len() || input.borders.len() != shape.len() {
        return Err(Error::input(format!("{} axes are described of an array of shape {shape:?}", input.axes.len()))
            .with_hint("describe each axis"));
    }
    let along = |axis: usize| {
        let Some((of, before, after)) = input.axes[axis] else { return Ok((Along::Whole, shape[axis])) };
        let borders = match &input.borders[axis] {
            Some(borders) => borders.clone(),
            None => expr.chunks.borders(axis).to_vec(),
        };
        let fits = grid.get(of).is_some_and(|&count| borders.len() == count + 1)
            && borders.is_sorted()
            && borders.last().is_some_and(|&end| end <= shape[axis]);
        if !fits {
            return Err(Error::input(format!(
                "axis {axis} of shape {shape:?} has {} block(s), and axis {of} of the result has {:?}",
                borders.len().saturating_sub(1),
                grid.get(of)
            ))
            .with_hint("rechunk the inputs alike, and say the chunks of the result"));
        }
        Ok((Along::Chunk { axis: of, borders, before, after }, shape[axis]))
    };
    (0..shape.len()).map(along).collect()
}
