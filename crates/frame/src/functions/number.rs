//! Functions of one number: NumPy's, and `abs` and `round` as pandas has them.

use super::operand::argument;
use super::promote::{is_decimal, is_float, is_number};
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, PrimitiveArray};
use datafusion::arrow::compute::{cast, kernels::numeric::neg_wrapping, unary};
use datafusion::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Field, FieldRef, Float32Type, Float64Type, Int64Type,
};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A function of a number that gives a number of the same type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Same {
    /// `-x`
    Negative,
    /// `abs(x)`
    Absolute,
    /// −1, 0 or 1.
    Sign,
    /// To so many digits after the point, to the even one of two neighbours; negative counts before the point.
    Round(i32),
}

macro_rules! real_functions {
    ($($(#[$doc:meta])* $variant:ident $name:literal $function:expr;)*) => {
        /// NumPy's functions of a number that give a float: for integers and truth values too.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Real { $($(#[$doc])* $variant,)* }

        impl Real {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// NumPy's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
            fn function(self) -> fn(f64) -> f64 {
                match self { $(Self::$variant => $function,)* }
            }
        }
    };
}

real_functions! {
    /// The square root.
    Sqrt "sqrt" f64::sqrt;
    /// eˣ.
    Exp "exp" libm::exp;
    /// 2ˣ.
    Exp2 "exp2" libm::exp2;
    /// `exp(x) - 1`.
    Expm1 "expm1" libm::expm1;
    /// The natural logarithm.
    Log "log" libm::log;
    /// To base 2.
    Log2 "log2" libm::log2;
    /// To base 10.
    Log10 "log10" libm::log10;
    /// `log(1 + x)`.
    Log1p "log1p" libm::log1p;
    /// Sine of radians.
    Sin "sin" libm::sin;
    /// Cosine of radians.
    Cos "cos" libm::cos;
    /// Tangent of radians.
    Tan "tan" libm::tan;
    /// Inverse sine.
    Arcsin "arcsin" libm::asin;
    /// Inverse cosine.
    Arccos "arccos" libm::acos;
    /// Inverse tangent.
    Arctan "arctan" libm::atan;
    /// Hyperbolic sine.
    Sinh "sinh" libm::sinh;
    /// Hyperbolic cosine.
    Cosh "cosh" libm::cosh;
    /// Hyperbolic tangent.
    Tanh "tanh" libm::tanh;
    /// The cube root.
    Cbrt "cbrt" libm::cbrt;
    /// The largest whole number that is not larger.
    Floor "floor" f64::floor;
    /// The smallest whole number that is not smaller.
    Ceil "ceil" f64::ceil;
    /// The whole part.
    Trunc "trunc" f64::trunc;
    /// The nearest whole number, the even one of two.
    Rint "rint" f64::round_ties_even;
}

fn refused(name: &str, data_type: &DataType) -> DataFusionError {
    Error::mismatch(format!("{name} of a column of type {}", dtype_name(data_type)))
        .with_hint("take a column of numbers")
        .into()
}

/// A [`Same`] as a row function.
#[derive(Debug, Serialize, Deserialize)]
pub struct SameNumber(pub Same);

#[typetag::serde]
impl RowFunction for SameNumber {
    fn name(&self) -> &'static str {
        match self.0 {
            Same::Negative => "neg",
            Same::Absolute => "abs",
            Same::Sign => "sign",
            Same::Round(_) => "round",
        }
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let data_type = inputs.first().map_or(DataType::Null, |field| field.data_type().clone());
        let duration = matches!(data_type, DataType::Duration(_)) && !matches!(self.0, Same::Round(_));
        let boolean = data_type == DataType::Boolean && !matches!(self.0, Same::Absolute | Same::Round(_));
        if boolean || !(is_number(&data_type) || is_decimal(&data_type) || duration) {
            return Err(refused(self.name(), &data_type));
        }
        Ok(Field::new(self.name(), data_type, inputs.iter().any(|field| field.is_nullable())))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        let data_type = values.data_type().clone();
        match (&data_type, self.0) {
            (DataType::Boolean, _) => Ok(values),
            (_, Same::Negative) => Ok(neg_wrapping(&values)?),
            (DataType::Float64, function) => Ok(floats::<Float64Type>(&values, |value| float(function, value))),
            (DataType::Float32, function) => {
                Ok(floats::<Float32Type>(&values, |value| float(function, f64::from(value)) as f32))
            }
            (unsigned, Same::Absolute) if unsigned.is_unsigned_integer() => Ok(values),
            (unsigned, Same::Round(digits)) if digits >= 0 && unsigned.is_integer() => Ok(values),
            (decimal, _) if is_decimal(decimal) => Err(DataFusionError::from(
                Error::unsupported(format!("{} of decimals", self.name()))
                    .with_hint("cast the column to float64 first"),
            )),
            (_, function) => {
                let whole = cast(&values, &DataType::Int64)?;
                let whole: PrimitiveArray<Int64Type> =
                    unary(whole.as_primitive::<Int64Type>(), |value| integer(function, value));
                Ok(cast(&whole, &data_type)?)
            }
        }
    }
}

fn floats<T: ArrowPrimitiveType>(values: &ArrayRef, function: impl Fn(T::Native) -> T::Native) -> ArrayRef {
    let mapped: PrimitiveArray<T> = unary(values.as_primitive::<T>(), function);
    Arc::new(mapped)
}

fn float(function: Same, value: f64) -> f64 {
    match function {
        Same::Negative => -value,
        Same::Absolute => value.abs(),
        Same::Sign if value == 0.0 => 0.0,
        Same::Sign if value.is_nan() => value,
        Same::Sign => value.signum(),
        Same::Round(0) => value.round_ties_even(),
        // NumPy multiplies, rounds and divides; so do we, or the last digit would differ.
        Same::Round(digits) if digits > 0 => {
            let factor = libm::pow(10.0, f64::from(digits));
            let scaled = (value * factor).round_ties_even() / factor;
            if scaled.is_finite() { scaled } else { value }
        }
        Same::Round(digits) => {
            let factor = libm::pow(10.0, f64::from(-digits));
            (value / factor).round_ties_even() * factor
        }
    }
}

fn integer(function: Same, value: i64) -> i64 {
    match function {
        Same::Negative => value.wrapping_neg(),
        Same::Absolute => value.wrapping_abs(),
        Same::Sign => value.signum(),
        Same::Round(digits) if digits >= 0 => value,
        Same::Round(digits) => {
            let Some(factor) = 10_i64.checked_pow(digits.unsigned_abs()) else { return 0 };
            let (quotient, remainder) = (value.div_euclid(factor), value.rem_euclid(factor));
            let up = remainder * 2 > factor || (remainder * 2 == factor && quotient % 2 != 0);
            (quotient + i64::from(up)).wrapping_mul(factor)
        }
    }
}

/// A [`Real`] as a row function.
#[derive(Debug, Serialize, Deserialize)]
pub struct RealNumber(pub Real);

#[typetag::serde]
impl RowFunction for RealNumber {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let data_type = inputs.first().map_or(DataType::Null, |field| field.data_type().clone());
        let whole = matches!(self.0, Real::Floor | Real::Ceil | Real::Trunc);
        let output = match &data_type {
            DataType::Float32 => DataType::Float32,
            integer if integer.is_integer() && whole => data_type.clone(),
            number if is_number(number) || is_decimal(number) => DataType::Float64,
            other => return Err(refused(self.name(), other)),
        };
        Ok(Field::new(self.name(), output, inputs.iter().any(|field| field.is_nullable())))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        let whole = matches!(self.0, Real::Floor | Real::Ceil | Real::Trunc);
        if whole && values.data_type().is_integer() {
            return Ok(values);
        }
        let function = self.0.function();
        let single = *values.data_type() == DataType::Float32;
        let wide = if *values.data_type() == DataType::Boolean { cast(&values, &DataType::Int64)? } else { values };
        let result = floats::<Float64Type>(&cast(&wide, &DataType::Float64)?, function);
        Ok(if single { cast(&result, &DataType::Float32)? } else { result })
    }
}

/// Questions about a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// Neither infinite nor NaN.
    Finite,
    /// Infinite.
    Infinite,
}

/// A [`Question`] as a row function; a missing value answers no.
#[derive(Debug, Serialize, Deserialize)]
pub struct AskNumber(pub Question);

#[typetag::serde]
impl RowFunction for AskNumber {
    fn name(&self) -> &'static str {
        match self.0 {
            Question::Finite => "isfinite",
            Question::Infinite => "isinf",
        }
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        match inputs.first().map(|field| field.data_type()) {
            Some(number) if is_number(number) => Ok(Field::new(self.name(), DataType::Boolean, false)),
            other => Err(refused(self.name(), other.unwrap_or(&DataType::Null))),
        }
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        let ask = |value: f64| if self.0 == Question::Finite { value.is_finite() } else { value.is_infinite() };
        let wide = if is_float(values.data_type()) { values } else { cast(&values, &DataType::Int64)? };
        let wide = cast(&wide, &DataType::Float64)?;
        let answers: BooleanArray =
            wide.as_primitive::<Float64Type>().iter().map(|value| Some(value.is_some_and(ask))).collect();
        Ok(Arc::new(answers))
    }
}
