//! stub
use crate::{Chunk, DType, Result, Span};
impl Chunk {
    pub fn region(&self, region: &[Span]) -> Result<Chunk> { todo!() }
    pub fn assemble(dtype: DType, shape: &[usize], pieces: &[(Vec<Span>, Chunk)]) -> Result<Chunk> { todo!() }
    pub fn transpose(&self, permutation: &[usize]) -> Result<Chunk> { todo!() }
    pub fn broadcast_to(&self, shape: &[usize]) -> Result<Chunk> { todo!() }
    pub fn concatenate(axis: usize, chunks: &[Chunk]) -> Result<Chunk> { todo!() }
    pub fn gather(&self, axis: usize, indices: &[usize]) -> Result<Chunk> { todo!() }
}
