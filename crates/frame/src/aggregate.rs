//! A statistic of a column: with its options, and what its result is called.

use crate::Frame;
use crate::dtype::name as dtype_name;
use crate::error::need_column;
use crate::kernel::reduce::fits;
use crate::statistic::{Interpolation, Statistic, result_type};
use datafusion::arrow::datatypes::DataType;
use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

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
