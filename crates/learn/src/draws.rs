//! Random numbers of consecutive rows: each depends on the seed, its stream and its row's number alone.

use phalanx_chunk::Span;
use phalanx_chunk::random::{Distribution, generate};
use phalanx_engine::{Error, Result};

/// A number of `float64` from `distribution` for each of the rows `first..first + count`.
///
/// # Errors
/// Never, but for bugs of ours: the distribution has parameters that fit and makes floats.
pub fn draws(distribution: Distribution, seed: u64, stream: u64, first: usize, count: usize) -> Result<Vec<f64>> {
    let chunk = generate(distribution, seed, stream, &[first + count], &[Span::range(first, count)]);
    let values = chunk.and_then(|chunk| Ok(chunk.values::<f64>()?.to_vec()));
    values.map_err(|error| Error::internal("rows can't be drawn").caused_by(&error))
}
