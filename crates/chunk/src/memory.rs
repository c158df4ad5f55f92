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

/// Zeros for a large result. The system is asked for large pages: a page of 4 KiB costs about as much to get as to fill.
pub(crate) fn zeros<T: Clone + Default>(count: usize) -> Vec<T> {
    let values = vec![T::default(); count];
    #[cfg(target_os = "linux")]
    large_pages(&values);
    values
}

/// Smaller memory may be of the heap, of whose pages others use parts.
#[cfg(target_os = "linux")]
const LARGE_BYTES: usize = 8 << 20;

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "advising the system has no safe form")]
fn large_pages<T>(values: &[T]) {
    const PAGE: usize = 2 << 20;
    let bytes = size_of_val(values);
    if bytes < LARGE_BYTES {
        return;
    }
    let start = (values.as_ptr() as usize).next_multiple_of(PAGE);
    let end = (values.as_ptr() as usize).saturating_add(bytes) / PAGE * PAGE;
    if start < end {
        // SAFETY: the pages from `start` to `end` are all ours, and the advice changes nothing of what is in them.
        let _only_advice = unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
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
