//! Constructors: the client's values, constants, ranges.

use crate::array::Array;
use crate::chunks::{ChunkSpec, Chunks};
use crate::compute;
use crate::expr::Expr;
use crate::node::source::{Eye, Full, Number, Ramp};
use crate::shape::IntoShape;
use phalanx_chunk::{Chunk, DType, Element};
use phalanx_engine::{Engine, Error, Result};

impl Array {
    /// An array from the client's values, in C order, as one chunk that travels inside of plans: at most 1 MiB.
    /// [`Array::scatter`] takes larger data.
    ///
    /// # Errors
    /// (held by the array) `Input`: the values do not fill the shape, or are too large.
    pub fn from_vec<T: Element>(shape: impl IntoShape, values: Vec<T>) -> Self {
        match Chunk::new(&shape.into_shape(), values) {
            Ok(chunk) => Self::from_chunk(chunk),
            Err(error) => Self::failed(crate::error::lift(error)),
        }
    }

    /// As [`Array::from_vec`], from a chunk.
    pub fn from_chunk(chunk: Chunk) -> Self {
        if chunk.nbytes() as u64 > compute::EMBED_BYTES_MAX {
            let message = format!("{} bytes are too many to travel inside of a plan", chunk.nbytes());
            return Self::failed(Error::input(message).with_hint("hand them to the engine: `Array::scatter`"));
        }
        Self::from_expr(Expr::embedded(chunk))
    }

    /// Hands the client's values to the engine, cut into chunks.
    ///
    /// # Errors
    /// `Input` for chunks that do not fit, or the engine's.
    pub fn scatter(engine: &dyn Engine, values: &Chunk, chunks: impl Into<ChunkSpec>) -> Result<Self> {
        let chunks = Chunks::new(values.shape(), chunks)?;
        futures::executor::block_on(compute::scatter(engine, values, chunks))
    }

    /// Zeros of `float64`.
    pub fn zeros(shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Self {
        Self::full(shape, 0.0, chunks)
    }

    /// Ones of `float64`.
    pub fn ones(shape: impl IntoShape, chunks: impl Into<ChunkSpec>) -> Self {
        Self::full(shape, 1.0, chunks)
    }

    /// The same value everywhere.
    pub fn full<T: Element>(shape: impl IntoShape, value: T, chunks: impl Into<ChunkSpec>) -> Self {
        let shape = shape.into_shape();
        let chunks = Chunks::new(&shape, chunks);
        Self::from_result(chunks.map(|chunks| Expr::new(Full { value: Chunk::scalar(value), shape }, vec![], chunks)))
    }

    /// `start`, `start + step`, … below `stop` (above it, if the step is negative), as `int64`.
    pub fn arange(start: i64, stop: i64, step: i64, chunks: impl Into<ChunkSpec>) -> Self {
        if step == 0 {
            return Self::failed(Error::input("the step of arange is 0").with_hint("give a step that is not 0"));
        }
        let distance =
            if step > 0 { i128::from(stop) - i128::from(start) } else { i128::from(start) - i128::from(stop) };
        let by = i128::from(step.unsigned_abs());
        let length = usize::try_from((distance.max(0) + by - 1) / by).unwrap_or(usize::MAX);
        Self::ramp(Number::Integer(start), Number::Integer(step), None, length, chunks)
    }

    /// `count` numbers from `start` to `stop`, both included, as `float64`.
    pub fn linspace(start: f64, stop: f64, count: usize, chunks: impl Into<ChunkSpec>) -> Self {
        let step = if count > 1 { (stop - start) / (count - 1) as f64 } else { 0.0 };
        Self::ramp(Number::Float(start), Number::Float(step), Some(stop), count, chunks)
    }

    fn ramp(start: Number, step: Number, last: Option<f64>, length: usize, chunks: impl Into<ChunkSpec>) -> Self {
        let shape = vec![length];
        let chunks = Chunks::new(&shape, chunks);
        Self::from_result(chunks.map(|chunks| Expr::new(Ramp { start, step, last, shape }, vec![], chunks)))
    }

    /// Ones of `float64` on the main diagonal of a square matrix.
    pub fn eye(length: usize, chunks: impl Into<ChunkSpec>) -> Self {
        Self::eye_of(length, length, 0, chunks)
    }

    /// Ones of `float64` where column less row is `offset`.
    pub fn eye_of(rows: usize, columns: usize, offset: i64, chunks: impl Into<ChunkSpec>) -> Self {
        let shape = vec![rows, columns];
        let chunks = Chunks::new(&shape, chunks);
        let eye = |chunks| Expr::new(Eye { dtype: DType::Float64, offset, shape }, vec![], chunks);
        Self::from_result(chunks.map(eye))
    }
}
