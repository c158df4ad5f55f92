//! `resample`: groups of rows by time, and the times between them.

use crate::dtype::name as dtype_name;
use crate::error::need_column;
pub use crate::lower::bins::Rule;

use crate::lower::bins::{Binned, Filled};
use crate::{Aggregate, Frame, GroupBy, Statistic};
use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Error, Result};

/// Rows in bins of time; made by [`Frame::resample`].
#[derive(Debug, Clone)]
pub struct Resample {
    groups: GroupBy,
    time: String,
    rule: Rule,
}

impl Frame {
    /// Rows in bins of their index's time.
    ///
    /// Bins of a fixed length begin at midnight of the first day of the data, as pandas' do; those of weeks end on
    /// Sundays.
    ///
    /// # Errors
    /// `Input`: there is no index of times. `Unsupported`: bins longer than a quarter of an hour of times with a zone.
    pub fn resample(&self, rule: Rule) -> Result<Resample> {
        let time = self.index().map(str::to_owned).ok_or_else(|| {
            Error::input("resample of a frame without an index of times")
                .with_hint("set_index the column of times first")
        })?;
        let schema = self.schema();
        match need_column(&schema, &time)?.data_type() {
            DataType::Timestamp(_, None) => {}
            DataType::Timestamp(_, Some(zone))
                if matches!(zone.as_ref(), "UTC" | "+00:00") || rule.fits_every_zone() => {}
            DataType::Timestamp(_, Some(zone)) => {
                return Err(Error::unsupported(format!("resample by {rule} of times in zone {zone}"))
                    .with_hint("convert the times to UTC, or drop their zone, first"));
            }
            other => {
                return Err(Error::mismatch(format!(
                    "resample by an index of type {}, and not of times",
                    dtype_name(other)
                ))
                .with_hint("set_index a column of times first"));
            }
        }
        let binned = self.related(Binned { time: time.clone(), rule }, "resample")?;
        Ok(Resample { groups: binned.groupby([time.clone()])?, time, rule })
    }
}

impl Resample {
    /// The columns that can be aggregated.
    pub fn values(&self) -> Vec<String> {
        self.groups.values()
    }

    /// One row for each bin from the first to the last, by time: sums, counts and sizes of bins without rows are 0,
    /// products 1, everything else is missing.
    ///
    /// # Errors
    /// As [`GroupBy::agg`].
    pub fn agg(&self, aggregates: impl IntoIterator<Item = Aggregate>) -> Result<Frame> {
        let aggregates: Vec<Aggregate> = aggregates.into_iter().collect();
        let empty = aggregates
            .iter()
            .map(|aggregate| {
                let value = match aggregate.statistic {
                    Statistic::Count | Statistic::Size | Statistic::DistinctCount => Some(0),
                    Statistic::Sum if aggregate.options.min_count == 0 => Some(0),
                    Statistic::Product if aggregate.options.min_count == 0 => Some(1),
                    _ => None,
                };
                (aggregate.name.clone(), value)
            })
            .collect();
        let grouped = self.groups.agg(aggregates)?;
        let filled = Filled { time: self.time.clone(), rule: self.rule, empty };
        grouped.related(filled, "resample")?.set_index(&self.time)
    }
}
