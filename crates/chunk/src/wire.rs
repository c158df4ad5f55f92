//! stub
use arrow::buffer::Buffer;
use crate::{Chunk, DType, Result};
/// Payload padded to 64 bytes.
pub fn to_bytes(chunk: &Chunk) -> Buffer { todo!() }
pub fn from_buffer(buffer: Buffer, dtype: DType, shape: &[usize]) -> Result<Chunk> { todo!() }
