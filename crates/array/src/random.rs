//! Random arrays. An element depends on seed, stream and its index alone, so chunks, slices, workers and retries never
//! change a value.

use crate::array::Array;
use crate::chunks::{ChunkSpec, Chunks};
use crate::error::Lift;
use crate::expr::Expr;
use crate::node::source::Random;
use crate::shape::IntoShape;
use phalanx_chunk::random::Distribution;
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes random arrays from a seed: the first array that is asked for is stream 0 of the seed, the next stream 1, …
///
/// ```
/// use phalanx_array::random::Generator;
/// let random = Generator::new(42);
/// let x = random.normal(0.0, 1.0, (1000, 1000), 100);
/// let y = random.integers(0, 6, 100, 10);
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

    fn draw(&self, distribution: Distribution, shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Array {
        let stream = self.next.fetch_add(1, Ordering::Relaxed);
        let (seed, shape) = (self.seed, shape.into_shape());
        let chunks = distribution.check().lift().and_then(|()| Chunks::new(&shape, chunks));
        let node = |chunks| Expr::new(Random { distribution, seed, stream, shape }, vec![], chunks);
        Array::from_result(chunks.map(node))
    }
}
