//! Functions of one argument.

use super::define::{Answer, Loops, functions};
use super::elementary;
use super::number::{Float, Imaginary, Integer};
use super::operand::{each, map};
use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::values::Stored;

functions! {
    /// A function of one argument, applied to every element.
    Unary {
        /// `-x`.
        Negative = "negative": NUMBER => Same,
        /// `x`; not for `bool`.
        Positive = "positive": NUMBER => Same,
        /// `|x|`; the smallest integer stays itself, a complex number has its modulus.
        Absolute = "absolute": ALL => Part,
        /// `|x|` in floating point.
        Fabs = "fabs": FLOAT => Same,
        /// -1, 0 or 1, or NaN; of a complex number `x / |x|`.
        Sign = "sign": NUMBER => Same,
        /// The square root; NaN for reals below zero.
        Sqrt = "sqrt": INEXACT => Same,
        /// The cube root.
        Cbrt = "cbrt": FLOAT => Same,
        /// `x * x`.
        Square = "square": NUMBER | BOOL_AS_INT8 => Same,
        /// `1 / x`; for integers rounded towards zero.
        Reciprocal = "reciprocal": NUMBER | BOOL_AS_INT8 => Same,
        /// eˣ.
        Exp = "exp": INEXACT => Same,
        /// 2ˣ.
        Exp2 = "exp2": INEXACT => Same,
        /// `exp(x) - 1`, accurate near zero.
        Expm1 = "expm1": INEXACT => Same,
        /// The natural logarithm.
        Log = "log": INEXACT => Same,
        /// The logarithm to base 2.
        Log2 = "log2": INEXACT => Same,
        /// The logarithm to base 10.
        Log10 = "log10": INEXACT => Same,
        /// `log(1 + x)`, accurate near zero.
        Log1p = "log1p": INEXACT => Same,
        /// Sine of radians.
        Sin = "sin": INEXACT => Same,
        /// Cosine of radians.
        Cos = "cos": INEXACT => Same,
        /// Tangent of radians.
        Tan = "tan": INEXACT => Same,
        /// Inverse sine, in radians.
        Arcsin = "arcsin": INEXACT => Same,
        /// Inverse cosine, in radians.
        Arccos = "arccos": INEXACT => Same,
        /// Inverse tangent, in radians.
        Arctan = "arctan": INEXACT => Same,
        /// Hyperbolic sine.
        Sinh = "sinh": INEXACT => Same,
        /// Hyperbolic cosine.
        Cosh = "cosh": INEXACT => Same,
        /// Hyperbolic tangent.
        Tanh = "tanh": INEXACT => Same,
        /// Inverse hyperbolic sine.
        Arcsinh = "arcsinh": INEXACT => Same,
        /// Inverse hyperbolic cosine.
        Arccosh = "arccosh": INEXACT => Same,
        /// Inverse hyperbolic tangent.
        Arctanh = "arctanh": INEXACT => Same,
        /// Degrees as radians.
        Deg2rad = "deg2rad": FLOAT => Same,
        /// Radians as degrees.
        Rad2deg = "rad2deg": FLOAT => Same,
        /// `sin(πx) / πx`, 1 at zero.
        Sinc = "sinc": FLOAT | INTEGER_AS_DOUBLE => Same,
        /// The modified Bessel function of the first kind of order 0.
        I0 = "i0": FLOAT | INTEGER_AS_DOUBLE => Same,
        /// The largest integer that is not larger.
        Floor = "floor": BOOL | REAL => Same,
        /// The smallest integer that is not smaller.
        Ceil = "ceil": BOOL | REAL => Same,
        /// The integer part.
        Trunc = "trunc": BOOL | REAL => Same,
        /// The nearest integer, the even one of two.
        Rint = "rint": INEXACT => Same,
        /// The distance to the next number away from zero.
        Spacing = "spacing": FLOAT => Same,
        /// Whether it is NaN.
        Isnan = "isnan": ALL => Truth,
        /// Whether it is neither infinite nor NaN.
        Isfinite = "isfinite": ALL => Truth,
        /// Whether it is infinite.
        Isinf = "isinf": ALL => Truth,
        /// Whether the sign is minus, also that of a zero or NaN.
        Signbit = "signbit": FLOAT => Truth,
        /// Whether it is zero.
        LogicalNot = "logical_not": ALL => Truth,
        /// Every bit turned over; for `bool` logical not.
        Invert = "invert": BOOL | INTEGER => Same,
        /// How many bits of the absolute value are set.
        BitwiseCount = "bitwise_count": INTEGER | BOOL_AS_INT8 => Count,
        /// The complex conjugate.
        Conjugate = "conjugate": NUMBER | BOOL_AS_INT8 => Same,
        /// The real part.
        Real = "real": ALL => Part,
        /// The imaginary part, 0 of what is not complex.
        Imag = "imag": ALL => Part,
        /// The argument of a complex number, in radians; 0 or π of a real one.
        Angle = "angle": INEXACT => Part,
        /// What `modf` answers first: the fraction, with the sign of `x`.
        Fraction = "modf_fraction": FLOAT => Same,
        /// What `modf` answers second: the integer part.
        Whole = "modf_whole": FLOAT => Same,
        /// What `frexp` answers first: `m` of `x = m * 2**e` with 0.5 ≤ |m| < 1.
        Mantissa = "frexp_mantissa": FLOAT => Same,
        /// What `frexp` answers second: `e` of `x = m * 2**e`, as `int32`.
        Exponent = "frexp_exponent": FLOAT => Exponent,
    }
}

impl Unary {
    /// The dtype of the result for this dtype of the argument.
    ///
    /// # Errors
    /// [`Error::DType`] if the function does not take it.
    pub fn dtype(&self, input: DType) -> Result<DType> {
        Ok(self.answer().dtype(self.loop_dtype(input)?))
    }

    fn loop_dtype(self, input: DType) -> Result<DType> {
        self.loops().resolve(&[input]).ok_or_else(|| Error::dtype(self.name(), &[input]))
    }

    /// The function of every element. Cost: one pass, one result; integers that become floats are cast first.
    ///
    /// # Errors
    /// As [`Unary::dtype`].
    ///
    /// ```
    /// use phalanx_chunk::{Chunk, ufunc::Unary};
    /// # fn main() -> phalanx_chunk::Result<()> {
    /// let roots = Unary::Sqrt.apply(&Chunk::new(&[2, 1], vec![4i64, 9])?)?;
    /// assert_eq!(roots.values::<f64>()?, &[2.0, 3.0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply(&self, x: &Chunk) -> Result<Chunk> {
        let argument = x.cast(self.loop_dtype(x.dtype())?);
        macro_rules! loops {
            ($(integer $integer:ident;)* $(float $float:ident;)* $(complex $complex:ident $part:ident;)*) => {
                match (argument.data(), self.answer()) {
                    (Data::Bool(v), _) => Data::Bool(self.truths(v)?.into()),
                    $((Data::$integer(v), Answer::Truth) => Data::Bool(self.integer_truth(v)?.into()),
                    (Data::$integer(v), Answer::Count) => Data::UInt8(map(v, Integer::bit_count).into()),
                    (Data::$integer(v), _) => Data::$integer(self.integers(v)?.into()),)*
                    $((Data::$float(v), Answer::Truth) => Data::Bool(self.float_truth(v)?.into()),
                    (Data::$float(v), Answer::Exponent) => Data::Int32(each(v, |x| Float::frexp(x).1).into()),
                    (Data::$float(v), _) => Data::$float(self.floats(v)?.into()),)*
                    $((Data::$complex(v), Answer::Truth) => Data::Bool(self.complex_truth(v)?.into()),
                    (Data::$complex(v), Answer::Part) => Data::$part(self.parts(v)?.into()),
                    (Data::$complex(v), _) => Data::$complex(self.complexes(v)?.into()),)*
                }
            };
        }
        let data = loops!(
            integer Int8; integer UInt8; integer Int16; integer UInt16; integer Int32; integer UInt32; integer Int64;
            integer UInt64; float Float32; float Float64; complex Complex64 Float32; complex Complex128 Float64;
        );
        debug_assert_eq!(Ok(data.dtype()), self.dtype(x.dtype()));
        Ok(Chunk::from_data(x.shape(), data))
    }

    fn refuse<T>(self, dtype: DType) -> Result<T> {
        Err(Error::dtype(self.name(), &[dtype]))
    }

    fn truths(self, x: &[u8]) -> Result<Vec<u8>> {
        use Unary::*;
        Ok(match self {
            Absolute | Floor | Ceil | Trunc | Real => x.to_vec(),
            Invert | LogicalNot => map(x, |v| v ^ 1),
            Isnan | Isinf | Imag => vec![0; x.len()],
            Isfinite => vec![1; x.len()],
            _ => return self.refuse(DType::Bool),
        })
    }

    fn integers<T: Integer>(self, x: &[T]) -> Result<Vec<T>> {
        use Unary::*;
        Ok(match self {
            Positive | Floor | Ceil | Trunc | Conjugate | Real => x.to_vec(),
            Negative => map(x, T::negative),
            Absolute => map(x, T::absolute),
            Sign => map(x, T::sign),
            Square => map(x, |v| v.multiply(v)),
            Reciprocal => each(x, T::reciprocal),
            Invert => map(x, T::invert),
            Imag => vec![T::ZERO; x.len()],
            _ => return self.refuse(DType::Int64),
        })
    }

    fn integer_truth<T: Integer>(self, x: &[T]) -> Result<Vec<u8>> {
        use Unary::*;
        Ok(match self {
            Isnan | Isinf => vec![0; x.len()],
            Isfinite => vec![1; x.len()],
            LogicalNot => map(x, is_zero),
            _ => return self.refuse(DType::Int64),
        })
    }

    fn floats<T: Float>(self, x: &[T]) -> Result<Vec<T>> {
        use Unary::*;
        Ok(match self {
            Positive | Conjugate | Real => x.to_vec(),
            Imag => vec![T::ZERO; x.len()],
            Negative => map(x, T::negative),
            Absolute | Fabs => map(x, T::absolute),
            Sign => map(x, T::sign),
            Sqrt => map(x, T::sqrt),
            Square => map(x, |v| v.multiply(v)),
            Reciprocal => map(x, T::reciprocal),
            Floor => map(x, T::floor),
            Ceil => map(x, T::ceil),
            Trunc | Whole => map(x, T::trunc),
            Rint => map(x, T::rint),
            Deg2rad => map(x, T::deg2rad),
            Rad2deg => map(x, T::rad2deg),
            Fraction => map(x, T::fraction),
            Cbrt => each(x, T::cbrt),
            Expm1 => elementary::values::<elementary::Expm1, T>(x),
            Log1p => elementary::values::<elementary::Log1p, T>(x),
            Exp => elementary::values::<elementary::Exp, T>(x),
            Exp2 => elementary::values::<elementary::Exp2, T>(x),
            Log => elementary::values::<elementary::Log, T>(x),
            Log2 => elementary::values::<elementary::Log2, T>(x),
            Log10 => elementary::values::<elementary::Log10, T>(x),
            Sin => elementary::values::<elementary::Sin, T>(x),
            Cos => elementary::values::<elementary::Cos, T>(x),
            Tan => elementary::values::<elementary::Tan, T>(x),
            Arcsin => each(x, T::arcsin),
            Arccos => each(x, T::arccos),
            Arctan => each(x, T::arctan),
            Sinh => elementary::values::<elementary::Sinh, T>(x),
            Cosh => elementary::values::<elementary::Cosh, T>(x),
            Tanh => elementary::values::<elementary::Tanh, T>(x),
            Arcsinh => each(x, T::arcsinh),
            Arccosh => each(x, T::arccosh),
            Arctanh => each(x, T::arctanh),
            Sinc => each(x, T::sinc),
            I0 => each(x, T::i0),
            Spacing => each(x, T::spacing),
            Mantissa => each(x, |v| v.frexp().0),
            Angle => each(x, |v| T::ZERO.arctan2(v)),
            _ => return self.refuse(DType::Float64),
        })
    }

    fn float_truth<T: Float>(self, x: &[T]) -> Result<Vec<u8>> {
        use Unary::*;
        Ok(match self {
            Isnan => map(x, |v| u8::from(v.is_nan())),
            Isinf => map(x, |v| u8::from(v.is_infinite())),
            Isfinite => map(x, |v| u8::from(v.is_finite())),
            Signbit => map(x, |v| u8::from(v.is_sign_negative())),
            LogicalNot => map(x, is_zero),
            _ => return self.refuse(DType::Float64),
        })
    }

    fn complexes<T: Imaginary>(self, x: &[T]) -> Result<Vec<T>> {
        use Unary::*;
        Ok(match self {
            Positive => x.to_vec(),
            Conjugate => map(x, T::conjugate),
            Negative => map(x, T::negative),
            Square => map(x, |v| v.multiply(v)),
            Rint => map(x, T::rint),
            Sign => each(x, T::sign),
            Reciprocal => each(x, T::reciprocal),
            Sqrt => each(x, T::sqrt),
            Exp => each(x, T::exp),
            Exp2 => each(x, T::exp2),
            Expm1 => each(x, T::expm1),
            Log => each(x, T::log),
            Log2 => each(x, T::log2),
            Log10 => each(x, T::log10),
            Log1p => each(x, T::log1p),
            Sin => each(x, T::sin),
            Cos => each(x, T::cos),
            Tan => each(x, T::tan),
            Arcsin => each(x, T::arcsin),
            Arccos => each(x, T::arccos),
            Arctan => each(x, T::arctan),
            Sinh => each(x, T::sinh),
            Cosh => each(x, T::cosh),
            Tanh => each(x, T::tanh),
            Arcsinh => each(x, T::arcsinh),
            Arccosh => each(x, T::arccosh),
            Arctanh => each(x, T::arctanh),
            _ => return self.refuse(DType::Complex128),
        })
    }

    fn complex_truth<T: Imaginary>(self, x: &[T]) -> Result<Vec<u8>> {
        use Unary::*;
        Ok(match self {
            Isnan => map(x, |v| u8::from(v.is_nan())),
            Isinf => map(x, |v| u8::from(v.is_infinite())),
            Isfinite => map(x, |v| u8::from(v.is_finite())),
            LogicalNot => map(x, is_zero),
            _ => return self.refuse(DType::Complex128),
        })
    }

    fn parts<T: Imaginary>(self, x: &[T]) -> Result<Vec<T::Part>> {
        use Unary::*;
        Ok(match self {
            Real => map(x, T::re),
            Imag => map(x, T::im),
            Absolute => each(x, T::modulus),
            Angle => each(x, T::angle),
            _ => return self.refuse(DType::Complex128),
        })
    }
}

#[inline(always)]
fn is_zero<T: Stored>(value: T) -> u8 {
    u8::from(value == T::default())
}
