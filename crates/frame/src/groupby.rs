//! `groupby`: rows in groups of equal keys.

use crate::Frame;
use crate::aggregate::{Aggregate, columns_read};
use crate::error::{need_column, need_distinct};
use crate::frame::Direction;
use crate::lower::groupby::Grouped;
use crate::statistic::is_label;
use phalanx_engine::{Error, Result};

/// Rows in groups of equal keys; made by [`Frame::groupby`].
#[derive(Debug, Clone)]
pub struct GroupBy {
    pub(crate) frame: Frame,
    pub(crate) keys: Vec<String>,
    pub(crate) sort: bool,
    pub(crate) dropna: bool,
}

impl GroupBy {
    pub(crate) fn new(frame: Frame, keys: Vec<String>) -> Result<Self> {
        if keys.is_empty() {
            return Err(Error::input("groupby needs at least one key column"));
        }
        need_distinct(&keys)?;
        keys.iter().try_for_each(|key| need_column(&frame.schema(), key).map(drop))?;
        Ok(Self { frame, keys, sort: true, dropna: true })
    }

    /// Groups in order of first appearance instead of by key.
    #[must_use]
    pub fn sort(mut self, sort: bool) -> Self {
        self.sort = sort;
        self
    }

    /// Rows with a missing key belong to no group, as by default; else a missing key is a key, behind the others.
    #[must_use]
    pub fn dropna(mut self, dropna: bool) -> Self {
        self.dropna = dropna;
        self
    }

    /// The names of the keys.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The columns that are no keys and not the index.
    pub fn values(&self) -> Vec<String> {
        let index = self.frame.index();
        let names = self.frame.column_names().into_iter();
        names.filter(|name| !self.keys.contains(name) && Some(name.as_str()) != index).collect()
    }

    /// One row for each group, sorted by key: the keys, then `aggregates` in this order. As in pandas, rows with a
    /// missing key belong to no group. The result is one partition.
    ///
    /// Counts, sums, means, variances and extremes are computed where the rows are and merged; what else there is
    /// needs the rows of a group together. Sum, mean, variance and standard deviation of floats do not depend on the
    /// order of rows: see [`exact`](crate::exact).
    ///
    /// # Errors
    /// `Input`: a column does not exist, a name is there twice, or a statistic does not fit a column's type.
    pub fn agg(&self, aggregates: impl IntoIterator<Item = Aggregate>) -> Result<Frame> {
        let aggregates: Vec<Aggregate> = aggregates.into_iter().collect();
        aggregates.iter().try_for_each(|aggregate| aggregate.check(&self.frame))?;
        let names: Vec<String> =
            self.keys.iter().cloned().chain(aggregates.iter().map(|aggregate| aggregate.name.clone())).collect();
        need_distinct(&names)?;
        let (mut frame, aggregates, values) = self.frame.extremes_in_places(aggregates)?;
        if !values.is_empty() {
            return Self { frame, ..self.clone() }
                .agg(aggregates)?
                .assign(values.iter().map(|(name, value)| (name.as_str(), value.clone())));
        }
        let labels = match aggregates.iter().any(|aggregate| is_label(aggregate.statistic)) {
            false => None,
            true => Some(frame.take_labels()?),
        };
        let mut read = columns_read(&self.keys, &aggregates);
        read.extend(labels.iter().filter(|label| !read.contains(label)).cloned().collect::<Vec<_>>());
        let input = frame.with_plan(Ok(frame.columns_only(&read)?), None)?;
        let relation = Grouped { keys: self.keys.clone(), aggregates, sort: self.sort, dropna: self.dropna, labels };
        let grouped = input.related(relation, frame.label())?;
        // Keys are sorted by value; where they are categories, which have an order of their own, once more.
        match self.sort && grouped.has_categories(&self.keys) {
            true => grouped.sort_values(self.keys.iter().map(|key| (key.as_str(), Direction::Ascending))),
            false => Ok(grouped),
        }
    }
}
