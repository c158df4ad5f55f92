//! A value for each row, from the rows of its range.

use super::Ranges;
use super::rank::{Rank, rank};
use super::reduce::reduce;
use super::rolling::{Rolling, rolling};
use super::values::{float_array, floats, from_integers, integers, internal, is_number, present};
use crate::aggregate::Aggregate;
use crate::lower::running::Start;
use crate::node::Cumulative;
use crate::statistic::result_type;
use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray, UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{cast, concat, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A value that is given in the call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    /// A truth value.
    Boolean(bool),
    /// An integer; also a time or duration in the column's unit.
    Integer(i64),
    /// A float.
    Float(f64),
    /// A text.
    Text(String),
}

impl Literal {
    /// As one row of a column of this type.
    ///
    /// # Errors
    /// It is no such value.
    pub(crate) fn to_array(&self, data_type: &DataType) -> Result<ArrayRef> {
        let one: ArrayRef = match self {
            Self::Boolean(value) => Arc::new(BooleanArray::from(vec![*value])),
            Self::Integer(value) => Arc::new(Int64Array::from(vec![*value])),
            Self::Float(value) => Arc::new(Float64Array::from(vec![*value])),
            Self::Text(value) => Arc::new(StringArray::from(vec![value.as_str()])),
        };
        Ok(cast(&one, data_type)?)
    }
}

/// What is computed for each row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Window {
    /// `cumsum`.
    Sum,
    /// `cumprod`.
    Product,
    /// `cummax`.
    Maximum,
    /// `cummin`.
    Minimum,
    /// `cumcount`: how many rows of the group come before, or after.
    Count {
        /// Before, as by default.
        ascending: bool,
    },
    /// `shift`: the value so many rows before, or after if negative.
    Shift {
        /// How many rows.
        periods: i64,
        /// For rows that have no such row.
        fill: Option<Literal>,
    },
    /// `diff`: the value less that so many rows before.
    Difference {
        /// How many rows.
        periods: i64,
    },
    /// `pct_change`: the value over that so many rows before, less 1.
    PercentChange {
        /// How many rows.
        periods: i64,
    },
    /// `rank`.
    Rank(Rank),
    /// `ffill` and `bfill`: the last value that is there, or the next.
    Fill {
        /// The last one.
        forward: bool,
        /// For so many rows at most.
        limit: Option<usize>,
    },
    /// `rolling`.
    Rolling(Rolling),
    /// `expanding`: a statistic of all rows up to this one.
    Expanding {
        /// How many values there must be.
        min_periods: usize,
        /// The statistic.
        aggregate: Aggregate,
    },
    /// `transform`: a statistic of the group, for each of its rows.
    Whole(Aggregate),
}

impl Window {
    /// pandas' name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sum => "cumsum",
            Self::Product => "cumprod",
            Self::Maximum => "cummax",
            Self::Minimum => "cummin",
            Self::Count { .. } => "cumcount",
            Self::Shift { .. } => "shift",
            Self::Difference { .. } => "diff",
            Self::PercentChange { .. } => "pct_change",
            Self::Rank(_) => "rank",
            Self::Fill { forward: true, .. } => "ffill",
            Self::Fill { forward: false, .. } => "bfill",
            Self::Rolling(_) => "rolling",
            Self::Expanding { .. } => "expanding",
            Self::Whole(_) => "transform",
        }
    }

    pub(crate) fn cumulative(&self) -> Option<Cumulative> {
        Some(match self {
            Self::Sum => Cumulative::Sum,
            Self::Product => Cumulative::Product,
            Self::Maximum => Cumulative::Maximum,
            Self::Minimum => Cumulative::Minimum,
            _ => return None,
        })
    }

    /// The type of the result over a column of this type; `None` if it does not fit.
    pub(crate) fn output_type(&self, input: &DataType) -> Option<DataType> {
        let number = is_number(input);
        Some(match self {
            Self::Sum | Self::Product | Self::Maximum | Self::Minimum => match input {
                DataType::Float32 | DataType::Float64 => DataType::Float64,
                DataType::Boolean => DataType::Int64,
                DataType::UInt64 => return None,
                _ if input.is_integer() => DataType::Int64,
                _ => return None,
            },
            Self::Count { .. } => DataType::Int64,
            Self::Shift { .. } | Self::Fill { .. } => input.clone(),
            Self::Difference { .. } => match input {
                DataType::Timestamp(unit, _) => DataType::Duration(*unit),
                DataType::Duration(unit) => DataType::Duration(*unit),
                DataType::Float32 => DataType::Float32,
                DataType::Float64 | DataType::UInt64 => DataType::Float64,
                _ if input.is_integer() => DataType::Int64,
                _ => return None,
            },
            Self::PercentChange { .. } if number => DataType::Float64,
            Self::Rank(_) if !input.is_nested() => DataType::Float64,
            Self::Rolling(rolling) if number || rolling.counts() => DataType::Float64,
            Self::Expanding { .. } if number => DataType::Float64,
            Self::Whole(aggregate) if super::reduce::fits(aggregate.statistic, input) => {
                result_type(aggregate.statistic, input)
            }
            _ => return None,
        })
    }

    /// The values of `column`. `times` are nanoseconds, for windows of time; `labels` what `idxmin` gives.
    pub(crate) fn apply(
        &self,
        column: &ArrayRef,
        times: Option<&[i64]>,
        labels: Option<&ArrayRef>,
        ranges: Ranges<'_>,
    ) -> Result<ArrayRef> {
        let output = self
            .output_type(column.data_type())
            .ok_or_else(|| internal(format!("{} of a column of type {}", self.name(), column.data_type())))?;
        if let Some(function) = self.cumulative() {
            return running(function, &cast(column, &output)?, ranges);
        }
        match self {
            Self::Count { ascending } => {
                let counts = ranges.iter().flat_map(|range| {
                    let rows = range.len() as i64;
                    (0..rows).map(move |row| if *ascending { row } else { rows - 1 - row })
                });
                Ok(Arc::new(Int64Array::from_iter_values(counts)))
            }
            Self::Shift { periods, fill } => shift(column, *periods, fill.as_ref(), ranges),
            Self::Difference { periods } => difference(column, *periods, &output, ranges),
            Self::PercentChange { periods } => {
                let values = floats(column)?;
                let rows = shifted(*periods, ranges).map(|row| row.map_or(f64::NAN, |row| values[row]));
                Ok(float_array(values.iter().zip(rows).map(|(value, before)| value / before - 1.0).collect()))
            }
            Self::Rank(options) => rank(column, *options, ranges),
            Self::Fill { forward, limit } => fill(column, *forward, *limit, ranges),
            Self::Rolling(options) => rolling(column, options, times, ranges),
            Self::Expanding { min_periods, aggregate } => {
                super::rolling::expanding(column, *min_periods, aggregate, ranges)
            }
            Self::Whole(aggregate) => {
                let reduced = reduce(aggregate, column, None, labels, ranges)?;
                let groups: UInt32Array = ranges
                    .iter()
                    .enumerate()
                    .flat_map(|(group, range)| std::iter::repeat_n(group as u32, range.len()))
                    .collect();
                Ok(take(&reduced, &groups, None)?)
            }
            _ => Err(internal("a window that is not computed here")),
        }
    }
}

fn running(function: Cumulative, column: &ArrayRef, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let parts = ranges
        .iter()
        .map(|range| Ok(Start::of(column.data_type())?.pass(function, &column.slice(range.start, range.len()))))
        .collect::<Result<Vec<_>>>()?;
    join(&parts, column.data_type())
}

fn join(parts: &[ArrayRef], data_type: &DataType) -> Result<ArrayRef> {
    match parts {
        [] => Ok(new_null_array(data_type, 0)),
        _ => Ok(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?),
    }
}

/// For each row the row so many before in its range.
fn shifted(periods: i64, ranges: Ranges<'_>) -> impl Iterator<Item = Option<usize>> + '_ {
    ranges.iter().flat_map(move |range| {
        range.clone().map(move |row| {
            usize::try_from((row as i64).checked_sub(periods)?).ok().filter(|before| range.contains(before))
        })
    })
}

/// `column` at these rows, null where there is none.
fn taken(column: &ArrayRef, rows: impl Iterator<Item = Option<usize>>) -> Result<ArrayRef> {
    let indices: UInt32Array = rows.map(|row| row.map(|row| row as u32)).collect();
    Ok(take(column, &indices, None)?)
}

fn shift(column: &ArrayRef, periods: i64, fill: Option<&Literal>, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let Some(fill) = fill else { return taken(column, shifted(periods, ranges)) };
    let extended = concat(&[column, &fill.to_array(column.data_type())?])?;
    taken(&extended, shifted(periods, ranges).map(|row| Some(row.unwrap_or(column.len()))))
}

fn difference(column: &ArrayRef, periods: i64, output: &DataType, ranges: Ranges<'_>) -> Result<ArrayRef> {
    if output.is_floating() {
        let values = floats(column)?;
        let before = shifted(periods, ranges).map(|row| row.map_or(f64::NAN, |row| values[row]));
        let differences = float_array(values.iter().zip(before).map(|(value, before)| value - before).collect());
        return Ok(cast(&differences, output)?);
    }
    let values = integers(column)?;
    let there = |row: usize| values.is_valid(row).then(|| values.value(row));
    let differences: Int64Array = shifted(periods, ranges)
        .enumerate()
        .map(|(row, before)| Some(there(row)?.wrapping_sub(there(before?)?)))
        .collect();
    from_integers(differences, output)
}

fn fill(column: &ArrayRef, forward: bool, limit: Option<usize>, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let valid = present(column);
    let mut rows: Vec<Option<usize>> = vec![None; column.len()];
    for range in ranges {
        let mut last: Option<usize> = None;
        let mut visit = |row: usize| {
            if valid[row] {
                last = Some(row);
            }
            // A missing value that stays keeps its own kind: null or NaN.
            rows[row] = last.filter(|last| limit.is_none_or(|limit| row.abs_diff(*last) <= limit)).or(Some(row));
        };
        if forward {
            range.clone().for_each(&mut visit);
        } else {
            range.clone().rev().for_each(&mut visit);
        }
    }
    taken(column, rows.into_iter())
}
