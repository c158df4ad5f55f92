//! Statistics of whole columns, as frames of few rows.

use crate::Frame;
use crate::aggregate::{Aggregate, columns_read};
use crate::error::need_distinct;
use crate::expr::{cast, col};
use crate::frame::Direction;
use crate::kernel::reduce::fits;
use crate::kernel::values::is_number;
use crate::lower::groupby::Grouped;
use crate::lower::single::{Beside, Small};
use crate::relation::relate;
use crate::statistic::{Interpolation, Statistic, is_label};
use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Error, Result};

/// What [`Frame::value_counts_of`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountOptions {
    /// Shares of all rows instead of counts.
    pub normalize: bool,
    /// By count; else by first appearance.
    pub sort: bool,
    /// The rarest first.
    pub ascending: bool,
    /// Rows with a missing value are not counted.
    pub dropna: bool,
}

impl Default for CountOptions {
    fn default() -> Self {
        Self { normalize: false, sort: true, ascending: false, dropna: true }
    }
}

impl Frame {
    /// One row: these statistics of whole columns. What merges in any order is computed where the rows are; other
    /// statistics bring the columns that they read into one task.
    ///
    /// # Errors
    /// `Input`: a column does not exist or is of a type that does not fit; a name is there twice, or there is none.
    pub fn reduce(&self, aggregates: impl IntoIterator<Item = Aggregate>) -> Result<Self> {
        let aggregates: Vec<Aggregate> = aggregates.into_iter().collect();
        if aggregates.is_empty() {
            return Err(Error::input("no statistic is asked for"));
        }
        aggregates.iter().try_for_each(|aggregate| aggregate.check(self))?;
        let names: Vec<String> = aggregates.iter().map(|aggregate| aggregate.name.clone()).collect();
        need_distinct(&names)?;
        let (frame, aggregates, values) = self.extremes_in_places(aggregates)?;
        if !values.is_empty() {
            return frame.reduce(aggregates)?.assign(values.iter().map(|(name, value)| (name.as_str(), value.clone())));
        }
        let (merged, gathered): (Vec<_>, Vec<_>) =
            aggregates.into_iter().partition(|aggregate| aggregate.statistic.is_mergeable());
        let mut parts = vec![];
        for aggregates in [merged, gathered] {
            if aggregates.is_empty() {
                continue;
            }
            let mut frame = self.clone();
            let labels = match aggregates.iter().any(|aggregate| is_label(aggregate.statistic)) {
                true => Some(frame.take_labels()?),
                false => None,
            };
            let mut read = columns_read(&[], &aggregates);
            read.extend(labels.iter().filter(|label| !read.contains(label)).cloned().collect::<Vec<_>>());
            let input = frame.with_plan(Ok(frame.columns_only(&read)?), None)?;
            let relation = Grouped { keys: vec![], aggregates, sort: true, dropna: true, labels };
            parts.push(input.related(relation, "reduce")?);
        }
        let whole = match parts.as_slice() {
            [left, right] => left.over_all(
                &[right],
                relate(Beside, vec![left.logical().clone(), right.logical().clone()])?,
                None,
                "reduce",
            ),
            [one] => one.clone(),
            _ => return Err(Error::internal("no part of a reduction")),
        };
        whole.with_plan(Ok(whole.columns_only(&names)?), None)
    }

    /// The columns, but for the index, that a statistic can be computed of.
    pub fn fitting(&self, statistic: Statistic, numeric_only: bool) -> Vec<String> {
        let schema = self.schema();
        let fits = |name: &String| {
            schema.field_with_name(name).is_ok_and(|field| {
                let data_type = field.data_type();
                fits(statistic, data_type) && (!numeric_only || is_number(data_type))
            })
        };
        self.value_columns().into_iter().filter(fits).collect()
    }

    /// From one row to several: `labels` become the index of this name, and each output column takes its values from
    /// columns of the row.
    ///
    /// # Errors
    /// `Input`: a name is there twice, or a column has not a value for each label.
    pub fn unfold(
        &self,
        index: &str,
        labels: Vec<String>,
        columns: Vec<(String, Vec<Option<String>>)>,
    ) -> Result<Self> {
        if let Some((name, values)) = columns.iter().find(|(_, values)| values.len() != labels.len()) {
            return Err(Error::input(format!("{} values for column {name:?} of {} rows", values.len(), labels.len())));
        }
        let names: Vec<String> = std::iter::once(index.to_owned()).chain(columns.iter().map(|c| c.0.clone())).collect();
        need_distinct(&names)?;
        let index = index.to_owned();
        self.related(Small::Unfold { index: index.clone(), labels, columns }, self.label())?.set_index(&index)
    }

    /// A statistic of each column, one below the other: an index of the columns' names, and a column `values`.
    ///
    /// # Errors
    /// As [`Frame::reduce`].
    pub fn reduce_columns(&self, aggregates: impl IntoIterator<Item = Aggregate>) -> Result<Self> {
        let aggregates: Vec<Aggregate> = aggregates.into_iter().collect();
        let labels: Vec<String> = aggregates.iter().map(|aggregate| aggregate.column.clone()).collect();
        let aggregates: Vec<Aggregate> = aggregates
            .into_iter()
            .enumerate()
            .map(|(number, aggregate)| aggregate.named(format!("{number}")))
            .collect();
        let sources = aggregates.iter().map(|aggregate| Some(aggregate.name.clone())).collect();
        self.reduce(aggregates)?.unfold("index", labels, vec![(String::from("values"), sources)])
    }

    /// Several statistics of several columns: a row for each list of aggregates, under its label, and a column for each
    /// column that is aggregated.
    ///
    /// # Errors
    /// As [`Frame::reduce`].
    pub fn reduce_table(&self, rows: Vec<(String, Vec<Aggregate>)>) -> Result<Self> {
        let mut columns: Vec<(String, Vec<Option<String>>)> = vec![];
        let mut aggregates = vec![];
        for (row, (_, wanted)) in rows.iter().enumerate() {
            for aggregate in wanted {
                let name = format!("{row} {}", aggregate.column);
                let place = columns.iter().position(|column| column.0 == aggregate.name).unwrap_or_else(|| {
                    columns.push((aggregate.name.clone(), vec![None; rows.len()]));
                    columns.len() - 1
                });
                let name = format!("{name} {place}");
                columns[place].1[row] = Some(name.clone());
                aggregates.push(aggregate.clone().named(name));
            }
        }
        let labels = rows.into_iter().map(|row| row.0).collect();
        self.reduce(aggregates)?.unfold("index", labels, columns)
    }

    /// Count, mean, standard deviation, extremes and quantiles of every column of numbers, a row each, under pandas'
    /// names.
    ///
    /// # Errors
    /// `Input`: there is no column of numbers, or a quantile is not between 0 and 1.
    pub fn describe(&self, percentiles: &[f64]) -> Result<Self> {
        let columns: Vec<String> = self
            .fitting(Statistic::Mean, true)
            .into_iter()
            .filter(|name| {
                self.schema().field_with_name(name).is_ok_and(|field| *field.data_type() != DataType::Boolean)
            })
            .collect();
        if columns.is_empty() {
            return Err(Error::input("describe of a frame without a column of numbers"));
        }
        let row = |label: &str, make: &dyn Fn(&String) -> Aggregate| {
            (label.to_owned(), columns.iter().map(|name| make(name).named(name.clone())).collect::<Vec<_>>())
        };
        let mut rows = vec![
            row("count", &|name| Aggregate::count(name)),
            row("mean", &|name| Aggregate::mean(name)),
            row("std", &|name| Aggregate::std(name)),
            row("min", &|name| Aggregate::min(name)),
        ];
        let mut percentiles = percentiles.to_vec();
        percentiles.sort_by(f64::total_cmp);
        for &q in &percentiles {
            let percent = (q * 100.0 * 1e6).round() / 1e6;
            rows.push(row(&format!("{percent}%"), &|name| Aggregate::quantile(name, q, Interpolation::Linear)));
        }
        rows.push(row("max", &|name| Aggregate::max(name)));
        // All of them as floats, as pandas shows them.
        let table = self.reduce_table(rows)?;
        let index = table.index().map(str::to_owned);
        let floats = table.column_names().into_iter().map(|name| match index.as_ref() == Some(&name) {
            true => col(name),
            false => cast(col(name.as_str()), DataType::Float64).alias(name),
        });
        table.with_plan(table.builder().project(floats)?.build(), index)
    }

    /// Covariances or correlations of all pairs of columns of numbers, each over the rows in which both are there:
    /// a row and a column for each.
    ///
    /// # Errors
    /// `Input`: there is no column of numbers.
    pub fn pairs(&self, statistic: Statistic, min_periods: usize, ddof: u64) -> Result<Self> {
        let columns = self.fitting(statistic, true);
        if columns.is_empty() {
            return Err(Error::input(format!("{} of a frame without a column of numbers", statistic.name())));
        }
        let mut aggregates = vec![];
        for (row, left) in columns.iter().enumerate() {
            for (column, right) in columns.iter().enumerate().skip(row) {
                let pair = Aggregate::pair(left, right, statistic).named(format!("{row} {column}"));
                aggregates.push(pair.with(|options| {
                    options.min_count = min_periods;
                    options.ddof = ddof;
                }));
            }
        }
        let value = |row: usize, column: usize| Some(format!("{} {}", row.min(column), row.max(column)));
        let table = columns
            .iter()
            .enumerate()
            .map(|(column, name)| (name.clone(), (0..columns.len()).map(|row| value(row, column)).collect()))
            .collect();
        self.reduce(aggregates)?.unfold("index", columns.clone(), table)
    }

    /// The distinct rows of these columns and how often each is there, in column `count` (or `proportion`), in one
    /// partition. Ties are in order of first appearance.
    ///
    /// # Errors
    /// `Input`: a column does not exist, is named twice, or is called like the counts.
    pub fn value_counts_of<S: Into<String>>(
        &self,
        columns: impl IntoIterator<Item = S>,
        options: CountOptions,
    ) -> Result<Self> {
        let name = if options.normalize { "proportion" } else { "count" };
        let groups = self.groupby(columns)?.sort(false).dropna(options.dropna);
        let first = groups.keys()[0].clone();
        let mut counted = groups.agg([Aggregate::new(first, Statistic::Size).named(name)])?;
        if options.sort {
            let direction = if options.ascending { Direction::Ascending } else { Direction::Descending };
            counted = counted.sort_values([(name, direction)])?;
        }
        if options.normalize {
            counted = counted.related(Small::Share { column: name.to_owned() }, "value_counts")?;
        }
        Ok(counted.labelled("value_counts"))
    }

    /// The most frequent values of a column, sorted, in one partition.
    ///
    /// # Errors
    /// `Input`: there is no such column.
    pub fn mode(&self, column: &str, dropna: bool) -> Result<Self> {
        const COUNT: &str = "how often";
        let groups = self.groupby([column])?.dropna(dropna);
        let counted = groups.agg([Aggregate::new(column, Statistic::Size).named(COUNT)])?;
        counted.related(Small::Largest { column: COUNT.to_owned() }, "mode")
    }
}
