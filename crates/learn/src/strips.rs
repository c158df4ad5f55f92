//! Moments and extremes of columns whose rows are all of one class, strip by strip.

use crate::columns::{Columns, ColumnsState};
use crate::rows::Rows;
use crate::statistic::Statistic;
use phalanx_chunk::simd::{self, Kernel};

/// Columns that are computed side by side.
const LANES: usize = 8;

/// Rows that are read twice while they lie in the first-level cache.
const STRIP_ROWS: usize = 64;

/// Adds all rows to `state`, which knows one class.
///
/// A strip's mean comes first, then its deviations from it, while it is in the cache; strips are merged as blocks are.
/// A strip with values that are not finite is left to `slowly`.
pub(crate) fn add(state: &mut ColumnsState, rows: &Rows<'_>, slowly: impl Fn(&Rows<'_>) -> ColumnsState) {
    let width = rows.width();
    let mut kernel = Strip { state, mean: vec![0.0; width], deviation: vec![0.0; width] };
    for first in (0..rows.count()).step_by(STRIP_ROWS) {
        let strip = rows.part(first, STRIP_ROWS);
        if !simd::run(AddStrip { to: &mut kernel, rows: strip }) {
            let empty = Columns { classes: 0 }.nothing(width);
            let before = std::mem::replace(kernel.state, empty);
            *kernel.state = Columns::merge(before, slowly(&strip));
        }
    }
}

struct Strip<'a> {
    state: &'a mut ColumnsState,
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

struct AddStrip<'a, 'b> {
    to: &'a mut Strip<'b>,
    rows: Rows<'a>,
}

impl Kernel for AddStrip<'_, '_> {
    /// Whether all values were finite; else nothing is added.
    type Output = bool;

    #[inline(always)]
    fn run(self) -> bool {
        let Strip { state, mean, deviation } = self.to;
        let (width, count) = (self.rows.width(), self.rows.count());
        let (features, weights) = (self.rows.features(), self.rows.weights());
        let weights = (!weights.is_empty()).then_some(weights);
        let weight = match weights {
            None => count as f64,
            Some(weights) => weights.iter().fold(0.0, |sum, weight| sum + weight),
        };
        // Panels of eight columns; the last one ends with the row, and may have columns of the one before it.
        if width < LANES {
            for column in 0..width {
                sums::<1>(column, width, features, weights, weight, mean, deviation);
            }
        } else {
            for panel in 0..width.div_ceil(LANES) {
                let first = (panel * LANES).min(width - LANES);
                sums::<LANES>(first, width, features, weights, weight, mean, deviation);
            }
        }
        // What is not finite makes its sum so; a sum that overflows is looked at again.
        let sum_of_zeros = mean.iter().fold(0.0, |sum, mean| sum + mean * 0.0);
        if sum_of_zeros != 0.0 || !weight.is_finite() {
            return false;
        }
        if width < LANES {
            for column in 0..width {
                extremes::<1>(column, width, features, &mut state.min, &mut state.max);
            }
        } else {
            for panel in 0..width.div_ceil(LANES) {
                let first = (panel * LANES).min(width - LANES);
                extremes::<LANES>(first, width, features, &mut state.min, &mut state.max);
            }
        }
        state.rows += count as u64;
        state.class_weight[0] += weight;
        let (means, deviations, known) =
            (&mut state.mean[..width], &mut state.deviation[..width], &mut state.weight[..width]);
        for column in 0..width {
            let total = known[column] + weight;
            let share = if total > 0.0 { weight / total } else { 0.0 };
            let shift = mean[column] - means[column];
            means[column] += shift * share;
            deviations[column] += deviation[column] + shift * shift * known[column] * share;
            known[column] = total;
        }
        for there in &mut state.count[..width] {
            *there += count as u64;
        }
        true
    }
}

/// Means of the columns from the `first`, and the sums of squared deviations from them.
#[inline(always)]
fn sums<const COUNT: usize>(
    first: usize,
    width: usize,
    features: &[f64],
    weights: Option<&[f64]>,
    weight: f64,
    mean: &mut [f64],
    deviation: &mut [f64],
) {
    // Without weights there is no multiplication.
    match weights {
        None => sums_by::<COUNT>(first, width, features, |_| 1.0, weight, mean, deviation),
        Some(weights) => sums_by::<COUNT>(first, width, features, |row| weights[row], weight, mean, deviation),
    }
}

#[inline(always)]
fn sums_by<const COUNT: usize>(
    first: usize,
    width: usize,
    features: &[f64],
    by: impl Fn(usize) -> f64,
    weight: f64,
    mean: &mut [f64],
    deviation: &mut [f64],
) {
    let mut means = summed::<COUNT>(first, width, features, &by, &[0.0; COUNT], |value, _| value);
    // Without weight the sum stays, that it is seen where it is not finite.
    if weight > 0.0 {
        for mean in &mut means {
            *mean /= weight;
        }
    }
    let squares = summed::<COUNT>(first, width, features, &by, &means, |value, mean| (value - mean) * (value - mean));
    mean[first..first + COUNT].copy_from_slice(&means);
    deviation[first..first + COUNT].copy_from_slice(&squares);
}

/// Of each of the columns from the `first` the weighted sum of what `of` makes of its values. Four sums run side by side,
/// that additions need not wait for each other.
#[inline(always)]
fn summed<const COUNT: usize>(
    first: usize,
    width: usize,
    features: &[f64],
    by: impl Fn(usize) -> f64,
    means: &[f64; COUNT],
    of: impl Fn(f64, f64) -> f64,
) -> [f64; COUNT] {
    let rows = features.len() / width;
    let (mut a, mut b, mut c, mut d) = ([0.0; COUNT], [0.0; COUNT], [0.0; COUNT], [0.0; COUNT]);
    let mut row = 0;
    while row + 4 <= rows {
        let start = row * width + first;
        let (of_a, of_b) = (&features[start..start + COUNT], &features[start + width..start + width + COUNT]);
        let start = start + 2 * width;
        let (of_c, of_d) = (&features[start..start + COUNT], &features[start + width..start + width + COUNT]);
        let (by_a, by_b, by_c, by_d) = (by(row), by(row + 1), by(row + 2), by(row + 3));
        for lane in 0..COUNT {
            a[lane] += by_a * of(of_a[lane], means[lane]);
            b[lane] += by_b * of(of_b[lane], means[lane]);
            c[lane] += by_c * of(of_c[lane], means[lane]);
            d[lane] += by_d * of(of_d[lane], means[lane]);
        }
        row += 4;
    }
    while row < rows {
        let (start, by) = (row * width + first, by(row));
        let values = &features[start..start + COUNT];
        for lane in 0..COUNT {
            a[lane] += by * of(values[lane], means[lane]);
        }
        row += 1;
    }
    for lane in 0..COUNT {
        a[lane] = (a[lane] + b[lane]) + (c[lane] + d[lane]);
    }
    a
}

/// Extremes of the columns from the `first`.
#[inline(always)]
fn extremes<const COUNT: usize>(first: usize, width: usize, features: &[f64], min: &mut [f64], max: &mut [f64]) {
    let (mut least, mut most) = ([f64::INFINITY; COUNT], [f64::NEG_INFINITY; COUNT]);
    for row in 0..features.len() / width {
        let start = row * width + first;
        let values = &features[start..start + COUNT];
        least = chosen(&least, values, |known, value| value < known);
        most = chosen(&most, values, |known, value| value > known);
    }
    let known = chosen(&least, &min[first..first + COUNT], |known, value| value < known);
    min[first..first + COUNT].copy_from_slice(&known);
    let known = chosen(&most, &max[first..first + COUNT], |known, value| value > known);
    max[first..first + COUNT].copy_from_slice(&known);
}

/// Of each pair the value, if `is_better`, else what was known.
#[inline(always)]
fn chosen<const COUNT: usize>(
    known: &[f64; COUNT],
    values: &[f64],
    is_better: impl Fn(f64, f64) -> bool,
) -> [f64; COUNT] {
    let Some(values) = values.first_chunk::<COUNT>() else { return *known };
    let mut chosen = *known;
    for lane in 0..COUNT {
        let (old, new) = (known[lane], values[lane]);
        chosen[lane] = if is_better(old, new) { new } else { old };
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_give_what_plain_loops_give() {
        let value = |i: usize| ((i * 7919) % 101) as f64 / 8.0 - 6.0;
        for (rows, width) in [(1, 1), (5, 7), (64, 8), (150, 20), (129, 50), (200, 3)] {
            let mut features: Vec<f64> = (0..rows * width).map(value).collect();
            let weights: Vec<f64> = (0..rows).map(|i| (i % 3) as f64).collect();
            for (has_gaps, weights) in [(false, &[][..]), (false, &weights), (true, &weights), (true, &[])] {
                if has_gaps {
                    features[rows * width / 2] = f64::NAN;
                    features[rows * width - 1] = f64::INFINITY;
                }
                let statistic = Columns { classes: 0 };
                let rows = Rows::new(width, &features, &[], weights).unwrap();
                let (fast, plain) = (statistic.of(&rows), statistic.plain(&rows));
                assert_eq!((fast.rows, &fast.count, &fast.infinite), (plain.rows, &plain.count, &plain.infinite));
                assert_eq!((&fast.min, &fast.max), (&plain.min, &plain.max));
                assert_eq!((&fast.weight, &fast.class_weight), (&plain.weight, &plain.class_weight));
                for column in 0..width {
                    let close =
                        |a: f64, b: f64| (a - b).abs() < 1e-9 * (1.0 + b.abs()) || (!a.is_finite() && !b.is_finite());
                    assert!(close(fast.mean[column], plain.mean[column]), "{fast:?} {plain:?}");
                    assert!(close(fast.deviation[column], plain.deviation[column]), "{fast:?} {plain:?}");
                }
            }
        }
    }
}
