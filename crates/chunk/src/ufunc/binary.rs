//! Functions of two arguments.

use super::define::functions;
use super::number::{Number, Real};
use super::operand::{Operand, Zip, zip};
use super::unary::{float_of, number_of};
use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::shape::{broadcast, element_count};
use crate::simd;

functions! {
    /// A function of two arguments, applied to each pair of elements.
    Binary {
        /// `a + b`; for `bool` logical or.
        Add = "add",
        /// `a - b`; not for two `bool`.
        Subtract = "subtract",
        /// `a * b`; for `bool` logical and.
        Multiply = "multiply",
        /// `a / b` in floating point.
        Divide = "divide",
        /// `floor(a / b)`; 0 for integers over zero.
        FloorDivide = "floor_divide",
        /// `a - floor(a / b) * b`, with the sign of `b`; 0 for integers over zero.
        Remainder = "remainder",
        /// `a` to the power `b`; integers refuse negative exponents.
        Power = "power",
        /// The larger one, or NaN if either is.
        Maximum = "maximum",
        /// The smaller one, or NaN if either is.
        Minimum = "minimum",
        /// The angle of the point `(b, a)`, in radians.
        Arctan2 = "arctan2",
        /// `sqrt(a² + b²)` without overflow on the way.
        Hypot = "hypot",
        /// `a == b`.
        Equal = "equal",
        /// `a != b`.
        NotEqual = "not_equal",
        /// `a < b`.
        Less = "less",
        /// `a <= b`.
        LessEqual = "less_equal",
        /// `a > b`.
        Greater = "greater",
        /// `a >= b`.
        GreaterEqual = "greater_equal",
        /// Whether both are not zero.
        LogicalAnd = "logical_and",
        /// Whether one is not zero.
        LogicalOr = "logical_or",
        /// Whether exactly one is not zero.
        LogicalXor = "logical_xor",
    }
}

impl Binary {
    /// Whether this compares: its loop runs in the common dtype and answers with `bool`.
    const fn compares(self) -> bool {
        use Binary::*;
        matches!(self, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
    }

    /// The dtype of the result for these dtypes of the arguments.
    ///
    /// # Errors
    /// [`Error::DType`] if the function does not take them.
    pub fn dtype(&self, a: DType, b: DType) -> Result<DType> {
        if self.compares() { Ok(DType::Bool) } else { self.loop_dtype(a, b) }
    }

    /// The dtype to which both sides are cast.
    fn loop_dtype(self, a: DType, b: DType) -> Result<DType> {
        use Binary::*;
        let common = DType::promote(a, b);
        match self {
            Subtract if common == DType::Bool => Err(Error::dtype(self.name(), &[a, b])),
            FloorDivide | Remainder | Power => Ok(number_of(common)),
            Divide if !common.is_float() => Ok(DType::Float64),
            Arctan2 | Hypot => Ok(float_of(common)),
            LogicalAnd | LogicalOr | LogicalXor => Ok(DType::Bool),
            _ => Ok(common),
        }
    }

    /// The function of each pair of elements, for chunks of one shape, or of which one has a single element.
    ///
    /// The shape of the result is that to which both broadcast. Cost: one pass, one result, and a cast of a side
    /// that is not of the common dtype.
    ///
    /// # Errors
    /// [`Error::DType`] as [`Binary::dtype`]; [`Error::Shape`] for other shapes; [`Error::Value`] for integers to
    /// negative powers.
    ///
    /// ```
    /// use phalanx_chunk::{Chunk, ufunc::Binary};
    /// # fn main() -> phalanx_chunk::Result<()> {
    /// let a = Chunk::vector(vec![7i64, -7]);
    /// assert_eq!(Binary::FloorDivide.apply(&a, &Chunk::scalar(2i64))?.values::<i64>()?, &[3, -4]);
    /// assert_eq!(Binary::Divide.apply(&a, &Chunk::scalar(2i64))?.values::<f64>()?, &[3.5, -3.5]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply(&self, a: &Chunk, b: &Chunk) -> Result<Chunk> {
        let dtype = self.loop_dtype(a.dtype(), b.dtype())?;
        let shape = common_shape(self.name(), &[a, b])?;
        let len = element_count(&shape)?;
        let (a, b) = (a.cast(dtype), b.cast(dtype));
        let data = match (a.data(), b.data()) {
            (Data::Float64(a), Data::Float64(b)) => {
                let (a, b) = (Operand::of(a, len), Operand::of(b, len));
                if self.compares() {
                    Data::Bool(self.compare(a, b, len).into())
                } else {
                    Data::Float64(self.real(New { a, b, len })?.into())
                }
            }
            (Data::Float32(a), Data::Float32(b)) => {
                let (a, b) = (Operand::of(a, len), Operand::of(b, len));
                if self.compares() {
                    Data::Bool(self.compare(a, b, len).into())
                } else {
                    Data::Float32(self.real(New { a, b, len })?.into())
                }
            }
            (Data::Int64(a), Data::Int64(b)) => {
                let (a, b) = (Operand::of(a, len), Operand::of(b, len));
                if self.compares() {
                    Data::Bool(self.compare(a, b, len).into())
                } else {
                    Data::Int64(self.integer(a, b, len)?.into())
                }
            }
            (Data::Int32(a), Data::Int32(b)) => {
                let (a, b) = (Operand::of(a, len), Operand::of(b, len));
                if self.compares() {
                    Data::Bool(self.compare(a, b, len).into())
                } else {
                    Data::Int32(self.integer(a, b, len)?.into())
                }
            }
            (Data::UInt8(a), Data::UInt8(b)) => {
                let (a, b) = (Operand::of(a, len), Operand::of(b, len));
                if self.compares() {
                    Data::Bool(self.compare(a, b, len).into())
                } else {
                    Data::UInt8(self.integer(a, b, len)?.into())
                }
            }
            _ => Data::Bool(self.truth(Operand::of(a.bytes(), len), Operand::of(b.bytes(), len), len)?.into()),
        };
        Ok(Chunk::from_data(&shape, data))
    }

    /// The function of each pair into `out`: the tile of a fused chain. The same bits as [`Binary::apply`].
    ///
    /// # Errors
    /// [`Error::DType`] for the functions that answer with `bool`, [`Error::Shape`] if a side has not as many values
    /// as `out`.
    pub fn apply_into(&self, a: Operand<'_>, b: Operand<'_>, out: &mut [f64]) -> Result<()> {
        self.check_tile()?;
        a.check(out.len())?;
        b.check(out.len())?;
        self.real(Tile { a, b, out })
    }

    /// `values[i] = f(values[i], b[i])`: as [`Binary::apply_into`], in place of the first side.
    ///
    /// # Errors
    /// As [`Binary::apply_into`].
    pub fn apply_in_place(&self, values: &mut [f64], b: Operand<'_>) -> Result<()> {
        self.check_tile()?;
        b.check(values.len())?;
        self.real(InPlace { values, b })
    }

    fn check_tile(self) -> Result<()> {
        match self.dtype(DType::Float64, DType::Float64)? {
            DType::Float64 => Ok(()),
            _ => Err(Error::dtype(format!("{} into a tile", self.name()), &[DType::Float64])),
        }
    }

    /// Hands the function of floats to `visitor`, which loops.
    fn real<T: Real, V: Visitor<T>>(self, visitor: V) -> Result<V::Output> {
        match self {
            Binary::Divide => Ok(visitor.visit(T::divide)),
            Binary::Arctan2 => Ok(visitor.visit(T::arctan2)),
            Binary::Hypot => Ok(visitor.visit(T::hypot)),
            _ => self.number(visitor),
        }
    }

    /// Hands the function that every number has to `visitor`.
    fn number<T: Number, V: Visitor<T>>(self, visitor: V) -> Result<V::Output> {
        match self {
            Binary::Add => Ok(visitor.visit(T::add)),
            Binary::Subtract => Ok(visitor.visit(T::subtract)),
            Binary::Multiply => Ok(visitor.visit(T::multiply)),
            Binary::FloorDivide => Ok(visitor.visit(T::floor_divide)),
            Binary::Remainder => Ok(visitor.visit(T::remainder)),
            Binary::Power => Ok(visitor.visit(T::power)),
            Binary::Maximum => Ok(visitor.visit(T::maximum)),
            Binary::Minimum => Ok(visitor.visit(T::minimum)),
            _ => Err(Error::dtype(self.name(), &[])),
        }
    }

    fn integer<T: Number>(self, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Result<Vec<T>> {
        let negative = match b {
            Operand::Values(values) => values.iter().any(|v| v.is_negative_integer()),
            Operand::Scalar(value) => value.is_negative_integer(),
        };
        if self == Binary::Power && negative {
            return Err(Error::value("integers to negative integer powers are not allowed: cast to float64 first"));
        }
        self.number(New { a, b, len })
    }

    fn compare<T: Copy + PartialOrd>(self, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Vec<u8> {
        match self {
            Binary::Equal => zip(a, b, len, |a, b| u8::from(a == b)),
            Binary::NotEqual => zip(a, b, len, |a, b| u8::from(a != b)),
            Binary::Less => zip(a, b, len, |a, b| u8::from(a < b)),
            Binary::LessEqual => zip(a, b, len, |a, b| u8::from(a <= b)),
            Binary::Greater => zip(a, b, len, |a, b| u8::from(a > b)),
            _ => zip(a, b, len, |a, b| u8::from(a >= b)),
        }
    }

    /// The functions of two `bool`, stored as 0 and 1.
    fn truth(self, a: Operand<'_, u8>, b: Operand<'_, u8>, len: usize) -> Result<Vec<u8>> {
        use Binary::*;
        match self {
            Add | Maximum | LogicalOr => Ok(zip(a, b, len, |a, b| a | b)),
            Multiply | Minimum | LogicalAnd => Ok(zip(a, b, len, |a, b| a & b)),
            LogicalXor => Ok(zip(a, b, len, |a, b| a ^ b)),
            _ if self.compares() => Ok(self.compare(a, b, len)),
            _ => Err(Error::dtype(self.name(), &[DType::Bool, DType::Bool])),
        }
    }
}

/// The shape of the result for arguments of one shape, or of which some have a single element.
pub(super) fn common_shape(name: &str, arguments: &[&Chunk]) -> Result<Vec<usize>> {
    let mut shape = Vec::new();
    for argument in arguments {
        shape = broadcast(&shape, argument.shape())?;
    }
    let count = element_count(&shape)?;
    match arguments.iter().find(|c| c.len() != count && c.len() != 1) {
        Some(short) => Err(Error::shape(format!(
            "{name} takes chunks of one shape or with a single element: broadcast {:?} to {shape:?} first",
            short.shape()
        ))),
        None => Ok(shape),
    }
}

/// A loop over pairs that waits for its function. Passing the function as a type makes each loop its own code.
trait Visitor<T> {
    type Output;
    fn visit(self, f: impl Fn(T, T) -> T) -> Self::Output;
}

/// The results as new values.
struct New<'a, T> {
    a: Operand<'a, T>,
    b: Operand<'a, T>,
    len: usize,
}

impl<T: Copy + Default> Visitor<T> for New<'_, T> {
    type Output = Vec<T>;
    fn visit(self, f: impl Fn(T, T) -> T) -> Vec<T> {
        zip(self.a, self.b, self.len, f)
    }
}

/// The results into a given slice.
struct Tile<'a, T> {
    a: Operand<'a, T>,
    b: Operand<'a, T>,
    out: &'a mut [T],
}

impl<T: Copy> Visitor<T> for Tile<'_, T> {
    type Output = ();
    fn visit(self, f: impl Fn(T, T) -> T) {
        simd::run(Zip { a: self.a, b: self.b, out: self.out, f });
    }
}

/// The results in place of the first side.
struct InPlace<'a, T> {
    values: &'a mut [T],
    b: Operand<'a, T>,
}

impl<T: Copy> Visitor<T> for InPlace<'_, T> {
    type Output = ();
    fn visit(self, f: impl Fn(T, T) -> T) {
        match self.b {
            Operand::Scalar(b) => simd::run(simd::Update { values: self.values, f: |a| f(a, b) }),
            Operand::Values(b) => simd::run(simd::UpdateWith { values: self.values, with: b, f }),
        }
    }
}
