//! Values for each row from the rows around it: `shift`, `diff`, `ffill`, `rolling`, `rank`, and the same in groups.

use crate::dtype::name as dtype_name;
use crate::error::need_column;
use crate::kernel::rolling::is_known;
use crate::kernel::values::is_number;
use crate::kernel::{Rank, Rolling, Span, Window};
use crate::lower::windows::{Item, Windows};
use crate::{Aggregate, Frame, GroupBy};
use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Error, Result};

impl Frame {
    /// The frame with `window` of these columns in their place. Windows of time read the index.
    ///
    /// Up to 128 partitions tell each other the rows at their ends, and the input is computed once. Ranks and expanding
    /// windows need all rows in one task.
    ///
    /// # Errors
    /// `Input`: a column does not exist or is of a type that does not fit; a window of time and no index of times.
    pub fn window<S: Into<String>>(&self, columns: impl IntoIterator<Item = S>, window: &Window) -> Result<Self> {
        let items = columns.into_iter().map(Into::into).map(|column: String| (column.clone(), window.clone(), column));
        self.windows(items)
    }

    /// The frame with the results of windows, each of a column, under a name that is new or replaced.
    ///
    /// # Errors
    /// As [`Frame::window`].
    pub fn windows(&self, items: impl IntoIterator<Item = (String, Window, String)>) -> Result<Self> {
        let mut frame = self.clone();
        // Items that need different halos are steps of their own.
        for (column, window, name) in items {
            frame = frame.one_window(&[], true, vec![(column, window, name)])?;
        }
        Ok(frame)
    }

    fn one_window(&self, keys: &[String], dropna: bool, items: Vec<(String, Window, String)>) -> Result<Self> {
        let schema = self.schema();
        let mut frame = self.clone();
        let mut labels = None;
        let mut time = None;
        for (column, window, _) in &items {
            let data_type = need_column(&schema, column)?.data_type();
            check(window, column, data_type)?;
            if let Window::Rolling(Rolling { span: Span::Time(_), .. }) = window {
                time = Some(frame.time_index()?);
            }
            if let Window::Whole(aggregate) = window
                && crate::statistic::is_label(aggregate.statistic)
            {
                labels = Some(frame.take_labels()?);
            }
        }
        let label = items.first().map_or("windows", |(_, window, _)| window.name());
        let items = items.into_iter().map(|(column, window, name)| Item { column, window, name }).collect();
        let windows = Windows { items, keys: keys.to_vec(), dropna, time, labels };
        frame.related(windows, label)
    }

    /// The index, which must be times (or numbers that count as nanoseconds).
    pub(crate) fn time_index(&self) -> Result<String> {
        let index = self.index().ok_or_else(|| {
            Error::input("a window of time needs an index of times").with_hint("set_index the column of times first")
        })?;
        let data_type = need_column(&self.schema(), index)?.data_type().clone();
        match data_type {
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Duration(_) => {
                Ok(index.to_owned())
            }
            other => Err(Error::input(format!("a window of time over an index of type {}", dtype_name(&other)))
                .with_hint("set_index the column of times first")),
        }
    }

    /// Columns that are not the index.
    pub(crate) fn value_columns(&self) -> Vec<String> {
        self.column_names().into_iter().filter(|name| Some(name.as_str()) != self.index()).collect()
    }

    /// The name of the column of labels of rows: the index, or the row numbers, which this appends.
    pub(crate) fn take_labels(&mut self) -> Result<String> {
        if let Some(index) = self.index() {
            return Ok(index.to_owned());
        }
        const NAME: &str = "row number";
        *self = self.with_row_number(NAME)?;
        Ok(String::from(NAME))
    }

    /// Each value so many rows later (earlier, if `periods` is negative), in every column but the index.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn shift(&self, periods: i64) -> Result<Self> {
        self.every(&Window::Shift { periods, fill: None })
    }

    /// Each value less that so many rows before.
    ///
    /// # Errors
    /// `Input`: a column is not a number or a time.
    pub fn diff(&self, periods: i64) -> Result<Self> {
        self.every(&Window::Difference { periods })
    }

    /// Each value over that so many rows before, less 1.
    ///
    /// # Errors
    /// `Input`: a column is not a number.
    pub fn pct_change(&self, periods: i64) -> Result<Self> {
        self.every(&Window::PercentChange { periods })
    }

    /// Missing values (null, NaN) become the last value before them, for at most `limit` rows.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn ffill(&self, limit: Option<usize>) -> Result<Self> {
        self.every(&Window::Fill { forward: true, limit })
    }

    /// Missing values (null, NaN) become the next value behind them, for at most `limit` rows.
    ///
    /// # Errors
    /// Never, but for bugs of ours.
    pub fn bfill(&self, limit: Option<usize>) -> Result<Self> {
        self.every(&Window::Fill { forward: false, limit })
    }

    /// Ranks of every column but the index. All rows of a column are in one task.
    ///
    /// # Errors
    /// `Input`: a column is nested.
    pub fn rank(&self, rank: Rank) -> Result<Self> {
        self.every(&Window::Rank(rank))
    }

    /// A statistic of the rows around each row.
    ///
    /// # Errors
    /// As [`Frame::window`].
    pub fn rolling(&self, rolling: Rolling) -> Result<Self> {
        self.every(&Window::Rolling(rolling))
    }

    /// `window` of every column but the index.
    ///
    /// # Errors
    /// As [`Frame::window`].
    pub fn every(&self, window: &Window) -> Result<Self> {
        let columns = self.value_columns();
        if let Some(function) = window.cumulative() {
            return self.cumulative(function);
        }
        let items = columns.into_iter().map(|column| (column.clone(), window.clone(), column)).collect();
        self.one_window(&[], true, items)
    }
}

impl GroupBy {
    /// Values for each row, from the rows of its group: the frame with the results of windows, each of a column, under
    /// a name that is new or replaced. Rows keep their order and partitions; the results of rows with a missing key are
    /// missing, unless groups keep them.
    ///
    /// # Errors
    /// As [`Frame::window`].
    pub fn windows(&self, items: impl IntoIterator<Item = (String, Window, String)>) -> Result<Frame> {
        self.frame.one_window(&self.keys, self.dropna, items.into_iter().collect())
    }

    /// `window` of these columns, and the index.
    ///
    /// # Errors
    /// As [`Frame::window`].
    pub fn window<S: Into<String>>(&self, columns: impl IntoIterator<Item = S>, window: &Window) -> Result<Frame> {
        let columns: Vec<String> = columns.into_iter().map(Into::into).collect();
        let items = columns.iter().map(|column| (column.clone(), window.clone(), column.clone()));
        self.windows(items)?.select(columns.clone())
    }

    /// A statistic of each group, for each of its rows.
    ///
    /// # Errors
    /// As [`GroupBy::agg`].
    pub fn transform(&self, aggregates: impl IntoIterator<Item = Aggregate>) -> Result<Frame> {
        let aggregates: Vec<Aggregate> = aggregates.into_iter().collect();
        aggregates.iter().try_for_each(|aggregate| aggregate.check(&self.frame))?;
        let names: Vec<String> = aggregates.iter().map(|aggregate| aggregate.name.clone()).collect();
        let items = aggregates.into_iter().map(|aggregate| {
            let (column, name) = (aggregate.column.clone(), aggregate.name.clone());
            (column, Window::Whole(aggregate), name)
        });
        self.windows(items)?.select(names)
    }
}

fn check(window: &Window, column: &str, data_type: &DataType) -> Result<()> {
    let (statistic, number) = match window {
        Window::Rolling(rolling) => (Some(&rolling.aggregate), !rolling.counts()),
        Window::Expanding { aggregate, .. } => (Some(aggregate), true),
        _ => (None, false),
    };
    if let Some(aggregate) = statistic
        && !is_known(aggregate.statistic)
    {
        return Err(Error::unsupported(format!("{} of a window", aggregate.statistic.name())).with_hint(
            "sum, mean, var, std, sem, min, max, count, median, quantile, skew, kurt, first, last are there",
        ));
    }
    if window.output_type(data_type).is_none() || (number && !is_number(data_type)) {
        return Err(Error::mismatch(format!(
            "{} of column {column:?}, which is of type {}",
            window.name(),
            dtype_name(data_type)
        ))
        .with_hint("take a column of another type, or cast it first"));
    }
    Ok(())
}
