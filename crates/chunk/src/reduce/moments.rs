//! Mean and sum of squared deviations: the state of a variance.

use super::fold::{BLOCK, Fold, RealSum, block_state, tile_state};
use super::plan::Plan;
use crate::chunk::Chunk;
use crate::error::Result;
use crate::simd::{self, Kernel};
use crate::ufunc::{Binary, Unary};

/// Columns of a block that is read twice: 128 rows of them should still be in the second-level cache.
const COLUMNS: usize = 256;

/// Means and sums of squared deviations of the plan's results, in `f64`.
///
/// Blocks of 128 elements are read twice, for their mean and for the deviations from it, and joined in a binary
/// tree, as the blocks of a sum are.
pub fn moments<T: Copy>(values: &[T], plan: &Plan) -> (Vec<f64>, Vec<f64>)
where
    RealSum: Fold<T, State = f64>,
{
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

impl<T: Copy> Kernel for Rows<'_, T>
where
    RealSum: Fold<T, State = f64>,
{
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
fn row_moments<T: Copy>(row: &[T]) -> Moments
where
    RealSum: Fold<T, State = f64>,
{
    let mut stack = [Moments::NONE; usize::BITS as usize];
    let mut depth = 0;
    for (k, block) in row.chunks(BLOCK).enumerate() {
        let count = block.len() as f64;
        let mean = block_state::<T, RealSum>(block) / count;
        let mut deviations = [0.0; BLOCK];
        for (deviation, &value) in deviations.iter_mut().zip(block) {
            let d = RealSum::of(value) - mean;
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

impl<T: Copy> Kernel for Columns<'_, T>
where
    RealSum: Fold<T, State = f64>,
{
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
fn tile_moments<T: Copy>(rows: &[T], width: usize, start: usize, columns: usize) -> Tile
where
    RealSum: Fold<T, State = f64>,
{
    let count = (rows.len() / width) as f64;
    let mut tile = Tile { count, mean: [0.0; COLUMNS], squares: [0.0; COLUMNS] };
    tile_state::<T, RealSum>(rows, width, start, &mut tile.mean[..columns]);
    tile.mean[..columns].iter_mut().for_each(|mean| *mean /= count);
    for row in rows.chunks_exact(width) {
        let row = &row[start..start + columns];
        for ((squares, &mean), &value) in tile.squares.iter_mut().zip(&tile.mean).zip(row) {
            let d = RealSum::of(value) - mean;
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

/// The state of both: count, mean and sum of squared deviations of each.
pub fn merge(a: &[Chunk], b: &[Chunk]) -> Result<Vec<Chunk>> {
    let (count_a, count_b) = (a[0].values::<i64>()?, b[0].values::<i64>()?);
    let (mean_a, mean_b) = (a[1].values::<f64>()?, b[1].values::<f64>()?);
    let (squares_a, squares_b) = (a[2].values::<f64>()?, b[2].values::<f64>()?);
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
    let shape = a[0].shape();
    Ok(vec![Binary::Add.apply(&a[0], &b[0])?, Chunk::new(shape, mean)?, Chunk::new(shape, squares)?])
}

/// The sum of squared deviations over `max(count - ddof, 0)`, as NumPy divides: NaN of nothing.
pub fn variance(parts: &[Chunk], ddof: f64) -> Result<Chunk> {
    let freedom = Binary::Subtract.apply(&parts[0], &Chunk::scalar(ddof))?;
    let divisor = Binary::Maximum.apply(&freedom, &Chunk::scalar(0.0))?;
    let variance = Binary::Divide.apply(&parts[2], &divisor)?;
    // A rounding error cannot make it negative: it is a quotient of sums of squares. -0.0 would be written as such.
    Unary::Absolute.apply(&variance)
}
