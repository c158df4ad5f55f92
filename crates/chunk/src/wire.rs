//! To and from Arrow buffers: how a chunk's elements travel between workers.
//!
//! The payload is the elements in C order, little-endian, and zeros up to a multiple of 64 bytes, so that payloads
//! one after another in a binary column keep every element aligned and can be read where they lie. Shape and dtype
//! travel beside it.

use arrow::buffer::Buffer;

use crate::chunk::{Chunk, make_values};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::shape::element_count;
use crate::values::Values;

#[cfg(target_endian = "big")]
compile_error!("chunks are read where they lie, as little-endian values: big-endian processors are not supported");

/// What the length of a payload is a multiple of, in bytes.
pub const ALIGNMENT: usize = 64;

/// The bytes of a payload of `nbytes` bytes of elements.
///
/// # Errors
/// [`Error::Overflow`] if that does not fit.
pub fn padded_len(nbytes: usize) -> Result<usize> {
    nbytes.checked_next_multiple_of(ALIGNMENT).ok_or_else(|| Error::overflow(format!("a payload of {nbytes} bytes")))
}

/// The chunk's elements, padded with zeros to a multiple of 64 bytes.
///
/// Shares the chunk's memory if the elements are such a multiple already; else one copy.
///
/// ```
/// use phalanx_chunk::{Chunk, DType, wire};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let a = Chunk::new(&[3], vec![1i32, 2, 3])?;
/// let payload = wire::to_bytes(&a);
/// assert_eq!(payload.len(), 64);
/// assert!(wire::from_buffer(payload, DType::Int32, &[3])?.same_bits(&a));
/// # Ok(())
/// # }
/// ```
pub fn to_bytes(chunk: &Chunk) -> Buffer {
    let bytes = chunk.bytes();
    let padded = bytes.len().next_multiple_of(ALIGNMENT);
    if padded == bytes.len() {
        return chunk.buffer();
    }
    let mut payload = Vec::with_capacity(padded);
    payload.extend_from_slice(bytes);
    payload.resize(padded, 0);
    payload.into()
}

/// The chunk whose elements are the first bytes of `buffer`; what follows is padding and ignored.
///
/// Shares the buffer's memory (and keeps all of it alive) if it is aligned for the dtype; else one copy.
///
/// # Errors
/// [`Error::Shape`] if the buffer is too short for the shape, [`Error::Value`] for a `bool` that is neither 0 nor 1.
pub fn from_buffer(buffer: Buffer, dtype: DType, shape: &[usize]) -> Result<Chunk> {
    let count = element_count(shape)?;
    let nbytes = count
        .checked_mul(dtype.itemsize())
        .ok_or_else(|| Error::overflow(format!("the bytes of {count} {dtype} values")))?;
    if buffer.len() < nbytes {
        return Err(Error::shape(format!(
            "{} bytes are too short for {dtype} values of shape {shape:?}, which need {nbytes}",
            buffer.len()
        )));
    }
    if dtype == DType::Bool
        && let Some(byte) = buffer[..nbytes].iter().find(|&&byte| byte > 1)
    {
        return Err(Error::value(format!("a bool is stored as 0 or 1, not as {byte}")));
    }
    let data = make_values!(dtype, T => Values::<T>::of_buffer(buffer, count));
    Ok(Chunk::from_data(shape, data))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dtype_round_trips_without_a_copy() {
        for dtype in DType::ALL {
            for n in [0usize, 1, 7, 64, 65] {
                let a = Chunk::vector((0..n as i64).collect()).cast(dtype);
                let payload = to_bytes(&a);
                assert_eq!(payload.len(), padded_len(a.nbytes()).unwrap());
                let b = from_buffer(payload.clone(), dtype, &[n]).unwrap();
                assert!(a.same_bits(&b));
                assert!(n == 0 || b.bytes().as_ptr() == payload.as_ptr());
            }
        }
        let large = Chunk::zeros(DType::Float64, &[8, 8]).unwrap();
        assert_eq!(to_bytes(&large).as_ptr(), large.bytes().as_ptr());
    }

    #[test]
    fn a_part_of_a_chunk_is_sent_alone() {
        let a = Chunk::vector((0..64i64).collect::<Vec<_>>());
        let part = a.region(&[crate::Span::range(3, 8)]).unwrap();
        let payload = to_bytes(&part);
        assert_eq!(payload.len(), 64);
        assert!(from_buffer(payload, DType::Int64, &[8]).unwrap().same_bits(&part));
    }

    #[test]
    fn unaligned_memory_is_copied() {
        let shifted = Buffer::from_vec(vec![0u8, 1, 0, 0, 0, 2, 0, 0, 0]).slice(1);
        let a = from_buffer(shifted, DType::Int32, &[2]).unwrap();
        assert_eq!(a.values::<i32>().unwrap(), &[1, 2]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let buffer = || Buffer::from_vec(vec![0u8, 1, 2, 3]);
        assert!(matches!(from_buffer(buffer(), DType::Int32, &[2]), Err(Error::Shape { .. })));
        assert!(matches!(from_buffer(buffer(), DType::Bool, &[4]), Err(Error::Value { .. })));
        assert!(from_buffer(buffer(), DType::Bool, &[2]).is_ok());
        assert!(from_buffer(buffer(), DType::UInt8, &[usize::MAX, 2]).is_err());
        assert!(padded_len(usize::MAX).is_err());
    }
}
