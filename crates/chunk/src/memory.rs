//! A chunk's memory as others see it.

use crate::chunk::Chunk;
use crate::wire;
use arrow::buffer::Buffer;

impl Chunk {
    /// The elements' memory in C order, without a copy.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes()
    }

    /// The same chunk in memory that nobody else holds, so that it may be written to: this chunk's own if it is alone
    /// with it, else a copy.
    #[must_use]
    pub fn into_unshared(self) -> Chunk {
        let (dtype, shape) = (self.dtype(), self.shape().to_vec());
        let buffer = self.buffer();
        drop(self);
        let own = match buffer.into_mutable() {
            Ok(own) => Buffer::from(own),
            Err(shared) => Buffer::from(shared.as_slice()),
        };
        match wire::from_buffer(own, dtype, &shape) {
            Ok(chunk) => chunk,
            Err(never) => unreachable!("the buffer is as long as before: {never}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_ones_own_is_kept_and_shared_memory_is_copied() {
        let alone = Chunk::vector(vec![1.0, 2.0]);
        let address = alone.as_bytes().as_ptr();
        let alone = alone.into_unshared();
        assert_eq!(alone.as_bytes().as_ptr(), address);

        let shared = alone.clone();
        let copy = alone.into_unshared();
        assert_ne!(copy.as_bytes().as_ptr(), shared.as_bytes().as_ptr());
        assert!(copy.same_bits(&shared));
    }
}
