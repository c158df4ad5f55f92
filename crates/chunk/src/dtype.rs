//! The element types, with NumPy's names, sizes and promotion.

use std::fmt;

use arrow::buffer::ScalarBuffer;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The type of a chunk's elements.
///
/// These six are what Phalanx stores. Where NumPy would answer with a type that is missing here, the smallest
/// stored type that holds it is the answer: `int8` becomes [`DType::Int32`], `uint64` becomes [`DType::Int64`],
/// `float16` becomes [`DType::Float32`]. Each function that does so says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DType {
    /// `bool`, one byte each, 0 or 1.
    Bool,
    /// `uint8`.
    UInt8,
    /// `int32`.
    Int32,
    /// `int64`.
    Int64,
    /// `float32`.
    Float32,
    /// `float64`.
    Float64,
}

impl DType {
    /// All of them, from the narrowest to the widest.
    pub const ALL: [DType; 6] = [DType::Bool, DType::UInt8, DType::Int32, DType::Int64, DType::Float32, DType::Float64];

    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::UInt8 => "uint8",
            DType::Int32 => "int32",
            DType::Int64 => "int64",
            DType::Float32 => "float32",
            DType::Float64 => "float64",
        }
    }

    /// Bytes of one element.
    pub const fn itemsize(self) -> usize {
        match self {
            DType::Bool | DType::UInt8 => 1,
            DType::Int32 | DType::Float32 => 4,
            DType::Int64 | DType::Float64 => 8,
        }
    }

    /// Whether this is a floating-point type.
    pub const fn is_float(self) -> bool {
        matches!(self, DType::Float32 | DType::Float64)
    }

    /// Whether this is an integer type (`bool` is not).
    pub const fn is_integer(self) -> bool {
        matches!(self, DType::UInt8 | DType::Int32 | DType::Int64)
    }

    /// The type to which both can be cast without loss, as `numpy.result_type` answers it for arrays.
    ///
    /// ```
    /// use phalanx_chunk::DType;
    /// assert_eq!(DType::promote(DType::Int32, DType::Float32), DType::Float64);
    /// assert_eq!(DType::promote(DType::UInt8, DType::Float32), DType::Float32);
    /// ```
    pub const fn promote(a: DType, b: DType) -> DType {
        use DType::*;
        match (a, b) {
            (Bool, other) | (other, Bool) => other,
            (Float64, _) | (_, Float64) => Float64,
            (Float32, Int32 | Int64) | (Int32 | Int64, Float32) => Float64,
            (Float32, _) | (_, Float32) => Float32,
            (Int64, _) | (_, Int64) => Int64,
            (Int32, _) | (_, Int32) => Int32,
            (UInt8, UInt8) => UInt8,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for DType {
    type Err = Error;

    /// Parses NumPy's name.
    fn from_str(name: &str) -> Result<DType> {
        DType::ALL.into_iter().find(|d| d.name() == name).ok_or_else(|| {
            let known: Vec<&str> = DType::ALL.iter().map(|d| d.name()).collect();
            Error::value(format!("dtype {name:?} is not one of {}", known.join(", ")))
        })
    }
}

/// A Rust type that a chunk can hold: `bool`, `u8`, `i32`, `i64`, `f32`, `f64`. Sealed.
pub trait Element: Storage + Copy + PartialEq + Default + fmt::Debug + Send + Sync + 'static {
    /// The dtype of this type.
    const DTYPE: DType;
}

/// The typed storage behind a chunk. A `bool` is one byte, so that every element has an address.
#[derive(Clone)]
pub(crate) enum Data {
    Bool(ScalarBuffer<u8>),
    UInt8(ScalarBuffer<u8>),
    Int32(ScalarBuffer<i32>),
    Int64(ScalarBuffer<i64>),
    Float32(ScalarBuffer<f32>),
    Float64(ScalarBuffer<f64>),
}

mod sealed {
    use super::Data;

    #[expect(private_interfaces, reason = "the trait is sealed: nobody outside can name or call it")]
    pub trait Storage: Sized {
        fn store(values: Vec<Self>) -> Data;
        fn slice(data: &Data) -> Option<&[Self]>;
    }
}

pub(crate) use sealed::Storage;

macro_rules! element {
    ($type:ty, $dtype:ident) => {
        #[expect(private_interfaces, reason = "the trait is sealed: nobody outside can name or call it")]
        impl Storage for $type {
            fn store(values: Vec<$type>) -> Data {
                Data::$dtype(values.into())
            }
            fn slice(data: &Data) -> Option<&[$type]> {
                match data {
                    Data::$dtype(values) => Some(values),
                    _ => None,
                }
            }
        }
        impl Element for $type {
            const DTYPE: DType = DType::$dtype;
        }
    };
}

element!(u8, UInt8);
element!(i32, Int32);
element!(i64, Int64);
element!(f32, Float32);
element!(f64, Float64);

#[expect(private_interfaces, reason = "the trait is sealed: nobody outside can name or call it")]
impl Storage for bool {
    fn store(values: Vec<bool>) -> Data {
        // Collecting in place: the allocation is reused.
        Data::Bool(values.into_iter().map(u8::from).collect::<Vec<u8>>().into())
    }

    fn slice(data: &Data) -> Option<&[bool]> {
        match data {
            // Every constructor stores 0 or 1 only, so the check always passes; it keeps this crate free of `unsafe`.
            Data::Bool(values) => bytemuck::checked::try_cast_slice(values).ok(),
            _ => None,
        }
    }
}

impl Element for bool {
    const DTYPE: DType = DType::Bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_is_commutative_associative_and_idempotent() {
        for a in DType::ALL {
            assert_eq!(DType::promote(a, a), a);
            for b in DType::ALL {
                assert_eq!(DType::promote(a, b), DType::promote(b, a));
            }
        }
    }

    #[test]
    fn names_parse_back() {
        for d in DType::ALL {
            assert_eq!(d.to_string().parse::<DType>(), Ok(d));
        }
        assert!("float16".parse::<DType>().is_err());
    }
}
