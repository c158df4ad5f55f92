//! Functions of text and of times: pandas' `.str` and `.dt`.

use super::Series;
use crate::functions::clock::{Clock, OfTime};
use crate::functions::text::{OfText, Text};
use crate::functions::time::ToTime;
use datafusion::arrow::datatypes::TimeUnit;
use phalanx_engine::Result;

impl Series {
    /// A function of text of each value, as pandas' `.str` has it: `series.text(Text::Lower)`.
    ///
    /// # Errors
    /// `Input`: the column holds no text. `Unsupported`: the pattern is none of the regex crate's.
    pub fn text(&self, function: Text) -> Result<Self> {
        function.check()?;
        self.apply(OfText(function))
    }

    /// A function of times of each value, as pandas' `.dt` has it: `series.clock(Clock::Part(Part::Year))`.
    ///
    /// # Errors
    /// `Input`: the column holds no times, or not such as the function takes.
    pub fn clock(&self, function: Clock) -> Result<Self> {
        self.apply(OfTime(function))
    }

    /// Times out of text in a format of `strptime` (ISO 8601 without one), or out of numbers of `unit` since 1970.
    ///
    /// # Errors
    /// `Input`: the column holds neither. While it runs, `Data`: a text is no time, unless those become missing.
    pub fn to_datetime(&self, format: Option<&str>, unit: TimeUnit, is_utc: bool, or_missing: bool) -> Result<Self> {
        self.apply(ToTime::new(format, unit, is_utc, or_missing))
    }

    /// Spans of time out of text, or out of numbers of `unit`.
    ///
    /// # Errors
    /// As [`Series::to_datetime`].
    pub fn to_timedelta(&self, unit: TimeUnit, or_missing: bool) -> Result<Self> {
        self.apply(crate::functions::time::ToSpan::new(unit, or_missing))
    }
}
