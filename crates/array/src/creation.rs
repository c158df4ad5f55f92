//! More constructors: like another array, of a dtype, grids of indices.

use crate::array::Array;
use crate::chunks::{ChunkSpec, Chunks};
use crate::expr::Expr;
use crate::joining::{Indexing, meshgrid};
use crate::node::set::Triangle;
use crate::ops::Operand;
use crate::reductions::KeepDimensions;
use crate::shape::IntoShape;
use phalanx_chunk::DType;
use phalanx_engine::{Error, Result};

impl Array {
    /// A value of type `dtype` everywhere.
    pub fn full_of(shape: impl IntoShape, value: impl Operand, dtype: DType, chunks: impl Into<ChunkSpec>) -> Self {
        let shape = shape.into_shape();
        let value = value.beside(dtype).astype(dtype);
        match Chunks::new(&shape, chunks) {
            Ok(chunks) => value.broadcast_to(&shape).with_chunks(chunks),
            Err(error) => Self::failed(error),
        }
    }

    /// The same expression, cut otherwise at once: for generators, of which any part costs the same.
    fn with_chunks(&self, chunks: Chunks) -> Self {
        self.then(|expr| Ok(crate::rechunking::rechunked(expr, chunks)))
    }

    /// An array of this one's shape and chunks with `value` everywhere, of type `dtype` (by default this one's).
    #[must_use]
    pub fn full_like(&self, value: impl Operand, dtype: Option<DType>) -> Self {
        let make = || {
            let dtype = dtype.unwrap_or(self.dtype()?);
            Ok(value.beside(dtype).astype(dtype).broadcast_to(self.shape()?).with_chunks(self.chunks()?.clone()))
        };
        make().unwrap_or_else(Self::failed)
    }

    /// `start`, `start + step`, … before `stop`, as `float64`: NumPy's `arange` of floats.
    pub fn arange_float(start: f64, stop: f64, step: f64, chunks: impl Into<ChunkSpec>) -> Self {
        let length = ((stop - start) / step).ceil();
        if step == 0.0 || !length.is_finite() || length >= 2_f64.powi(53) {
            return Self::failed(
                Error::input(format!("arange from {start} to {stop} by {step}: Maximum allowed size exceeded"))
                    .with_hint("give finite borders and a step that is not 0"),
            );
        }
        let length = length.max(0.0) as usize;
        // NumPy fills by the distance of the first two elements, which is not always the step.
        let by = (start + step) - start;
        Self::linspace_by(start, by, length, chunks)
    }

    /// `count` numbers from `start` in steps, so that the next would be `stop`: NumPy's `linspace(endpoint=False)`.
    pub fn linspace_open(start: f64, stop: f64, count: usize, chunks: impl Into<ChunkSpec>) -> Self {
        Self::linspace_by(start, if count > 0 { (stop - start) / count as f64 } else { 0.0 }, count, chunks)
    }

    fn linspace_by(start: f64, step: f64, count: usize, chunks: impl Into<ChunkSpec>) -> Self {
        Self::arange(0, count as i64, 1, chunks) * step + start
    }

    /// Ones below and on diagonal `offset`, zeros above, NumPy's `tri`.
    pub fn tri(rows: usize, columns: usize, offset: i64, dtype: DType, chunks: impl Into<ChunkSpec>) -> Self {
        let shape = vec![rows, columns];
        let chunks = Chunks::new(&shape, chunks);
        Self::from_result(chunks.map(|chunks| Expr::new(Triangle { offset, shape }, vec![], chunks))).astype(dtype)
    }

    /// The elements' memory, little-endian and in C order, as an array: at most 1 MiB, as [`Array::from_chunk`].
    pub fn from_bytes(bytes: Vec<u8>, dtype: DType, shape: impl IntoShape) -> Self {
        match phalanx_chunk::wire::from_buffer(bytes.into(), dtype, &shape.into_shape()) {
            Ok(chunk) => Self::from_chunk(chunk),
            Err(error) => Self::failed(crate::error::lift(error)),
        }
    }
}

/// For each axis of a grid of this shape the index along it, NumPy's `indices(sparse=True)`: broadcast together they
/// are the coordinates of each element.
///
/// # Errors
/// `Input` for chunks that do not fit.
pub fn indices(shape: impl IntoShape, chunks: impl Into<ChunkSpec>, sparse: KeepDimensions) -> Result<Vec<Array>> {
    let shape = shape.into_shape();
    let chunks = Chunks::new(&shape, chunks)?;
    let axes: Vec<Array> =
        (0..shape.len()).map(|axis| Array::arange(0, shape[axis] as i64, 1, vec![chunks.sizes(axis)])).collect();
    Ok(meshgrid(&axes.iter().collect::<Vec<_>>(), Indexing::Matrix, sparse))
}

/// What `function` makes of the coordinates of each element, NumPy's `fromfunction`.
///
/// # Errors
/// As [`indices`].
pub fn fromfunction(
    function: impl FnOnce(&[Array]) -> Array,
    shape: impl IntoShape,
    chunks: impl Into<ChunkSpec>,
) -> Result<Array> {
    let shape = shape.into_shape();
    let coordinates = indices(&shape, chunks, KeepDimensions::Yes)?;
    Ok(function(&coordinates).broadcast_to(&shape))
}
