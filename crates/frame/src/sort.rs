//! Order, and distinct rows.

use crate::error::{need_column, need_distinct};
use crate::frame::Direction;
use crate::lower::picked::{GroupRows, Which};
use crate::lower::rows::Sorted;
use crate::{Frame, GroupBy};
use phalanx_engine::{Error, Result};

/// Which of equal rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeepRows {
    /// The first.
    #[default]
    First,
    /// The last.
    Last,
    /// None of them.
    None,
}

impl Frame {
    /// All rows sorted by these columns; ties keep their order, missing values (null, NaN) come last.
    ///
    /// As [`Frame::sort_by`].
    ///
    /// # Errors
    /// As [`Frame::sort_by`].
    pub fn sort_values<'a>(&self, by: impl IntoIterator<Item = (&'a str, Direction)>) -> Result<Self> {
        self.sort_by(by, false)
    }

    /// All rows sorted by these columns; ties keep their order (pandas promises that only with `kind="stable"`), and
    /// missing values come first or last. Known categories are in their own order, whatever their values. There are as many partitions as before, divided by a sample of the keys; rows
    /// with equal keys are in one partition. Sorting spills.
    ///
    /// # Errors
    /// `Input`: a column does not exist, is named twice or there is none.
    pub fn sort_by<'a>(&self, by: impl IntoIterator<Item = (&'a str, Direction)>, missing_first: bool) -> Result<Self> {
        let by = self.sort_keys(by)?;
        self.sorted(by, |by| Sorted { by, missing_first, fetch: None, last: false }, "sort_values")
    }

    fn sorted(
        &self,
        by: Vec<(String, bool)>,
        sort: impl FnOnce(Vec<(String, bool)>) -> Sorted,
        label: &str,
    ) -> Result<Self> {
        let (frame, by) = self.keys_in_places(by)?;
        let sorted = frame.related(sort(by), label)?;
        let names = self.column_names();
        if sorted.column_names().len() == names.len() {
            return Ok(sorted);
        }
        let index = self.index().map(str::to_owned);
        sorted.with_plan(Ok(sorted.columns_only(&names)?), index)
    }

    fn sort_keys<'a>(&self, by: impl IntoIterator<Item = (&'a str, Direction)>) -> Result<Vec<(String, bool)>> {
        let by: Vec<(String, bool)> =
            by.into_iter().map(|(name, direction)| (name.to_owned(), direction == Direction::Descending)).collect();
        if by.is_empty() {
            return Err(Error::input("sort_values needs at least one column"));
        }
        need_distinct(&by.iter().map(|key| key.0.clone()).collect::<Vec<_>>())?;
        by.iter().try_for_each(|(name, _)| need_column(&self.schema(), name).map(drop))?;
        Ok(by)
    }

    /// All rows sorted by the index.
    ///
    /// # Errors
    /// `Input`: there is no index.
    pub fn sort_index(&self, direction: Direction, missing_first: bool) -> Result<Self> {
        let index = self.index().ok_or_else(|| {
            Error::input("sort_index of a frame without an index").with_hint("set_index a column first")
        })?;
        self.sort_by([(index, direction)], missing_first)
    }

    /// The first `rows` rows of the frame sorted by these columns, in one partition: `nlargest` and `nsmallest`.
    ///
    /// # Errors
    /// As [`Frame::sort_by`].
    pub fn top<'a>(&self, rows: usize, by: impl IntoIterator<Item = (&'a str, Direction)>, last: bool) -> Result<Self> {
        let by = self.sort_keys(by)?;
        let top = self.sorted(by, |by| Sorted { by, missing_first: false, fetch: Some(rows), last }, "top")?;
        if rows == 0 { top.head(0) } else { Ok(top) }
    }

    /// The rows without those that equal another in these columns (in all but the index, if none is named), in their
    /// order and partitions.
    ///
    /// # Errors
    /// `Input`: a column does not exist or is named twice.
    pub fn drop_duplicates<S: Into<String>>(
        &self,
        subset: impl IntoIterator<Item = S>,
        keep: KeepRows,
    ) -> Result<Self> {
        let mut keys: Vec<String> = subset.into_iter().map(Into::into).collect();
        if keys.is_empty() {
            keys = self.value_columns();
        }
        need_distinct(&keys)?;
        keys.iter().try_for_each(|key| need_column(&self.schema(), key).map(drop))?;
        let which = match keep {
            KeepRows::First => Which::Head(1),
            KeepRows::Last => Which::Tail(1),
            KeepRows::None => Which::Single,
        };
        self.related(GroupRows { keys, dropna: false, which }, "drop_duplicates")
    }
}

impl GroupBy {
    fn rows(&self, which: Which, label: &str) -> Result<Frame> {
        self.frame.related(GroupRows { keys: self.keys.clone(), dropna: self.dropna, which }, label)
    }

    /// The first rows of each group (all but the last, if negative), in the frame's order and partitions.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn head(&self, rows: i64) -> Result<Frame> {
        self.rows(Which::Head(rows), "groupby head")
    }

    /// The last rows of each group (all but the first, if negative), in the frame's order and partitions.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn tail(&self, rows: i64) -> Result<Frame> {
        self.rows(Which::Tail(rows), "groupby tail")
    }

    /// These rows of each group, from its end if negative, in the frame's order and partitions.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn nth(&self, rows: impl IntoIterator<Item = i64>) -> Result<Frame> {
        self.rows(Which::Nth(rows.into_iter().collect()), "groupby nth")
    }
}
