//! Functions of times and spans of time, as pandas' `.dt` has them. Fields of a time with a zone are those of its
//! local clock.

use super::operand::argument;
use super::promote::plain;
use super::time::{frequency_ns, per_second};
use crate::dtype::name as dtype_name;
use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike,
};
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, StringBuilder,
    Time64MicrosecondArray, UInt32Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type, Field, FieldRef, Int64Type, TimeUnit};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::sync::Arc;

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

/// The unit of so many ticks a second.
fn unit_of(ticks: i64) -> TimeUnit {
    match ticks {
        1 => TimeUnit::Second,
        1_000 => TimeUnit::Millisecond,
        1_000_000 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
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

/// A column of times, taken apart.
struct Times {
    ticks: Int64Array,
    per_second: i64,
    zone: Option<Tz>,
}

impl Times {
    fn moment(&self, ticks: i64) -> Option<NaiveDateTime> {
        let nanoseconds = ticks.rem_euclid(self.per_second) * (1_000_000_000 / self.per_second);
        let seconds = ticks.div_euclid(self.per_second);
        Some(DateTime::from_timestamp(seconds, u32::try_from(nanoseconds).ok()?)?.naive_utc())
    }

    fn ticks_of(&self, time: NaiveDateTime) -> Option<i64> {
        let utc = time.and_utc();
        let part = i64::from(utc.timestamp_subsec_nanos()) / (1_000_000_000 / self.per_second);
        utc.timestamp().checked_mul(self.per_second)?.checked_add(part)
    }

    /// What the clock shows.
    fn local(&self, ticks: i64) -> Option<NaiveDateTime> {
        let utc = self.moment(ticks)?;
        Some(match &self.zone {
            None => utc,
            Some(zone) => utc + zone.offset_from_utc_datetime(&utc).fix(),
        })
    }

    fn locals(&self) -> impl Iterator<Item = Option<NaiveDateTime>> {
        self.ticks.iter().map(|ticks| ticks.and_then(|ticks| self.local(ticks)))
    }

    /// Ticks as a column of type `to`.
    fn back(ticks: Int64Array, to: &DataType) -> Result<ArrayRef> {
        let DataType::Timestamp(unit, zone) = to else { return Ok(cast(&ticks, to)?) };
        // Through a time without a zone: casting to one with a zone would shift nothing, but says so only for UTC.
        let naive = cast(&ticks, &DataType::Timestamp(*unit, None))?;
        match zone {
            None => Ok(naive),
            Some(_) => {
                Ok(datafusion::arrow::array::make_array(naive.to_data().into_builder().data_type(to.clone()).build()?))
            }
        }
    }

    /// The ticks of a local time of this column's zone.
    fn ticks_of_local(
        &self,
        zone: Option<&Tz>,
        local: NaiveDateTime,
        ambiguous: Doubt,
        nonexistent: Doubt,
    ) -> Result<Option<i64>> {
        let Some(zone) = zone else { return Ok(self.ticks_of(local)) };
        let utc = match zone.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => local - offset.fix(),
            LocalResult::Ambiguous(first, second) => match ambiguous {
                Doubt::Raise => {
                    return Err(Error::data(format!("cannot infer dst time from {local}: the clock shows it twice"))
                        .with_hint("say which with ambiguous=True (daylight saving), False or \"NaT\"")
                        .into());
                }
                Doubt::Missing => return Ok(None),
                Doubt::Earlier => local - first.fix(),
                Doubt::Later => local - second.fix(),
            },
            LocalResult::None => {
                let gap = |step: TimeDelta| {
                    (1..=240_i32).find_map(|steps| {
                        let near = local + step * steps;
                        zone.offset_from_local_datetime(&near).single().map(|offset| (near, near - offset.fix()))
                    })
                };
                match nonexistent {
                    Doubt::Raise => {
                        return Err(Error::data(format!("{local} is a nonexistent time: the clock skips it"))
                            .with_hint("shift it with nonexistent=\"shift_forward\", or make it missing with \"NaT\"")
                            .into());
                    }
                    Doubt::Missing => return Ok(None),
                    doubt => {
                        // The clock jumps at the same moment from either side: the first valid minute finds the offset.
                        let Some((near, utc)) = gap(TimeDelta::minutes(1)) else { return Ok(None) };
                        let jump = utc - (near - truncated_minute(near));
                        if doubt == Doubt::Later {
                            jump
                        } else {
                            jump - TimeDelta::nanoseconds(1_000_000_000 / self.per_second)
                        }
                    }
                }
            }
        };
        Ok(self.ticks_of(utc))
    }

    fn run(&self, function: &Clock, values: &ArrayRef) -> Result<ArrayRef> {
        match function {
            Clock::Part(part) => Ok(self.part(*part)),
            Clock::Date => {
                let days: datafusion::arrow::array::PrimitiveArray<Date32Type> =
                    self.locals().map(|local| local.map(|local| Date32Type::from_naive_date(local.date()))).collect();
                Ok(Arc::new(days))
            }
            Clock::Time => {
                let times: Time64MicrosecondArray = self
                    .locals()
                    .map(|local| {
                        local.map(|local| {
                            i64::from(local.num_seconds_from_midnight()) * 1_000_000
                                + i64::from(local.nanosecond() / 1_000)
                        })
                    })
                    .collect();
                Ok(Arc::new(times))
            }
            Clock::Normalize => {
                self.rounded(Rounding::Floor, 86_400_000_000_000, (Doubt::Raise, Doubt::Raise), values.data_type())
            }
            Clock::Round { rounding, nanoseconds, ambiguous, nonexistent } => {
                self.rounded(*rounding, *nanoseconds, (*ambiguous, *nonexistent), values.data_type())
            }
            Clock::Localize { zone: None, .. } => {
                let ticks = self.locals().map(|local| local.and_then(|local| self.ticks_of(local))).collect();
                let DataType::Timestamp(unit, _) = values.data_type() else { return Ok(Arc::clone(values)) };
                Self::back(ticks, &DataType::Timestamp(*unit, None))
            }
            Clock::Localize { zone: Some(name), ambiguous, nonexistent } => {
                let into = zone(name)?;
                let ticks: Result<Int64Array> = self
                    .locals()
                    .map(|local| match local {
                        None => Ok(None),
                        Some(local) => self.ticks_of_local(Some(&into), local, *ambiguous, *nonexistent),
                    })
                    .collect();
                let DataType::Timestamp(unit, _) = values.data_type() else { return Ok(Arc::clone(values)) };
                Self::back(ticks?, &DataType::Timestamp(*unit, Some(name.as_str().into())))
            }
            Clock::Convert { zone } => {
                let DataType::Timestamp(unit, _) = values.data_type() else { return Ok(Arc::clone(values)) };
                let to = DataType::Timestamp(*unit, zone.as_deref().map(Into::into));
                Self::back(self.ticks.clone(), &to)
            }
            Clock::AsUnit { per_second } => {
                let DataType::Timestamp(_, zone) = values.data_type() else { return Ok(Arc::clone(values)) };
                let ticks = in_ticks(&self.ticks, self.per_second, *per_second)?;
                Self::back(ticks, &DataType::Timestamp(unit_of(*per_second), zone.clone()))
            }
            Clock::Format { format } => self.text(&directives(format)?),
            Clock::DayName => self.text("%A"),
            Clock::MonthName => self.text("%B"),
        }
    }

    fn rounded(
        &self,
        rounding: Rounding,
        nanoseconds: i64,
        (ambiguous, nonexistent): (Doubt, Doubt),
        to: &DataType,
    ) -> Result<ArrayRef> {
        let tick = 1_000_000_000 / self.per_second;
        if nanoseconds < tick {
            return Self::back(self.ticks.clone(), to); // finer than the column
        }
        let step = nanoseconds / tick;
        let ticks: Result<Int64Array> = self
            .ticks
            .iter()
            .map(|ticks| {
                let Some(ticks) = ticks else { return Ok(None) };
                let local = match &self.zone {
                    None => ticks,
                    Some(_) => match self.local(ticks).and_then(|local| self.ticks_of(local)) {
                        None => return Ok(None),
                        Some(local) => local,
                    },
                };
                let rounded = to_multiple(rounding, local, step);
                match &self.zone {
                    None => Ok(Some(rounded)),
                    Some(_) if rounded == local => Ok(Some(ticks)),
                    zone => match self.moment(rounded) {
                        None => Ok(None),
                        Some(local) => self.ticks_of_local(zone.as_ref(), local, ambiguous, nonexistent),
                    },
                }
            })
            .collect();
        Self::back(ticks?, to)
    }

    fn text(&self, format: &str) -> Result<ArrayRef> {
        let items: Vec<chrono::format::Item<'_>> = chrono::format::StrftimeItems::new(format).collect();
        let mut output = StringBuilder::new();
        let mut text = String::new();
        for ticks in &self.ticks {
            let Some(utc) = ticks.and_then(|ticks| self.moment(ticks)) else {
                output.append_null();
                continue;
            };
            text.clear();
            let written = match &self.zone {
                None => write!(text, "{}", utc.format_with_items(items.iter())),
                Some(zone) => write!(text, "{}", zone.from_utc_datetime(&utc).format_with_items(items.iter())),
            };
            written.map_err(|_| {
                DataFusionError::from(
                    Error::unsupported(format!("the format {format:?}"))
                        .with_hint("a directive is not known, or needs a zone that the column has not"),
                )
            })?;
            output.append_value(&text);
        }
        Ok(Arc::new(output.finish()))
    }

    fn part(&self, part: Part) -> ArrayRef {
        let numbers = |of: fn(NaiveDateTime) -> i32| -> ArrayRef {
            let numbers: Int32Array = self.locals().map(|local| local.map(of)).collect();
            Arc::new(numbers)
        };
        let counts = |of: fn(NaiveDateTime) -> u32| -> ArrayRef {
            let numbers: UInt32Array = self.locals().map(|local| local.map(of)).collect();
            Arc::new(numbers)
        };
        let truths = |of: fn(NaiveDateTime) -> bool| -> ArrayRef {
            let truths: BooleanArray = self.locals().map(|local| Some(local.is_some_and(of))).collect();
            Arc::new(truths)
        };
        match part {
            Part::Year => numbers(|time| time.year()),
            Part::Month => numbers(|time| time.month() as i32),
            Part::Day => numbers(|time| time.day() as i32),
            Part::Hour => numbers(|time| time.hour() as i32),
            Part::Minute => numbers(|time| time.minute() as i32),
            Part::Second => numbers(|time| time.second() as i32),
            Part::Microsecond => numbers(|time| (time.nanosecond() / 1_000) as i32),
            Part::Nanosecond => numbers(|time| (time.nanosecond() % 1_000) as i32),
            Part::DayOfWeek => numbers(|time| time.weekday().num_days_from_monday() as i32),
            Part::DayOfYear => numbers(|time| time.ordinal() as i32),
            Part::Quarter => numbers(|time| time.quarter() as i32),
            Part::DaysInMonth => numbers(|time| i32::from(time.num_days_in_month())),
            Part::IsoYear => counts(|time| time.iso_week().year().cast_unsigned()),
            Part::IsoWeek => counts(|time| time.iso_week().week()),
            Part::IsoDay => counts(|time| time.weekday().number_from_monday()),
            Part::IsLeapYear => truths(|time| time.date().leap_year()),
            Part::IsMonthStart => truths(|time| time.day() == 1),
            Part::IsMonthEnd => truths(|time| ends_month(time.date())),
            Part::IsQuarterStart => truths(|time| time.day() == 1 && time.month0() % 3 == 0),
            Part::IsQuarterEnd => truths(|time| ends_month(time.date()) && time.month() % 3 == 0),
            Part::IsYearStart => truths(|time| time.ordinal() == 1),
            Part::IsYearEnd => truths(|time| time.month() == 12 && time.day() == 31),
            Part::Days | Part::Seconds | Part::Microseconds | Part::Nanoseconds | Part::TotalSeconds => {
                datafusion::arrow::array::new_null_array(&DataType::Int64, self.ticks.len())
            }
        }
    }
}

/// How long the minute of a time has lasted.
fn truncated_minute(time: NaiveDateTime) -> NaiveDateTime {
    time - TimeDelta::seconds(i64::from(time.second())) - TimeDelta::nanoseconds(i64::from(time.nanosecond()))
}

fn ends_month(date: NaiveDate) -> bool {
    date.checked_add_days(Days::new(1)).is_none_or(|next| next.month() != date.month())
        || date.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).is_none()
}

/// Ticks of one unit in another, down to a whole one.
fn in_ticks(ticks: &Int64Array, from: i64, to: i64) -> Result<Int64Array> {
    ticks
        .iter()
        .map(|ticks| match ticks {
            None => Ok(None),
            Some(ticks) if from >= to => Ok(Some(ticks.div_euclid(from / to))),
            Some(ticks) => ticks.checked_mul(to / from).map(Some).ok_or_else(|| {
                Error::data(format!("{ticks} ticks of 1/{from} s are out of bounds for ticks of 1/{to} s"))
                    .with_hint("take a coarser unit")
                    .into()
            }),
        })
        .collect()
}

/// A multiple of `step` near `value`.
fn to_multiple(rounding: Rounding, value: i64, step: i64) -> i64 {
    let (quotient, remainder) = (value.div_euclid(step), value.rem_euclid(step));
    let up = match rounding {
        Rounding::Floor => false,
        Rounding::Ceil => remainder > 0,
        Rounding::Round => remainder > step - remainder || (remainder == step - remainder && quotient % 2 != 0),
    };
    (quotient + i64::from(up)) * step
}

/// Python's directives as chrono writes them.
fn directives(format: &str) -> Result<String> {
    let mut output = String::new();
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            output.push(c);
            continue;
        }
        match characters.next() {
            Some('f') => output.push_str("%6f"),
            Some('Z') => output.push_str("%Z"),
            Some(known) if "aAwdbBmyYHIpMSzjUWcxXGuV%-eDFTRnts".contains(known) => {
                output.push('%');
                output.push(known);
            }
            other => {
                return Err(Error::unsupported(format!("the directive %{} in {format:?}", other.unwrap_or(' ')))
                    .with_hint("Python's documented directives of strftime are supported")
                    .into());
            }
        }
    }
    Ok(output)
}

/// Functions of spans of time.
fn span(function: &Clock, values: &ArrayRef, unit: TimeUnit) -> Result<ArrayRef> {
    let per_second = per_second(unit);
    let ticks = cast(values, &DataType::Int64)?;
    let ticks = ticks.as_primitive::<Int64Type>();
    let day = 86_400 * per_second;
    let within = |of: &dyn Fn(i64) -> i64| -> ArrayRef {
        let numbers: Int32Array = ticks.iter().map(|ticks| ticks.map(|ticks| of(ticks) as i32)).collect();
        Arc::new(numbers)
    };
    let nanoseconds = |ticks: i64| ticks.rem_euclid(per_second) * (1_000_000_000 / per_second);
    Ok(match function {
        Clock::Part(Part::Days) => {
            let days: Int64Array = ticks.iter().map(|ticks| ticks.map(|ticks| ticks.div_euclid(day))).collect();
            Arc::new(days)
        }
        Clock::Part(Part::Seconds) => within(&|ticks| ticks.rem_euclid(day) / per_second),
        Clock::Part(Part::Microseconds) => within(&|ticks| nanoseconds(ticks) / 1_000),
        Clock::Part(Part::Nanoseconds) => within(&|ticks| nanoseconds(ticks) % 1_000),
        Clock::Part(Part::TotalSeconds) => {
            let seconds: Float64Array =
                ticks.iter().map(|ticks| ticks.map(|ticks| ticks as f64 / per_second as f64)).collect();
            Arc::new(seconds)
        }
        Clock::Round { rounding, nanoseconds, .. } => {
            let step = (nanoseconds / (1_000_000_000 / per_second)).max(1);
            let rounded: Int64Array =
                ticks.iter().map(|ticks| ticks.map(|ticks| to_multiple(*rounding, ticks, step))).collect();
            cast(&rounded, values.data_type())?
        }
        Clock::AsUnit { per_second: other } => {
            cast(&in_ticks(ticks, per_second, *other)?, &DataType::Duration(unit_of(*other)))?
        }
        _ => return Err(refused("this function", values.data_type())),
    })
}
