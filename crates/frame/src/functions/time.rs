//! Times as constants: parsing what stands in a program beside a column of times.

use super::operand::{STRICT, argument};
use super::promote::is_text;
use super::time_text::{by_year, parsed};
use crate::dtype::name as dtype_name;
use chrono::NaiveDateTime;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, StringArray};
use datafusion::arrow::compute::{cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, Result, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A time like `2000-01-31` or `2000-01-31 12:00:00.5+01:00`.
pub fn parse_constant(text: &str, unit: TimeUnit, zone: Option<&Arc<str>>) -> Result<ScalarValue> {
    let to = DataType::Timestamp(unit, zone.cloned());
    let text_array = StringArray::from(vec![text]);
    let parsed = cast_with_options(&text_array, &to, &STRICT).map_err(|error| {
        Error::input(format!("{text:?} is no date"))
            .caused_by(&error)
            .with_hint("write 2000-01-31 or 2000-01-31T12:00:00")
    })?;
    debug_assert_eq!(parsed.len(), 1);
    Ok(ScalarValue::try_from_array(&parsed, 0)?)
}

/// Ticks of a unit in a second.
pub fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

/// Nanoseconds of pandas' name for a unit of fixed length.
fn unit_ns(name: &str) -> Option<i64> {
    Some(match name {
        "W" | "w" | "week" | "weeks" => 7 * 86_400_000_000_000,
        "D" | "d" | "day" | "days" => 86_400_000_000_000,
        "h" | "H" | "hr" | "hour" | "hours" => 3_600_000_000_000,
        "min" | "m" | "minute" | "minutes" => 60_000_000_000,
        "s" | "S" | "sec" | "second" | "seconds" => 1_000_000_000,
        "ms" | "L" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "us" | "U" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "ns" | "N" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        _ => return None,
    })
}

/// Nanoseconds of a frequency of fixed length, as pandas writes it: `15min`, `D`, `100ms`.
pub fn frequency_ns(text: &str) -> Result<i64> {
    let refused = || {
        Error::input(format!("{text:?} is no frequency of fixed length"))
            .with_hint("write a number and D, h, min, s, ms, us or ns, like 15min")
    };
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
    let count: i64 = if at == 0 { 1 } else { text[..at].parse().map_err(|_| refused())? };
    let ns = unit_ns(&text[at..]).and_then(|unit| unit.checked_mul(count)).filter(|ns| *ns > 0);
    ns.ok_or_else(refused)
}

/// A span of time as pandas writes it: `1 day`, `2h30min`, `-1.5s`, `1 days 02:03:04.5`.
pub fn parse_duration(text: &str, unit: TimeUnit) -> Result<ScalarValue> {
    let refused =
        || Error::input(format!("{text:?} is no span of time")).with_hint("write 1 day, 2h30min or 1 days 02:03:04");
    let ns = duration_ns(text.trim()).ok_or_else(refused)?;
    let ticks = ns / (1_000_000_000 / per_second(unit));
    Ok(match unit {
        TimeUnit::Second => ScalarValue::DurationSecond(Some(ticks)),
        TimeUnit::Millisecond => ScalarValue::DurationMillisecond(Some(ticks)),
        TimeUnit::Microsecond => ScalarValue::DurationMicrosecond(Some(ticks)),
        TimeUnit::Nanosecond => ScalarValue::DurationNanosecond(Some(ticks)),
    })
}

fn duration_ns(text: &str) -> Option<i64> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut total = 0_i64;
    let mut any = false;
    loop {
        rest = rest.trim_start_matches([' ', '+', ',']);
        if rest.is_empty() {
            return any.then_some(sign * total);
        }
        if let Some((hours, clock)) =
            rest.split_once(':').filter(|(hours, _)| hours.chars().all(|c| c.is_ascii_digit()))
        {
            let (minutes, seconds) = clock.split_once(':').unwrap_or((clock, "0"));
            let whole = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
            total =
                total.checked_add(whole.checked_mul(1_000_000_000)?)?.checked_add(decimal(seconds, 1_000_000_000)?)?;
            return Some(sign * total);
        }
        let at = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(at);
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let scale = if after.is_empty() { 1 } else { unit_ns(&after[..end])? };
        total = total.checked_add(decimal(number, scale)?)?;
        rest = &after[end..];
        any = true;
    }
}

/// A decimal number times `scale`, without a float in between.
fn decimal(text: &str, scale: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut value = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()?.checked_mul(scale)? };
    let mut unit = scale;
    for digit in fraction.chars() {
        unit /= 10;
        value += i64::from(digit.to_digit(10)?) * unit;
    }
    Some(value)
}

/// Nanoseconds of a tick, as plans carry it.
fn tick_ns(unit: TimeUnit) -> i64 {
    1_000_000_000 / per_second(unit)
}

fn unit_of_ns(ns: i64) -> TimeUnit {
    match ns {
        1_000_000_000 => TimeUnit::Second,
        1_000_000 => TimeUnit::Millisecond,
        1_000 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

fn no_time(text: &str) -> Error {
    Error::data(format!("{text:?} is no time in the format that is expected"))
        .with_hint("give the format, or make such texts missing with errors=\"coerce\"")
}

fn no_iso(text: &str) -> Error {
    Error::data(format!("{text:?} is no time in ISO 8601"))
        .with_hint("give the format, as \"%m/%d/%Y\", or make such texts missing with errors=\"coerce\"")
}

/// `to_datetime`
#[derive(Debug, Serialize, Deserialize)]
pub struct ToTime {
    format: Option<String>,
    tick_ns: i64,
    is_utc: bool,
    or_missing: bool,
}

impl ToTime {
    pub fn new(format: Option<&str>, unit: TimeUnit, is_utc: bool, or_missing: bool) -> Self {
        Self { format: format.map(str::to_owned), tick_ns: tick_ns(unit), is_utc, or_missing }
    }
    fn zone(&self) -> Option<Arc<str>> {
        self.is_utc.then(|| "UTC".into())
    }
    /// Microseconds since 1970 of what a text was read as.
    fn tick(
        &self,
        text: &str,
        time: Option<NaiveDateTime>,
        error: fn(&str) -> Error,
    ) -> datafusion::error::Result<Option<i64>> {
        match time {
            Some(time) => Ok(Some(time.and_utc().timestamp_micros())),
            None if self.or_missing => Ok(None),
            None => Err(error(text).into()),
        }
    }
}

#[typetag::serde]
impl RowFunction for ToTime {
    fn name(&self) -> &'static str {
        "to_datetime"
    }
    fn output(&self, inputs: &[FieldRef]) -> datafusion::error::Result<Field> {
        let data_type = inputs.first().map_or(&DataType::Null, |field| field.data_type());
        let output = match data_type {
            DataType::Timestamp(unit, _) => DataType::Timestamp(*unit, self.zone()),
            text if is_text(text) => DataType::Timestamp(TimeUnit::Microsecond, self.zone()),
            number if number.is_numeric() => DataType::Timestamp(TimeUnit::Nanosecond, self.zone()),
            DataType::Date32 | DataType::Date64 => DataType::Timestamp(TimeUnit::Second, self.zone()),
            other => {
                return Err(Error::mismatch(format!("times out of a column of type {}", dtype_name(other)))
                    .with_hint("to_datetime takes text, numbers, dates and times")
                    .into());
            }
        };
        Ok(Field::new("to_datetime", output, true))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> datafusion::error::Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        match values.data_type() {
            text if is_text(text) => {
                let to = DataType::Timestamp(TimeUnit::Microsecond, self.zone());
                let texts = cast(&values, &DataType::Utf8)?;
                let texts: &StringArray = texts.as_string();
                match &self.format {
                    None => {
                        let mut options = STRICT;
                        options.safe = true;
                        let times = cast_with_options(texts, &to, &options)?;
                        if times.null_count() == texts.null_count() {
                            return Ok(times);
                        }
                        let ticks = cast(&times, &DataType::Int64)?;
                        let ticks: datafusion::error::Result<Int64Array> = texts
                            .iter()
                            .zip(ticks.as_primitive::<Int64Type>())
                            .map(|(text, tick)| match (text, tick) {
                                (Some(text), None) => self.tick(text, by_year(text), no_iso),
                                (_, tick) => Ok(tick),
                            })
                            .collect();
                        Ok(cast(&(Arc::new(ticks?) as ArrayRef), &to)?)
                    }
                    Some(format) => {
                        let format = format.replace("%f", "%6f").replace(".%6f", "%.f");
                        let ticks: datafusion::error::Result<Int64Array> = texts
                            .iter()
                            .map(|text| match text {
                                Some(text) => self.tick(text, parsed(text, &format), no_time),
                                None => Ok(None),
                            })
                            .collect();
                        Ok(cast(&(Arc::new(ticks?) as ArrayRef), &to)?)
                    }
                }
            }
            number if number.is_numeric() => {
                let to = DataType::Timestamp(TimeUnit::Nanosecond, self.zone());
                Ok(cast(&scaled(&values, self.tick_ns)?, &to)?)
            }
            DataType::Timestamp(unit, _) => Ok(cast(&values, &DataType::Timestamp(*unit, self.zone()))?),
            _ => Ok(cast(&values, &DataType::Timestamp(TimeUnit::Second, self.zone()))?),
        }
    }
}

/// Nanoseconds out of numbers of ticks.
fn scaled(values: &ArrayRef, tick_ns: i64) -> datafusion::error::Result<ArrayRef> {
    let nanoseconds: Int64Array = if values.data_type().is_integer() {
        cast(values, &DataType::Int64)?
            .as_primitive::<Int64Type>()
            .iter()
            .map(|ticks| ticks.and_then(|ticks| ticks.checked_mul(tick_ns)))
            .collect()
    } else {
        cast(values, &DataType::Float64)?
            .as_primitive::<Float64Type>()
            .iter()
            .map(|ticks| {
                let ticks = ticks.filter(|ticks| ticks.is_finite())?;
                let whole = ticks.trunc();
                // Apart, so that a fraction keeps its digits beside many seconds.
                (whole as i64).checked_mul(tick_ns)?.checked_add(((ticks - whole) * tick_ns as f64).round() as i64)
            })
            .collect()
    };
    Ok(Arc::new(nanoseconds))
}

/// `to_timedelta`
#[derive(Debug, Serialize, Deserialize)]
pub struct ToSpan {
    tick_ns: i64,
    or_missing: bool,
}

impl ToSpan {
    pub fn new(unit: TimeUnit, or_missing: bool) -> Self {
        Self { tick_ns: tick_ns(unit), or_missing }
    }
}

#[typetag::serde]
impl RowFunction for ToSpan {
    fn name(&self) -> &'static str {
        "to_timedelta"
    }
    fn output(&self, inputs: &[FieldRef]) -> datafusion::error::Result<Field> {
        let data_type = inputs.first().map_or(&DataType::Null, |field| field.data_type());
        let output = match data_type {
            DataType::Duration(_) => data_type.clone(),
            text if is_text(text) => DataType::Duration(TimeUnit::Nanosecond),
            number if number.is_numeric() => DataType::Duration(unit_of_ns(self.tick_ns)),
            other => {
                return Err(Error::mismatch(format!("spans of time out of a column of type {}", dtype_name(other)))
                    .with_hint("to_timedelta takes text and numbers")
                    .into());
            }
        };
        Ok(Field::new("to_timedelta", output, true))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> datafusion::error::Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        match values.data_type() {
            text if is_text(text) => {
                let texts = cast(&values, &DataType::Utf8)?;
                let texts: &StringArray = texts.as_string();
                let spans: datafusion::error::Result<Int64Array> = texts
                    .iter()
                    .map(|text| {
                        let Some(text) = text else { return Ok(None) };
                        match duration_ns(text.trim()) {
                            Some(span) => Ok(Some(span)),
                            None if self.or_missing => Ok(None),
                            None => Err(no_time(text).into()),
                        }
                    })
                    .collect();
                Ok(cast(&(Arc::new(spans?) as ArrayRef), &DataType::Duration(TimeUnit::Nanosecond))?)
            }
            number if number.is_numeric() => {
                let to = DataType::Duration(unit_of_ns(self.tick_ns));
                let nanoseconds = cast(&scaled(&values, self.tick_ns)?, &DataType::Duration(TimeUnit::Nanosecond))?;
                Ok(cast(&nanoseconds, &to)?)
            }
            _ => Ok(values),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_pandas_reads_them() {
        for (text, expected) in [
            ("1 day", 86_400_000_000_000),
            ("2h30min", 9_000_000_000_000),
            ("-1.5s", -1_500_000_000),
            ("1 days 02:03:04.5", 93_784_500_000_000),
            ("7", 7),
        ] {
            assert_eq!(duration_ns(text), Some(expected), "{text}");
        }
        assert_eq!(duration_ns("soon"), None);
        assert_eq!(frequency_ns("15min").unwrap(), 900_000_000_000);
        assert!(frequency_ns("ME").is_err());
    }
}
