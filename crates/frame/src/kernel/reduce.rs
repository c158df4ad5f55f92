//! A statistic of each range of rows.

use super::Ranges;
use super::moments::{comoments, exact, kurtosis, skewness};
use super::values::{floats, from_integers, integers, internal, optional_floats, present, truths};
use crate::aggregate::Aggregate;
use crate::statistic::{Interpolation, Statistic, result_type};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array, UInt32Array, make_comparator, new_null_array,
};
use datafusion::arrow::compute::{SortOptions, take};
use datafusion::arrow::datatypes::{DataType, Decimal128Type};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::error::Result;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// The statistic `aggregate` of `column` in each range. `other` is the second column of a covariance; `labels` what
/// `idxmin` and `idxmax` give.
pub fn reduce(
    aggregate: &Aggregate,
    column: &ArrayRef,
    other: Option<&ArrayRef>,
    labels: Option<&ArrayRef>,
    ranges: Ranges<'_>,
) -> Result<ArrayRef> {
    let options = &aggregate.options;
    let valid = present(column);
    let result = match aggregate.statistic {
        Statistic::Size => return Ok(counts(ranges.iter().map(Range::len))),
        Statistic::Count => {
            return Ok(counts(ranges.iter().map(|range| valid[range.clone()].iter().filter(|v| **v).count())));
        }
        Statistic::DistinctCount => return distinct_counts(column, &valid, options.dropna, ranges),
        Statistic::Sum if matches!(column.data_type(), DataType::Decimal128(..)) => {
            decimal_totals(column, &valid, options.min_count, ranges)?
        }
        Statistic::Sum | Statistic::Product if !is_float(column) => {
            integer_totals(aggregate.statistic, column, &valid, options.min_count, ranges)?
        }
        Statistic::Sum | Statistic::Mean | Statistic::Variance | Statistic::Deviation | Statistic::StandardError => {
            exact(aggregate, column, ranges)?
        }
        Statistic::Product => {
            over_values(column, ranges, |values| (values.len() >= options.min_count).then(|| values.iter().product()))?
        }
        Statistic::Median => over_values(column, ranges, |values| quantile(values, 0.5, Interpolation::Linear))?,
        Statistic::Quantile => {
            over_values(column, ranges, |values| quantile(values, options.q, options.interpolation))?
        }
        Statistic::Skewness => over_values(column, ranges, |values| skewness(values))?,
        Statistic::Kurtosis => over_values(column, ranges, |values| kurtosis(values))?,
        Statistic::Covariance | Statistic::Correlation => {
            let other = other.ok_or_else(|| internal("a covariance needs a second column"))?;
            return comoments(aggregate, column, other, ranges);
        }
        Statistic::Any | Statistic::All => return truth(aggregate, column, &valid, ranges),
        Statistic::Minimum | Statistic::Maximum => {
            pick(column, extremes(aggregate.statistic, column, &valid, ranges)?)?
        }
        Statistic::IndexOfMinimum | Statistic::IndexOfMaximum => {
            let labels = labels.ok_or_else(|| internal("the place of an extreme needs labels"))?;
            let wanted =
                if aggregate.statistic == Statistic::IndexOfMinimum { Statistic::Minimum } else { Statistic::Maximum };
            pick(labels, extremes(wanted, column, &valid, ranges)?)?
        }
        Statistic::First => {
            pick(column, ranges.iter().map(|range| range.clone().find(|row| !options.skipna || valid[*row])))?
        }
        Statistic::Last => {
            pick(column, ranges.iter().map(|range| range.clone().rev().find(|row| !options.skipna || valid[*row])))?
        }
        Statistic::Nth => pick(column, ranges.iter().map(|range| nth(range, options.nth)))?,
        Statistic::Mode => pick(column, modes(column, &valid, ranges)?)?,
    };
    if options.skipna || matches!(aggregate.statistic, Statistic::First | Statistic::Last | Statistic::Nth) {
        return Ok(result);
    }
    // Anything missing makes the whole missing.
    let whole = ranges.iter().map(|range| valid[range.clone()].iter().all(|valid| *valid));
    let indices: UInt32Array = whole.enumerate().map(|(group, whole)| whole.then_some(group as u32)).collect();
    Ok(take(&result, &indices, None)?)
}

fn is_float(column: &ArrayRef) -> bool {
    column.data_type().is_floating()
}

fn counts(counts: impl Iterator<Item = usize>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(counts.map(|count| count as i64)))
}

/// The rows at these places, null where there is none.
fn pick(column: &ArrayRef, rows: impl IntoIterator<Item = Option<usize>>) -> Result<ArrayRef> {
    let indices: UInt32Array = rows.into_iter().map(|row| row.map(|row| row as u32)).collect();
    if column.is_empty() {
        return Ok(new_null_array(column.data_type(), indices.len()));
    }
    Ok(take(column, &indices, None)?)
}

/// The row `n` of a range, from its end if `n` is negative.
pub fn nth(range: &Range<usize>, n: i64) -> Option<usize> {
    let row = if n >= 0 { range.start as i64 + n } else { range.end as i64 + n };
    usize::try_from(row).ok().filter(|row| range.contains(row))
}

fn integer_totals(
    statistic: Statistic,
    column: &ArrayRef,
    valid: &[bool],
    min_count: usize,
    ranges: Ranges<'_>,
) -> Result<ArrayRef> {
    let values = integers(column)?;
    let totals: Int64Array = ranges
        .iter()
        .map(|range| {
            let there = range.clone().filter(|row| valid[*row]).map(|row| values.value(row));
            let (mut total, mut count) = (i64::from(statistic == Statistic::Product), 0);
            for value in there {
                count += 1;
                total = match statistic {
                    Statistic::Product => total.wrapping_mul(value),
                    _ => total.wrapping_add(value),
                };
            }
            (count >= min_count).then_some(total)
        })
        .collect();
    from_integers(totals, &result_type(statistic, column.data_type()))
}

fn decimal_totals(column: &ArrayRef, valid: &[bool], min_count: usize, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let values = column.as_primitive::<Decimal128Type>();
    let totals: Decimal128Array = ranges
        .iter()
        .map(|range| {
            let there: Vec<usize> = range.clone().filter(|row| valid[*row]).collect();
            let total = there.iter().fold(0_i128, |total, row| total.wrapping_add(values.value(*row)));
            (there.len() >= min_count).then_some(total)
        })
        .collect();
    Ok(Arc::new(totals.with_data_type(result_type(Statistic::Sum, column.data_type()))))
}

/// A statistic of the values of each range that are there, in their order.
fn over_values(
    column: &ArrayRef,
    ranges: Ranges<'_>,
    statistic: impl Fn(&mut Vec<f64>) -> Option<f64>,
) -> Result<ArrayRef> {
    let values = floats(column)?;
    let mut there = vec![];
    Ok(optional_floats(ranges.iter().map(|range| {
        there.clear();
        there.extend(values[range.clone()].iter().copied().filter(|value| !value.is_nan()));
        statistic(&mut there)
    })))
}

/// The quantile `q` of `values`, whose order this changes; NumPy's definitions.
pub fn quantile(values: &mut [f64], q: f64, interpolation: Interpolation) -> Option<f64> {
    let (low, high, fraction) = quantile_place(values.len(), q)?;
    let (_, lower, above) = values.select_nth_unstable_by(low, f64::total_cmp);
    let lower = *lower;
    let upper = if high == low { lower } else { above.iter().copied().min_by(f64::total_cmp)? };
    Some(interpolation.between(lower, upper, fraction, low))
}

/// The two ranks between which the quantile `q` of `count` sorted values lies, and how far from the first.
pub fn quantile_place(count: usize, q: f64) -> Option<(usize, usize, f64)> {
    let last = count.checked_sub(1)?;
    let place = last as f64 * q;
    let low = (place.floor() as usize).min(last);
    Some((low, (low + 1).min(last), place - low as f64))
}

fn truth(aggregate: &Aggregate, column: &ArrayRef, valid: &[bool], ranges: Ranges<'_>) -> Result<ArrayRef> {
    let truths = truths(column)?;
    // What is missing is skipped, or true, as NaN is.
    let is_true = |row: usize| if valid[row] { truths.value(row) } else { !aggregate.options.skipna };
    let kept = |range: &Range<usize>| range.clone().filter(|row| valid[*row] || !aggregate.options.skipna);
    let any = aggregate.statistic == Statistic::Any;
    let results = ranges.iter().map(|range| {
        let mut kept = kept(range);
        Some(if any { kept.any(is_true) } else { kept.all(is_true) })
    });
    Ok(Arc::new(results.collect::<BooleanArray>()))
}

/// The first row of each range that has its smallest or largest value.
fn extremes(statistic: Statistic, column: &ArrayRef, valid: &[bool], ranges: Ranges<'_>) -> Result<Vec<Option<usize>>> {
    let compare = make_comparator(column, column, SortOptions::default())?;
    let better = if statistic == Statistic::Minimum { Ordering::Less } else { Ordering::Greater };
    let best = |range: &Range<usize>| {
        range
            .clone()
            .filter(|row| valid[*row])
            .reduce(|best, row| if compare(row, best) == better { row } else { best })
    };
    Ok(ranges.iter().map(best).collect())
}

/// The rows of each range sorted by value, as bytes that compare as the values do.
fn sorted_runs(
    column: &ArrayRef,
    valid: &[bool],
    ranges: Ranges<'_>,
    mut each: impl FnMut(usize, &[Vec<usize>]),
) -> Result<()> {
    let converter = RowConverter::new(vec![SortField::new(column.data_type().clone())])?;
    let canonical = crate::lower::canonical::canonical(column, true, true);
    let rows = converter.convert_columns(&[canonical])?;
    for (group, range) in ranges.iter().enumerate() {
        let mut order: Vec<usize> = range.clone().filter(|row| valid[*row]).collect();
        order.sort_by(|a, b| rows.row(*a).cmp(&rows.row(*b)));
        let runs: Vec<Vec<usize>> =
            order.chunk_by(|a, b| rows.row(*a) == rows.row(*b)).map(<[usize]>::to_vec).collect();
        each(group, &runs);
    }
    Ok(())
}

fn distinct_counts(column: &ArrayRef, valid: &[bool], dropna: bool, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let mut distinct = vec![0; ranges.len()];
    sorted_runs(column, valid, ranges, |group, runs| distinct[group] = runs.len())?;
    if !dropna {
        for (count, range) in distinct.iter_mut().zip(ranges) {
            *count += usize::from(valid[range.clone()].iter().any(|valid| !valid));
        }
    }
    Ok(counts(distinct.into_iter()))
}

/// The smallest of the most frequent values of each range.
fn modes(column: &ArrayRef, valid: &[bool], ranges: Ranges<'_>) -> Result<Vec<Option<usize>>> {
    let mut modes = vec![None; ranges.len()];
    sorted_runs(column, valid, ranges, |group, runs| {
        let longest = runs.iter().map(Vec::len).max();
        modes[group] = runs.iter().find(|run| Some(run.len()) == longest).and_then(|run| run.first().copied());
    })?;
    Ok(modes)
}

/// The type whose values a statistic needs a column to have.
pub fn fits(statistic: Statistic, data_type: &DataType) -> bool {
    match statistic {
        Statistic::Count | Statistic::Size | Statistic::First | Statistic::Last | Statistic::Nth => true,
        Statistic::Minimum
        | Statistic::Maximum
        | Statistic::IndexOfMinimum
        | Statistic::IndexOfMaximum
        | Statistic::DistinctCount
        | Statistic::Mode => !data_type.is_nested(),
        Statistic::Sum => super::values::is_number(data_type) || matches!(data_type, DataType::Decimal128(..)),
        _ => super::values::is_number(data_type),
    }
}
