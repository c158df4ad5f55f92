//! `groupby`: which statistic comes from which aggregate function, and what it is called.

use crate::Frame;
use crate::error::{need_column, need_distinct};
use crate::node::{Operation, Ordered};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use phalanx_engine::{Error, Result};
use std::fmt;
use std::sync::Arc;

/// What is computed of a group's values. Missing values (null, NaN) are skipped, as pandas does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Statistic {
    /// How many values there are.
    Count,
    /// Their sum; for floats exact, rounded once.
    Sum,
    /// Their mean: exact, rounded once.
    Mean,
    /// Their variance with n − 1: exact, rounded once.
    Variance,
    /// The square root of the variance.
    Deviation,
    /// The smallest value.
    Minimum,
    /// The largest value.
    Maximum,
}

impl Statistic {
    /// pandas' name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Sum => "sum",
            Self::Mean => "mean",
            Self::Variance => "var",
            Self::Deviation => "std",
            Self::Minimum => "min",
            Self::Maximum => "max",
        }
    }
}

/// A statistic of a column, and the name of its result: `x_mean` unless it is given another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd)]
pub struct Aggregate {
    pub(crate) column: String,
    pub(crate) statistic: Statistic,
    pub(crate) name: String,
}

impl Aggregate {
    /// `statistic` of `column`.
    pub fn new(column: impl Into<String>, statistic: Statistic) -> Self {
        let column = column.into();
        Self { name: format!("{column}_{}", statistic.name()), column, statistic }
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
    /// The same under another name.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }
}

impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}) as {}", self.statistic.name(), self.column, self.name)
    }
}

/// Rows in groups of equal keys; made by [`Frame::groupby`].
#[derive(Debug, Clone)]
pub struct GroupBy {
    frame: Frame,
    keys: Vec<String>,
}

impl GroupBy {
    pub(crate) fn new(frame: Frame, keys: Vec<String>) -> Result<Self> {
        if keys.is_empty() {
            return Err(Error::input("groupby needs at least one key column"));
        }
        need_distinct(&keys)?;
        keys.iter().try_for_each(|key| need_column(&frame.schema(), key).map(drop))?;
        Ok(Self { frame, keys })
    }

    /// One row for each group, sorted by key: the keys, then `aggregates` in this order. As in pandas, rows with a
    /// missing key belong to no group. The result is one partition.
    ///
    /// Sum, mean, variance and standard deviation of floats do not depend on the order of rows: see
    /// [`exact`](crate::exact).
    ///
    /// # Errors
    /// `Input`: a column does not exist, a name is there twice, or a statistic does not fit a column's type.
    pub fn agg(&self, aggregates: impl IntoIterator<Item = Aggregate>) -> Result<Frame> {
        let aggregates: Vec<Aggregate> = aggregates.into_iter().collect();
        let schema = self.frame.schema();
        for aggregate in &aggregates {
            let field = need_column(&schema, &aggregate.column)?;
            check(aggregate, field.data_type())?;
        }
        let names: Vec<String> =
            self.keys.iter().cloned().chain(aggregates.iter().map(|aggregate| aggregate.name.clone())).collect();
        need_distinct(&names)?;
        let read = columns_read(&self.keys, &aggregates);
        let input = self.frame.columns_only(&read)?;
        self.frame.with_plan(Ordered::plan(Operation::GroupBy { keys: self.keys.clone(), aggregates }, input), None)
    }
}

/// The keys, then the columns that are aggregated, each once.
pub(crate) fn columns_read(keys: &[String], aggregates: &[Aggregate]) -> Vec<String> {
    let mut columns = keys.to_vec();
    for aggregate in aggregates {
        if !columns.contains(&aggregate.column) {
            columns.push(aggregate.column.clone());
        }
    }
    columns
}

/// The aggregate function that a statistic comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Moments,
    ExactSum,
    IntegerSum,
    UnsignedSum,
    Count,
    Minimum,
    Maximum,
    FloatMinimum,
    FloatMaximum,
}

/// Where `aggregate` of a column of this type comes from, and which field of a struct it is. Statistics of one column
/// share one function: the moments if any of them is a variance.
pub(crate) fn source(aggregate: &Aggregate, all: &[Aggregate], data_type: &DataType) -> (Source, Option<&'static str>) {
    let asked = |statistics: &[Statistic]| {
        all.iter().any(|other| other.column == aggregate.column && statistics.contains(&other.statistic))
    };
    let exact = if asked(&[Statistic::Variance, Statistic::Deviation]) { Source::Moments } else { Source::ExactSum };
    let float = matches!(data_type, DataType::Float32 | DataType::Float64);
    match aggregate.statistic {
        Statistic::Mean | Statistic::Variance | Statistic::Deviation => (exact, Some(aggregate.statistic.name())),
        Statistic::Sum if float => (exact, Some("sum")),
        Statistic::Sum if data_type.is_unsigned_integer() => (Source::UnsignedSum, None),
        Statistic::Sum => (Source::IntegerSum, None),
        Statistic::Count
            if float && asked(&[Statistic::Mean, Statistic::Variance, Statistic::Deviation, Statistic::Sum]) =>
        {
            (exact, Some("count"))
        }
        Statistic::Count => (Source::Count, None),
        Statistic::Minimum if float => (Source::FloatMinimum, None),
        Statistic::Maximum if float => (Source::FloatMaximum, None),
        Statistic::Minimum => (Source::Minimum, None),
        Statistic::Maximum => (Source::Maximum, None),
    }
}

fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Float32 | DataType::Float64 | DataType::Boolean)
}

fn check(aggregate: &Aggregate, data_type: &DataType) -> Result<()> {
    let fits = match aggregate.statistic {
        Statistic::Count => true,
        Statistic::Minimum | Statistic::Maximum => !data_type.is_nested(),
        _ => is_number(data_type),
    };
    if fits {
        return Ok(());
    }
    Err(Error::input(format!(
        "{} of column {:?}, which is of type {data_type}",
        aggregate.statistic.name(),
        aggregate.column
    ))
    .with_hint("take a column of numbers, or cast it first"))
}

/// The schema of the result.
pub(crate) fn schema(
    input: &Schema,
    keys: &[String],
    aggregates: &[Aggregate],
) -> datafusion::error::Result<SchemaRef> {
    let mut fields = vec![];
    for key in keys {
        fields.push(Arc::new(input.field_with_name(key)?.clone()));
    }
    for aggregate in aggregates {
        let data_type = input.field_with_name(&aggregate.column)?.data_type();
        let (data_type, nullable) = match aggregate.statistic {
            Statistic::Count => (DataType::Int64, false),
            Statistic::Minimum | Statistic::Maximum => (data_type.clone(), true),
            Statistic::Sum if data_type.is_floating() => (DataType::Float64, false),
            Statistic::Sum if data_type.is_unsigned_integer() => (DataType::UInt64, true),
            Statistic::Sum => (DataType::Int64, true),
            Statistic::Mean | Statistic::Variance | Statistic::Deviation => (DataType::Float64, true),
        };
        fields.push(Arc::new(Field::new(&aggregate.name, data_type, nullable)));
    }
    Ok(Arc::new(Schema::new(fields)))
}
