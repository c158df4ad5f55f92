//! What Python gives, as our types.

use super::PyArray;
use phalanx::array::joining;
use phalanx::array::{ChunkSpec, Index, Key, Scalar, Side};
use phalanx::chunk::Complex64;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyComplex, PyComplexMethods, PyList, PySlice, PyTuple};

/// One side of a function of two arrays: an array or a Python number, which is weak as NumPy's are.
#[derive(FromPyObject)]
pub enum Operand {
    Array(PyArray),
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Float(f64),
    Complex(ComplexNumber),
}

impl phalanx::array::Operand for Operand {
    fn side(&self) -> Side {
        match self {
            Self::Array(array) => Side::Array(array.0.clone()),
            Self::Bool(value) => value.side(),
            Self::Integer(value) => value.side(),
            Self::Unsigned(value) => Side::Scalar(Scalar::Integer(i128::from(*value))),
            Self::Float(value) => value.side(),
            Self::Complex(value) => value.0.side(),
        }
    }
}

/// A Python complex number.
pub struct ComplexNumber(pub Complex64);

impl<'a, 'py> FromPyObject<'a, 'py> for ComplexNumber {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let number = given.cast::<PyComplex>()?;
        Ok(Self(Complex64::new(number.real(), number.imag())))
    }
}

/// Chunks as `phalanx.array._chunks.normalize` gives them: the sizes of all chunks of each axis.
pub struct Sizes(pub Vec<Vec<usize>>);

impl<'a, 'py> FromPyObject<'a, 'py> for Sizes {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(given.extract()?))
    }
}

impl From<Sizes> for ChunkSpec {
    fn from(sizes: Sizes) -> Self {
        Self::Sizes(sizes.0)
    }
}

/// The parts of a basic index: integers, slices, `None`, `...`.
pub fn index_of(parts: &Bound<'_, PyTuple>) -> PyResult<Vec<Index>> {
    parts.iter().map(|part| one_index(&part)).collect()
}

fn one_index(part: &Bound<'_, PyAny>) -> PyResult<Index> {
    if part.is_none() {
        return Ok(Index::NewAxis);
    }
    if part.is(part.py().Ellipsis()) {
        return Ok(Index::Rest);
    }
    if let Ok(slice) = part.cast::<PySlice>() {
        let of = |name: &str| slice.getattr(name)?.extract::<Option<isize>>();
        return Ok(Index::Slice { start: of("start")?, stop: of("stop")?, step: of("step")?.unwrap_or(1) });
    }
    match part.extract::<isize>() {
        Ok(at) => Ok(Index::At(at)),
        Err(_) => Err(PyTypeError::new_err(format!("{} is no integer, slice, None or ...", part.get_type()))),
    }
}

/// The parts of an index that may also hold arrays.
pub fn keys_of(parts: &Bound<'_, PyTuple>) -> PyResult<Vec<Key>> {
    let one = |part: Bound<'_, PyAny>| match part.extract::<PyArray>() {
        Ok(array) => Ok(Key::Array(array.0)),
        Err(_) => Ok(Key::Basic(one_index(&part)?)),
    };
    parts.iter().map(one).collect()
}

/// Arrays in nested lists.
pub struct Nested(pub joining::Nested);

impl<'a, 'py> FromPyObject<'a, 'py> for Nested {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match given.cast::<PyList>() {
            Ok(list) => {
                let many = list.iter().map(|one| Ok(one.extract::<Self>()?.0)).collect::<PyResult<Vec<_>>>()?;
                Ok(Self(joining::Nested::Many(many)))
            }
            Err(_) => Ok(Self(joining::Nested::One(given.extract::<PyArray>()?.0))),
        }
    }
}
