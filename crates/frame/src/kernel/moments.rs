//! Statistics that come from sums of powers of values: exact sums, means, variances, and what goes beyond.

use super::Ranges;
use super::values::{float_array, floats, optional_floats};
use crate::aggregate::Aggregate;
use crate::exact::{Digits, Power, Sum};
use crate::statistic::Statistic;
use datafusion::arrow::array::ArrayRef;
use datafusion::error::Result;
use phalanx_chunk::simd::{self, Kernel};
use std::ops::Range;

/// Statistics of exact sums: see [`exact`](crate::exact).
pub fn exact(aggregate: &Aggregate, column: &ArrayRef, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let values = floats(column)?;
    let mut terms = Vec::with_capacity(values.len());
    let mut groups = Vec::with_capacity(values.len());
    let mut counts = vec![0_u64; ranges.len()];
    let mut special = vec![0.0; ranges.len()];
    for (group, range) in ranges.iter().enumerate() {
        for value in values[range.clone()].iter().filter(|value| !value.is_nan()) {
            counts[group] += 1;
            if value.is_finite() {
                terms.push(*value);
                groups.push(group);
            } else {
                special[group] += value;
            }
        }
    }
    let mut sums = vec![];
    digits(Power::Value, &terms, &groups, ranges.len()).take(ranges.len(), |row| sums.push(Sum::of(row)));
    let options = &aggregate.options;
    let mut results: Vec<Option<f64>> = match aggregate.statistic {
        Statistic::Sum => sums
            .iter()
            .zip(&counts)
            .map(|(sum, count)| (*count >= options.min_count as u64).then(|| sum.value()))
            .collect(),
        Statistic::Mean => sums.iter().zip(&counts).map(|(sum, count)| sum.mean(*count)).collect(),
        _ => {
            let mut results = vec![];
            let mut group = 0;
            digits(Power::Square, &terms, &groups, ranges.len()).take(ranges.len(), |row| {
                let count = counts[group];
                results.push(spread(aggregate, sums[group].variance(&Sum::of(row), count), count));
                group += 1;
            });
            results
        }
    };
    let sum_like = matches!(aggregate.statistic, Statistic::Sum | Statistic::Mean);
    for (result, special) in results.iter_mut().zip(special) {
        if special != 0.0 {
            *result = result.map(|value| if sum_like { value + special } else { f64::NAN });
        }
    }
    Ok(optional_floats(results))
}

fn digits(power: Power, terms: &[f64], groups: &[usize], count: usize) -> Digits {
    let mut digits = Digits::new(power);
    digits.resize(count);
    digits.add(terms, groups);
    digits
}

/// The variance with `ddof`, its root, or the standard error, from the variance with n − 1.
pub fn spread(aggregate: &Aggregate, variance: Option<f64>, count: u64) -> Option<f64> {
    let ddof = aggregate.options.ddof;
    if count <= ddof {
        return None;
    }
    let variance = match (variance, ddof) {
        (Some(variance), 1) => variance,
        (Some(variance), _) => variance * (count - 1) as f64 / (count - ddof) as f64,
        (None, _) => 0.0, // one value, and ddof is 0
    };
    Some(match aggregate.statistic {
        Statistic::Variance => variance,
        Statistic::StandardError => (variance / count as f64).sqrt(),
        _ => variance.sqrt(),
    })
}

fn mean(values: &[f64]) -> f64 {
    static FIRST: [usize; 4096] = [0; 4096];
    let mut digits = digits(Power::Value, &[], &[], 1);
    for strip in values.chunks(FIRST.len()) {
        digits.add(strip, &FIRST[..strip.len()]);
    }
    let mut mean = f64::NAN;
    digits.take(1, |row| mean = Sum::of(row).mean(values.len() as u64).unwrap_or(f64::NAN));
    mean
}

/// Sums of powers of the distances from the mean.
fn central(values: &[f64], powers: [i32; 2]) -> [f64; 2] {
    if values.iter().any(|value| value.is_infinite()) {
        return [f64::NAN; 2];
    }
    let mean = mean(values);
    powers.map(|power| values.iter().map(|value| (value - mean).powi(power)).sum())
}

pub fn skewness(values: &[f64]) -> Option<f64> {
    let [second, third] = central(values, [2, 3]);
    skewness_of(values.len() as f64, second, third)
}

/// pandas' skewness (the adjusted Fisher-Pearson coefficient) from sums of powers of distances from the mean.
pub fn skewness_of(count: f64, second: f64, third: f64) -> Option<f64> {
    if count < 3.0 {
        return None;
    }
    if second.abs() < 1e-14 {
        return Some(0.0);
    }
    Some(count * (count - 1.0).sqrt() / (count - 2.0) * (third / second.powf(1.5)))
}

pub fn kurtosis(values: &[f64]) -> Option<f64> {
    let [second, fourth] = central(values, [2, 4]);
    kurtosis_of(values.len() as f64, second, fourth)
}

/// pandas' excess kurtosis, without bias.
pub fn kurtosis_of(count: f64, second: f64, fourth: f64) -> Option<f64> {
    if count < 4.0 {
        return None;
    }
    if second.abs() < 1e-14 {
        return Some(0.0);
    }
    let rest = (count - 2.0) * (count - 3.0);
    let numerator = count * (count + 1.0) * (count - 1.0) * fourth;
    Some(numerator / (rest * second * second) - 3.0 * (count - 1.0).powi(2) / rest)
}

/// Covariance or correlation of the pairs that are whole.
pub fn comoments(aggregate: &Aggregate, left: &ArrayRef, right: &ArrayRef, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let (left, right) = (floats(left)?, floats(right)?);
    let all_there = !left.iter().chain(&right).any(|value| value.is_nan());
    let (mut x, mut y) = (vec![], vec![]);
    let of_range = |range: &Range<usize>| {
        if all_there {
            return comoment(aggregate, &left[range.clone()], &right[range.clone()]);
        }
        // Without a branch, which random gaps would mislead: what is not kept is written over.
        x.resize(range.len(), 0.0);
        y.resize(range.len(), 0.0);
        let mut kept = 0;
        for row in range.clone() {
            (x[kept], y[kept]) = (left[row], right[row]);
            kept += usize::from(!left[row].is_nan() && !right[row].is_nan());
        }
        comoment(aggregate, &x[..kept], &y[..kept])
    };
    Ok(float_array(ranges.iter().map(of_range).collect()))
}

fn comoment(aggregate: &Aggregate, x: &[f64], y: &[f64]) -> f64 {
    let count = x.len() as u64;
    let ddof = aggregate.options.ddof;
    if count <= ddof || count < aggregate.options.min_count as u64 || x.iter().chain(y).any(|v| v.is_infinite()) {
        return f64::NAN;
    }
    let [squares_x, squares_y, both] = simd::run(Products { x, y, mean_x: mean(x), mean_y: mean(y) });
    if aggregate.statistic == Statistic::Covariance {
        return both / (count - ddof) as f64;
    }
    let scale = (squares_x * squares_y).sqrt();
    if scale == 0.0 { f64::NAN } else { (both / scale).clamp(-1.0, 1.0) }
}

/// Sums that go on side by side.
const LANES: usize = 8;

/// The sums of the products of distances from the means: of the first values with themselves, of the second, of both.
struct Products<'a> {
    x: &'a [f64],
    y: &'a [f64],
    mean_x: f64,
    mean_y: f64,
}

impl Kernel for Products<'_> {
    type Output = [f64; 3];

    #[inline(always)]
    fn run(self) -> [f64; 3] {
        let mut sums = [[0.0; LANES]; 3];
        let ((x, rest_x), (y, rest_y)) = (self.x.as_chunks::<LANES>(), self.y.as_chunks::<LANES>());
        for block in 0..x.len().min(y.len()) {
            for lane in 0..LANES {
                let (x, y) = (x[block][lane] - self.mean_x, y[block][lane] - self.mean_y);
                sums[0][lane] += x * x;
                sums[1][lane] += y * y;
                sums[2][lane] += x * y;
            }
        }
        for lane in 0..rest_x.len().min(rest_y.len()) {
            let (x, y) = (rest_x[lane] - self.mean_x, rest_y[lane] - self.mean_y);
            sums[0][lane] += x * x;
            sums[1][lane] += y * y;
            sums[2][lane] += x * y;
        }
        sums.map(|lanes| lanes.iter().sum())
    }
}
