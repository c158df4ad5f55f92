//! The element types, with NumPy's names, sizes and promotion.

use std::fmt;

use num_complex::{Complex32, Complex64};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::values::Values;

/// Calls `$callback!` with the table of all element types: variant, NumPy's name, Rust type, stored type.
///
/// A `bool` is stored as one byte, so that every element has an address. A new element type is a line here, its
/// [`crate::values::Stored`] and its arithmetic.
macro_rules! element_types {
    ($callback:ident $(, $argument:tt)*) => {
        $callback! { [$($argument)*]
            Bool "bool" bool u8,
            Int8 "int8" i8 i8,
            UInt8 "uint8" u8 u8,
            Int16 "int16" i16 i16,
            UInt16 "uint16" u16 u16,
            Int32 "int32" i32 i32,
            UInt32 "uint32" u32 u32,
            Int64 "int64" i64 i64,
            UInt64 "uint64" u64 u64,
            Float32 "float32" f32 f32,
            Float64 "float64" f64 f64,
            Complex64 "complex64" Complex32 Complex32,
            Complex128 "complex128" Complex64 Complex64,
        }
    };
}

/// The type of a chunk's elements.
///
/// NumPy's `float16` is not among them. Where NumPy would answer with it (functions into the reals of `bool`, `int8`
/// and `uint8`), [`DType::Float32`] is the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DType {
    /// `bool`, one byte each, 0 or 1.
    Bool,
    /// `int8`.
    Int8,
    /// `uint8`.
    UInt8,
    /// `int16`.
    Int16,
    /// `uint16`.
    UInt16,
    /// `int32`.
    Int32,
    /// `uint32`.
    UInt32,
    /// `int64`.
    Int64,
    /// `uint64`.
    UInt64,
    /// `float32`.
    Float32,
    /// `float64`.
    Float64,
    /// `complex64`: two `float32`, the real part first.
    Complex64,
    /// `complex128`: two `float64`, the real part first.
    Complex128,
}

/// What a dtype is, without its size: what NumPy calls its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `bool`.
    Bool,
    /// An integer without a sign.
    Unsigned,
    /// An integer with a sign.
    Signed,
    /// A floating-point number.
    Float,
    /// Two floating-point numbers.
    Complex,
}

macro_rules! names {
    ([] $($variant:ident $name:literal $element:ident $stored:ident,)*) => {
        impl DType {
            /// All of them, from the narrowest to the widest.
            pub const ALL: [DType; 13] = [$(DType::$variant),*];

            /// NumPy's name.
            pub const fn name(self) -> &'static str {
                match self { $(DType::$variant => $name,)* }
            }

            /// Bytes of one element.
            pub const fn itemsize(self) -> usize {
                match self { $(DType::$variant => size_of::<$stored>(),)* }
            }
        }

        /// The typed storage behind a chunk. A `bool` is one byte, so that every element has an address.
        #[derive(Clone)]
        pub(crate) enum Data { $($variant(Values<$stored>),)* }

        impl Data {
            /// The type of the elements.
            pub(crate) const fn dtype(&self) -> DType {
                match self { $(Data::$variant(_) => DType::$variant,)* }
            }
        }
    };
}

element_types!(names);

impl DType {
    /// What this is, without its size.
    pub const fn kind(self) -> Kind {
        use DType::*;
        match self {
            Bool => Kind::Bool,
            UInt8 | UInt16 | UInt32 | UInt64 => Kind::Unsigned,
            Int8 | Int16 | Int32 | Int64 => Kind::Signed,
            Float32 | Float64 => Kind::Float,
            Complex64 | Complex128 => Kind::Complex,
        }
    }

    /// Whether this is a floating-point type (a complex one is not).
    pub const fn is_float(self) -> bool {
        matches!(self.kind(), Kind::Float)
    }

    /// Whether this is a complex type.
    pub const fn is_complex(self) -> bool {
        matches!(self.kind(), Kind::Complex)
    }

    /// Whether elements are made of floating-point numbers: real or complex ones.
    pub const fn is_inexact(self) -> bool {
        matches!(self.kind(), Kind::Float | Kind::Complex)
    }

    /// Whether this is an integer type (`bool` is not).
    pub const fn is_integer(self) -> bool {
        matches!(self.kind(), Kind::Signed | Kind::Unsigned)
    }

    /// The type of the parts of a complex type, and of the absolute value; other types answer themselves.
    pub const fn real(self) -> DType {
        match self {
            DType::Complex64 => DType::Float32,
            DType::Complex128 => DType::Float64,
            other => other,
        }
    }

    /// The complex type whose parts hold this type: `complex64` for what fits `float32`, else `complex128`.
    pub const fn complex(self) -> DType {
        match self.float() {
            DType::Float32 | DType::Complex64 => DType::Complex64,
            _ => DType::Complex128,
        }
    }

    /// The type in which functions into the reals answer: `float32` for integers of one and two bytes and `bool`,
    /// `float64` for longer ones; floating-point and complex types answer themselves.
    ///
    /// NumPy answers `float16` for one-byte integers; the next stored type is `float32`.
    pub const fn float(self) -> DType {
        use DType::*;
        match self {
            Bool | Int8 | UInt8 | Int16 | UInt16 => Float32,
            Int32 | UInt32 | Int64 | UInt64 => Float64,
            other => other,
        }
    }

    /// The smallest and the largest value of an integer type, of `bool` as 0 and 1.
    pub const fn bounds(self) -> Option<(i128, i128)> {
        use DType::*;
        match self {
            Bool => Some((0, 1)),
            Int8 => Some((i8::MIN as i128, i8::MAX as i128)),
            UInt8 => Some((0, u8::MAX as i128)),
            Int16 => Some((i16::MIN as i128, i16::MAX as i128)),
            UInt16 => Some((0, u16::MAX as i128)),
            Int32 => Some((i32::MIN as i128, i32::MAX as i128)),
            UInt32 => Some((0, u32::MAX as i128)),
            Int64 => Some((i64::MIN as i128, i64::MAX as i128)),
            UInt64 => Some((0, u64::MAX as i128)),
            Float32 | Float64 | Complex64 | Complex128 => None,
        }
    }

    /// The type to which both can be cast without loss, as `numpy.result_type` answers it for arrays.
    ///
    /// ```
    /// use phalanx_chunk::DType;
    /// assert_eq!(DType::promote(DType::Int32, DType::Float32), DType::Float64);
    /// assert_eq!(DType::promote(DType::UInt8, DType::Float32), DType::Float32);
    /// assert_eq!(DType::promote(DType::UInt64, DType::Int64), DType::Float64);
    /// ```
    pub const fn promote(a: DType, b: DType) -> DType {
        use DType::*;
        match (a.kind(), b.kind()) {
            (Kind::Bool, _) => b,
            (_, Kind::Bool) => a,
            (Kind::Complex, _) | (_, Kind::Complex) => match (a.complex(), b.complex()) {
                (Complex64, Complex64) => Complex64,
                _ => Complex128,
            },
            (Kind::Float, _) | (_, Kind::Float) => match (a.float(), b.float()) {
                (Float32, Float32) => Float32,
                _ => Float64,
            },
            (Kind::Signed, Kind::Unsigned) => DType::signed_with_unsigned(a, b),
            (Kind::Unsigned, Kind::Signed) => DType::signed_with_unsigned(b, a),
            _ if a.itemsize() > b.itemsize() => a,
            _ => b,
        }
    }

    /// The signed type that holds both; NumPy answers `float64` where there is none.
    const fn signed_with_unsigned(signed: DType, unsigned: DType) -> DType {
        if signed.itemsize() > unsigned.itemsize() {
            return signed;
        }
        match unsigned.itemsize() {
            1 => DType::Int16,
            2 => DType::Int32,
            4 => DType::Int64,
            _ => DType::Float64,
        }
    }

    /// Whether every value of `self` has a place in `to`, NumPy's `can_cast(casting="safe")`.
    pub fn casts_safely_to(self, to: DType) -> bool {
        DType::promote(self, to) == to
    }

    /// Whether NumPy's `same_kind` casting goes from `self` to `to`: safely, or to a smaller type of the same kind, or
    /// up the kinds (bool, integer, float, complex).
    pub fn casts_to_same_kind(self, to: DType) -> bool {
        self.kind() <= to.kind() || self.casts_safely_to(to)
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

/// A Rust type that a chunk can hold: `bool`, `i8` to `i64`, `u8` to `u64`, `f32`, `f64`, `Complex32`, `Complex64`
/// (of the crate `num-complex`). Sealed.
pub trait Element: Storage + Copy + PartialEq + Default + fmt::Debug + Send + Sync + 'static {
    /// The dtype of this type.
    const DTYPE: DType;
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

macro_rules! elements {
    ([] Bool $name:literal bool u8, $($variant:ident $other:literal $element:ident $stored:ident,)*) => {
        $(
            #[expect(private_interfaces, reason = "the trait is sealed: nobody outside can name or call it")]
            impl Storage for $element {
                fn store(values: Vec<$element>) -> Data {
                    Data::$variant(values.into())
                }
                fn slice(data: &Data) -> Option<&[$element]> {
                    match data {
                        Data::$variant(values) => Some(values),
                        _ => None,
                    }
                }
            }
            impl Element for $element {
                const DTYPE: DType = DType::$variant;
            }
        )*
    };
}

element_types!(elements);

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

/// Evaluates one expression for the element type of a dtype, whatever it is: `with_element!(dtype, T => body)`, where
/// `T` is a type that implements [`Element`](crate::Element).
///
/// ```
/// use phalanx_chunk::{Chunk, DType, with_element};
/// let size = |dtype: DType| with_element!(dtype, T => size_of::<T>());
/// assert_eq!(size(DType::Complex64), 8);
/// ```
#[macro_export]
macro_rules! with_element {
    ($dtype:expr, $element:ident => $body:expr) => {
        match $dtype {
            $crate::DType::Bool => {
                type $element = bool;
                $body
            }
            $crate::DType::Int8 => {
                type $element = i8;
                $body
            }
            $crate::DType::UInt8 => {
                type $element = u8;
                $body
            }
            $crate::DType::Int16 => {
                type $element = i16;
                $body
            }
            $crate::DType::UInt16 => {
                type $element = u16;
                $body
            }
            $crate::DType::Int32 => {
                type $element = i32;
                $body
            }
            $crate::DType::UInt32 => {
                type $element = u32;
                $body
            }
            $crate::DType::Int64 => {
                type $element = i64;
                $body
            }
            $crate::DType::UInt64 => {
                type $element = u64;
                $body
            }
            $crate::DType::Float32 => {
                type $element = f32;
                $body
            }
            $crate::DType::Float64 => {
                type $element = f64;
                $body
            }
            $crate::DType::Complex64 => {
                type $element = $crate::Complex32;
                $body
            }
            $crate::DType::Complex128 => {
                type $element = $crate::Complex64;
                $body
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promotion_is_commutative_and_idempotent_and_holds_both() {
        for a in DType::ALL {
            assert_eq!(DType::promote(a, a), a);
            for b in DType::ALL {
                let both = DType::promote(a, b);
                assert_eq!(both, DType::promote(b, a));
                assert!(a.casts_safely_to(both) && b.casts_to_same_kind(both), "{a} {b}");
            }
        }
    }

    #[test]
    fn names_parse_back() {
        for d in DType::ALL {
            assert_eq!(d.to_string().parse::<DType>(), Ok(d));
            assert_eq!(with_element!(d, T => T::DTYPE), d);
        }
        assert!("float16".parse::<DType>().is_err());
        assert!(DType::Int64.casts_to_same_kind(DType::Int8) && !DType::Float32.casts_to_same_kind(DType::Int64));
    }
}
