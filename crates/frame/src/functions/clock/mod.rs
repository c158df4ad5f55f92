//! Functions of times and spans of time, as pandas' `.dt` has them. Fields of a time with a zone are those of its
//! local clock.

mod fields;
mod format;
mod spans;
mod ticks;
mod times;

use super::operand::argument;
use super::promote::plain;
use super::time::{frequency_ns, per_second};
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type, TimeUnit};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use spans::span;
use ticks::unit_of;
use times::Times;

macro_rules! parts {
    ($($variant:ident $name:literal)*) => {
        /// A field of a time or of a span of time, by pandas' name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "they are pandas' names")]
        pub enum Part { $($variant,)* }
        impl Part {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
            /// pandas' name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

parts! {
    Year "year" Month "month" Day "day" Hour "hour" Minute "minute" Second "second"
    Microsecond "microsecond" Nanosecond "nanosecond"
    DayOfWeek "dayofweek" DayOfYear "dayofyear" Quarter "quarter" DaysInMonth "days_in_month"
    IsoYear "isoyear" IsoWeek "isoweek" IsoDay "isoday"
    IsLeapYear "is_leap_year" IsMonthStart "is_month_start" IsMonthEnd "is_month_end"
    IsQuarterStart "is_quarter_start" IsQuarterEnd "is_quarter_end" IsYearStart "is_year_start" IsYearEnd "is_year_end"
    Days "days" Seconds "seconds" Microseconds "microseconds" Nanoseconds "nanoseconds" TotalSeconds "total_seconds"
}

/// How to round to a multiple.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rounding {
    /// Down.
    Floor,
    /// Up.
    Ceil,
    /// To the nearest, the even one of two.
    Round,
}

/// What becomes of a local time that the clock shows twice, or never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// An error.
    Raise,
    /// It is missing.
    Missing,
    /// Shown twice: the first. Never shown: the last moment before.
    Earlier,
    /// Shown twice: the second. Never shown: the first moment after.
    Later,
}

/// A function of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the parameters are those of pandas' methods, which each line names")]
pub enum Clock {
    /// A field.
    Part(Part),
    /// `date`
    Date,
    /// `normalize`: midnight before.
    Normalize,
    /// `floor`, `ceil` and `round` to a multiple of nanoseconds.
    Round { rounding: Rounding, nanoseconds: i64, ambiguous: Doubt, nonexistent: Doubt },
    /// `time`: the time of the day.
    Time,
    /// `tz_localize`; without a zone, the local clock's time.
    Localize { zone: Option<String>, ambiguous: Doubt, nonexistent: Doubt },
    /// `tz_convert`; without a zone, UTC.
    Convert { zone: Option<String> },
    /// `strftime`
    Format { format: String },
    /// `day_name`
    DayName,
    /// `month_name`
    MonthName,
    /// `as_unit`
    AsUnit { per_second: i64 },
}

impl Clock {
    /// `floor`, `ceil` or `round` to a frequency like `15min`.
    ///
    /// # Errors
    /// `Input`: it is no frequency of fixed length.
    pub fn round(
        rounding: Rounding,
        frequency: &str,
        ambiguous: Doubt,
        nonexistent: Doubt,
    ) -> phalanx_engine::Result<Self> {
        Ok(Self::Round { rounding, nanoseconds: frequency_ns(frequency)?, ambiguous, nonexistent })
    }
}

/// A zone by its name.
pub fn zone(name: &str) -> phalanx_engine::Result<Tz> {
    name.parse().map_err(|error: datafusion::arrow::error::ArrowError| {
        Error::input(format!("there is no time zone {name:?}"))
            .caused_by(&error)
            .with_hint("write a name like Europe/Berlin, UTC, or an offset like +01:00")
    })
}

/// A [`Clock`] as a row function.
#[derive(Debug, Serialize, Deserialize)]
pub struct OfTime(pub Clock);

fn refused(what: &str, data_type: &DataType) -> DataFusionError {
    Error::mismatch(format!("{what} of a column of type {}", dtype_name(data_type)))
        .with_hint("can only use .dt with times: convert with to_datetime or astype first")
        .into()
}

#[typetag::serde]
impl RowFunction for OfTime {
    fn name(&self) -> &'static str {
        "dt"
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        use Part::*;
        let data_type = inputs.first().map_or(&DataType::Null, |field| field.data_type());
        let nullable = inputs.iter().any(|field| field.is_nullable());
        let span = matches!(data_type, DataType::Duration(_));
        let date = matches!(data_type, DataType::Date32 | DataType::Date64);
        if !span && !date && !matches!(data_type, DataType::Timestamp(..)) {
            return Err(refused(".dt", plain(data_type)));
        }
        let of_span = |part: &Part| matches!(part, Days | Seconds | Microseconds | Nanoseconds | TotalSeconds);
        let output = match &self.0 {
            Clock::Part(part) if span != of_span(part) => return Err(refused(part.name(), data_type)),
            Clock::Part(IsoYear | IsoWeek | IsoDay) => DataType::UInt32,
            Clock::Part(
                IsLeapYear | IsMonthStart | IsMonthEnd | IsQuarterStart | IsQuarterEnd | IsYearStart | IsYearEnd,
            ) => return Ok(Field::new("dt", DataType::Boolean, false)),
            Clock::Part(TotalSeconds) => DataType::Float64,
            Clock::Part(Days) => DataType::Int64,
            Clock::Part(_) => DataType::Int32,
            Clock::Round { .. } => data_type.clone(),
            Clock::AsUnit { per_second } => match data_type {
                DataType::Timestamp(_, zone) => DataType::Timestamp(unit_of(*per_second), zone.clone()),
                DataType::Duration(_) => DataType::Duration(unit_of(*per_second)),
                other => return Err(refused("as_unit", other)),
            },
            _ if span => return Err(refused("this function", data_type)),
            Clock::Date => DataType::Date32,
            Clock::Time => DataType::Time64(TimeUnit::Microsecond),
            Clock::Format { .. } | Clock::DayName | Clock::MonthName => DataType::Utf8,
            Clock::Normalize => data_type.clone(),
            Clock::Localize { zone: name, .. } => match (data_type, name) {
                (DataType::Timestamp(unit, None), Some(name)) => {
                    zone(name)?;
                    DataType::Timestamp(*unit, Some(name.as_str().into()))
                }
                (DataType::Timestamp(unit, _), None) => DataType::Timestamp(*unit, None),
                _ => {
                    return Err(Error::input("already tz-aware, use tz_convert to convert")
                        .with_hint("tz_localize says in which zone times without a zone are")
                        .into());
                }
            },
            Clock::Convert { zone: name } => match (data_type, name) {
                (DataType::Timestamp(_, None) | DataType::Date32 | DataType::Date64, _) => {
                    return Err(Error::input("cannot convert tz-naive timestamps, use tz_localize to localize")
                        .with_hint("tz_convert takes times with a zone")
                        .into());
                }
                (DataType::Timestamp(unit, _), Some(name)) => {
                    zone(name)?;
                    DataType::Timestamp(*unit, Some(name.as_str().into()))
                }
                (DataType::Timestamp(unit, _), None) => DataType::Timestamp(*unit, None),
                (other, _) => return Err(refused("tz_convert", other)),
            },
        };
        let doubt = matches!(self.0, Clock::Localize { .. } | Clock::Round { .. });
        Ok(Field::new("dt", output, nullable || doubt))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        if let DataType::Duration(unit) = values.data_type() {
            return span(&self.0, &values, *unit);
        }
        let values = match values.data_type() {
            DataType::Date32 | DataType::Date64 => cast(&values, &DataType::Timestamp(TimeUnit::Second, None))?,
            _ => values,
        };
        let DataType::Timestamp(unit, name) = values.data_type() else {
            return Err(refused(".dt", values.data_type()));
        };
        let times = Times {
            ticks: cast(&values, &DataType::Int64)?.as_primitive::<Int64Type>().clone(),
            per_second: per_second(*unit),
            zone: name.as_deref().map(zone).transpose()?,
        };
        times.run(&self.0, &values)
    }
}
