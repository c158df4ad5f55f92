//! Joining elements by an operation with an identity, in an order that is fixed by position.

use super::plan::Plan;
use crate::simd::{self, Kernel};
use crate::ufunc::{Inexact, Number, Real};

/// Elements per block along the last axis, and rows per block along others.
pub const BLOCK: usize = 128;
/// Elements that are joined side by side.
const LANES: usize = 8;
/// Columns that are joined together, so that their states stay in the first-level cache.
const COLUMNS: usize = 512;

/// An operation on elements of type `T`.
pub trait Fold<T: Copy>: Copy {
    type State: Copy;
    /// What joins with anything to that thing: the answer for no elements.
    const IDENTITY: Self::State;
    fn of(value: T) -> Self::State;
    fn join(a: Self::State, b: Self::State) -> Self::State;
}

/// One result per column of each block of the plan.
pub fn fold<T: Copy, F: Fold<T>>(values: &[T], plan: &Plan) -> Vec<F::State> {
    let mut out = vec![F::IDENTITY; plan.results()];
    if plan.n == 0 || out.is_empty() {
        return out;
    }
    if plan.inner == 1 {
        simd::run(Rows::<T, F> { values, n: plan.n, out: &mut out });
    } else {
        let blocks = values.chunks_exact(plan.n * plan.inner).zip(out.chunks_exact_mut(plan.inner));
        for (values, out) in blocks {
            simd::run(Columns::<T, F> { values, out });
        }
    }
    out
}

/// All values as one.
pub fn row<T: Copy, F: Fold<T>>(values: &[T]) -> F::State {
    let mut out = [F::IDENTITY];
    if !values.is_empty() {
        simd::run(Rows::<T, F> { values, n: values.len(), out: &mut out });
    }
    out[0]
}

/// Results of neighbours: row `i` of `n` elements gives `out[i]`.
struct Rows<'a, T: Copy, F: Fold<T>> {
    values: &'a [T],
    n: usize,
    out: &'a mut [F::State],
}

impl<T: Copy, F: Fold<T>> Kernel for Rows<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (row, out) in self.values.chunks_exact(self.n).zip(self.out) {
            *out = row_state::<T, F>(row);
        }
    }
}

/// Blocks, joined in a binary tree: when block `k` is done, as many earlier subtrees of equal size are joined as
/// `k + 1` has trailing zeros.
#[inline(always)]
fn row_state<T: Copy, F: Fold<T>>(row: &[T]) -> F::State {
    let mut stack = [F::IDENTITY; usize::BITS as usize];
    let mut depth = 0;
    for (k, block) in row.chunks(BLOCK).enumerate() {
        let mut state = block_state::<T, F>(block);
        for _ in 0..(k + 1).trailing_zeros() {
            depth -= 1;
            state = F::join(stack[depth], state);
        }
        stack[depth] = state;
        depth += 1;
    }
    let mut state = stack[depth - 1];
    for earlier in stack[..depth - 1].iter().rev() {
        state = F::join(*earlier, state);
    }
    state
}

#[inline(always)]
pub fn block_state<T: Copy, F: Fold<T>>(block: &[T]) -> F::State {
    let (lanes, tail) = block.as_chunks::<LANES>();
    let Some((first, lanes)) = lanes.split_first() else {
        // Starting from the first element keeps the sign of a lone -0.0.
        return match tail.split_first() {
            Some((&first, rest)) => rest.iter().fold(F::of(first), |state, &v| F::join(state, F::of(v))),
            None => F::IDENTITY,
        };
    };
    let mut state = first.map(F::of);
    for values in lanes {
        for lane in 0..LANES {
            state[lane] = F::join(state[lane], F::of(values[lane]));
        }
    }
    let [a, b, c, d, e, f, g, h] = state;
    let joined = F::join(F::join(F::join(a, b), F::join(c, d)), F::join(F::join(e, f), F::join(g, h)));
    tail.iter().fold(joined, |state, &v| F::join(state, F::of(v)))
}

/// Results of columns: `out[j]` joins column `j` of rows as long as `out`. Rows are read in order, whole cache lines
/// at a time.
struct Columns<'a, T: Copy, F: Fold<T>> {
    values: &'a [T],
    out: &'a mut [F::State],
}

impl<T: Copy, F: Fold<T>> Kernel for Columns<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let width = self.out.len();
        let mut stack: Vec<[F::State; COLUMNS]> = Vec::new();
        for (tile, out) in self.out.chunks_mut(COLUMNS).enumerate() {
            let (start, columns) = (tile * COLUMNS, out.len());
            stack.clear();
            for (k, rows) in self.values.chunks(BLOCK * width).enumerate() {
                let mut state = [F::IDENTITY; COLUMNS];
                tile_state::<T, F>(rows, width, start, &mut state[..columns]);
                for _ in 0..(k + 1).trailing_zeros() {
                    if let Some(earlier) = stack.pop() {
                        join_into::<T, F>(&earlier[..columns], &mut state[..columns]);
                    }
                }
                stack.push(state);
            }
            let mut state = stack.pop().unwrap_or([F::IDENTITY; COLUMNS]);
            while let Some(earlier) = stack.pop() {
                join_into::<T, F>(&earlier[..columns], &mut state[..columns]);
            }
            out.copy_from_slice(&state[..columns]);
        }
    }
}

#[inline(always)]
fn join_into<T: Copy, F: Fold<T>>(earlier: &[F::State], state: &mut [F::State]) {
    state.iter_mut().zip(earlier).for_each(|(state, &earlier)| *state = F::join(earlier, *state));
}

/// The columns `start..` of at most `BLOCK` rows, four rows at a time.
#[inline(always)]
pub fn tile_state<T: Copy, F: Fold<T>>(rows: &[T], width: usize, start: usize, state: &mut [F::State]) {
    let columns = state.len();
    let mut first = true;
    let mut quads = rows.chunks_exact(4 * width);
    for quad in &mut quads {
        let row = |i: usize| &quad[i * width + start..i * width + start + columns];
        let (a, b, c, d) = (row(0), row(1), row(2), row(3));
        for (j, state) in state.iter_mut().enumerate() {
            let joined = F::join(F::join(F::of(a[j]), F::of(b[j])), F::join(F::of(c[j]), F::of(d[j])));
            *state = if first { joined } else { F::join(*state, joined) };
        }
        first = false;
    }
    for row in quads.remainder().chunks_exact(width) {
        for (state, &value) in state.iter_mut().zip(&row[start..start + columns]) {
            *state = if first { F::of(value) } else { F::join(*state, F::of(value)) };
        }
        first = false;
    }
}

/// The sum, in 64 bits (a part).
#[derive(Clone, Copy)]
pub struct Sum;
/// The sum in `f64`, whatever the elements are.
#[derive(Clone, Copy)]
pub struct RealSum;
/// The sum of the squares of absolute values, in `f64`.
#[derive(Clone, Copy)]
pub struct SquareSum;
/// The product, in 64 bits (a part).
#[derive(Clone, Copy)]
pub struct Product;
/// The smallest element, or NaN.
#[derive(Clone, Copy)]
pub struct Min;
/// The largest element, or NaN.
#[derive(Clone, Copy)]
pub struct Max;
/// The smallest element that is not NaN.
#[derive(Clone, Copy)]
pub struct NanMin;
/// The largest element that is not NaN.
#[derive(Clone, Copy)]
pub struct NanMax;
/// Whether any element is not zero.
#[derive(Clone, Copy)]
pub struct Or;
/// Whether all elements are not zero.
#[derive(Clone, Copy)]
pub struct And;
/// How many elements are not zero.
#[derive(Clone, Copy)]
pub struct Count;
/// How many elements are not NaN.
#[derive(Clone, Copy)]
pub struct Present;

macro_rules! operations {
    ($($name:ident<$bound:ident>: $state:ty, $identity:expr, $of:expr, $join:expr;)*) => {
        $(impl<T: $bound> Fold<T> for $name {
            type State = $state;
            const IDENTITY: $state = $identity;
            #[inline(always)]
            fn of(value: T) -> $state {
                $of(value)
            }
            #[inline(always)]
            fn join(a: $state, b: $state) -> $state {
                $join(a, b)
            }
        })*
    };
}

operations! {
    Sum<Number>: T::Wide, T::Wide::ZERO, T::widen, <T::Wide as Number>::add;
    Product<Number>: T::Wide, T::Wide::ONE, T::widen, <T::Wide as Number>::multiply;
    RealSum<Real>: f64, 0.0, T::float, |a, b| a + b;
    SquareSum<Number>: f64, 0.0, T::norm_squared, |a, b| a + b;
    Min<Number>: T, T::HIGHEST, |v| v, T::minimum;
    Max<Number>: T, T::LOWEST, |v| v, T::maximum;
    NanMin<Inexact>: T, T::NAN, |v| v, T::fmin;
    NanMax<Inexact>: T, T::NAN, |v| v, T::fmax;
    Or<Number>: u8, 0, |v| u8::from(v != T::ZERO), |a, b| a | b;
    And<Number>: u8, 1, |v| u8::from(v != T::ZERO), |a, b| a & b;
    Count<Number>: i64, 0, |v| i64::from(v != T::ZERO), |a: i64, b| a.wrapping_add(b);
    Present<Number>: i64, 0, |v: T| i64::from(!v.is_nan()), |a: i64, b| a.wrapping_add(b);
}
