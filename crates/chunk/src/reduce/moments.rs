//! Mean and sum of squared deviations: the state of a variance.

use super::fold::{BLOCK, RealSum, block_state, tile_state};
use super::plan::Plan;
use crate::chunk::Chunk;
use crate::error::Result;
use crate::simd::{self, Kernel};
use crate::ufunc::{Binary, Real, Unary, where_};

/// Columns of a block that is read twice: 128 rows of them should still be in the second-level cache.
const COLUMNS: usize = 256;

/// Means and sums of squared deviations of the plan's results, in `f64`.
///
/// Blocks of 128 elements are read twice, for their mean and for the deviations from it, and joined in a binary
/// tree, as the blocks of a sum are.
pub fn moments<T: Real>(values: &[T], plan: &Plan) -> (Vec<f64>, Vec<f64>) {
    let mut mean = vec![0.0; plan.results()];
    let mut squares = vec![0.0; plan.results()];
    if plan.n == 0 || mean.is_empty() {
        return (mean, squares);
    }
    if plan.inner == 1 {
        simd::run(Rows { values, n: plan.n, mean: &mut mean, squares: &mut squares });
    } else {
        let results = mean.chunks_exact_mut(plan.inner).zip(squares.chunks_exact_mut(plan.inner));
        for (values, (mean, squares)) in values.chunks_exact(plan.n * plan.inner).zip(results) {
            simd::run(Columns { values, mean, squares });
        }
    }
    (mean, squares)
}

/// As [`moments`], of the elements that are not NaN, with their counts. NaN is rare, so this is simple instead of fast:
/// the elements of each result are gathered first.
pub fn present_moments<T: Real>(values: &[T], plan: &Plan) -> (Vec<i64>, Vec<f64>, Vec<f64>) {
    let mut state = (vec![0; plan.results()], vec![0.0; plan.results()], vec![0.0; plan.results()]);
    let mut present = Vec::with_capacity(plan.n);
    for outer in 0..plan.outer {
        for inner in 0..plan.inner {
            let column = (0..plan.n).map(|i| values[(outer * plan.n + i) * plan.inner + inner]);
            present.clear();
            present.extend(column.filter(|v| !v.is_nan()));
            if !present.is_empty() {
                let (at, moments) = (outer * plan.inner + inner, row_moments(&present));
                (state.0[at], state.1[at], state.2[at]) = (present.len() as i64, moments.mean, moments.squares);
            }
        }
    }
    state
}

/// Count, mean and sum of squared deviations.
#[derive(Clone, Copy)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    const NONE: Moments = Moments { count: 0.0, mean: 0.0, squares: 0.0 };

    /// Chan, Golub, LeVeque, "Algorithms for computing the sample variance" (1983), equation 1.5.
    #[inline(always)]
    fn join(a: Moments, b: Moments) -> Moments {
        let count = a.count + b.count;
        let weight = b.count / count;
        let delta = b.mean - a.mean;
        Moments {
            count,
            mean: a.mean + delta * weight,
            squares: a.squares + b.squares + delta * delta * (a.count * weight),
        }
    }
}

struct Rows<'a, T> {
    values: &'a [T],
    n: usize,
    mean: &'a mut [f64],
    squares: &'a mut [f64],
}

impl<T: Real> Kernel for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for ((row, mean), squares) in self.values.chunks_exact(self.n).zip(self.mean).zip(self.squares) {
            let moments = row_moments(row);
            (*mean, *squares) = (moments.mean, moments.squares);
        }
    }
}

#[inline(always)]
fn row_moments<T: Real>(row: &[T]) -> Moments {
    let mut stack = [Moments::NONE; usize::BITS as usize];
    let mut depth = 0;
    for (k, block) in row.chunks(BLOCK).enumerate() {
        let count = block.len() as f64;
        let mean = block_state::<T, RealSum>(block) / count;
        let mut deviations = [0.0; BLOCK];
        for (deviation, &value) in deviations.iter_mut().zip(block) {
            let d = value.float() - mean;
            *deviation = d * d;
        }
        let squares = block_state::<f64, RealSum>(&deviations[..block.len()]);
        let mut state = Moments { count, mean, squares };
        for _ in 0..(k + 1).trailing_zeros() {
            depth -= 1;
            state = Moments::join(stack[depth], state);
        }
        stack[depth] = state;
        depth += 1;
    }
    let mut state = stack[depth - 1];
    for earlier in stack[..depth - 1].iter().rev() {
        state = Moments::join(*earlier, state);
    }
    state
}

struct Columns<'a, T> {
    values: &'a [T],
    mean: &'a mut [f64],
    squares: &'a mut [f64],
}

/// The moments of a tile of columns; they share their count.
struct Tile {
    count: f64,
    mean: [f64; COLUMNS],
    squares: [f64; COLUMNS],
}

impl<T: Real> Kernel for Columns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let width = self.mean.len();
        let mut stack: Vec<Tile> = Vec::new();
        let results = self.mean.chunks_mut(COLUMNS).zip(self.squares.chunks_mut(COLUMNS));
        for (tile, (mean, squares)) in results.enumerate() {
            let (start, columns) = (tile * COLUMNS, mean.len());
            stack.clear();
            for (k, rows) in self.values.chunks(BLOCK * width).enumerate() {
                let mut state = tile_moments(rows, width, start, columns);
                for _ in 0..(k + 1).trailing_zeros() {
                    if let Some(earlier) = stack.pop() {
                        state = join_tiles(&earlier, state, columns);
                    }
                }
                stack.push(state);
            }
            let Some(mut state) = stack.pop() else { continue };
            while let Some(earlier) = stack.pop() {
                state = join_tiles(&earlier, state, columns);
            }
            mean.copy_from_slice(&state.mean[..columns]);
            squares.copy_from_slice(&state.squares[..columns]);
        }
    }
}

#[inline(always)]
fn tile_moments<T: Real>(rows: &[T], width: usize, start: usize, columns: usize) -> Tile {
    let count = (rows.len() / width) as f64;
    let mut tile = Tile { count, mean: [0.0; COLUMNS], squares: [0.0; COLUMNS] };
    tile_state::<T, RealSum>(rows, width, start, &mut tile.mean[..columns]);
    tile.mean[..columns].iter_mut().for_each(|mean| *mean /= count);
    for row in rows.chunks_exact(width) {
        let row = &row[start..start + columns];
        for ((squares, &mean), &value) in tile.squares.iter_mut().zip(&tile.mean).zip(row) {
            let d = value.float() - mean;
            *squares += d * d;
        }
    }
    tile
}

#[inline(always)]
fn join_tiles(earlier: &Tile, later: Tile, columns: usize) -> Tile {
    let mut joined = later;
    let (count_a, count_b) = (earlier.count, joined.count);
    joined.count = count_a + count_b;
    for j in 0..columns {
        let a = Moments { count: count_a, mean: earlier.mean[j], squares: earlier.squares[j] };
        let b = Moments { count: count_b, mean: joined.mean[j], squares: joined.squares[j] };
        let both = Moments::join(a, b);
        joined.mean[j] = both.mean;
        joined.squares[j] = both.squares;
    }
    joined
}

/// The state of both: count, mean and sum of squared deviations of each, of complex numbers mean and sum of the real
/// parts, then of the imaginary parts.
pub fn merge(a: &[Chunk], b: &[Chunk]) -> Result<Vec<Chunk>> {
    let mut merged = vec![Binary::Add.apply(&a[0], &b[0])?];
    let (count_a, count_b) = (a[0].values::<i64>()?, b[0].values::<i64>()?);
    for part in (1..a.len()).step_by(2) {
        let (mean_a, mean_b) = (a[part].values::<f64>()?, b[part].values::<f64>()?);
        let (squares_a, squares_b) = (a[part + 1].values::<f64>()?, b[part + 1].values::<f64>()?);
        let mut mean = Vec::with_capacity(mean_a.len());
        let mut squares = Vec::with_capacity(mean_a.len());
        for i in 0..mean_a.len() {
            let of = |count: i64, mean, squares| Moments { count: count as f64, mean, squares };
            let both = match (of(count_a[i], mean_a[i], squares_a[i]), of(count_b[i], mean_b[i], squares_b[i])) {
                (a, b) if b.count == 0.0 => a,
                (a, b) if a.count == 0.0 => b,
                (a, b) => Moments::join(a, b),
            };
            mean.push(both.mean);
            squares.push(both.squares);
        }
        merged.extend([Chunk::new(a[0].shape(), mean)?, Chunk::new(a[0].shape(), squares)?]);
    }
    Ok(merged)
}

/// The sum of squared deviations over `max(count - ddof, 0)`, as NumPy divides: NaN of nothing. With `skip_nan`, also
/// where that is 0, as `nanvar` has it.
pub fn variance(parts: &[Chunk], ddof: f64, skip_nan: bool) -> Result<Chunk> {
    let freedom = Binary::Subtract.apply(&parts[0], &Chunk::scalar(ddof))?;
    let divisor = Binary::Maximum.apply(&freedom, &Chunk::scalar(0.0))?;
    let divisor = if skip_nan {
        where_(&Binary::Greater.apply(&freedom, &Chunk::scalar(0.0))?, &divisor, &Chunk::scalar(f64::NAN))?
    } else {
        divisor
    };
    let squares = match parts {
        [_, _, real, _, imaginary] => Binary::Add.apply(real, imaginary)?,
        _ => parts[2].clone(),
    };
    // A rounding error cannot make it negative: it is a quotient of sums of squares. -0.0 would be written as such.
    Unary::Absolute.apply(&Binary::Divide.apply(&squares, &divisor)?)
}
