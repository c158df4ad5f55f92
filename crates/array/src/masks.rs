//! Elements where a mask is true.

use crate::array::Array;
use crate::chunks::{Chunks, borders_of};
use crate::compute::{EMBED_BYTES_MAX, embedded_value};
use crate::error::Lift;
use crate::expr::Expr;
use crate::index::Index;
use crate::node::pick::Compress;
use crate::shape::axis_of;
use crate::taking::List;
use phalanx_chunk::bins::Count;
use phalanx_chunk::{Chunk, DType};
use phalanx_engine::{Engine, Error, Result};
use std::sync::Arc;

impl Array {
    /// The slices along `axis` where `condition` (one axis, possibly shorter) is true.
    #[must_use]
    pub fn compress(&self, condition: &Self, axis: isize) -> Self {
        let make = || {
            let axis = axis_of(axis, self.shape()?.len())?;
            let &[length] = condition.shape()? else {
                return Err(Error::input("the condition of compress has not one dimension").with_hint("give a vector"));
            };
            let mut parts = vec![Index::from(..); axis];
            parts.push(Index::from(..length.cast_signed()));
            Ok(self.slice(parts).select_by(&condition.astype(DType::Bool), axis))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// The elements where `condition` is not 0, in C order: NumPy's `extract`.
    #[must_use]
    pub fn extract(&self, condition: &Self) -> Self {
        self.flatten().compress(&condition.flatten(), 0)
    }

    /// The elements, or slices, of the axes from `axis` on where `mask` is true.
    pub(crate) fn select_by(&self, mask: &Self, axis: usize) -> Self {
        let make = || {
            let (shape, of) = (self.shape()?.to_vec(), mask.shape()?.to_vec());
            let covered = axis..axis + of.len();
            if shape.get(covered.clone()) != Some(&of) {
                let differs = (0..of.len()).find(|&at| shape.get(axis + at) != Some(&of[at])).unwrap_or_default();
                return Err(Error::input(format!(
                    "boolean index did not match indexed array along axis {}; size of axis is {} but size of corresponding \
                     boolean axis is {}",
                    axis + differs,
                    shape.get(axis + differs).copied().unwrap_or_default(),
                    of[differs]
                ))
                .with_hint("a mask must have the lengths of the axes that it selects from"));
            }
            if of.len() == 1 {
                return Ok(select_later(self, mask, axis));
            }
            let count = of.iter().product();
            let flat = self.reshape([&shape[..axis], &[count], &shape[covered.end..]].concat());
            Ok(select_later(&flat, &mask.reshape(vec![count]), axis))
        };
        make().unwrap_or_else(Self::failed)
    }
}

/// The indices of the elements that are true.
pub(crate) fn nonzero_of(mask: &Chunk) -> Result<Chunk> {
    let flags = mask.cast(DType::Bool);
    let flags = flags.values::<bool>().lift()?.iter().enumerate();
    Ok(Chunk::vector(flags.filter_map(|(at, &flag)| flag.then_some(at as i64)).collect()))
}

/// The slices along `axis` where a mask of one axis is true: at once if the client has the mask, else later.
fn select_later(values: &Array, mask: &Array, axis: usize) -> Array {
    let known = mask.expr().ok().and_then(embedded_value);
    if let Some(known) = known {
        let taken = nonzero_of(&known).and_then(|kept| values.take_list(&List::of(&kept)?, axis));
        return taken.unwrap_or_else(Array::failed);
    }
    let described = || {
        let mut shape: Vec<Option<usize>> = values.shape()?.iter().copied().map(Some).collect();
        shape[axis] = None;
        Ok((values.dtype()?, shape))
    };
    let (dtype, shape) = match described() {
        Ok(described) => described,
        Err(error) => return Array::failed(error),
    };
    Array::program("a boolean index", dtype, shape, vec![values.clone(), mask.clone()], move |engine, inputs| {
        Box::pin(selected(engine, inputs, axis))
    })
}

async fn selected(engine: &dyn Engine, inputs: Vec<Array>, axis: usize) -> Result<Array> {
    let [values, mask] = inputs.as_slice() else { return Err(Error::internal("a selection has two inputs")) };
    let expr = values.expr()?;
    if mask.shape()?[0] as u64 <= EMBED_BYTES_MAX {
        // One job, and what is pulled of the values is what the mask selects.
        let known = mask.compute_async(engine).await?;
        return values.take_list(&List::of(&nonzero_of(&known)?)?, axis);
    }
    let mask = if mask.expr()?.stored.is_some() { mask.clone() } else { mask.persist_async(engine).await? };
    let before = Chunks::from_borders(vec![Arc::clone(expr.chunks.borders(axis))]);
    let counts = mask.count_blocks(&Count::Nonzero, &[], &before, None, &[]).compute_async(engine).await?;
    let sizes: Vec<usize> = counts.values::<i64>().lift()?.iter().map(|&count| count as usize).collect();
    // Blocks that are left empty stay blocks: their numbers are those of the mask's.
    let after = Chunks::from_borders(vec![borders_of(&sizes)]);
    let mut kept: Vec<usize> = after.borders(0).to_vec();
    kept.dedup();
    if kept.len() == 1 {
        kept.push(0);
    }
    let grid: Arc<[usize]> = kept.into();
    let mut shape = expr.shape().to_vec();
    shape[axis] = sizes.iter().sum();
    let borders =
        (0..shape.len()).map(|at| if at == axis { Arc::clone(&grid) } else { Arc::clone(expr.chunks.borders(at)) });
    let node = Compress { axis, before, after, dtype: expr.dtype(), shape };
    let chunks = Chunks::from_borders(borders.collect());
    Ok(Array::from_expr(Expr::new(node, vec![Arc::clone(expr), Arc::clone(mask.expr()?)], chunks)))
}
