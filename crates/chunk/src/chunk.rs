//! The block itself: how it is built, read, cast, reshaped and hashed.

use std::fmt;
use std::sync::Arc;

use arrow::buffer::Buffer;
use serde::{Deserialize, Serialize};

use crate::cast;
use crate::dtype::{DType, Data, Element};
use crate::error::{Error, Result};
use crate::shape::element_count;

/// A dense n-dimensional array in C order, immutable and cheap to clone (clones share the data).
///
/// ```
/// use phalanx_chunk::{Chunk, DType, Span};
/// # fn main() -> phalanx_chunk::Result<()> {
/// let a = Chunk::new(&[2, 3], vec![1i64, 2, 3, 4, 5, 6])?;
/// let last_column_upwards = a.region(&[Span::new(1, 2, -1), Span::range(2, 1)])?;
/// assert_eq!(last_column_upwards.values::<i64>()?, &[6, 3]);
/// assert_eq!(a.cast(DType::Float64).dtype(), DType::Float64);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Chunk {
    shape: Arc<[usize]>,
    data: Data,
}

/// Evaluates one expression for the typed values of a chunk, whatever their type. `bool` is seen as `u8`.
macro_rules! with_values {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            $crate::dtype::Data::Bool($values) => $body,
            $crate::dtype::Data::Int8($values) => $body,
            $crate::dtype::Data::UInt8($values) => $body,
            $crate::dtype::Data::Int16($values) => $body,
            $crate::dtype::Data::UInt16($values) => $body,
            $crate::dtype::Data::Int32($values) => $body,
            $crate::dtype::Data::UInt32($values) => $body,
            $crate::dtype::Data::Int64($values) => $body,
            $crate::dtype::Data::UInt64($values) => $body,
            $crate::dtype::Data::Float32($values) => $body,
            $crate::dtype::Data::Float64($values) => $body,
            $crate::dtype::Data::Complex64($values) => $body,
            $crate::dtype::Data::Complex128($values) => $body,
        }
    };
}

/// Like `with_values`, for an expression that makes new values of the same type.
macro_rules! map_values {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            $crate::dtype::Data::Bool($values) => $crate::dtype::Data::Bool($body.into()),
            $crate::dtype::Data::Int8($values) => $crate::dtype::Data::Int8($body.into()),
            $crate::dtype::Data::UInt8($values) => $crate::dtype::Data::UInt8($body.into()),
            $crate::dtype::Data::Int16($values) => $crate::dtype::Data::Int16($body.into()),
            $crate::dtype::Data::UInt16($values) => $crate::dtype::Data::UInt16($body.into()),
            $crate::dtype::Data::Int32($values) => $crate::dtype::Data::Int32($body.into()),
            $crate::dtype::Data::UInt32($values) => $crate::dtype::Data::UInt32($body.into()),
            $crate::dtype::Data::Int64($values) => $crate::dtype::Data::Int64($body.into()),
            $crate::dtype::Data::UInt64($values) => $crate::dtype::Data::UInt64($body.into()),
            $crate::dtype::Data::Float32($values) => $crate::dtype::Data::Float32($body.into()),
            $crate::dtype::Data::Float64($values) => $crate::dtype::Data::Float64($body.into()),
            $crate::dtype::Data::Complex64($values) => $crate::dtype::Data::Complex64($body.into()),
            $crate::dtype::Data::Complex128($values) => $crate::dtype::Data::Complex128($body.into()),
        }
    };
}

/// Like `map_values`, from a dtype instead of values: `$stored` is the type as which its elements are stored.
macro_rules! make_values {
    ($dtype:expr, $stored:ident => $body:expr) => {
        match $dtype {
            $crate::DType::Bool => {
                type $stored = u8;
                $crate::dtype::Data::Bool($body.into())
            }
            $crate::DType::Int8 => {
                type $stored = i8;
                $crate::dtype::Data::Int8($body.into())
            }
            $crate::DType::UInt8 => {
                type $stored = u8;
                $crate::dtype::Data::UInt8($body.into())
            }
            $crate::DType::Int16 => {
                type $stored = i16;
                $crate::dtype::Data::Int16($body.into())
            }
            $crate::DType::UInt16 => {
                type $stored = u16;
                $crate::dtype::Data::UInt16($body.into())
            }
            $crate::DType::Int32 => {
                type $stored = i32;
                $crate::dtype::Data::Int32($body.into())
            }
            $crate::DType::UInt32 => {
                type $stored = u32;
                $crate::dtype::Data::UInt32($body.into())
            }
            $crate::DType::Int64 => {
                type $stored = i64;
                $crate::dtype::Data::Int64($body.into())
            }
            $crate::DType::UInt64 => {
                type $stored = u64;
                $crate::dtype::Data::UInt64($body.into())
            }
            $crate::DType::Float32 => {
                type $stored = f32;
                $crate::dtype::Data::Float32($body.into())
            }
            $crate::DType::Float64 => {
                type $stored = f64;
                $crate::dtype::Data::Float64($body.into())
            }
            $crate::DType::Complex64 => {
                type $stored = num_complex::Complex32;
                $crate::dtype::Data::Complex64($body.into())
            }
            $crate::DType::Complex128 => {
                type $stored = num_complex::Complex64;
                $crate::dtype::Data::Complex128($body.into())
            }
        }
    };
}

pub(crate) use {make_values, map_values, with_values};

impl Chunk {
    /// A chunk of this shape from values in C order.
    ///
    /// # Errors
    /// [`Error::Shape`] if the number of values is not the product of the shape.
    pub fn new<T: Element>(shape: &[usize], values: Vec<T>) -> Result<Chunk> {
        if element_count(shape)? != values.len() {
            return Err(Error::shape(format!("{} values do not fill shape {shape:?}", values.len())));
        }
        Ok(Chunk::from_data(shape, T::store(values)))
    }

    /// A chunk of no dimension with one element.
    pub fn scalar<T: Element>(value: T) -> Chunk {
        Chunk::from_data(&[], T::store(vec![value]))
    }

    /// A chunk of one axis.
    pub fn vector<T: Element>(values: Vec<T>) -> Chunk {
        Chunk::from_data(&[values.len()], T::store(values))
    }

    /// A chunk whose elements are 0 (`false`).
    ///
    /// # Errors
    /// [`Error::Overflow`] if the shape is too large to address.
    pub fn zeros(dtype: DType, shape: &[usize]) -> Result<Chunk> {
        let count = element_count(shape)?;
        let data = make_values!(dtype, T => vec![T::default(); count]);
        Ok(Chunk::from_data(shape, data))
    }

    /// A chunk whose elements are all `value`.
    ///
    /// # Errors
    /// [`Error::Overflow`] if the shape is too large to address.
    pub fn full<T: Element>(shape: &[usize], value: T) -> Result<Chunk> {
        Ok(Chunk::from_data(shape, T::store(vec![value; element_count(shape)?])))
    }

    /// The caller has checked that `data` fills `shape`.
    pub(crate) fn from_data(shape: &[usize], data: Data) -> Chunk {
        let chunk = Chunk { shape: shape.into(), data };
        debug_assert_eq!(element_count(shape), Ok(chunk.len()));
        chunk
    }

    pub(crate) fn data(&self) -> &Data {
        &self.data
    }

    /// The length of each axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        with_values!(&self.data, values => values.len())
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the elements (the allocation may be larger, if this is a part of another chunk).
    pub fn nbytes(&self) -> usize {
        self.len() * self.dtype().itemsize()
    }

    /// The elements in C order.
    ///
    /// # Errors
    /// [`Error::DType`] if the elements are of another type.
    pub fn values<T: Element>(&self) -> Result<&[T]> {
        T::slice(&self.data).ok_or_else(|| Error::dtype(format!("reading {} values", T::DTYPE), &[self.dtype()]))
    }

    /// The only element of a chunk that has one, whatever its shape.
    ///
    /// # Errors
    /// [`Error::Shape`] if there is not exactly one element, [`Error::DType`] if it is of another type.
    pub fn item<T: Element>(&self) -> Result<T> {
        match self.values::<T>()? {
            [value] => Ok(*value),
            values => {
                Err(Error::shape(format!("a chunk of shape {:?} has {} elements, not one", self.shape, values.len())))
            }
        }
    }

    /// The same elements as another type, as NumPy's `astype` has it; no copy if the type is the same.
    ///
    /// Integers wrap around, anything but zero is `true`, a complex number loses its imaginary part (NumPy warns).
    /// A float that becomes an integer is cut to `int32` (for types of one or two bytes) or `int64` (for `uint32`) first
    /// and wraps around from there, as on the processors that NumPy is mostly run on; one outside of the range of
    /// these, of `int64` or `uint64` becomes the nearest integer and NaN becomes 0 (NumPy leaves both to the processor).
    pub fn cast(&self, dtype: DType) -> Chunk {
        if dtype == self.dtype() {
            return self.clone();
        }
        let data = match (&self.data, dtype) {
            // The bytes are the same, and they are shared.
            (Data::Bool(values), DType::UInt8) => Data::UInt8(values.clone()),
            (data, _) => cast::cast(data, dtype),
        };
        Chunk { shape: self.shape.clone(), data }
    }

    /// The same elements in the same C order under another shape; no copy.
    ///
    /// # Errors
    /// [`Error::Shape`] if the number of elements differs.
    pub fn reshape(&self, shape: &[usize]) -> Result<Chunk> {
        if element_count(shape)? != self.len() {
            return Err(Error::shape(format!(
                "shape {:?} of {} elements does not reshape to {shape:?}",
                self.shape,
                self.len()
            )));
        }
        Ok(Chunk { shape: shape.into(), data: self.data.clone() })
    }

    /// Whether dtype, shape and every bit of every element are the same (so NaN equals NaN and -0.0 is not 0.0).
    pub fn same_bits(&self, other: &Chunk) -> bool {
        self.dtype() == other.dtype() && self.shape == other.shape && self.bytes() == other.bytes()
    }

    /// The elements' memory, without a copy.
    pub(crate) fn bytes(&self) -> &[u8] {
        with_values!(&self.data, values => bytemuck::cast_slice(values))
    }

    /// The elements' buffer, exactly as long as the elements, without a copy.
    pub(crate) fn buffer(&self) -> Buffer {
        with_values!(&self.data, values => values.inner().clone())
    }

    /// Feeds [`Chunk::digest_bytes`] to `write` piece by piece, so that a large chunk is hashed without a copy of it.
    pub fn digest(&self, mut write: impl FnMut(&[u8])) {
        write(self.dtype().name().as_bytes());
        write(&(self.ndim() as u64).to_le_bytes());
        for &n in self.shape.iter() {
            write(&(n as u64).to_le_bytes());
        }
        match &self.data {
            Data::Float32(values) => canonical(values, |v| quiet(v).to_le_bytes(), &mut write),
            Data::Float64(values) => canonical(values, |v| quiet(v).to_le_bytes(), &mut write),
            Data::Complex64(values) => {
                canonical(bytemuck::cast_slice(values), |v: f32| quiet(v).to_le_bytes(), &mut write);
            }
            Data::Complex128(values) => {
                canonical(bytemuck::cast_slice(values), |v: f64| quiet(v).to_le_bytes(), &mut write);
            }
            // Integers lie in memory as little-endian values (`wire`).
            _ => write(self.bytes()),
        }
    }

    /// Canonical bytes for hashing: dtype name, number of axes, lengths (64 bits each), elements, all little-endian.
    ///
    /// Every NaN is written as the same quiet NaN: which payload an operation gives is the processor's affair and
    /// may differ between a vector and a scalar instruction.
    pub fn digest_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.nbytes() + 16 + 8 * self.ndim());
        self.digest(|piece| bytes.extend_from_slice(piece));
        bytes
    }
}

/// The number, or the one NaN for all.
fn quiet<T: Copy + PartialEq + From<f32>>(value: T) -> T {
    #[expect(clippy::eq_op, reason = "NaN is what does not equal itself")]
    if value == value { value } else { T::from(f32::NAN) }
}

/// Writes values as little-endian bytes, a block at a time.
fn canonical<T: Copy, const N: usize>(values: &[T], bytes: impl Fn(T) -> [u8; N], write: &mut impl FnMut(&[u8])) {
    let mut block = Vec::with_capacity(1024 * N);
    for part in values.chunks(1024) {
        block.clear();
        part.iter().for_each(|&v| block.extend_from_slice(&bytes(v)));
        write(&block);
    }
}

impl fmt::Debug for Chunk {
    /// The dtype, the shape and at most eight elements.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Chunk({}, {:?}, ", self.dtype(), self.shape)?;
        with_values!(&self.data, values => f.debug_list().entries(values.iter().take(8)).finish())?;
        f.write_str(if self.len() > 8 { " …)" } else { ")" })
    }
}

/// How a chunk is written by serde. Meant for small chunks inside of a plan; data travels by [`crate::wire`].
#[derive(Serialize, Deserialize)]
struct Portable {
    dtype: DType,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Serialize for Chunk {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let portable = Portable { dtype: self.dtype(), shape: self.shape.to_vec(), bytes: self.bytes().to_vec() };
        portable.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Chunk {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Chunk, D::Error> {
        let portable = Portable::deserialize(deserializer)?;
        crate::wire::from_buffer(portable.bytes.into(), portable.dtype, &portable.shape)
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_must_fill_the_shape() {
        assert!(Chunk::new(&[2, 2], vec![1.0; 3]).is_err());
        assert!(Chunk::new(&[usize::MAX, 2], vec![1.0; 3]).is_err());
        assert!(Chunk::new(&[0, 5], Vec::<f32>::new()).unwrap().is_empty());
    }

    #[test]
    fn values_are_typed() {
        let a = Chunk::new(&[2], vec![true, false]).unwrap();
        assert_eq!(a.values::<bool>().unwrap(), &[true, false]);
        assert!(matches!(a.values::<u8>(), Err(Error::DType { .. })));
        assert_eq!(Chunk::scalar(3i32).item::<i32>(), Ok(3));
        assert!(Chunk::zeros(DType::Int32, &[2]).unwrap().item::<i32>().is_err());
    }

    #[test]
    fn casts_are_astype() {
        let a = Chunk::vector(vec![-1.5, 0.0, 300.7, f64::NAN, 1e30]);
        assert_eq!(a.cast(DType::Int32).values::<i32>().unwrap(), &[-1, 0, 300, 0, i32::MAX]);
        assert_eq!(a.cast(DType::Bool).values::<bool>().unwrap(), &[true, false, true, true, true]);
        let b = Chunk::vector(vec![-1i64, 300, 0]);
        assert_eq!(b.cast(DType::UInt8).values::<u8>().unwrap(), &[255, 44, 0]);
        let c = Chunk::vector(vec![true, false]);
        assert_eq!(c.cast(DType::Float32).values::<f32>().unwrap(), &[1.0, 0.0]);
        assert_eq!(c.cast(DType::UInt8).values::<u8>().unwrap(), &[1, 0]);
    }

    #[test]
    fn digest_tells_shape_dtype_and_sign_apart_but_no_nan() {
        let bytes = |c: &Chunk| c.digest_bytes();
        let a = Chunk::vector(vec![0.0, 1.0]);
        assert_ne!(bytes(&a), bytes(&a.reshape(&[2, 1]).unwrap()));
        assert_ne!(bytes(&a), bytes(&Chunk::vector(vec![-0.0, 1.0])));
        assert_ne!(bytes(&Chunk::scalar(1u8)), bytes(&Chunk::scalar(true)));
        assert_eq!(bytes(&Chunk::scalar(f64::NAN)), bytes(&Chunk::scalar(-f64::NAN)));
        assert_eq!(bytes(&Chunk::scalar(1i32)), b"int32\0\0\0\0\0\0\0\0\x01\0\0\0");
    }

    #[test]
    fn serde_round_trips() {
        let a = Chunk::new(&[2, 2], vec![1.5f32, f32::NAN, -0.0, 4.0]).unwrap();
        let text = serde_json::to_string(&a).unwrap();
        assert!(serde_json::from_str::<Chunk>(&text).unwrap().same_bits(&a));
        assert!(serde_json::from_str::<Chunk>(&text.replace("[2,2]", "[2,3]")).is_err());
    }
}
