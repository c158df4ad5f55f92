//! Fields of times.

use super::Part;
use super::times::Times;
use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, Timelike};
use datafusion::arrow::array::{ArrayRef, BooleanArray, Int32Array, UInt32Array, new_null_array};
use datafusion::arrow::datatypes::DataType;
use std::sync::Arc;

impl Times {
    /// A field of what the clock shows.
    pub(super) fn part(&self, part: Part) -> ArrayRef {
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
                new_null_array(&DataType::Int64, self.ticks.len())
            }
        }
    }
}

fn ends_month(date: NaiveDate) -> bool {
    date.checked_add_days(Days::new(1)).is_none_or(|next| next.month() != date.month())
        || date.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).is_none()
}
