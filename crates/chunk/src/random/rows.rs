//! Distributions over a list of probabilities.

use super::draws::Draws;
use super::philox::Key;
use super::{First, Walk, fill};
use crate::chunk::Chunk;
use crate::error::{Error, Result};
use crate::layout::check_region;
use crate::shape::element_count;
use crate::span::{Span, lengths};

/// Numbers of `0..cumulative.len()` (`int64`), the `i`-th with the probability `cumulative[i] - cumulative[i - 1]`:
/// by inversion, of `region` of an array of this shape. Cost: a binary search an element.
///
/// # Errors
/// [`Error::Value`] for probabilities that do not ascend to 1, [`Error::Shape`] for a region that leaves the array.
pub fn choose(cumulative: &[f64], seed: u64, stream: u64, shape: &[usize], region: &[Span]) -> Result<Chunk> {
    let ascends = cumulative.is_sorted() && cumulative.first().is_some_and(|&first| first >= 0.0);
    let end = cumulative.last().copied().unwrap_or(0.0);
    if !ascends || (end - 1.0).abs() > 1e-8 {
        return Err(Error::value(format!("choice: cumulative probabilities must ascend to 1, not to {end}")));
    }
    element_count(shape)?;
    check_region(shape, region)?;
    let lengths = lengths(region);
    let words = fill(&Walk::new(shape, region), element_count(&lengths)?, First, Key::new(seed, stream));
    let last = cumulative.partition_point(|&sum| sum < end);
    let pick = |[_, word]: [u64; 2]| {
        let u = (word >> 11) as f64 * 2f64.powi(-53) * end;
        cumulative.partition_point(|&sum| sum <= u).min(last) as i64
    };
    Chunk::new(&lengths, words.into_iter().map(pick).collect())
}

/// Multinomial counts (`int64`): `n` trials with these probabilities in each row. `shape` is that of the rows and the
/// number of probabilities at its end; a row is computed as a whole, by conditional binomial numbers.
///
/// # Errors
/// [`Error::Value`] for probabilities below 0 or with a sum above 1, [`Error::Shape`] for what does not fit.
pub fn multinomial(
    n: u64,
    probabilities: &[f64],
    seed: u64,
    stream: u64,
    shape: &[usize],
    region: &[Span],
) -> Result<Chunk> {
    element_count(shape)?;
    check_region(shape, region)?;
    let (Some((&width, rows)), Some((wanted, rows_region))) = (shape.split_last(), region.split_last()) else {
        return Err(Error::shape("multinomial values have at least one axis"));
    };
    if width != probabilities.len() {
        return Err(Error::shape(format!("{} probabilities for an axis of length {width}", probabilities.len())));
    }
    let all_but_last: f64 = probabilities.iter().take(width.saturating_sub(1)).sum();
    if probabilities.iter().any(|p| !(0.0..=1.0).contains(p)) || all_but_last > 1.0 + 1e-12 || n >= 1 << 53 {
        let what = "multinomial: probabilities must be from 0 to 1 with a sum of at most 1, trials below 2**53";
        return Err(Error::value(what));
    }
    let row_lengths = lengths(rows_region);
    let key = Key::new(seed, stream);
    let words = fill(&Walk::new(rows, rows_region), element_count(&row_lengths)?, First, key);
    let mut values = Vec::with_capacity(words.len().saturating_mul(wanted.len));
    let mut row = vec![0i64; width];
    for [index, word] in words {
        let mut draws = Draws::new(key, index, word);
        let (mut trials, mut rest) = (n as f64, 1.0f64);
        for (at, (count, &p)) in row.iter_mut().zip(probabilities).enumerate() {
            // The last takes what is left.
            let taken = if at + 1 == width {
                trials
            } else if trials == 0.0 || p == 0.0 {
                0.0
            } else {
                draws.binomial(trials, (p / rest).clamp(0.0, 1.0))
            };
            *count = taken as i64;
            trials -= taken;
            rest = (rest - p).max(f64::MIN_POSITIVE);
        }
        values.extend(wanted.indices().map(|at| row[at]));
    }
    let mut shape = row_lengths;
    shape.push(wanted.len);
    Chunk::new(&shape, values)
}
