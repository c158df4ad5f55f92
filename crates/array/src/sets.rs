//! The different elements of an array.

use crate::array::Array;
use crate::error::Lift;
use crate::joining::concatenate;
use crate::shape::AllAxes;
use phalanx_chunk::DType;
use phalanx_chunk::lines::Lines;
use phalanx_chunk::search::Search;
use phalanx_engine::{Engine, Error, Result};

/// Elements that make a block of their own worth while.
const BLOCK_ELEMENTS: usize = 1 << 18;

/// The different elements of an array, and where they are.
#[derive(Clone, Debug)]
pub struct Unique {
    /// The different elements, ascending; NaNs are one.
    pub values: Array,
    /// The flat index of the first of each.
    pub index: Array,
    /// For each element its place in `values`, in the array's shape.
    pub inverse: Array,
    /// How often each occurs.
    pub counts: Array,
}

impl Array {
    /// The different elements, ascending. How many they are is known only after computing it.
    ///
    /// Each chunk is reduced to its own different elements before they meet, in two jobs: how many these are, then the
    /// elements. What meets in one task is at most the number of chunks times the most that one has.
    #[must_use]
    pub fn unique(&self) -> Self {
        let flat = self.flatten();
        let dtype = match flat.lines(Lines::Firsts, 0).check().and_then(|()| self.dtype()) {
            Ok(dtype) => dtype,
            Err(error) => return Self::failed(error),
        };
        Self::program("unique", dtype, vec![None], vec![flat], |engine, inputs| Box::pin(unique(engine, inputs)))
    }

    /// The different elements with their places and counts. Each is lazy and costs only if it is computed; `index`
    /// sorts all elements in one task.
    #[must_use]
    pub fn unique_all(&self) -> Unique {
        let values = self.unique();
        let inverse = self.lookup(&values, Search::Left);
        let count = |given: &[Self]| given[1].flatten().bincount(None, given[0].shape().ok().map(|shape| shape[0]));
        let counts = Self::after("unique counts", &[&values, &inverse], count).unwrap_or_else(|| values.clone());
        let order = self.flatten().argsort(0);
        let firsts = |given: &[Self]| {
            let sorted = given[1].take_by(&given[2], 0);
            // Of a run of equal elements a stable sort has the first first.
            let places = sorted.lookup_in_itself(&given[0]);
            given[2].take_by(&places, 0)
        };
        let flat = self.flatten();
        let index = Self::after("unique index", &[&values, &flat, &order], firsts).unwrap_or_else(|| values.clone());
        Unique { values, index, inverse, counts }
    }

    /// Where each of `values` is first in this sorted array.
    fn lookup_in_itself(&self, values: &Self) -> Self {
        values.lookup(self, Search::Left)
    }

    /// The different elements of both, ascending.
    #[must_use]
    pub fn union1d(&self, other: &Self) -> Self {
        concatenate(&[&self.flatten(), &other.flatten()], 0).unique()
    }
}

async fn unique(engine: &dyn Engine, inputs: Vec<Array>) -> Result<Array> {
    let [flat] = inputs.as_slice() else { return Err(Error::internal("unique has one input")) };
    if flat.shape()? == [0] {
        return Ok(flat.clone());
    }
    // Tiny neighbours are one block.
    let largest = flat.chunks()?.sizes(0).into_iter().max().unwrap_or(1);
    let borders = flat.chunks()?.joined(0, largest.max(BLOCK_ELEMENTS)).to_vec();
    if borders.len() == 2 {
        return distinct(flat);
    }
    // What is made again for both jobs is kept, unless it is cheap.
    let kept = if flat.expr()?.cheap || flat.expr()?.stored.is_some() {
        flat.clone()
    } else {
        flat.persist_async(engine).await?
    };
    let part = |pair: &[usize]| kept.slice([crate::Index::from(pair[0].cast_signed()..pair[1].cast_signed())]);
    let sorted: Vec<Array> = borders.windows(2).map(|pair| part(pair).lines(Lines::Sort, 0)).collect();
    let sizes: Vec<Array> = sorted
        .iter()
        .map(|part| part.lines(Lines::Firsts, 0).astype(DType::Int64).sum(AllAxes).reshape(vec![1]))
        .collect();
    let sizes = concatenate(&sizes.iter().collect::<Vec<_>>(), 0).compute_async(engine).await?;
    let distinct_parts: Vec<Array> = sorted
        .iter()
        .zip(sizes.values::<i64>().lift()?)
        .map(|(part, &size)| part.lines(Lines::Distinct { length: size as usize }, 0))
        .collect();
    distinct(&concatenate(&distinct_parts.iter().collect::<Vec<_>>(), 0))
}

/// Of an array that fits a task.
fn distinct(flat: &Array) -> Result<Array> {
    let sorted = flat.lines(Lines::Sort, 0);
    Ok(sorted.compress(&sorted.lines(Lines::Firsts, 0), 0))
}
