//! Where the smallest or largest element is: value and index travel together.

use super::plan::Plan;
use crate::chunk::Chunk;
use crate::dtype::Data;
use crate::error::{Error, Result};
use crate::reduce::Place;
use crate::shape::strides;
use crate::ufunc::{Binary, Unary, where_};

/// Elements whose best one is found before its index is.
const BLOCK: usize = 1024;
/// The index of nothing: larger than every index, so it loses among equals.
const NOWHERE: i64 = i64::MAX;

/// The best value of each result and its index among the `n` elements of the plan.
pub fn search(smallest: bool, chunk: &Chunk, plan: &Plan) -> (Data, Vec<i64>) {
    macro_rules! search {
        ($values:expr, $variant:ident, $low:expr, $high:expr) => {{
            let (best, index) = if smallest {
                find($values, plan, $high, |a, b| a < b)
            } else {
                find($values, plan, $low, |a, b| a > b)
            };
            (Data::$variant(best.into()), index)
        }};
    }
    match chunk.data() {
        Data::Bool(values) => search!(values, Bool, 0, 1),
        Data::UInt8(values) => search!(values, UInt8, u8::MIN, u8::MAX),
        Data::Int32(values) => search!(values, Int32, i32::MIN, i32::MAX),
        Data::Int64(values) => search!(values, Int64, i64::MIN, i64::MAX),
        Data::Float32(values) => search!(values, Float32, f32::NEG_INFINITY, f32::INFINITY),
        Data::Float64(values) => search!(values, Float64, f64::NEG_INFINITY, f64::INFINITY),
    }
}

/// `better(a, b)`: whether `a` comes before `b`. NaN comes before everything, and the first NaN stays.
fn find<T: Copy + PartialOrd>(
    values: &[T],
    plan: &Plan,
    worst: T,
    better: impl Fn(T, T) -> bool,
) -> (Vec<T>, Vec<i64>) {
    let nan = |a: T| a.partial_cmp(&a).is_none();
    let replaces = |a: T, b: T| better(a, b) || (nan(a) && !nan(b));
    let mut best = vec![worst; plan.results()];
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
                    let same = |v: &T| *v == found || (nan(found) && nan(*v));
                    *best = found;
                    *index = (k * BLOCK + block.iter().position(same).unwrap_or(0)) as i64;
                }
            }
        }
        return (best, index);
    }
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
pub fn merge(smallest: bool, a: &[Chunk], b: &[Chunk]) -> Result<Vec<Chunk>> {
    let better = if smallest { Binary::Less } else { Binary::Greater };
    let nan = |c: &Chunk| Unary::Isnan.apply(c);
    let (nan_a, nan_b) = (nan(&a[0])?, nan(&b[0])?);
    let and = |x: &Chunk, y: &Chunk| Binary::LogicalAnd.apply(x, y);
    let or = |x: &Chunk, y: &Chunk| Binary::LogicalOr.apply(x, y);
    let equal = or(&Binary::Equal.apply(&a[0], &b[0])?, &and(&nan_a, &nan_b)?)?;
    let first = and(&equal, &Binary::Less.apply(&b[1], &a[1])?)?;
    let only_b_is_nan = Binary::Greater.apply(&nan_b, &nan_a)?;
    let b_is_better = and(&better.apply(&b[0], &a[0])?, &Unary::LogicalNot.apply(&nan_a)?)?;
    let take_b = or(&first, &or(&only_b_is_nan, &b_is_better)?)?;
    Ok(vec![where_(&take_b, &b[0], &a[0])?, where_(&take_b, &b[1], &a[1])?])
}
