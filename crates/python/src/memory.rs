//! NumPy's memory in and out, without a copy, through Python's buffer protocol.

use crate::errors::Raise;
use phalanx::array::Array;
use phalanx::chunk::{Chunk, DType, wire};
use phalanx::engine::datafusion::arrow::buffer::Buffer;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::prelude::*;
use std::ffi::{CString, c_int, c_void};
use std::ptr::NonNull;
use std::sync::Arc;

/// A computed block: NumPy reads it where it lies (`numpy.asarray(block)`).
///
/// NumPy may write to it if nobody else holds the memory; else the block is a copy of its own, so that writing to a
/// result never changes an array that is persisted or was given by the user.
#[pyclass(frozen, module = "phalanx._phalanx")]
pub struct Block {
    chunk: Chunk,
    shape: Vec<isize>,
    strides: Vec<isize>,
    format: CString,
}

impl Block {
    /// Wraps a computed chunk.
    pub fn new(chunk: Chunk) -> PyResult<Self> {
        let chunk = chunk.into_unshared();
        let lengths = || chunk.shape().iter().map(|&length| isize::try_from(length));
        let shape = lengths().collect::<Result<Vec<_>, _>>()?;
        let mut strides = vec![0; shape.len()];
        let mut step = isize::try_from(chunk.dtype().itemsize())?;
        for (stride, length) in strides.iter_mut().zip(&shape).rev() {
            *stride = step;
            step *= length;
        }
        let format = CString::new(format(chunk.dtype()))?;
        Ok(Self { chunk, shape, strides, format })
    }
}

/// The element type of NumPy's name.
pub fn dtype_of(name: &str) -> PyResult<DType> {
    name.parse::<DType>().raise()
}

/// How the buffer protocol names an element type (PEP 3118).
///
/// Of C's two integers of 64 bits, NumPy calls the one `int64` that is `long` where that has 64 bits; an array of the
/// other has equal values and another type.
fn format(dtype: DType) -> &'static str {
    const LONG: bool = size_of::<std::ffi::c_long>() == 8;
    match dtype.name() {
        "int64" if LONG => "l",
        "uint64" if LONG => "L",
        "bool" => "?",
        "int8" => "b",
        "int16" => "h",
        "int32" => "i",
        "int64" => "q",
        "uint8" => "B",
        "uint16" => "H",
        "uint32" => "I",
        "uint64" => "Q",
        "float32" => "f",
        "complex64" => "Zf",
        "complex128" => "Zd",
        _ => "d",
    }
}

#[pymethods]
impl Block {
    /// NumPy's name of the element type.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.chunk.dtype().name()
    }

    #[expect(unsafe_code, reason = "Python's buffer protocol is a C structure to be filled in")]
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut pyo3::ffi::Py_buffer, _flags: c_int) -> PyResult<()> {
        if view.is_null() {
            return Err(PyBufferError::new_err("no view to fill in"));
        }
        let block = slf.get();
        let bytes = block.chunk.as_bytes();
        // SAFETY: `view` is Python's, to be filled in; what it points to lives as long as the block, which `obj` keeps
        // alive, and nobody else holds the memory (`into_unshared`).
        unsafe {
            (*view).buf = bytes.as_ptr().cast::<c_void>().cast_mut();
            (*view).len = isize::try_from(bytes.len())?;
            (*view).readonly = 0;
            (*view).itemsize = isize::try_from(block.chunk.dtype().itemsize())?;
            (*view).format = block.format.as_ptr().cast_mut();
            (*view).ndim = c_int::try_from(block.shape.len())?;
            (*view).shape = block.shape.as_ptr().cast_mut();
            (*view).strides = block.strides.as_ptr().cast_mut();
            (*view).suboffsets = std::ptr::null_mut();
            (*view).internal = std::ptr::null_mut();
            (*view).obj = slf.into_any().into_ptr();
        }
        Ok(())
    }
}

/// The chunk that `bytes`, C-contiguous elements of type `dtype`, hold: without a copy where they are aligned.
#[expect(unsafe_code, reason = "the memory is Python's; only a pointer to it crosses")]
pub fn chunk_of(bytes: PyBuffer<u8>, dtype: &str, shape: &[usize]) -> PyResult<Chunk> {
    if !bytes.is_c_contiguous() {
        return Err(PyValueError::new_err("the values must be contiguous in C order: numpy.ascontiguousarray"));
    }
    let length = bytes.len_bytes();
    let start = NonNull::new(bytes.buf_ptr().cast::<u8>()).filter(|_| length > 0);
    let buffer = match start {
        None => Buffer::from(Vec::<u8>::new()),
        // SAFETY: the memory is valid for `length` bytes as long as Python's view of it, which the buffer owns.
        Some(start) => unsafe { Buffer::from_custom_allocation(start, length, Arc::new(bytes)) },
    };
    wire::from_buffer(buffer, dtype_of(dtype)?, shape).raise()
}

/// The same as an array in one chunk, which travels inside of plans: at most 1 MiB.
pub fn embedded(bytes: PyBuffer<u8>, dtype: &str, shape: &[usize]) -> PyResult<Array> {
    Ok(Array::from_chunk(chunk_of(bytes, dtype, shape)?))
}
