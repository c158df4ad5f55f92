//! `+ - * / // % **` with NumPy's types and pandas' rules for zeros and missing values.

use super::operand::{Operand, operands};
use super::promote::{self, is_decimal, is_number, is_text, plain};
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder, new_empty_array};
use datafusion::arrow::compute::kernels::{boolean, numeric};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, FieldRef, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`: floats, whatever the arguments.
    Divide,
    /// `//`: towards minus infinity. Integers over a column's zero are missing (pandas: infinite).
    FloorDivide,
    /// `%`: with the sign of the divisor. Integers over zero are missing.
    Remainder,
    /// `**`
    Power,
}

impl Arithmetic {
    /// pandas' name of the method.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "sub",
            Self::Multiply => "mul",
            Self::Divide => "truediv",
            Self::FloorDivide => "floordiv",
            Self::Remainder => "mod",
            Self::Power => "pow",
        }
    }
}

impl fmt::Display for Arithmetic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::FloorDivide => "//",
            Self::Remainder => "%",
            Self::Power => "**",
        })
    }
}

/// The arguments' types after casting, in order.
type Casts = (DataType, DataType);

impl Arithmetic {
    /// What the arguments are cast to.
    fn casts(self, left: &DataType, right: &DataType) -> Option<Casts> {
        use DataType::{Boolean, Date32, Date64, Duration, Float32, Float64, Int8, Int64, Null, Timestamp};
        let (left, right) = (plain(left), plain(right));
        let both = |data_type: DataType| Some((data_type.clone(), data_type));
        if *left == Null || *right == Null {
            let other = if *left == Null { right } else { left };
            return if *other == Null { both(Float64) } else { self.casts(other, other) };
        }
        if is_number(left) && is_number(right) {
            let common = promote::numbers(left, right)?;
            return match (self, &common) {
                (Self::Divide, Float32 | Float64) => both(common),
                (Self::Divide, _) => both(Float64),
                (Self::Add | Self::Multiply, Boolean) => both(Boolean),
                (Self::Subtract, Boolean) => None,
                (_, Boolean) => both(Int8),
                _ => both(common),
            };
        }
        if is_text(left) && is_text(right) && self == Self::Add {
            return both(DataType::Utf8);
        }
        if is_decimal(left) || is_decimal(right) {
            let integer = |data_type: &DataType| {
                if data_type.is_integer() { DataType::Decimal128(20, 0) } else { data_type.clone() }
            };
            return match promote::common(left, right)? {
                Float64 => both(Float64),
                _ if self == Self::Power || self == Self::FloorDivide => None,
                _ => Some((integer(left), integer(right))),
            };
        }
        let timestamp = |data_type: &DataType| match data_type {
            Date32 | Date64 => Timestamp(datafusion::arrow::datatypes::TimeUnit::Second, None),
            other => other.clone(),
        };
        match (self, timestamp(left), timestamp(right)) {
            (Self::Subtract, a @ Timestamp(..), b @ Timestamp(..)) => both(promote::common(&a, &b)?),
            (Self::Add | Self::Subtract, Timestamp(a, zone), Duration(b)) => {
                let Duration(unit) = promote::common(&Duration(a), &Duration(b))? else { return None };
                Some((Timestamp(unit, zone), Duration(unit)))
            }
            (Self::Add, Duration(b), Timestamp(a, zone)) => {
                let Duration(unit) = promote::common(&Duration(a), &Duration(b))? else { return None };
                Some((Duration(unit), Timestamp(unit, zone)))
            }
            (
                Self::Add | Self::Subtract | Self::Divide | Self::FloorDivide | Self::Remainder,
                a @ Duration(_),
                b @ Duration(_),
            ) => both(promote::common(&a, &b)?),
            (Self::Multiply | Self::Divide | Self::FloorDivide, a @ Duration(_), b) if is_number(&b) => {
                Some((a, if b.is_integer() && self != Self::Divide { Int64 } else { Float64 }))
            }
            (Self::Multiply, a, b @ Duration(_)) if is_number(&a) => {
                Some((if a.is_integer() { Int64 } else { Float64 }, b))
            }
            _ => None,
        }
    }
}

/// `left op right`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Arith(pub Arithmetic);

#[typetag::serde]
impl RowFunction for Arith {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let [left, right] = inputs else {
            return Err(DataFusionError::Internal(format!("{} of {} values", self.0, inputs.len())));
        };
        let refused = || {
            Error::mismatch(format!(
                "unsupported operand types for {}: {} and {}",
                self.0,
                dtype_name(left.data_type()),
                dtype_name(right.data_type())
            ))
            .with_hint("cast one of them with astype first")
        };
        let casts = self.0.casts(left.data_type(), right.data_type()).ok_or_else(refused)?;
        let empty = |data_type: &DataType| ColumnarValue::Array(new_empty_array(data_type));
        let result = self.run(&[empty(&casts.0), empty(&casts.1)], 0).map_err(|_| refused())?;
        let zeros = matches!(self.0, Arithmetic::FloorDivide | Arithmetic::Remainder);
        let nullable = left.is_nullable() || right.is_nullable() || zeros;
        Ok(Field::new(self.0.name(), result.data_type().clone(), nullable))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let [left, right] = operands::<2>(inputs)?;
        let casts = self.0.casts(left.data_type(), right.data_type());
        let (to_left, to_right) =
            casts.ok_or_else(|| DataFusionError::Internal(format!("{} of types that do not fit", self.0)))?;
        let (left, right) = (left.cast(&to_left)?, right.cast(&to_right)?);
        if left.is_constant() && right.is_constant() {
            let (left, right) =
                (ColumnarValue::Array(left.expanded(rows)?), ColumnarValue::Array(right.expanded(rows)?));
            return self.run(&[left, right], rows);
        }
        compute(self.0, &left, &right, rows)
    }
}

macro_rules! for_integer {
    ($data_type:expr, $function:ident($($argument:expr),*)) => {
        match $data_type {
            DataType::Int8 => $function::<Int8Type>($($argument),*),
            DataType::Int16 => $function::<Int16Type>($($argument),*),
            DataType::Int32 => $function::<Int32Type>($($argument),*),
            DataType::Int64 => $function::<Int64Type>($($argument),*),
            DataType::UInt8 => $function::<UInt8Type>($($argument),*),
            DataType::UInt16 => $function::<UInt16Type>($($argument),*),
            DataType::UInt32 => $function::<UInt32Type>($($argument),*),
            DataType::UInt64 => $function::<UInt64Type>($($argument),*),
            other => Err(DataFusionError::Internal(format!("integer arithmetic on {other}"))),
        }
    };
}

fn compute(op: Arithmetic, left: &Operand, right: &Operand, rows: usize) -> Result<ArrayRef> {
    use DataType::{Boolean, Duration, Float32, Float64, Int64, Utf8};
    match (left.data_type(), right.data_type()) {
        (Utf8, Utf8) => concat(left, right, rows),
        (Boolean, Boolean) => {
            let (left, right) = (left.expanded(rows)?, right.expanded(rows)?);
            let (left, right) = (left.as_boolean(), right.as_boolean());
            Ok(match op {
                Arithmetic::Add => Arc::new(boolean::or(left, right)?),
                _ => Arc::new(boolean::and(left, right)?),
            })
        }
        (Float64, Float64) => match op {
            Arithmetic::FloorDivide => left.each::<Float64Type, Float64Type>(right, rows, |a, b| floor_divide(a, b).0),
            Arithmetic::Remainder => left.each::<Float64Type, Float64Type>(right, rows, |a, b| floor_divide(a, b).1),
            Arithmetic::Power => left.each::<Float64Type, Float64Type>(right, rows, power),
            _ => plain_kernel(op, left, right),
        },
        (Float32, Float32) => {
            let wide = |a: f32, b: f32, f: fn(f64, f64) -> f64| f(f64::from(a), f64::from(b)) as f32;
            match op {
                Arithmetic::FloorDivide => {
                    left.each::<Float32Type, Float32Type>(right, rows, |a, b| wide(a, b, |a, b| floor_divide(a, b).0))
                }
                Arithmetic::Remainder => {
                    left.each::<Float32Type, Float32Type>(right, rows, |a, b| wide(a, b, |a, b| floor_divide(a, b).1))
                }
                Arithmetic::Power => left.each::<Float32Type, Float32Type>(right, rows, libm::powf),
                _ => plain_kernel(op, left, right),
            }
        }
        (a, b) if a.is_integer() && a == b => match op {
            Arithmetic::FloorDivide | Arithmetic::Remainder => {
                for_integer!(a, floor_integers(op, left, right, rows))
            }
            Arithmetic::Power => for_integer!(a, power_integers(left, right, rows)),
            _ => plain_kernel(op, left, right),
        },
        (Duration(_), Duration(_)) if !matches!(op, Arithmetic::Add | Arithmetic::Subtract) => {
            let (a, b) = (left.cast(&Int64)?, right.cast(&Int64)?);
            match op {
                Arithmetic::Divide => plain_kernel(op, &a.cast(&Float64)?, &b.cast(&Float64)?),
                Arithmetic::FloorDivide => floor_integers::<Int64Type>(op, &a, &b, rows),
                _ => back(&floor_integers::<Int64Type>(op, &a, &b, rows)?, left.data_type()),
            }
        }
        (Duration(_), number) => scale(op, left, &right.cast(number)?, rows),
        (number, Duration(_)) if is_number(number) => scale(op, right, left, rows),
        _ => plain_kernel(op, left, right),
    }
}

/// Time times or over a number; fractions of the unit are cut off, as pandas does.
fn scale(op: Arithmetic, time: &Operand, number: &Operand, rows: usize) -> Result<ArrayRef> {
    let ticks = time.cast(&DataType::Int64)?;
    let scaled = match (op, number.data_type()) {
        (Arithmetic::FloorDivide, DataType::Int64) => floor_integers::<Int64Type>(op, &ticks, number, rows)?,
        (_, DataType::Int64) => plain_kernel(op, &ticks, number)?,
        _ => {
            let float = compute(op, &ticks.cast(&DataType::Float64)?, number, rows)?;
            let whole: datafusion::arrow::array::Int64Array = float
                .as_primitive::<Float64Type>()
                .iter()
                .map(|value| value.filter(|value| value.is_finite()).map(|value| value as i64))
                .collect();
            Arc::new(whole)
        }
    };
    back(&scaled, time.data_type())
}

fn back(ticks: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    Ok(datafusion::arrow::compute::cast(ticks, to)?)
}

/// What Arrow computes as NumPy does: integers wrap around, floats follow IEEE 754.
fn plain_kernel(op: Arithmetic, left: &Operand, right: &Operand) -> Result<ArrayRef> {
    Ok(match op {
        Arithmetic::Add => numeric::add_wrapping(left, right)?,
        Arithmetic::Subtract => numeric::sub_wrapping(left, right)?,
        Arithmetic::Multiply => numeric::mul_wrapping(left, right)?,
        Arithmetic::Divide => numeric::div(left, right)?,
        Arithmetic::Remainder => numeric::rem(left, right)?,
        Arithmetic::FloorDivide | Arithmetic::Power => {
            return Err(DataFusionError::Internal(format!("{op} of {}", left.data_type())));
        }
    })
}

fn concat(left: &Operand, right: &Operand, rows: usize) -> Result<ArrayRef> {
    let (left, right) = (left.expanded(rows)?, right.expanded(rows)?);
    let (left, right): (&StringArray, &StringArray) = (left.as_string(), right.as_string());
    let mut output = StringBuilder::with_capacity(rows, left.values().len() + right.values().len());
    let mut text = String::new();
    for pair in left.iter().zip(right) {
        match pair {
            (Some(left), Some(right)) => {
                text.clear();
                text.push_str(left);
                text.push_str(right);
                output.append_value(&text);
            }
            _ => output.append_null(),
        }
    }
    Ok(Arc::new(output.finish()))
}

/// Quotient towards minus infinity and remainder with the divisor's sign, as NumPy's `npy_divmod` computes them.
fn floor_divide(a: f64, b: f64) -> (f64, f64) {
    let mut remainder = a % b;
    if b == 0.0 {
        return (a / b, remainder);
    }
    let mut quotient = (a - remainder) / b;
    if remainder == 0.0 {
        remainder = 0.0_f64.copysign(b);
    } else if (b < 0.0) != (remainder < 0.0) {
        remainder += b;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0.0_f64.copysign(a / b), remainder);
    }
    let floor = quotient.floor();
    (if quotient - floor > 0.5 { floor + 1.0 } else { floor }, remainder)
}

/// As C's `pow`; squares are products, so that `x ** 2` is `x * x` bit for bit.
fn power(base: f64, exponent: f64) -> f64 {
    if exponent == 2.0 { base * base } else { libm::pow(base, exponent) }
}

/// What integers of every width have in common here.
trait Integer: Copy + PartialEq {
    /// Quotient and remainder towards minus infinity; `None` over zero.
    fn floor_divide(self, divisor: Self) -> Option<(Self, Self)>;
    /// `None` for a negative exponent.
    fn power(self, exponent: Self) -> Option<Self>;
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Integer for $type {
            fn floor_divide(self, divisor: Self) -> Option<(Self, Self)> {
                if divisor == 0 {
                    return None;
                }
                let (quotient, remainder) = (self.wrapping_div(divisor), self.wrapping_rem(divisor));
                #[allow(unused_comparisons, reason = "the same lines serve types without a sign")]
                let away = remainder != 0 && ((remainder < 0) != (divisor < 0));
                Some(if away { (quotient.wrapping_sub(1), remainder.wrapping_add(divisor)) } else { (quotient, remainder) })
            }
            fn power(self, exponent: Self) -> Option<Self> {
                #[allow(irrefutable_let_patterns, reason = "the same lines serve all types")]
                let mut left = u64::try_from(exponent).ok()?;
                let (mut base, mut result) = (self, 1 as $type);
                while left > 0 {
                    if left & 1 == 1 {
                        result = result.wrapping_mul(base);
                    }
                    base = base.wrapping_mul(base);
                    left >>= 1;
                }
                Some(result)
            }
        }
    )*};
}
integers!(i8, i16, i32, i64, u8, u16, u32, u64);

fn floor_integers<T>(op: Arithmetic, left: &Operand, right: &Operand, rows: usize) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: Integer,
{
    left.try_each::<T>(right, rows, |a, b| {
        Ok(a.floor_divide(b)
            .map(|(quotient, remainder)| if op == Arithmetic::FloorDivide { quotient } else { remainder }))
    })
}

fn power_integers<T>(left: &Operand, right: &Operand, rows: usize) -> Result<ArrayRef>
where
    T: ArrowPrimitiveType,
    T::Native: Integer,
{
    left.try_each::<T>(right, rows, |base, exponent| match base.power(exponent) {
        Some(value) => Ok(Some(value)),
        None => Err(Error::input("integers to negative integer powers are not allowed")
            .with_hint("cast the column to float64 with astype first")
            .into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients_go_towards_minus_infinity() {
        for (a, b) in [(7_i64, 2_i64), (-7, 2), (7, -2), (-7, -2), (6, -3), (i64::MIN, -1)] {
            let (quotient, remainder) = Integer::floor_divide(a, b).unwrap();
            assert_eq!(quotient.wrapping_mul(b).wrapping_add(remainder), a, "{a} // {b}");
            assert!(remainder == 0 || (remainder < 0) == (b < 0), "{a} % {b} = {remainder}");
        }
        assert_eq!(Integer::floor_divide(1_u8, 0), None);
        assert_eq!(floor_divide(-7.5, 2.0), (-4.0, 0.5));
        assert_eq!(floor_divide(7.5, -2.0), (-4.0, -0.5));
        assert_eq!(floor_divide(1.0, 0.0).0, f64::INFINITY);
        assert!(floor_divide(1.0, 0.0).1.is_nan());
        assert_eq!(
            (Integer::power(3_i64, 4), Integer::power(2_i8, 9), Integer::power(2_i64, -1)),
            (Some(81), Some(0), None)
        );
    }
}
