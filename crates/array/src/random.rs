//! Random arrays. An element depends on seed, stream and its index alone, so chunks, slices, workers and retries never
//! change a value.

use crate::array::Array;
use crate::chunks::{ChunkSpec, Chunks};
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::random::{Choice, Multinomial, Permutation, RandomWith};
use crate::node::source::Random;
use crate::shape::IntoShape;
pub use phalanx_chunk::random::Law;
use phalanx_chunk::random::{Distribution, PARAMETERS_MAX, permutation};
use phalanx_chunk::{Chunk, DType, Span};
use phalanx_engine::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes random arrays from a seed: the first array that is asked for is stream 0 of the seed, the next stream 1, …
///
/// ```
/// use phalanx_array::random::{Generator, Law};
/// let random = Generator::new(42);
/// let x = random.normal(0.0, 1.0, (1000, 1000), 100);
/// let y = random.integers(0, 6, 100, 10);
/// let z = random.law(Law::Gamma, &[2.0, 0.5], 100, 10);
/// assert_eq!(x.chunks()?.count(), 100);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
#[derive(Debug)]
pub struct Generator {
    seed: u64,
    next: AtomicU64,
}

impl Generator {
    /// A generator whose first array is stream 0 of `seed`.
    pub fn new(seed: u64) -> Self {
        Self::at(seed, 0)
    }

    /// A generator whose next array is stream `stream` of `seed`.
    pub fn at(seed: u64, stream: u64) -> Self {
        Self { seed, next: AtomicU64::new(stream) }
    }

    /// Uniform on [0, 1), multiples of 2⁻⁵³, as `float64`.
    pub fn random(&self, shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        self.draw(Distribution::Random, shape, chunks)
    }

    /// Uniform on [0, 1), multiples of 2⁻²⁴, as `float32`.
    pub fn random_single(&self, shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        self.draw(Distribution::Single, shape, chunks)
    }

    /// Uniform on [low, high), as `float64`.
    pub fn uniform(&self, low: f64, high: f64, shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        self.draw(Distribution::Uniform { low, high }, shape, chunks)
    }

    /// Normal with this mean and standard deviation, as `float64`.
    pub fn normal(&self, mean: f64, std: f64, shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        self.draw(Distribution::Normal { mean, std }, shape, chunks)
    }

    /// Each integer of `low..high` with the same probability, as `int64`.
    pub fn integers(&self, low: i64, high: i64, shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        self.draw(Distribution::Integers { low, high }, shape, chunks)
    }

    /// Every `int64` with the same probability.
    pub fn bits(&self, shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        self.draw(Distribution::Bits, shape, chunks)
    }

    /// Numbers of any of NumPy's laws, with its parameters in NumPy's order.
    ///
    /// # Errors
    /// (held by the array) `Input`: a parameter out of range, by name.
    pub fn law(&self, law: Law, parameters: &[f64], shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        if let Err(error) = law.check(parameters).lift() {
            return Array::failed(error);
        }
        let mut own = [0.0; PARAMETERS_MAX];
        own.iter_mut().zip(parameters).for_each(|(own, parameter)| *own = *parameter);
        self.draw(Distribution::Law { law, parameters: own }, shape, chunks)
    }

    /// As [`Generator::law`], with parameters that differ from element to element and broadcast to the shape.
    ///
    /// # Errors
    /// (held by the array) `Input`: parameters that do not broadcast; when it runs: one that is out of range.
    pub fn law_with(
        &self,
        law: Law,
        parameters: &[&Array],
        shape: impl IntoShape,
        chunks: impl Into<ChunkSpec>,
    ) -> Array {
        let stream = self.stream();
        let shape = shape.into_shape();
        let make = || -> Result<Arc<Expr>> {
            if parameters.len() != law.parameters().len() {
                let message =
                    format!("{} takes {} parameter(s), not {}", law.name(), law.parameters().len(), parameters.len());
                return Err(Error::input(message).with_hint("give NumPy's parameters"));
            }
            let chunks = Chunks::new(&shape, chunks)?;
            let full = |parameter: &&Array| parameter.astype(DType::Float64).broadcast_to(&shape).expr().cloned();
            let inputs = parameters.iter().map(full).collect::<Result<Vec<_>>>()?;
            Ok(Expr::new(RandomWith { law, seed: self.seed, stream, shape: shape.clone() }, inputs, chunks))
        };
        Array::from_result(make())
    }

    /// Multinomial counts (`int64`) of `trials` trials with these probabilities, for each row of `shape`; the last axis
    /// of the result has one count for each probability.
    ///
    /// # Errors
    /// (held by the array) `Input`: probabilities that are none.
    pub fn multinomial(
        &self,
        trials: u64,
        probabilities: &[f64],
        shape: impl IntoShape,
        chunks: impl Into<ChunkSpec>,
    ) -> Array {
        let stream = self.stream();
        let rows = shape.into_shape();
        let make = || -> Result<Arc<Expr>> {
            let grid = Chunks::new(&rows, chunks)?;
            let mut shape = rows.clone();
            shape.push(probabilities.len());
            let borders = (0..rows.len()).map(|axis| Arc::clone(grid.borders(axis)));
            let chunks = Chunks::from_borders(borders.chain([[0, probabilities.len()].into()]).collect());
            // The parameters are checked as the first task would.
            let nothing = vec![Span::range(0, 0); shape.len()];
            phalanx_chunk::random::multinomial(trials, probabilities, 0, 0, &shape, &nothing).lift()?;
            let node = Multinomial { trials, probabilities: probabilities.to_vec(), seed: self.seed, stream, shape };
            Ok(Expr::new(node, vec![], chunks))
        };
        Array::from_result(make())
    }

    /// Numbers of `0..n` with replacement (`int64`), with these probabilities or the same for all.
    ///
    /// # Errors
    /// (held by the array) `Input`: `n` is 0, or probabilities that do not add up to 1.
    pub fn choice(
        &self,
        n: usize,
        probabilities: Option<&[f64]>,
        shape: impl IntoShape,
        chunks: impl Into<ChunkSpec>,
    ) -> Array {
        let Some(probabilities) = probabilities else {
            return match i64::try_from(n) {
                Ok(high) if high > 0 => self.integers(0, high, shape, chunks),
                _ => {
                    Array::failed(Error::input(format!("choice of {n} elements")).with_hint("choose from at least one"))
                }
            };
        };
        let stream = self.stream();
        let shape = shape.into_shape();
        let make = || -> Result<Arc<Expr>> {
            let cumulative = cumulative(n, probabilities)?;
            let chunks = Chunks::new(&shape, chunks)?;
            Ok(Expr::new(Choice { cumulative, seed: self.seed, stream, shape: shape.clone() }, vec![], chunks))
        };
        Array::from_result(make())
    }

    /// `count` numbers of `0..n` without replacement, in random order (`int64`). Without probabilities they are the
    /// first of a permutation, of which only what is asked for is computed. With probabilities they are drawn one after
    /// the other from those that are left, by the keys of Efraimidis and Spirakis ("Weighted random sampling with a
    /// reservoir", 2006), on the client.
    ///
    /// # Errors
    /// (held by the array) `Input`: more than `n`, or than there are probabilities above 0.
    pub fn choice_without_replacement(
        &self,
        n: usize,
        probabilities: Option<&[f64]>,
        count: usize,
        chunks: impl Into<ChunkSpec>,
    ) -> Array {
        let stream = self.stream();
        let make = || -> Result<Array> {
            let possible = probabilities.map_or(n, |p| p.iter().filter(|p| **p > 0.0).count());
            if count > possible {
                let message = format!("{count} of {possible} elements can't be chosen without replacement");
                return Err(Error::input(message).with_hint("choose fewer, or with replacement"));
            }
            let chunks = Chunks::new(&[count], chunks)?;
            let Some(probabilities) = probabilities else {
                let node = Permutation { of: n, seed: self.seed, stream, shape: vec![count] };
                return Ok(Array::from_expr(Expr::new(node, vec![], chunks)));
            };
            cumulative(n, probabilities)?;
            let law = Distribution::Law { law: Law::Exponential, parameters: [1.0, 0.0, 0.0] };
            let draws = phalanx_chunk::random::generate(law, self.seed, stream, &[n], &[Span::all(n)]).lift()?;
            let waits = draws.values::<f64>().lift()?.iter().zip(probabilities).map(|(wait, p)| wait / p);
            let mut order: Vec<(f64, i64)> = waits.zip(0..).filter(|(wait, _)| wait.is_finite()).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let first = Chunk::vector(order.into_iter().take(count).map(|(_, at)| at).collect());
            let sizes: Vec<Vec<usize>> = vec![chunks.sizes(0)];
            Ok(Array::from_chunk(first).rechunk(sizes))
        };
        make().unwrap_or_else(Array::failed)
    }

    /// A random permutation of `0..n` (`int64`).
    pub fn permutation(&self, n: usize, chunks: impl Into<ChunkSpec>) -> Array {
        self.choice_without_replacement(n, None, n, chunks)
    }

    /// The slices of an array along its first axis, in random order. The order is made on the client: 8 bytes a slice.
    ///
    /// # Errors
    /// (held by the array) `Input`: an array without an axis.
    pub fn shuffled(&self, array: &Array) -> Array {
        let stream = self.stream();
        let make = || -> Result<Array> {
            let Some(&n) = array.shape()?.first() else {
                return Err(Error::input("a permutation of a number").with_hint("give an array with an axis"));
            };
            let order = permutation(self.seed, stream, n, Span::all(n)).lift()?;
            let order: Vec<isize> = order.values::<i64>().lift()?.iter().map(|&at| at as isize).collect();
            Ok(array.take(&order, 0))
        };
        make().unwrap_or_else(Array::failed)
    }

    fn draw(&self, distribution: Distribution, shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        let stream = self.stream();
        let (seed, shape) = (self.seed, shape.into_shape());
        let chunks = distribution.check().lift().and_then(|()| Chunks::new(&shape, chunks));
        let node = |chunks| Expr::new(Random { distribution, seed, stream, shape }, vec![], chunks);
        Array::from_result(chunks.map(node))
    }

    fn stream(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// Sums from the left of `n` probabilities.
fn cumulative(n: usize, probabilities: &[f64]) -> Result<Vec<f64>> {
    if probabilities.len() != n || n == 0 {
        let message = format!("{} probabilities for a choice of {n}", probabilities.len());
        return Err(Error::input(message).with_hint("give one probability for each"));
    }
    if probabilities.iter().any(|p| p.is_nan() || *p < 0.0) {
        return Err(Error::input("probabilities are not non-negative").with_hint("give numbers from 0 to 1"));
    }
    let mut sum = 0.0;
    let sums: Vec<f64> = probabilities
        .iter()
        .map(|p| {
            sum += p;
            sum
        })
        .collect();
    // NumPy's tolerance.
    if (sum - 1.0).abs() > f64::EPSILON.sqrt() {
        return Err(Error::input("probabilities do not sum to 1").with_hint("divide them by their sum"));
    }
    Ok(sums)
}
