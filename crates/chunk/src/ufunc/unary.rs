//! Functions of one argument.

use super::define::functions;
use super::number::{Number, Real};
use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::simd::{self, Map};

functions! {
    /// A function of one argument, applied to every element.
    Unary {
        /// `-x`; not for `bool`.
        Negative = "negative",
        /// `|x|`; the smallest integer stays itself.
        Absolute = "absolute",
        /// -1, 0 or 1, or NaN; not for `bool`.
        Sign = "sign",
        /// The square root; NaN below zero.
        Sqrt = "sqrt",
        /// `x * x`.
        Square = "square",
        /// eˣ.
        Exp = "exp",
        /// The natural logarithm.
        Log = "log",
        /// The logarithm to base 2.
        Log2 = "log2",
        /// The logarithm to base 10.
        Log10 = "log10",
        /// `log(1 + x)`, accurate near zero.
        Log1p = "log1p",
        /// `exp(x) - 1`, accurate near zero.
        Expm1 = "expm1",
        /// Sine of radians.
        Sin = "sin",
        /// Cosine of radians.
        Cos = "cos",
        /// Tangent of radians.
        Tan = "tan",
        /// Inverse sine, in radians.
        Arcsin = "arcsin",
        /// Inverse cosine, in radians.
        Arccos = "arccos",
        /// Inverse tangent, in radians.
        Arctan = "arctan",
        /// Hyperbolic sine.
        Sinh = "sinh",
        /// Hyperbolic cosine.
        Cosh = "cosh",
        /// Hyperbolic tangent.
        Tanh = "tanh",
        /// The largest integer that is not larger.
        Floor = "floor",
        /// The smallest integer that is not smaller.
        Ceil = "ceil",
        /// The integer part.
        Trunc = "trunc",
        /// The nearest integer, the even one of two.
        Rint = "rint",
        /// Whether it is NaN.
        Isnan = "isnan",
        /// Whether it is neither infinite nor NaN.
        Isfinite = "isfinite",
        /// Whether it is infinite.
        Isinf = "isinf",
        /// Whether it is zero.
        LogicalNot = "logical_not",
        /// `1 / x`; for integers rounded towards zero.
        Reciprocal = "reciprocal",
    }
}

/// The dtype in which functions into the reals answer. NumPy answers `float16` for one-byte integers; the next
/// stored type is `float32`.
pub(super) fn float_of(dtype: DType) -> DType {
    match dtype {
        DType::Bool | DType::UInt8 | DType::Float32 => DType::Float32,
        DType::Int32 | DType::Int64 | DType::Float64 => DType::Float64,
    }
}

/// The dtype in which arithmetic that `bool` lacks answers. NumPy answers `int8`; the next stored type is `int32`.
pub(super) fn number_of(dtype: DType) -> DType {
    if dtype == DType::Bool { DType::Int32 } else { dtype }
}

impl Unary {
    /// The dtype of the result for this dtype of the argument.
    ///
    /// # Errors
    /// [`Error::DType`] if the function does not take it.
    pub fn dtype(&self, input: DType) -> Result<DType> {
        use Unary::*;
        match self {
            Negative | Sign if input == DType::Bool => Err(Error::dtype(self.name(), &[input])),
            Negative | Sign | Absolute | Floor | Ceil | Trunc => Ok(input),
            Square | Reciprocal => Ok(number_of(input)),
            Isnan | Isfinite | Isinf | LogicalNot => Ok(DType::Bool),
            Sqrt | Exp | Log | Log2 | Log10 | Log1p | Expm1 | Sin | Cos | Tan | Arcsin | Arccos | Arctan | Sinh
            | Cosh | Tanh | Rint => Ok(float_of(input)),
        }
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
        use Unary::*;
        let dtype = self.dtype(x.dtype())?;
        match self {
            Floor | Ceil | Trunc if !dtype.is_float() => return Ok(x.clone()),
            Absolute if dtype == DType::Bool => return Ok(x.clone()),
            // 1 / 1 is 1, and NumPy's int8 answer to 1 / 0 is 0.
            Reciprocal if x.dtype() == DType::Bool => return Ok(x.cast(dtype)),
            Isnan | Isinf if !x.dtype().is_float() => return Chunk::zeros(DType::Bool, x.shape()),
            Isfinite if !x.dtype().is_float() => return Chunk::full(x.shape(), true),
            LogicalNot => {
                let truth = x.cast(DType::Bool);
                return Ok(Chunk::from_data(x.shape(), Data::Bool(map(truth.bytes(), |v| v ^ 1).into())));
            }
            _ => {}
        }
        let argument = if dtype == DType::Bool { x.clone() } else { x.cast(dtype) };
        let data = match argument.data() {
            Data::Float64(v) if dtype == DType::Bool => Data::Bool(self.predicate(v).into()),
            Data::Float32(v) if dtype == DType::Bool => Data::Bool(self.predicate(v).into()),
            Data::Float64(v) => Data::Float64(self.real(Into(v))?.into()),
            Data::Float32(v) => Data::Float32(self.real(Into(v))?.into()),
            Data::Int64(v) => Data::Int64(self.number(Into(v))?.into()),
            Data::Int32(v) => Data::Int32(self.number(Into(v))?.into()),
            Data::UInt8(v) => Data::UInt8(self.number(Into(v))?.into()),
            Data::Bool(_) => return Err(Error::dtype(self.name(), &[x.dtype()])),
        };
        Ok(Chunk::from_data(x.shape(), data))
    }

    /// The function of every value, in place: the tile of a fused chain. The same bits as [`Unary::apply`].
    ///
    /// # Errors
    /// [`Error::DType`] for the functions that answer with `bool`.
    pub fn apply_in_place(&self, values: &mut [f64]) -> Result<()> {
        if self.dtype(DType::Float64)? != DType::Float64 {
            return Err(Error::dtype(format!("{} in place", self.name()), &[DType::Float64]));
        }
        self.real(InPlace(values))
    }

    /// Hands the function of floats to `visitor`, which loops.
    fn real<T: Real, V: Visitor<T>>(&self, visitor: V) -> Result<V::Output> {
        use Unary::*;
        Ok(match self {
            Sqrt => visitor.visit(T::sqrt),
            Exp => visitor.visit(T::exp),
            Log => visitor.visit(T::log),
            Log2 => visitor.visit(T::log2),
            Log10 => visitor.visit(T::log10),
            Log1p => visitor.visit(T::log1p),
            Expm1 => visitor.visit(T::expm1),
            Sin => visitor.visit(T::sin),
            Cos => visitor.visit(T::cos),
            Tan => visitor.visit(T::tan),
            Arcsin => visitor.visit(T::arcsin),
            Arccos => visitor.visit(T::arccos),
            Arctan => visitor.visit(T::arctan),
            Sinh => visitor.visit(T::sinh),
            Cosh => visitor.visit(T::cosh),
            Tanh => visitor.visit(T::tanh),
            Floor => visitor.visit(T::floor),
            Ceil => visitor.visit(T::ceil),
            Trunc => visitor.visit(T::trunc),
            Rint => visitor.visit(T::rint),
            _ => return self.number(visitor),
        })
    }

    /// Hands the function that every number has to `visitor`.
    fn number<T: Number, V: Visitor<T>>(&self, visitor: V) -> Result<V::Output> {
        match self {
            Unary::Negative => Ok(visitor.visit(T::negative)),
            Unary::Absolute => Ok(visitor.visit(T::absolute)),
            Unary::Sign => Ok(visitor.visit(T::sign)),
            Unary::Square => Ok(visitor.visit(|x: T| x.multiply(x))),
            Unary::Reciprocal => Ok(visitor.visit(T::reciprocal)),
            _ => Err(Error::dtype(self.name(), &[])),
        }
    }

    /// Whether the predicate holds, for each float.
    fn predicate<T: Real>(&self, values: &[T]) -> Vec<u8> {
        match self {
            Unary::Isnan => map(values, |x| u8::from(x.is_nan())),
            Unary::Isinf => map(values, |x| u8::from(x.is_infinite())),
            _ => map(values, |x| u8::from(x.is_finite())),
        }
    }
}

/// A loop over elements that waits for its function. Passing the function as a type makes each loop its own code.
trait Visitor<T> {
    type Output;
    fn visit(self, f: impl Fn(T) -> T) -> Self::Output;
}

/// The results as new values.
struct Into<'a, T>(&'a [T]);

impl<T: Copy + Default> Visitor<T> for Into<'_, T> {
    type Output = Vec<T>;
    fn visit(self, f: impl Fn(T) -> T) -> Vec<T> {
        map(self.0, f)
    }
}

/// The results in place of the arguments.
struct InPlace<'a, T>(&'a mut [T]);

impl<T: Copy> Visitor<T> for InPlace<'_, T> {
    type Output = ();
    fn visit(self, f: impl Fn(T) -> T) {
        simd::run(simd::Update { values: self.0, f });
    }
}

fn map<T: Copy, U: Copy + Default>(values: &[T], f: impl Fn(T) -> U) -> Vec<U> {
    let mut out = vec![U::default(); values.len()];
    simd::run(Map { x: values, out: &mut out, f });
    out
}
