//! `astype` with pandas' rules: text as Python writes it, no number out of a missing value.

use super::choose::missing;
use super::operand::{STRICT, argument};
use super::promote::{is_float, is_number, is_text, plain};
use super::time::per_second;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray, StringBuilder};
use datafusion::arrow::compute::{cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type, TimeUnit};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The value as another type. The type travels as a schema of one field.
#[derive(Debug, Serialize, Deserialize)]
pub struct Convert {
    to: SerializedSchema,
    /// What does not fit becomes missing, rather than an error.
    lenient: bool,
}

impl Convert {
    pub fn new(to: DataType, lenient: bool) -> Self {
        let schema = datafusion::arrow::datatypes::Schema::new(vec![Field::new("to", to, true)]);
        Self { to: SerializedSchema(Arc::new(schema)), lenient }
    }
    fn to(&self) -> &DataType {
        self.to.0.field(0).data_type()
    }
}

/// Whether values of one type can become values of another.
fn fits(from: &DataType, to: &DataType) -> bool {
    use DataType::{Date32, Date64, Duration, Null, Timestamp};
    let (from, to) = (plain(from), plain(to));
    let time = |data_type: &DataType| matches!(data_type, Timestamp(..) | Duration(_) | Date32 | Date64);
    match (from, to) {
        (Null, _) => true,
        (a, b) if a == b => true,
        (a, b) if is_text(b) => !a.is_nested(),
        (a, b) if is_text(a) => !b.is_nested(),
        (Timestamp(..) | Date32 | Date64, Timestamp(..) | Date32 | Date64) => true,
        (Duration(_), Duration(_)) => true,
        (a, b) if time(a) => *b == DataType::Int64,
        (a, b) if time(b) => a.is_integer(),
        (a, b) => a.is_numeric() | is_number(a) && b.is_numeric() | is_number(b),
    }
}

#[typetag::serde]
impl RowFunction for Convert {
    fn name(&self) -> &'static str {
        "astype"
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let from = inputs.first().map_or(&DataType::Null, |field| field.data_type());
        if !fits(from, self.to()) {
            return Err(Error::input(format!("cannot convert {} to {}", plain(from), self.to()))
                .with_hint("cast to text (str) or to int64 first")
                .into());
        }
        let nullable = self.lenient || inputs.iter().any(|field| field.is_nullable());
        Ok(Field::new("astype", self.to().clone(), nullable))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        let from = plain(values.data_type()).clone();
        let values = if *values.data_type() == from { values } else { cast(&values, &from)? };
        if let DataType::Dictionary(_, inner) = self.to() {
            let plainly = Self::new(inner.as_ref().clone(), self.lenient).run(&[ColumnarValue::Array(values)], rows)?;
            return Ok(cast(&plainly, self.to())?);
        }
        convert(&values, self.to(), self.lenient)
    }
}

fn convert(values: &ArrayRef, to: &DataType, lenient: bool) -> Result<ArrayRef> {
    use DataType::{Boolean, Int64, Timestamp};
    let from = values.data_type();
    if from == to {
        return Ok(Arc::clone(values));
    }
    if *to == DataType::Utf8 {
        return text(values);
    }
    match (from, to) {
        (a, Boolean) if is_float(a) => {
            let floats = cast(values, &DataType::Float64)?;
            let floats = floats.as_primitive::<Float64Type>();
            // NaN is not zero, hence true.
            let truths: BooleanArray =
                floats.iter().map(|value| Some(value.is_none_or(|value| value != 0.0))).collect();
            Ok(Arc::new(truths))
        }
        (a, Boolean) if is_text(a) => {
            let texts = cast(values, &DataType::Utf8)?;
            let truths: BooleanArray =
                texts.as_string::<i32>().iter().map(|text| text.map(|text| !text.is_empty())).collect();
            Ok(Arc::new(truths))
        }
        (a, b) if is_float(a) && b.is_integer() => {
            let floats = cast(values, &DataType::Float64)?;
            let floats = floats.as_primitive::<Float64Type>();
            if !lenient && (floats.null_count() > 0 || floats.iter().flatten().any(|value| !value.is_finite())) {
                return Err(Error::data("cannot convert non-finite values (NA or inf) to integer")
                    .with_hint("fill missing values with fillna first")
                    .into());
            }
            let whole: datafusion::arrow::array::Int64Array =
                floats.iter().map(|value| value.filter(|value| value.is_finite()).map(|value| value as i64)).collect();
            match b {
                Int64 => Ok(Arc::new(whole)),
                DataType::UInt64 => {
                    let whole: datafusion::arrow::array::UInt64Array = floats
                        .iter()
                        .map(|value| {
                            value
                                .filter(|value| value.is_finite())
                                .map(|value| if value < 0.0 { (value as i64).cast_unsigned() } else { value as u64 })
                        })
                        .collect();
                    Ok(Arc::new(whole))
                }
                _ => wrap(&whole, b),
            }
        }
        (a, b) if a.is_integer() && b.is_integer() => match (a, b) {
            (DataType::UInt64, _) => {
                let bits = values.as_primitive::<datafusion::arrow::datatypes::UInt64Type>();
                wrap(&datafusion::arrow::compute::unary::<_, _, Int64Type>(bits, u64::cast_signed), b)
            }
            _ => wrap(cast(values, &Int64)?.as_primitive::<Int64Type>(), b),
        },
        (a, b) if is_text(a) && is_number(b) => numbers(cast(values, &DataType::Utf8)?.as_string(), b, lenient),
        (Timestamp(_, None), Timestamp(_, Some(_))) => {
            Err(Error::input("astype from a time without a zone to one with a zone")
                .with_hint("say which zone the times are in with dt.tz_localize")
                .into())
        }
        _ => {
            let mut options = STRICT;
            options.safe = lenient;
            Ok(cast_with_options(values, to, &options).map_err(|error| {
                Error::data(format!("a value can't be converted to {to}"))
                    .caused_by(&error)
                    .with_hint("look at the values, or convert with errors=\"coerce\"")
            })?)
        }
    }
}

/// The low bits of integers, as NumPy's casts keep them.
fn wrap(values: &datafusion::arrow::array::Int64Array, to: &DataType) -> Result<ArrayRef> {
    use datafusion::arrow::compute::unary;
    use datafusion::arrow::datatypes::{Int8Type, Int16Type, Int32Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
    Ok(match to {
        DataType::Int8 => Arc::new(unary::<_, _, Int8Type>(values, |value| value as i8)),
        DataType::Int16 => Arc::new(unary::<_, _, Int16Type>(values, |value| value as i16)),
        DataType::Int32 => Arc::new(unary::<_, _, Int32Type>(values, |value| value as i32)),
        DataType::UInt8 => Arc::new(unary::<_, _, UInt8Type>(values, |value| value as u8)),
        DataType::UInt16 => Arc::new(unary::<_, _, UInt16Type>(values, |value| value as u16)),
        DataType::UInt32 => Arc::new(unary::<_, _, UInt32Type>(values, |value| value as u32)),
        DataType::UInt64 => Arc::new(unary::<_, _, UInt64Type>(values, i64::cast_unsigned)),
        _ => Arc::new(values.clone()),
    })
}

/// Numbers out of text, as Python's `int` and `float` read it: spaces around and underscores within are fine.
fn numbers(texts: &StringArray, to: &DataType, lenient: bool) -> Result<ArrayRef> {
    let bad = |text: &str| {
        Error::data(format!("could not convert string to {}: {text:?}", if is_float(to) { "float" } else { "int" }))
            .with_hint("look at the values, or convert with errors=\"coerce\"")
    };
    let clean = |text: &str| text.trim().replace('_', "");
    if is_float(to) {
        let floats: Result<datafusion::arrow::array::Float64Array> = texts
            .iter()
            .map(|text| {
                let Some(text) = text else { return Ok(None) };
                match clean(text).parse::<f64>() {
                    Ok(value) => Ok(Some(value)),
                    Err(_) if lenient => Ok(None),
                    Err(_) => Err(bad(text).into()),
                }
            })
            .collect();
        return Ok(cast(&floats?, to)?);
    }
    let whole: Result<datafusion::arrow::array::Int64Array> = texts
        .iter()
        .map(|text| {
            let Some(text) = text else { return Ok(None) };
            match clean(text).parse::<i64>() {
                Ok(value) => Ok(Some(value)),
                Err(_) if lenient => Ok(None),
                Err(_) => Err(bad(text).into()),
            }
        })
        .collect();
    let mut options = STRICT;
    options.safe = lenient;
    Ok(cast_with_options(&whole?, to, &options)
        .map_err(|error| Error::data("a number is out of range").caused_by(&error))?)
}

/// Text as Python's `str` writes it.
fn text(values: &ArrayRef) -> Result<ArrayRef> {
    let gone = missing(values)?;
    let write = |write: &dyn Fn(usize) -> Result<String>| -> Result<ArrayRef> {
        let mut output = StringBuilder::with_capacity(values.len(), values.len() * 8);
        for row in 0..values.len() {
            if gone.value(row) {
                output.append_null();
            } else {
                output.append_value(write(row)?);
            }
        }
        Ok(Arc::new(output.finish()))
    };
    match values.data_type() {
        data_type if is_float(data_type) => {
            let single = *data_type == DataType::Float32;
            let floats = cast(values, &DataType::Float64)?;
            let floats = floats.as_primitive::<Float64Type>();
            write(&|row| {
                Ok(if single { float_text_single(floats.value(row) as f32) } else { float_text(floats.value(row)) })
            })
        }
        DataType::Boolean => {
            let truths = values.as_boolean();
            write(&|row| Ok(String::from(if truths.value(row) { "True" } else { "False" })))
        }
        DataType::Timestamp(unit, _) => {
            let digits = match unit {
                TimeUnit::Second => "",
                TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond => "%.f",
            };
            let (naive, aware) = (format!("%Y-%m-%d %H:%M:%S{digits}"), format!("%Y-%m-%d %H:%M:%S{digits}%:z"));
            let options =
                FormatOptions::new().with_timestamp_format(Some(&naive)).with_timestamp_tz_format(Some(&aware));
            let formatter = ArrayFormatter::try_new(values.as_ref(), &options)?;
            write(&|row| Ok(formatter.value(row).try_to_string()?))
        }
        DataType::Duration(unit) => {
            let ticks = cast(values, &DataType::Int64)?;
            let (ticks, per_second) = (ticks.as_primitive::<Int64Type>(), per_second(*unit));
            write(&|row| Ok(span_text(ticks.value(row), per_second)))
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(cast(values, &DataType::Utf8)?),
        _ => {
            let formatter = ArrayFormatter::try_new(values.as_ref(), &FormatOptions::new())?;
            write(&|row| Ok(formatter.value(row).try_to_string()?))
        }
    }
}

/// A span of time as pandas writes it: `0 days 02:30:00`, `-1 days +23:59:59.500000`.
fn span_text(ticks: i64, per_second: i64) -> String {
    let day = 86_400 * per_second;
    let (days, rest) = (ticks.div_euclid(day), ticks.rem_euclid(day));
    let (seconds, fraction) = (rest / per_second, rest % per_second * (1_000_000_000 / per_second));
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let sign = if days < 0 { "+" } else { "" };
    let whole = format!("{days} days {sign}{hours:02}:{minutes:02}:{seconds:02}");
    match fraction {
        0 => whole,
        micro if micro % 1000 == 0 => format!("{whole}.{:06}", micro / 1000),
        nano => format!("{whole}.{nano:09}"),
    }
}

/// A float as Python's `repr` writes it: the shortest digits that read back, exponents from 1e16 and below 1e-4.
pub fn float_text(value: f64) -> String {
    python(value, format!("{value:e}"), || format!("{value:?}"))
}

fn float_text_single(value: f32) -> String {
    python(f64::from(value), format!("{value:e}"), || format!("{value:?}"))
}

fn python(value: f64, scientific: String, plain: impl Fn() -> String) -> String {
    if value.is_infinite() {
        return String::from(if value > 0.0 { "inf" } else { "-inf" });
    }
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value == 0.0 || (-4..16).contains(&exponent) {
        let text = plain();
        // Rust's own debug form turns to exponents earlier than Python.
        return if text.contains('e') { expand(digits, exponent) } else { text };
    }
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn expand(digits: &str, exponent: i32) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let figures: String = digits.chars().filter(char::is_ascii_digit).collect();
    let point = exponent + 1;
    if point <= 0 {
        return format!("{sign}0.{}{figures}", "0".repeat(point.unsigned_abs() as usize));
    }
    let point = point.unsigned_abs() as usize;
    if figures.len() <= point {
        return format!("{sign}{figures}{}.0", "0".repeat(point - figures.len()));
    }
    format!("{sign}{}.{}", &figures[..point], &figures[point..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (value, expected) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (1.5e15, "1500000000000000.0"),
            (123456789.125, "123456789.125"),
            (1e-4, "0.0001"),
            (1.5e-5, "1.5e-05"),
            (f64::INFINITY, "inf"),
            (1e300, "1e+300"),
        ] {
            assert_eq!(float_text(value), expected);
        }
        assert_eq!(float_text_single(0.1), "0.1");
    }
}
