//! Rows by their place in the whole frame, and by their labels.

use crate::Frame;
use crate::error::{need_column, need_distinct};
use crate::lower::found::Found;
use crate::lower::positions::Positions;
use phalanx_engine::{Error, Result};

impl Frame {
    /// The frame with the number of each row, from 0, as a last column of this name.
    ///
    /// # Errors
    /// `Input`: there is such a column.
    pub fn with_row_number(&self, name: &str) -> Result<Self> {
        need_distinct(&[self.column_names(), vec![name.to_owned()]].concat())?;
        self.related(Positions::Number(name.to_owned()), "row numbers")
    }

    /// The rows `from..to`, every `step`th of them, in their partitions.
    ///
    /// # Errors
    /// `Input`: a negative place, or a step below 1.
    pub fn slice_rows(&self, from: i64, to: i64, step: i64) -> Result<Self> {
        if from < 0 || to < 0 || step < 1 {
            return Err(Error::input(format!("the rows {from}..{to}, every {step}th"))
                .with_hint("count rows from the first, and forward"));
        }
        self.related(Positions::Slice(from, to, step), "iloc")
    }

    /// The last `rows` rows, in their partitions.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn tail(&self, rows: usize) -> Result<Self> {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        self.related(Positions::Tail(rows), "tail")
    }

    /// This frame, whose rows were picked by these labels, in one partition; computing it fails if a label has no row.
    /// With a column of the places of the rows' labels in the list, rows come in that order.
    ///
    /// # Errors
    /// `Input`: there is no such column. When it is computed, `Absent`: a label is not there.
    pub fn found(&self, labels: Vec<String>, place: Option<&str>) -> Result<Self> {
        if let Some(place) = place {
            need_column(&self.schema(), place)?;
        }
        self.related(Found { labels, place: place.map(str::to_owned) }, "loc")
    }
}
