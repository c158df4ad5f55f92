//! Values of one type in shared memory.

use std::marker::PhantomData;
use std::ops::Deref;

use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::datatypes::ArrowNativeType;
use bytemuck::{NoUninit, Pod};
use num_complex::{Complex32, Complex64};

/// A type that is stored as it is. A complex number is two words, which Arrow knows; the others are one.
pub trait Stored: Pod + Default + PartialEq + std::fmt::Debug + Send + Sync {
    /// What Arrow's buffers hold.
    type Word: ArrowNativeType + Pod;
}

macro_rules! stored {
    ($($type:ty: $word:ty),*) => {
        $(impl Stored for $type {
            type Word = $word;
        })*
    };
}

stored!(i8: i8, u8: u8, i16: i16, u16: u16, i32: i32, u32: u32, i64: i64, u64: u64, f32: f32, f64: f64,
    Complex32: f32, Complex64: f64);

/// Immutable values that clones and slices share.
#[derive(Clone)]
pub struct Values<T: Stored> {
    words: ScalarBuffer<T::Word>,
    of: PhantomData<T>,
}

impl<T: Stored> Values<T> {
    /// Words of one value.
    const WORDS: usize = size_of::<T>() / size_of::<T::Word>();

    /// The first `count` values of a buffer that is long enough: its memory if it is aligned, else a copy.
    pub fn of_buffer(buffer: Buffer, count: usize) -> Values<T> {
        let nbytes = count * size_of::<T>();
        let buffer = if buffer.as_ptr().align_offset(align_of::<T>()) == 0 {
            buffer
        } else {
            // Allocations of a buffer are aligned for every type.
            Buffer::from_slice_ref(&buffer[..nbytes])
        };
        Values { words: ScalarBuffer::new(buffer, 0, count * Self::WORDS), of: PhantomData }
    }

    /// `count` values from number `start` on, which share this memory.
    pub fn slice(&self, start: usize, count: usize) -> Values<T> {
        Values { words: self.words.slice(start * Self::WORDS, count * Self::WORDS), of: PhantomData }
    }

    /// The memory, exactly as long as the values.
    pub fn inner(&self) -> &Buffer {
        self.words.inner()
    }
}

impl<T: Stored> Deref for Values<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        bytemuck::cast_slice(&self.words)
    }
}

impl<T: Stored + NoUninit> From<Vec<T>> for Values<T> {
    /// Without a copy.
    fn from(values: Vec<T>) -> Values<T> {
        Values { words: bytemuck::cast_vec::<T, T::Word>(values).into(), of: PhantomData }
    }
}
