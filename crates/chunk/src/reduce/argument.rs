//! Where the smallest or largest element is: value and index travel together.

use super::plan::Plan;
use crate::chunk::{Chunk, map_values};
use crate::dtype::Data;
use crate::error::{Error, Result};
use crate::reduce::Place;
use crate::shape::strides;
use crate::ufunc::Number;

/// Elements whose best one is found before its index is.
const BLOCK: usize = 1024;
/// The index of nothing: larger than every index, so it loses among equals.
const NOWHERE: i64 = i64::MAX;

/// Which value is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search {
    /// The smallest, else the largest.
    pub smallest: bool,
    /// NaN comes after everything, else before everything.
    pub skip_nan: bool,
}

impl Search {
    /// Whether `a` comes before `b`. Among NaN the first stays.
    #[inline(always)]
    fn replaces<T: Number>(self, a: T, b: T) -> bool {
        let better = if self.smallest { a.less(b) } else { b.less(a) };
        let (nan_a, nan_b) = (a.is_nan(), b.is_nan());
        if self.skip_nan { nan_b && !nan_a || better } else { !nan_b && (nan_a || better) }
    }

    fn worst<T: Number>(self) -> T {
        if self.smallest { T::HIGHEST } else { T::LOWEST }
    }
}

/// The best value of each result and its index among the `n` elements of the plan; no index where all are NaN that are
/// skipped.
pub fn search(search: Search, chunk: &Chunk, plan: &Plan) -> (Data, Vec<i64>) {
    let mut index = vec![];
    let data = map_values!(chunk.data(), values => {
        let (best, indices) = find(search, values, plan);
        index = indices;
        best
    });
    (data, index)
}

fn find<T: Number>(search: Search, values: &[T], plan: &Plan) -> (Vec<T>, Vec<i64>) {
    let replaces = |a: T, b: T| search.replaces(a, b);
    let mut best = vec![search.worst(); plan.results()];
    let mut index = vec![NOWHERE; plan.results()];
    if plan.n == 0 || best.is_empty() {
        return (best, index);
    }
    if plan.inner == 1 {
        for ((row, best), index) in values.chunks_exact(plan.n).zip(&mut best).zip(&mut index) {
            (*best, *index) = (row[0], 0);
            for (k, block) in row.chunks(BLOCK).enumerate() {
                // The best of a block is found without its index; only a block that improves is searched again.
                let found = block.iter().fold(*best, |a, &b| if replaces(b, a) { b } else { a });
                if replaces(found, *best) {
                    let same = |v: &T| *v == found || found.is_nan() && v.is_nan();
                    *best = found;
                    *index = (k * BLOCK + block.iter().position(same).unwrap_or(0)) as i64;
                }
            }
        }
    } else {
        let results = best.chunks_exact_mut(plan.inner).zip(index.chunks_exact_mut(plan.inner));
        for (values, (best, index)) in values.chunks_exact(plan.n * plan.inner).zip(results) {
            best.copy_from_slice(&values[..plan.inner]);
            index.fill(0);
            for (i, row) in values.chunks_exact(plan.inner).enumerate().skip(1) {
                for ((best, index), &value) in best.iter_mut().zip(&mut *index).zip(row) {
                    let replace = replaces(value, *best);
                    *best = if replace { value } else { *best };
                    *index = if replace { i as i64 } else { *index };
                }
            }
        }
    }
    if search.skip_nan {
        best.iter().zip(&mut index).filter(|(best, _)| best.is_nan()).for_each(|(_, index)| *index = NOWHERE);
    }
    (best, index)
}

/// Indices among a chunk's reduced elements as flat C indices over the reduced axes of the whole array.
pub fn globalise(index: Vec<i64>, chunk: &[usize], axes: &[usize], place: &Place) -> Result<Vec<i64>> {
    let mut sorted = axes.to_vec();
    sorted.sort_unstable();
    let pick = |lengths: &[usize]| -> Vec<usize> { sorted.iter().map(|&axis| lengths[axis]).collect() };
    let (own, start, whole) = (pick(chunk), pick(&place.start), pick(&place.shape));
    let limit = whole.iter().try_fold(1usize, |a, &n| a.checked_mul(n)).and_then(|n| i64::try_from(n).ok());
    if limit.is_none() {
        return Err(Error::overflow(format!("an index into axes of lengths {whole:?}")));
    }
    let (from, to) = (strides(&own), strides(&whole));
    let global = |local: i64| {
        if local == NOWHERE {
            return NOWHERE;
        }
        let mut rest = local.unsigned_abs() as usize;
        let mut flat = 0;
        for axis in 0..own.len() {
            flat += (start[axis] + rest / from[axis]) * to[axis];
            rest %= from[axis];
        }
        flat as i64
    };
    Ok(index.into_iter().map(global).collect())
}

/// The better of both values with its index; among equals, the smaller index.
pub fn merge(search: Search, a: &[Chunk], b: &[Chunk]) -> Result<Vec<Chunk>> {
    let (index_a, index_b) = (a[1].values::<i64>()?, b[1].values::<i64>()?);
    let mut index = Vec::with_capacity(index_a.len());
    macro_rules! merge {
        ($($variant:ident),*) => {
            match (a[0].data(), b[0].data()) {
                $((Data::$variant(x), Data::$variant(y)) => {
                    let mut best = Vec::with_capacity(x.len());
                    for i in 0..x.len() {
                        let take = takes(search, (x[i], index_a[i]), (y[i], index_b[i]));
                        best.push(if take { y[i] } else { x[i] });
                        index.push(if take { index_b[i] } else { index_a[i] });
                    }
                    Data::$variant(best.into())
                })*
                _ => return Err(Error::dtype("merging extremes", &[a[0].dtype(), b[0].dtype()])),
            }
        };
    }
    let best =
        merge!(Bool, Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, UInt64, Float32, Float64, Complex64, Complex128);
    Ok(vec![Chunk::from_data(a[0].shape(), best), Chunk::new(a[0].shape(), index)?])
}

/// Whether the second of two values with their indices is the better one.
fn takes<T: Number>(search: Search, (a, index_a): (T, i64), (b, index_b): (T, i64)) -> bool {
    if index_a == NOWHERE || index_b == NOWHERE {
        return index_a == NOWHERE && index_b != NOWHERE;
    }
    search.replaces(b, a) || !search.replaces(a, b) && index_b < index_a
}

/// The indices of a finished search.
///
/// # Errors
/// [`Error::Value`] where only NaN was there to be skipped.
pub fn indices(index: &Chunk) -> Result<Chunk> {
    if index.values::<i64>()?.contains(&NOWHERE) {
        return Err(Error::value("All-NaN slice encountered"));
    }
    Ok(index.clone())
}
