//! `groupby`: statistics of groups, and what each is called.

use crate::Frame;
use crate::dtype::name as dtype_name;
use crate::error::{need_column, need_distinct};
use crate::frame::Direction;
use crate::kernel::reduce::fits;
use crate::lower::groupby::Grouped;
use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is computed of a group's values. Missing values (null, NaN) are skipped, as pandas does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Statistic {
    /// How many values there are.
    #[serde(rename = "count")]
    Count,
    /// How many rows there are.
    #[serde(rename = "size")]
    Size,
    /// Their sum; for floats exact, rounded once.
    #[serde(rename = "sum")]
    Sum,
    /// Their product, in the order of rows.
    #[serde(rename = "prod")]
    Product,
    /// Their mean: exact, rounded once.
    #[serde(rename = "mean")]
    Mean,
    /// Their variance with n − 1: exact, rounded once.
    #[serde(rename = "var")]
    Variance,
    /// The square root of the variance.
    #[serde(rename = "std")]
    Deviation,
    /// The standard error of the mean.
    #[serde(rename = "sem")]
    StandardError,
    /// The smallest value.
    #[serde(rename = "min")]
    Minimum,
    /// The largest value.
    #[serde(rename = "max")]
    Maximum,
    /// How many different values there are.
    #[serde(rename = "nunique")]
    DistinctCount,
    /// The first value that is there.
    #[serde(rename = "first")]
    First,
    /// The last value that is there.
    #[serde(rename = "last")]
    Last,
    /// The value of a row by its number.
    #[serde(rename = "nth")]
    Nth,
    /// The median.
    #[serde(rename = "median")]
    Median,
    /// A quantile.
    #[serde(rename = "quantile")]
    Quantile,
    /// The label of the first row with the smallest value.
    #[serde(rename = "idxmin")]
    IndexOfMinimum,
    /// The label of the first row with the largest value.
    #[serde(rename = "idxmax")]
    IndexOfMaximum,
    /// Is any value true?
    #[serde(rename = "any")]
    Any,
    /// Are all values true?
    #[serde(rename = "all")]
    All,
    /// The adjusted Fisher-Pearson skewness.
    #[serde(rename = "skew")]
    Skewness,
    /// The excess kurtosis, without bias.
    #[serde(rename = "kurt")]
    Kurtosis,
    /// The smallest of the most frequent values.
    #[serde(rename = "mode")]
    Mode,
    /// The covariance with a second column.
    #[serde(rename = "cov")]
    Covariance,
    /// Pearson's correlation with a second column.
    #[serde(rename = "corr")]
    Correlation,
}

const NAMES: [(Statistic, &str); 25] = [
    (Statistic::Count, "count"),
    (Statistic::Size, "size"),
    (Statistic::Sum, "sum"),
    (Statistic::Product, "prod"),
    (Statistic::Mean, "mean"),
    (Statistic::Variance, "var"),
    (Statistic::Deviation, "std"),
    (Statistic::StandardError, "sem"),
    (Statistic::Minimum, "min"),
    (Statistic::Maximum, "max"),
    (Statistic::DistinctCount, "nunique"),
    (Statistic::First, "first"),
    (Statistic::Last, "last"),
    (Statistic::Nth, "nth"),
    (Statistic::Median, "median"),
    (Statistic::Quantile, "quantile"),
    (Statistic::IndexOfMinimum, "idxmin"),
    (Statistic::IndexOfMaximum, "idxmax"),
    (Statistic::Any, "any"),
    (Statistic::All, "all"),
    (Statistic::Skewness, "skew"),
    (Statistic::Kurtosis, "kurt"),
    (Statistic::Mode, "mode"),
    (Statistic::Covariance, "cov"),
    (Statistic::Correlation, "corr"),
];

impl Statistic {
    /// pandas' name.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(statistic, _)| *statistic == self).map_or("", |(_, name)| name)
    }

    /// The statistic that pandas calls so.
    ///
    /// # Errors
    /// `Input`: there is none.
    pub fn parse(name: &str) -> Result<Self> {
        let name = if name == "kurtosis" { "kurt" } else { name };
        NAMES.iter().find(|(_, known)| *known == name).map(|(statistic, _)| *statistic).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(_, name)| *name).collect();
            Error::input(format!("there is no statistic {name:?}")).with_hint(format!("there are {}", names.join(", ")))
        })
    }

    /// Is it an aggregate function whose partial results merge in any order?
    pub(crate) fn is_mergeable(self) -> bool {
        use Statistic as S;
        matches!(
            self,
            S::Count
                | S::Size
                | S::Sum
                | S::Mean
                | S::Variance
                | S::Deviation
                | S::StandardError
                | S::Minimum
                | S::Maximum
        )
    }
}

/// What a quantile is between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Interpolation {
    /// On the line between them.
    #[default]
    Linear,
    /// The lower.
    Lower,
    /// The higher.
    Higher,
    /// Their mean.
    Midpoint,
    /// The nearer; of two as near that of the even rank.
    Nearest,
}

impl Interpolation {
    /// The one that pandas calls so.
    ///
    /// # Errors
    /// `Input`: there is none.
    pub fn parse(name: &str) -> Result<Self> {
        Ok(match name {
            "linear" => Self::Linear,
            "lower" => Self::Lower,
            "higher" => Self::Higher,
            "midpoint" => Self::Midpoint,
            "nearest" => Self::Nearest,
            _ => {
                return Err(Error::input(format!("there is no interpolation {name:?}"))
                    .with_hint("there are linear, lower, higher, midpoint, nearest"));
            }
        })
    }

    /// The value at `fraction` of the way from `low`, which has this rank, to `high`.
    pub(crate) fn between(self, low: f64, high: f64, fraction: f64, rank: usize) -> f64 {
        match self {
            _ if fraction == 0.0 => low,
            Self::Linear if low == high => low,
            // NumPy's: it never leaves the two values.
            Self::Linear if fraction < 0.5 => low + (high - low) * fraction,
            Self::Linear => high - (high - low) * (1.0 - fraction),
            Self::Lower => low,
            Self::Higher => high,
            Self::Midpoint => low + (high - low) / 2.0,
            Self::Nearest if fraction < 0.5 || (fraction == 0.5 && rank.is_multiple_of(2)) => low,
            Self::Nearest => high,
        }
    }
}

/// What a statistic needs to know besides its column; the defaults are pandas'.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
#[serde(default)]
pub struct AggregateOptions {
    /// Skip missing values; else one makes the result missing.
    pub skipna: bool,
    /// A variance is divided by n − ddof.
    pub ddof: u64,
    /// A sum, product or covariance of fewer values is missing.
    pub min_count: usize,
    /// Of a quantile: which.
    pub q: f64,
    /// Of a quantile: between two values.
    pub interpolation: Interpolation,
    /// Of `nunique`: a missing value is no value.
    pub dropna: bool,
    /// Of `nth`: the row, from the end if negative.
    pub nth: i64,
    /// Of covariance and correlation: the second column.
    pub other: Option<String>,
}

impl Default for AggregateOptions {
    fn default() -> Self {
        Self {
            skipna: true,
            ddof: 1,
            min_count: 0,
            q: 0.5,
            interpolation: Interpolation::default(),
            dropna: true,
            nth: 0,
            other: None,
        }
    }
}

/// A statistic of a column, and the name of its result: `x_mean` unless it is given another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    pub(crate) column: String,
    pub(crate) statistic: Statistic,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) options: AggregateOptions,
}

impl Aggregate {
    /// `statistic` of `column`.
    pub fn new(column: impl Into<String>, statistic: Statistic) -> Self {
        let column = column.into();
        let name = format!("{column}_{}", statistic.name());
        Self { name, column, statistic, options: AggregateOptions::default() }
    }
    /// The number of values of `column`.
    pub fn count(column: impl Into<String>) -> Self {
        Self::new(column, Statistic::Count)
    }
    /// The sum of `column`.
    pub fn sum(column: impl Into<String>) -> Self {
        Self::new(column, Statistic::Sum)
    }
    /// The mean of `column`.
    pub fn mean(column: impl Into<String>) -> Self {
        Self::new(column, Statistic::Mean)
    }
    /// The variance of `column`, with n − 1.
    pub fn var(column: impl Into<String>) -> Self {
        Self::new(column, Statistic::Variance)
    }
    /// The standard deviation of `column`, with n − 1.
    pub fn std(column: impl Into<String>) -> Self {
        Self::new(column, Statistic::Deviation)
    }
    /// The smallest value of `column`.
    pub fn min(column: impl Into<String>) -> Self {
        Self::new(column, Statistic::Minimum)
    }
    /// The largest value of `column`.
    pub fn max(column: impl Into<String>) -> Self {
        Self::new(column, Statistic::Maximum)
    }
    /// The quantile `q` of `column`.
    pub fn quantile(column: impl Into<String>, q: f64, interpolation: Interpolation) -> Self {
        Self::new(column, Statistic::Quantile).with(|options| {
            options.q = q;
            options.interpolation = interpolation;
        })
    }
    /// The covariance or correlation of two columns, over the rows in which both are there.
    pub fn pair(column: impl Into<String>, other: impl Into<String>, statistic: Statistic) -> Self {
        let other = other.into();
        Self::new(column, statistic).with(|options| options.other = Some(other))
    }
    /// The same under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
    /// The same with other options.
    #[must_use]
    pub fn with(mut self, set: impl FnOnce(&mut AggregateOptions)) -> Self {
        set(&mut self.options);
        self
    }
    /// The columns that it reads.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.column).chain(&self.options.other)
    }
    /// The type of its result.
    pub(crate) fn output_type(&self, input: &DataType) -> DataType {
        result_type(self.statistic, input)
    }
    /// Refuses what does not fit the frame.
    pub(crate) fn check(&self, frame: &Frame) -> Result<()> {
        let schema = frame.schema();
        for column in self.columns() {
            let data_type = need_column(&schema, column)?.data_type();
            if !fits(self.statistic, data_type) {
                let what = self.statistic.name();
                return Err(Error::mismatch(format!(
                    "{what} of column {column:?}, which is of type {}",
                    dtype_name(data_type)
                ))
                .with_hint("take a column of numbers, or cast it first"));
            }
        }
        if !(0.0..=1.0).contains(&self.options.q) {
            return Err(Error::input(format!("the quantile {} is not between 0 and 1", self.options.q)));
        }
        Ok(())
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}) as {}", self.statistic.name(), self.column, self.name)
    }
}

/// The type of a statistic of a column of this type. Labels have their own.
pub(crate) fn result_type(statistic: Statistic, input: &DataType) -> DataType {
    use Statistic as S;
    if let (S::Sum, DataType::Decimal128(_, scale)) = (statistic, input) {
        return DataType::Decimal128(38, *scale);
    }
    match statistic {
        S::Count | S::Size | S::DistinctCount => DataType::Int64,
        S::Minimum | S::Maximum | S::First | S::Last | S::Nth | S::Mode => input.clone(),
        S::Sum | S::Product if input.is_floating() => DataType::Float64,
        S::Sum | S::Product if input.is_unsigned_integer() => DataType::UInt64,
        S::Sum | S::Product => DataType::Int64,
        S::Any | S::All => DataType::Boolean,
        _ => DataType::Float64,
    }
}

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

/// Is the result a label of a row?
pub(crate) fn is_label(statistic: Statistic) -> bool {
    matches!(statistic, Statistic::IndexOfMinimum | Statistic::IndexOfMaximum)
}

/// The keys, then the columns that are aggregated, each once.
pub(crate) fn columns_read(keys: &[String], aggregates: &[Aggregate]) -> Vec<String> {
    let mut columns = keys.to_vec();
    for column in aggregates.iter().flat_map(Aggregate::columns) {
        if !columns.contains(column) {
            columns.push(column.clone());
        }
    }
    columns
}
