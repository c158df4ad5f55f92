//! Which elements a reduction joins, as three numbers.

use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::shape::check_axes;

/// The elements as `outer` blocks of `n` rows of `inner` elements; each result joins the `n` elements of one column
/// of one block. With `inner == 1` they are neighbours in memory.
#[derive(Debug, Clone)]
pub struct Plan {
    pub outer: usize,
    pub n: usize,
    pub inner: usize,
    /// The shape of the result: the reduced axes have length one.
    pub shape: Vec<usize>,
    /// The transposition that brings the reduced axes together, if they are apart.
    order: Option<Vec<usize>>,
}

impl Plan {
    pub fn new(chunk: &Chunk, axes: &[usize]) -> Result<Plan> {
        check_axes(axes, chunk.ndim())?;
        let lengths = chunk.shape();
        let reduced = |axis: usize| axes.contains(&axis);
        let shape = (0..chunk.ndim()).map(|axis| if reduced(axis) { 1 } else { lengths[axis] }).collect();
        let product = |axes: &mut dyn Iterator<Item = usize>| axes.map(|axis| lengths[axis]).product::<usize>();
        let first = (0..chunk.ndim()).find(|&axis| reduced(axis) && lengths[axis] != 1).unwrap_or(0);
        let end = (0..chunk.ndim()).rfind(|&axis| reduced(axis) && lengths[axis] != 1).map_or(first, |axis| axis + 1);
        let together = (first..end).all(|axis| reduced(axis) || lengths[axis] == 1);
        if together {
            let (outer, n, inner) =
                (product(&mut (0..first)), product(&mut (first..end)), product(&mut (end..chunk.ndim())));
            return Ok(Plan { outer, n, inner, shape, order: None });
        }
        // The kept axes first, then the reduced ones, both in their order.
        let order: Vec<usize> =
            (0..chunk.ndim()).filter(|&a| !reduced(a)).chain((0..chunk.ndim()).filter(|&a| reduced(a))).collect();
        Ok(Plan {
            outer: product(&mut (0..chunk.ndim()).filter(|&axis| !reduced(axis))),
            n: product(&mut (0..chunk.ndim()).filter(|&axis| reduced(axis))),
            inner: 1,
            shape,
            order: Some(order),
        })
    }

    /// The chunk with its elements in the plan's order.
    pub fn arrange(&self, chunk: &Chunk) -> Result<Chunk> {
        match &self.order {
            Some(order) => chunk.transpose(order),
            None => Ok(chunk.clone()),
        }
    }

    /// The number of results.
    pub fn results(&self) -> usize {
        self.outer * self.inner
    }

    /// How many elements each result joins.
    pub fn counts(&self) -> Result<Chunk> {
        let n = i64::try_from(self.n).map_err(|_| Error::overflow(format!("a count of {} elements", self.n)))?;
        Chunk::full(&self.shape, n)
    }
}
