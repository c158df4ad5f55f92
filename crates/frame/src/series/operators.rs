//! Operators between series and values.

use super::{Operand, Series};
use crate::expr::Expr;
use crate::functions::arith::{Arith, Arithmetic};
use crate::functions::compare::{Compare, Comparison};
use crate::functions::number::{Same, SameNumber};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Operator, binary_expr, lit, not};
use phalanx_engine::{Error, Result, scalar};

/// `&`, `|` or `^`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logic {
    /// `&`
    And,
    /// `|`
    Or,
    /// `^`
    Xor,
}

impl Series {
    /// `self op other`. Numbers follow NumPy's promotion; integers wrap around; missing values stay missing.
    ///
    /// # Errors
    /// `Input`: the types do not fit. `Unsupported`: `other` has other rows.
    pub fn arithmetic(&self, op: Arithmetic, other: impl Into<Operand>) -> Result<Self> {
        let other = self.meeting(other.into())?;
        self.fits(&other, op)?;
        let zero = match &other {
            Operand::Value(value) => op != Arithmetic::Divide && is_zero(value),
            Operand::Series(_) => false,
        };
        let left = if zero && self.data_type()?.is_integer() && op == Arithmetic::FloorDivide {
            // pandas answers ±inf and NaN, in floats.
            self.astype(&DataType::Float64)?
        } else {
            self.clone()
        };
        left.together(&[&other], |both| Ok(scalar::call(Arith(op), both)?))
    }

    /// `other op self`, for a value on the left.
    ///
    /// # Errors
    /// As [`Series::arithmetic`].
    pub fn arithmetic_reversed(&self, op: Arithmetic, other: impl Into<Operand>) -> Result<Self> {
        let other = self.meeting(other.into())?;
        self.fits(&other, op)?;
        self.together(&[&other], |mut both| {
            both.reverse();
            Ok(scalar::call(Arith(op), both)?)
        })
    }

    /// An integer that the column's type can't hold is an error in arithmetic, as in NumPy.
    fn fits(&self, other: &Operand, op: Arithmetic) -> Result<()> {
        let column = self.data_type()?;
        match other {
            Operand::Value(ScalarValue::Int64(Some(value))) if column.is_integer() && *column != DataType::Int64 => {
                Err(Error::input(format!("Python integer {value} out of bounds for {column}, in {op}"))
                    .with_hint("cast the column with astype first"))
            }
            _ => Ok(()),
        }
    }

    /// `self op other`, for every row true or false: a missing value is equal to nothing.
    ///
    /// # Errors
    /// `Input`: values of these types have no order. `Unsupported`: `other` has other rows.
    pub fn compare(&self, op: Comparison, other: impl Into<Operand>) -> Result<Self> {
        let other = self.meeting(other.into())?;
        self.together(&[&other], |both| Ok(scalar::call(Compare(op), both)?))
    }

    /// `&`, `|` or `^`: of truth values, where a missing one counts as false, or of the bits of integers.
    ///
    /// # Errors
    /// `Input`: they are neither. `Unsupported`: `other` has other rows.
    pub fn logic(&self, op: Logic, other: impl Into<Operand>) -> Result<Self> {
        let other = self.meeting(other.into())?;
        let other_type = match &other {
            Operand::Series(series) => series.data_type()?.clone(),
            Operand::Value(value) => value.data_type(),
        };
        let this_type = self.data_type()?.clone();
        let other_nullable = match &other {
            Operand::Series(series) => series.state()?.field.is_nullable(),
            Operand::Value(value) => value.is_null(),
        };
        let this_nullable = self.state()?.field.is_nullable();
        let known = |expression: Expr, nullable: bool| match nullable {
            true => expression.is_true(),
            false => expression,
        };
        match (&this_type, &other_type) {
            (DataType::Boolean, DataType::Boolean) => self.together(&[&other], |both| {
                let [left, right] = <[Expr; 2]>::try_from(both).map_err(|_| Error::internal("two operands"))?;
                let (left, right) = (known(left, this_nullable), known(right, other_nullable));
                Ok(match op {
                    Logic::And => left.and(right),
                    Logic::Or => left.or(right),
                    Logic::Xor => binary_expr(left, Operator::IsDistinctFrom, right),
                })
            }),
            (a, b) if a.is_integer() && b.is_integer() => self.together(&[&other], |both| {
                let [left, right] = <[Expr; 2]>::try_from(both).map_err(|_| Error::internal("two operands"))?;
                let op = match op {
                    Logic::And => Operator::BitwiseAnd,
                    Logic::Or => Operator::BitwiseOr,
                    Logic::Xor => Operator::BitwiseXor,
                };
                Ok(binary_expr(left, op, right))
            }),
            (a, b) => Err(Error::input(format!("unsupported operand types for {op:?}: {a} and {b}"))
                .with_hint("logic takes truth values: compare the columns with something first")),
        }
    }

    /// `~self`: of truth values, or of the bits of integers.
    ///
    /// # Errors
    /// `Input`: they are neither.
    pub fn invert(&self) -> Result<Self> {
        match self.data_type()? {
            DataType::Boolean => self.with(not(self.expression()?.clone())),
            integer if integer.is_integer() => {
                let ones = literal_ones(integer)?;
                self.with(binary_expr(self.expression()?.clone(), Operator::BitwiseXor, lit(ones)))
            }
            other => Err(Error::input(format!("bad operand type for ~: {other}"))
                .with_hint("logic takes truth values: compare the column with something first")),
        }
    }

    /// `-self`; integers wrap around.
    ///
    /// # Errors
    /// `Input`: they are no numbers.
    pub fn negative(&self) -> Result<Self> {
        self.apply(SameNumber(Same::Negative))
    }
}

fn is_zero(value: &ScalarValue) -> bool {
    ScalarValue::new_zero(&value.data_type()).is_ok_and(|zero| zero == *value)
}

fn literal_ones(data_type: &DataType) -> Result<ScalarValue> {
    if data_type.is_unsigned_integer() {
        return ScalarValue::max(data_type).ok_or_else(|| Error::internal("an integer without a maximum"));
    }
    Ok(ScalarValue::from(-1_i64).cast_to(data_type)?)
}

macro_rules! named {
    ($($(#[$doc:meta])* $method:ident $call:ident $op:expr;)*) => {
        impl Series {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// `Input`: the types do not fit. `Unsupported`: `other` has other rows.
            pub fn $method(&self, other: impl Into<Operand>) -> Result<Self> {
                self.$call($op, other)
            }
        )*}
    };
}

named! {
    /// `self + other`
    add arithmetic Arithmetic::Add;
    /// `self - other`
    sub arithmetic Arithmetic::Subtract;
    /// `self * other`
    mul arithmetic Arithmetic::Multiply;
    /// `self / other`: floats, whatever the types.
    truediv arithmetic Arithmetic::Divide;
    /// `self // other`: towards minus infinity.
    floordiv arithmetic Arithmetic::FloorDivide;
    /// `self % other`: with the sign of `other`.
    r#mod arithmetic Arithmetic::Remainder;
    /// `self ** other`
    pow arithmetic Arithmetic::Power;
    /// `self == other`
    eq compare Comparison::Equal;
    /// `self != other`
    ne compare Comparison::NotEqual;
    /// `self < other`
    lt compare Comparison::Less;
    /// `self <= other`
    le compare Comparison::LessOrEqual;
    /// `self > other`
    gt compare Comparison::Greater;
    /// `self >= other`
    ge compare Comparison::GreaterOrEqual;
    /// `self & other`
    and logic Logic::And;
    /// `self | other`
    or logic Logic::Or;
    /// `self ^ other`
    xor logic Logic::Xor;
}

macro_rules! operators {
    ($($trait:ident $method:ident $call:ident $op:expr;)*) => {$(
        impl<T: Into<Operand>> std::ops::$trait<T> for &Series {
            type Output = Series;
            fn $method(self, other: T) -> Series {
                self.$call($op, other).unwrap_or_else(|error| Series(Err(error)))
            }
        }
        impl<T: Into<Operand>> std::ops::$trait<T> for Series {
            type Output = Series;
            fn $method(self, other: T) -> Series {
                std::ops::$trait::$method(&self, other)
            }
        }
    )*};
}

operators! {
    Add add arithmetic Arithmetic::Add;
    Sub sub arithmetic Arithmetic::Subtract;
    Mul mul arithmetic Arithmetic::Multiply;
    Div div arithmetic Arithmetic::Divide;
    Rem rem arithmetic Arithmetic::Remainder;
    BitAnd bitand logic Logic::And;
    BitOr bitor logic Logic::Or;
    BitXor bitxor logic Logic::Xor;
}

impl std::ops::Neg for &Series {
    type Output = Series;
    fn neg(self) -> Series {
        self.negative().unwrap_or_else(|error| Series(Err(error)))
    }
}
impl std::ops::Neg for Series {
    type Output = Series;
    fn neg(self) -> Series {
        -&self
    }
}
impl std::ops::Not for &Series {
    type Output = Series;
    fn not(self) -> Series {
        self.invert().unwrap_or_else(|error| Series(Err(error)))
    }
}
impl std::ops::Not for Series {
    type Output = Series;
    fn not(self) -> Series {
        !&self
    }
}
