//! Functions of two arguments.

use super::define::{Answer, Loops, functions};
use super::elementary;
use super::number::{Float, Imaginary, Integer, Number, Real};
use super::operand::{Operand, each_pair, zip};
use crate::chunk::Chunk;
use crate::dtype::{DType, Data};
use crate::error::{Error, Result};
use crate::shape::{broadcast, element_count};

functions! {
    /// A function of two arguments, applied to each pair of elements.
    Binary {
        /// `a + b`; for `bool` logical or.
        Add = "add": ALL => Same,
        /// `a - b`; not for two `bool`.
        Subtract = "subtract": NUMBER => Same,
        /// `a * b`; for `bool` logical and.
        Multiply = "multiply": ALL => Same,
        /// `a / b`, of integers in `float64`.
        Divide = "divide": INEXACT | INTEGER_AS_DOUBLE => Same,
        /// `floor(a / b)`; 0 for integers over zero.
        FloorDivide = "floor_divide": REAL | BOOL_AS_INT8 => Same,
        /// `a - floor(a / b) * b`, with the sign of `b`; 0 for integers over zero.
        Remainder = "remainder": REAL | BOOL_AS_INT8 => Same,
        /// `a - trunc(a / b) * b`, with the sign of `a`; 0 for integers over zero.
        Fmod = "fmod": REAL | BOOL_AS_INT8 => Same,
        /// `a` to the power `b`; integers refuse negative exponents.
        Power = "power": NUMBER | BOOL_AS_INT8 => Same,
        /// `a` to the power `b` in `float64` or `complex128`.
        FloatPower = "float_power": INEXACT | WIDEST => Same,
        /// The larger one, or NaN if either is.
        Maximum = "maximum": ALL => Same,
        /// The smaller one, or NaN if either is.
        Minimum = "minimum": ALL => Same,
        /// The larger one, or NaN if both are.
        Fmax = "fmax": ALL => Same,
        /// The smaller one, or NaN if both are.
        Fmin = "fmin": ALL => Same,
        /// The angle of the point `(b, a)`, in radians.
        Arctan2 = "arctan2": FLOAT => Same,
        /// `sqrt(a² + b²)` without overflow on the way.
        Hypot = "hypot": FLOAT => Same,
        /// `|a|` with the sign of `b`.
        Copysign = "copysign": FLOAT => Same,
        /// The next number after `a` towards `b`.
        Nextafter = "nextafter": FLOAT => Same,
        /// 0 below zero, `b` at zero, 1 above.
        Heaviside = "heaviside": FLOAT => Same,
        /// `log(exp(a) + exp(b))` without overflow on the way.
        Logaddexp = "logaddexp": FLOAT => Same,
        /// `log2(exp2(a) + exp2(b))` without overflow on the way.
        Logaddexp2 = "logaddexp2": FLOAT => Same,
        /// `a * 2**b` for integers `b`.
        Ldexp = "ldexp": FLOAT => Same,
        /// The greatest common divisor.
        Gcd = "gcd": INTEGER => Same,
        /// The least common multiple.
        Lcm = "lcm": INTEGER => Same,
        /// Bits that both have; for `bool` logical and.
        BitwiseAnd = "bitwise_and": BOOL | INTEGER => Same,
        /// Bits that one has; for `bool` logical or.
        BitwiseOr = "bitwise_or": BOOL | INTEGER => Same,
        /// Bits that exactly one has; for `bool` logical xor.
        BitwiseXor = "bitwise_xor": BOOL | INTEGER => Same,
        /// `a * 2**b`, without the bits that leave the type; 0 for shifts that are too wide.
        LeftShift = "left_shift": INTEGER | BOOL_AS_INT8 => Same,
        /// `floor(a / 2**b)`.
        RightShift = "right_shift": INTEGER | BOOL_AS_INT8 => Same,
        /// `a == b`.
        Equal = "equal": ALL => Truth,
        /// `a != b`.
        NotEqual = "not_equal": ALL => Truth,
        /// `a < b`.
        Less = "less": ALL => Truth,
        /// `a <= b`.
        LessEqual = "less_equal": ALL => Truth,
        /// `a > b`.
        Greater = "greater": ALL => Truth,
        /// `a >= b`.
        GreaterEqual = "greater_equal": ALL => Truth,
        /// Whether both are not zero.
        LogicalAnd = "logical_and": ALL => Truth,
        /// Whether one is not zero.
        LogicalOr = "logical_or": ALL => Truth,
        /// Whether exactly one is not zero.
        LogicalXor = "logical_xor": ALL => Truth,
    }
}

impl Binary {
    /// Whether this compares: its loop runs in the common dtype and answers with `bool`.
    pub const fn compares(&self) -> bool {
        use Binary::*;
        matches!(self, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
    }

    /// Whether this asks of both sides only whether they are zero.
    const fn is_logical(self) -> bool {
        matches!(self, Binary::LogicalAnd | Binary::LogicalOr | Binary::LogicalXor)
    }

    /// The dtype of the result for these dtypes of the arguments.
    ///
    /// # Errors
    /// [`Error::DType`] if the function does not take them.
    pub fn dtype(&self, a: DType, b: DType) -> Result<DType> {
        Ok(self.answer().dtype(self.loop_dtype(a, b)?))
    }

    /// The dtype to which both sides are cast.
    fn loop_dtype(self, a: DType, b: DType) -> Result<DType> {
        let refused = || Error::dtype(self.name(), &[a, b]);
        if self.is_logical() {
            return Ok(DType::Bool);
        }
        if self == Binary::Ldexp {
            // The exponent is an integer of its own.
            let integer = b == DType::Bool || b.is_integer() && b != DType::UInt64;
            return self.loops().resolve(&[a]).filter(|_| integer).ok_or_else(refused);
        }
        self.loops().resolve(&[a, b]).ok_or_else(refused)
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
        let mixed = |x: &Chunk, y: &Chunk| x.dtype() == DType::UInt64 && y.dtype().is_integer() && dtype.is_float();
        if self.compares() && (mixed(a, b) || mixed(b, a)) {
            return Ok(Chunk::from_data(&shape, Data::Bool(self.compare_exactly(a, b, len).into())));
        }
        if *self == Binary::Ldexp {
            return self.ldexp(&a.cast(dtype), &b.cast(DType::Int64), &shape);
        }
        let (a, b) = (a.cast(dtype), b.cast(dtype));
        macro_rules! loops {
            ($($variant:ident $loops:ident;)*) => {
                match (a.data(), b.data()) {
                    (Data::Bool(a), Data::Bool(b)) => {
                        Data::Bool(self.truths(Operand::of(a, len), Operand::of(b, len), len)?.into())
                    }
                    $((Data::$variant(a), Data::$variant(b)) => {
                        let (a, b) = (Operand::of(a, len), Operand::of(b, len));
                        if self.answer() == Answer::Truth {
                            Data::Bool(self.compare(a, b, len).into())
                        } else {
                            Data::$variant(self.$loops(a, b, len)?.into())
                        }
                    })*
                    _ => return Err(Error::dtype(self.name(), &[a.dtype(), b.dtype()])),
                }
            };
        }
        let data = loops!(
            Int8 integers; UInt8 integers; Int16 integers; UInt16 integers; Int32 integers; UInt32 integers;
            Int64 integers; UInt64 integers; Float32 floats; Float64 floats; Complex64 complexes;
            Complex128 complexes;
        );
        Ok(Chunk::from_data(&shape, data))
    }

    fn refuse<T>(self, dtype: DType) -> Result<T> {
        Err(Error::dtype(self.name(), &[dtype, dtype]))
    }

    /// The functions of two `bool`, stored as 0 and 1.
    fn truths(self, a: Operand<'_, u8>, b: Operand<'_, u8>, len: usize) -> Result<Vec<u8>> {
        use Binary::*;
        match self {
            Add | Maximum | Fmax | LogicalOr | BitwiseOr => Ok(zip(a, b, len, |a, b| a | b)),
            Multiply | Minimum | Fmin | LogicalAnd | BitwiseAnd => Ok(zip(a, b, len, |a, b| a & b)),
            LogicalXor | BitwiseXor => Ok(zip(a, b, len, |a, b| a ^ b)),
            _ if self.compares() => Ok(self.compare(a, b, len)),
            _ => self.refuse(DType::Bool),
        }
    }

    fn integers<T: Integer>(self, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Result<Vec<T>> {
        use Binary::*;
        Ok(match self {
            BitwiseAnd => zip(a, b, len, T::and),
            BitwiseOr => zip(a, b, len, T::or),
            BitwiseXor => zip(a, b, len, T::xor),
            LeftShift => zip(a, b, len, T::left_shift),
            RightShift => zip(a, b, len, T::right_shift),
            Gcd => each_pair(a, b, len, T::gcd),
            Lcm => each_pair(a, b, len, T::lcm),
            Power => {
                let negative = match b {
                    Operand::Values(values) => values.iter().any(|v| v.is_negative()),
                    Operand::Scalar(value) => value.is_negative(),
                };
                if negative {
                    return Err(Error::value("Integers to negative integer powers are not allowed."));
                }
                each_pair(a, b, len, T::power)
            }
            _ => return self.reals(a, b, len),
        })
    }

    fn floats<T: Float>(self, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Result<Vec<T>> {
        use Binary::*;
        Ok(match self {
            Divide => zip(a, b, len, T::divide),
            Power | FloatPower => match b {
                // Squares are most of all powers.
                Operand::Scalar(exponent) if exponent == T::of(2.0) => zip(a, a, len, T::multiply),
                _ => elementary::powers(a, b, len),
            },
            Copysign => zip(a, b, len, T::copysign),
            Heaviside => zip(a, b, len, T::heaviside),
            Arctan2 => each_pair(a, b, len, T::arctan2),
            Hypot => each_pair(a, b, len, T::hypot),
            Nextafter => each_pair(a, b, len, T::nextafter),
            Logaddexp => each_pair(a, b, len, T::logaddexp),
            Logaddexp2 => each_pair(a, b, len, T::logaddexp2),
            _ => return self.reals(a, b, len),
        })
    }

    fn complexes<T: Imaginary>(self, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Result<Vec<T>> {
        match self {
            Binary::Divide => Ok(each_pair(a, b, len, T::divide)),
            Binary::Power | Binary::FloatPower => Ok(each_pair(a, b, len, T::power)),
            _ => self.numbers(a, b, len),
        }
    }

    /// What integers and floats have.
    fn reals<T: Real>(self, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Result<Vec<T>> {
        match self {
            Binary::FloorDivide => Ok(each_pair(a, b, len, T::floor_divide)),
            Binary::Remainder => Ok(each_pair(a, b, len, T::remainder)),
            Binary::Fmod => Ok(each_pair(a, b, len, T::fmod)),
            _ => self.numbers(a, b, len),
        }
    }

    /// What every number has.
    fn numbers<T: Number>(self, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Result<Vec<T>> {
        use Binary::*;
        Ok(match self {
            Add => zip(a, b, len, T::add),
            Subtract => zip(a, b, len, T::subtract),
            Multiply => zip(a, b, len, T::multiply),
            Maximum => zip(a, b, len, T::maximum),
            Minimum => zip(a, b, len, T::minimum),
            Fmax => zip(a, b, len, T::fmax),
            Fmin => zip(a, b, len, T::fmin),
            _ => return self.refuse(DType::Float64),
        })
    }

    fn compare<T: Number>(self, a: Operand<'_, T>, b: Operand<'_, T>, len: usize) -> Vec<u8> {
        match self {
            Binary::Equal => zip(a, b, len, |a, b| u8::from(a == b)),
            Binary::NotEqual => zip(a, b, len, |a, b| u8::from(a != b)),
            Binary::Less => zip(a, b, len, |a, b| u8::from(a.less(b))),
            Binary::LessEqual => zip(a, b, len, |a, b| u8::from(a.less_equal(b))),
            Binary::Greater => zip(a, b, len, |a, b| u8::from(b.less(a))),
            _ => zip(a, b, len, |a, b| u8::from(b.less_equal(a))),
        }
    }

    /// Signed with unsigned integers, of which the common `float64` would lose digits.
    fn compare_exactly(self, a: &Chunk, b: &Chunk, len: usize) -> Vec<u8> {
        let (a, b) = (wide(a), wide(b));
        let (a, b) = (Operand::of(&a, len), Operand::of(&b, len));
        let f: fn(i128, i128) -> u8 = match self {
            Binary::Equal => |a, b| u8::from(a == b),
            Binary::NotEqual => |a, b| u8::from(a != b),
            Binary::Less => |a, b| u8::from(a < b),
            Binary::LessEqual => |a, b| u8::from(a <= b),
            Binary::Greater => |a, b| u8::from(a > b),
            _ => |a, b| u8::from(a >= b),
        };
        each_pair(a, b, len, f)
    }

    fn ldexp(self, a: &Chunk, exponents: &Chunk, shape: &[usize]) -> Result<Chunk> {
        let len = element_count(shape)?;
        let exponents = Operand::of(exponents.values::<i64>()?, len);
        macro_rules! ldexp {
            ($values:expr) => {{
                let values = Operand::of($values, len);
                (0..len).map(|i| values.at(i).ldexp(exponents.at(i))).collect::<Vec<_>>().into()
            }};
        }
        let data = match a.data() {
            Data::Float32(values) => Data::Float32(ldexp!(values)),
            Data::Float64(values) => Data::Float64(ldexp!(values)),
            _ => return self.refuse(a.dtype()),
        };
        Ok(Chunk::from_data(shape, data))
    }
}

/// Integers with all their digits.
fn wide(chunk: &Chunk) -> Vec<i128> {
    if let Data::UInt64(values) = chunk.data() {
        return values.iter().map(|&v| i128::from(v)).collect();
    }
    match chunk.cast(DType::Int64).data() {
        Data::Int64(values) => values.iter().map(|&v| i128::from(v)).collect(),
        _ => vec![],
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
