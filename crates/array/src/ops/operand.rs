//! What can stand on one side of a function of two arrays.

use crate::array::Array;
use phalanx_chunk::dtype::Kind;
use phalanx_chunk::ufunc::Binary;
use phalanx_chunk::{Chunk, Complex64, DType};
use phalanx_engine::{Error, Result};

/// A number without a dtype of its own, as Python's are (NEP 50): beside an array it takes the array's dtype if that is
/// of its kind or a higher one, else the default dtype of its own kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// An integer, which must fit the array's dtype.
    Integer(i128),
    /// A float.
    Float(f64),
    /// A complex number.
    Complex(Complex64),
}

/// One side of a function of two arrays.
#[derive(Clone, Debug)]
pub enum Side {
    /// An array.
    Array(Array),
    /// A number that takes the dtype of the other side where it can.
    Scalar(Scalar),
}

/// An array or a number: `x + &y`, `x + 2.0`, `x + 1`.
///
/// `f64`, `i64` and [`Complex64`] are weak ([`Scalar`]): `uint8 + 1` is `uint8`, `float32 * 2.0` is `float32`,
/// `int8 + 1.5` is `float64`. A `bool` has a dtype, as in NumPy.
pub trait Operand {
    /// What it is.
    fn side(&self) -> Side;

    /// The operand as an array, beside one of type `other`.
    fn beside(&self, other: DType) -> Array {
        match self.side() {
            Side::Array(array) => array,
            Side::Scalar(scalar) => scalar.array(Some(other), None),
        }
    }
}

macro_rules! operands {
    ($($type:ty, $value:ident => $side:expr;)*) => {
        $(impl Operand for $type {
            fn side(&self) -> Side {
                let $value = self;
                $side
            }
        })*
    };
}

operands! {
    Array, array => Side::Array(array.clone());
    &Array, array => Side::Array(Array::clone(array));
    Side, side => side.clone();
    Scalar, scalar => Side::Scalar(*scalar);
    f64, value => Side::Scalar(Scalar::Float(*value));
    i64, value => Side::Scalar(Scalar::Integer(i128::from(*value)));
    Complex64, value => Side::Scalar(Scalar::Complex(*value));
    bool, value => Side::Array(Array::from_chunk(Chunk::scalar(*value)));
}

impl Scalar {
    /// As [`Scalar::beside`]; the error, if any, is held by the array.
    fn array(self, other: Option<DType>, function: Option<Binary>) -> Array {
        match self.beside(other, function) {
            Ok(chunk) => Array::from_chunk(chunk),
            Err(error) => Array::failed(error),
        }
    }

    /// The number as one element, beside an array of type `other` (`None`: beside another number).
    fn beside(self, other: Option<DType>, function: Option<Binary>) -> Result<Chunk> {
        let other = other.unwrap_or(DType::Bool);
        let inexact = match (self, other.kind()) {
            (_, Kind::Float | Kind::Complex) => other,
            _ => DType::Float64,
        };
        let value = match self {
            Self::Complex(value) => return Ok(Chunk::scalar(value).cast(inexact.complex())),
            Self::Float(value) => return Ok(Chunk::scalar(value).cast(inexact)),
            Self::Integer(value) => value,
        };
        let target = match other.kind() {
            _ if function == Some(Binary::Ldexp) => DType::Int64, // an exponent keeps its own dtype
            Kind::Bool => DType::Int64,
            _ => other,
        };
        // Everything can be compared with everything, in a type that holds both.
        let wider = [DType::Int64, DType::UInt64, DType::Float64];
        let compared = function.is_some_and(|function| function.compares());
        let candidates = std::iter::once(target).chain(wider.into_iter().filter(|_| compared));
        for dtype in candidates {
            match dtype.bounds() {
                None => return Ok(Chunk::scalar(value as f64).cast(dtype)),
                Some((low, high)) if (low..=high).contains(&value) => {
                    let chunk =
                        if dtype == DType::UInt64 { Chunk::scalar(value as u64) } else { Chunk::scalar(value as i64) };
                    return Ok(chunk.cast(dtype));
                }
                Some(_) => {}
            }
        }
        Err(Error::input(format!("Python integer {value} out of bounds for {target}"))
            .with_hint("cast the array to a wider dtype: `astype`"))
    }
}

/// Both sides as arrays, for `function` if it has its own rules for numbers.
///
/// # Errors
/// (held by the arrays) `Input` for an integer that does not fit the dtype of the other side.
pub fn operands(a: &impl Operand, b: &impl Operand, function: Option<Binary>) -> (Array, Array) {
    let array = |scalar: Scalar, other| scalar.array(other, function);
    // A failed array hands on its error, whatever stands beside it.
    let dtype = |array: &Array| array.dtype().ok();
    match (a.side(), b.side()) {
        (Side::Array(a), Side::Array(b)) => (a, b),
        (Side::Array(a), Side::Scalar(b)) => {
            let b = array(b, dtype(&a));
            (a, b)
        }
        (Side::Scalar(a), Side::Array(b)) => {
            let a = array(a, dtype(&b));
            (a, b)
        }
        (Side::Scalar(a), Side::Scalar(b)) => (array(a, None), array(b, None)),
    }
}
