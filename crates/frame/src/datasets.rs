//! Generated data: the same for the same seed, on any engine, whatever the partitions.

use crate::source::scan;
use crate::source::timeseries::{Columns, TimeseriesTable};
use crate::{Frame, error};
use chrono::{NaiveDate, NaiveDateTime};
use phalanx_engine::{Error, Result};
use std::sync::Arc;
use std::time::Duration;

/// A time series as Dask's `datasets.timeseries()` has it: by default one row a second from 2000-01-01 to 2000-01-31
/// (2,592,000 rows), a partition a day.
///
/// | column | type | values |
/// |---|---|---|
/// | `timestamp` | timestamp, ns; the index | start + row · frequency |
/// | `id` | int64 | about 1000: a normal distribution of mean 1000 and variance 1000, rounded |
/// | `name` | text | one of 26 names, Alice to Zelda, each as likely |
/// | `x`, `y` | float64 | uniform in [-1, 1] |
///
/// A value depends on seed, column and row alone: not on partitions, nor on which other columns are read.
///
/// ```
/// let frame = phalanx_frame::datasets::timeseries().seed(7).build()?;
/// assert_eq!(frame.column_names(), ["timestamp", "id", "name", "x", "y"]);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
pub fn timeseries() -> Timeseries {
    let january = |day| NaiveDate::from_ymd_opt(2000, 1, day).unwrap_or_default().into();
    Timeseries {
        start: january(1),
        end: january(31),
        frequency: Duration::from_secs(1),
        partition: Duration::from_secs(24 * 60 * 60),
        seed: 0,
    }
}

/// What [`timeseries`] is to generate.
#[derive(Debug, Clone)]
pub struct Timeseries {
    start: NaiveDateTime,
    end: NaiveDateTime,
    frequency: Duration,
    partition: Duration,
    seed: u64,
}

impl Timeseries {
    /// From `start` to just before `end`: dates like `2000-01-31` or times like `2000-01-31T12:00:00`.
    ///
    /// # Errors
    /// `Input`: one of them can't be read, or `end` is before `start`.
    pub fn dates(mut self, start: &str, end: &str) -> Result<Self> {
        (self.start, self.end) = (date(start)?, date(end)?);
        if self.end < self.start {
            return Err(Error::input(format!("a time series from {start} to {end}")).with_hint("start before you end"));
        }
        Ok(self)
    }

    /// The time from row to row.
    #[must_use]
    pub fn frequency(mut self, frequency: Duration) -> Self {
        self.frequency = frequency;
        self
    }

    /// The time that a partition holds: a multiple of the frequency. It changes no value.
    #[must_use]
    pub fn partition(mut self, partition: Duration) -> Self {
        self.partition = partition;
        self
    }

    /// What the values are drawn with; 0 by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The frame.
    ///
    /// # Errors
    /// `Input`: a time is zero, does not fit the other or is beyond what nanoseconds since 1970 can say.
    pub fn build(self) -> Result<Frame> {
        let frequency = nanoseconds("the frequency", self.frequency)?;
        let partition = nanoseconds("the partition", self.partition)?;
        if partition % frequency != 0 {
            return Err(Error::input(format!("partitions of {:?} of rows every {:?}", self.partition, self.frequency))
                .with_hint("make the partition a multiple of the frequency"));
        }
        let beyond = |time: NaiveDateTime| {
            Error::input(format!("{time} is beyond nanoseconds since 1970"))
                .with_hint("take times between the years 1678 and 2262")
        };
        let since_1970 = |time: NaiveDateTime| time.and_utc().timestamp_nanos_opt().ok_or_else(|| beyond(time));
        let (start, end) = (since_1970(self.start)?, since_1970(self.end)?);
        let length = end.checked_sub(start).ok_or_else(|| beyond(self.end))?.cast_unsigned();
        let rows = length.div_ceil(frequency.cast_unsigned()).cast_signed();
        let table = TimeseriesTable {
            columns: Columns { seed: self.seed, start, frequency },
            rows,
            partition_rows: partition / frequency,
        };
        table.check()?;
        scan("timeseries", Arc::new(table), vec![])?.set_index("timestamp")
    }
}

fn nanoseconds(what: &str, duration: Duration) -> Result<i64> {
    match i64::try_from(duration.as_nanos()) {
        Ok(nanoseconds) if nanoseconds > 0 => Ok(nanoseconds),
        _ => Err(Error::input(format!("{what} of a time series can't be {duration:?}"))
            .with_hint("take a time from one nanosecond to 292 years")),
    }
}

fn date(text: &str) -> Result<NaiveDateTime> {
    let date = text.parse::<NaiveDate>().map(NaiveDateTime::from);
    let separated = text.replacen(' ', "T", 1);
    date.or_else(|_| separated.parse::<NaiveDateTime>()).map_err(|cause| error::bad_date(text, &cause))
}
