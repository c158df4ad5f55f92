//! Statistics of the rows around each row.
//!
//! A window's result depends on the rows in it alone, never on the windows before, so it has the same bits wherever
//! partitions begin. Windows of few rows are summed row by row; for longer ones an exact sum is kept, to which rows are added
//! and from which they are taken away, and which is rounded once a row.

use super::Ranges;
use super::moments::{kurtosis_of, skewness_of, spread};
use super::values::{float_array, floats, internal, present};
use crate::aggregate::Aggregate;
use crate::exact::{Digits, Power};
use crate::statistic::Statistic;
use datafusion::arrow::array::ArrayRef;
use datafusion::error::Result;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ops::Range;

/// Rows of a window that are summed one by one.
const SHORT: usize = 64;

/// How far a window reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Span {
    /// So many rows.
    Rows(usize),
    /// So many nanoseconds of the index.
    Time(i64),
}

/// Which ends of a window belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Closed {
    /// The later one, as by default.
    #[default]
    Right,
    /// The earlier one.
    Left,
    /// Both.
    Both,
    /// None.
    Neither,
}

/// A statistic of the rows around each row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rolling {
    /// How far the window reaches.
    pub span: Span,
    /// How many values there must be.
    pub min_periods: usize,
    /// The row is in the middle of its window, and not its last.
    pub center: bool,
    /// Which ends belong to it.
    pub closed: Closed,
    /// The statistic.
    pub aggregate: Aggregate,
}

impl Rolling {
    pub(crate) fn counts(&self) -> bool {
        self.aggregate.statistic == Statistic::Count
    }

    /// Rows before and after a row that its window needs; `None` for windows of time.
    pub(crate) fn reach(&self) -> Option<(usize, usize)> {
        let Span::Rows(rows) = self.span else { return None };
        let after = if self.center { rows.saturating_sub(1) / 2 } else { 0 };
        Some((rows, after))
    }

    /// The window of each row.
    fn windows(&self, times: Option<&[i64]>, range: &Range<usize>) -> Result<Vec<Range<usize>>> {
        match self.span {
            Span::Rows(rows) => {
                let after = self.reach().map_or(0, |reach| reach.1) as i64;
                let (more, less) = self.ends();
                Ok(range
                    .clone()
                    .map(|row| {
                        let end = row as i64 + after + 1;
                        let start = end - rows as i64 - i64::from(more);
                        let clip = |row: i64| row.clamp(range.start as i64, range.end as i64) as usize;
                        let start = clip(start);
                        start..clip(end - i64::from(less)).max(start)
                    })
                    .collect())
            }
            Span::Time(span) => {
                let times = times.ok_or_else(|| internal("a window of time needs times"))?;
                let (mut start, mut end) = (range.start, range.start);
                // Twice the time, so that the middle of an odd span is a number.
                let (back, ahead) = if self.center { (span, span) } else { (2 * span, 0) };
                let (left, right) = (
                    matches!(self.closed, Closed::Left | Closed::Both),
                    matches!(self.closed, Closed::Right | Closed::Both),
                );
                Ok(range
                    .clone()
                    .map(|row| {
                        let at = 2 * i128::from(times[row]);
                        let twice = |row: usize| 2 * i128::from(times[row]);
                        let (first, last) = (at - i128::from(back), at + i128::from(ahead));
                        while start < range.end && (twice(start) < first || (!left && twice(start) == first)) {
                            start += 1;
                        }
                        if right && !self.center {
                            // Of rows of one time, pandas' windows end with their own row.
                            return start..(row + 1).max(start);
                        }
                        end = end.max(start);
                        while end < range.end && (twice(end) < last || (right && twice(end) == last)) {
                            end += 1;
                        }
                        start..end
                    })
                    .collect())
            }
        }
    }

    /// Does a window of rows begin one earlier, and end one earlier?
    fn ends(&self) -> (bool, bool) {
        match self.closed {
            Closed::Right => (false, false),
            Closed::Left => (true, true),
            Closed::Both => (true, false),
            Closed::Neither => (false, true),
        }
    }
}

/// The statistic of each row's window.
pub fn rolling(column: &ArrayRef, options: &Rolling, times: Option<&[i64]>, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let values = if options.counts() {
        present(column).into_iter().map(|there| if there { 1.0 } else { f64::NAN }).collect()
    } else {
        finite(column)?
    };
    let mut results = vec![f64::NAN; values.len()];
    for range in ranges {
        let windows = options.windows(times, range)?;
        over_windows(&values, &windows, options.min_periods, &options.aggregate, &mut results[range.clone()]);
    }
    Ok(float_array(results))
}

/// The values as floats; infinite ones are missing in windows, as pandas has it.
fn finite(column: &ArrayRef) -> Result<Vec<f64>> {
    let mut values = floats(column)?;
    values.iter_mut().filter(|value| value.is_infinite()).for_each(|value| *value = f64::NAN);
    Ok(values)
}

/// The statistic of all rows up to each row.
pub fn expanding(column: &ArrayRef, min_periods: usize, aggregate: &Aggregate, ranges: Ranges<'_>) -> Result<ArrayRef> {
    let values = if aggregate.statistic == Statistic::Count { floats(column)? } else { finite(column)? };
    let mut results = vec![f64::NAN; values.len()];
    for range in ranges {
        let windows: Vec<Range<usize>> = range.clone().map(|row| range.start..row + 1).collect();
        over_windows(&values, &windows, min_periods, aggregate, &mut results[range.clone()]);
    }
    Ok(float_array(results))
}

/// Statistics of windows whose ends never go back.
fn over_windows(
    values: &[f64],
    windows: &[Range<usize>],
    min_periods: usize,
    aggregate: &Aggregate,
    results: &mut [f64],
) {
    let (mut state, mut scratch) = (State::new(aggregate), vec![]);
    let (mut start, mut end) = windows.first().map_or((0, 0), |window| (window.start, window.start));
    let mut count = 0_usize;
    for (result, window) in results.iter_mut().zip(windows) {
        for row in end..window.end {
            if !values[row].is_nan() {
                count += 1;
                state.enter(values, row);
            }
        }
        for row in start..window.start.min(end.max(window.end)) {
            if !values[row].is_nan() {
                count -= 1;
                state.leave(values, row);
            }
        }
        (start, end) = (window.start, window.end.max(end));
        if aggregate.statistic == Statistic::Count {
            *result = if window.len() >= min_periods { count as f64 } else { f64::NAN };
        } else if count >= min_periods {
            let value = match &mut state {
                State::Fresh => fresh(there(values, window, count, &mut scratch), aggregate),
                State::Exact(_) if window.len() <= SHORT => {
                    fresh(there(values, window, count, &mut scratch), aggregate)
                }
                State::Exact(sums) => sums.of(values, window, count as u64, aggregate),
                State::Extreme { rows, .. } => rows.front().map(|&row| values[row]),
                State::Sorted(sorted) => middle(sorted, aggregate),
            };
            *result = value.unwrap_or(f64::NAN);
        }
    }
}

/// The values of a window that are there, of which there are `count`.
fn there<'a>(values: &'a [f64], window: &Range<usize>, count: usize, scratch: &'a mut Vec<f64>) -> &'a [f64] {
    let values = &values[window.clone()];
    if count == values.len() {
        return values;
    }
    scratch.clear();
    scratch.extend(values.iter().copied().filter(|value| !value.is_nan()));
    scratch
}

/// What is kept from window to window.
enum State {
    /// Nothing: each window is computed afresh.
    Fresh,
    /// Exact sums.
    Exact(Sums),
    /// The rows that could still be the extreme, best first.
    Extreme { rows: VecDeque<usize>, smallest: bool },
    /// All values, sorted.
    Sorted(Vec<f64>),
}

impl State {
    fn new(aggregate: &Aggregate) -> Self {
        match aggregate.statistic {
            Statistic::Minimum | Statistic::Maximum => {
                Self::Extreme { rows: VecDeque::new(), smallest: aggregate.statistic == Statistic::Minimum }
            }
            Statistic::Median | Statistic::Quantile => Self::Sorted(vec![]),
            Statistic::Sum | Statistic::Mean => Self::Exact(Sums::new(false)),
            Statistic::Variance | Statistic::Deviation | Statistic::StandardError => Self::Exact(Sums::new(true)),
            _ => Self::Fresh,
        }
    }

    fn enter(&mut self, values: &[f64], row: usize) {
        let value = values[row];
        match self {
            Self::Fresh | Self::Exact(_) => {}
            Self::Extreme { rows, smallest } => {
                while rows
                    .back()
                    .is_some_and(|&back| if *smallest { values[back] >= value } else { values[back] <= value })
                {
                    rows.pop_back();
                }
                rows.push_back(row);
            }
            Self::Sorted(sorted) => {
                let at = sorted.partition_point(|other| other.total_cmp(&value).is_lt());
                sorted.insert(at, value);
            }
        }
    }

    fn leave(&mut self, values: &[f64], row: usize) {
        match self {
            Self::Fresh | Self::Exact(_) => {}
            Self::Extreme { rows, .. } => {
                if rows.front() == Some(&row) {
                    rows.pop_front();
                }
            }
            Self::Sorted(sorted) => {
                let at = sorted.partition_point(|other| other.total_cmp(&values[row]).is_lt());
                sorted.remove(at);
            }
        }
    }
}

/// Exact sums of the values of a window and, if wanted, of their squares. They follow only when a window asks for them.
struct Sums {
    values: Digits,
    squares: Option<Digits>,
    rows: Range<usize>,
}

impl Sums {
    fn new(squares: bool) -> Self {
        let digits = |power| {
            let mut digits = Digits::new(power);
            digits.resize(1);
            digits
        };
        Self { values: digits(Power::Value), squares: squares.then(|| digits(Power::Square)), rows: 0..0 }
    }

    fn of(&mut self, values: &[f64], window: &Range<usize>, count: u64, aggregate: &Aggregate) -> Option<f64> {
        if window.start >= self.rows.end {
            *self = Self { rows: window.start..window.start, ..Self::new(self.squares.is_some()) };
        }
        for value in values[self.rows.end..window.end].iter().filter(|value| !value.is_nan()) {
            self.values.add(&[*value], &[0]);
            if let Some(squares) = &mut self.squares {
                squares.add(&[*value], &[0]);
            }
        }
        for value in values[self.rows.start..window.start].iter().filter(|value| !value.is_nan()) {
            self.values.add(&[-*value], &[0]);
            if let Some(squares) = &mut self.squares {
                squares.subtract(*value, 0);
            }
        }
        self.rows = window.clone();
        let sum = self.values.peek();
        match &mut self.squares {
            Some(squares) => spread(aggregate, sum.variance(&squares.peek(), count), count),
            None if aggregate.statistic == Statistic::Sum => Some(sum.value()),
            None => sum.mean(count),
        }
    }
}

/// A quantile of sorted values.
fn middle(sorted: &[f64], aggregate: &Aggregate) -> Option<f64> {
    let q = if aggregate.statistic == Statistic::Median { 0.5 } else { aggregate.options.q };
    let (low, high, fraction) = super::reduce::quantile_place(sorted.len(), q)?;
    Some(aggregate.options.interpolation.between(sorted[low], sorted[high], fraction, low))
}

/// The statistic of the values of one window, one by one.
fn fresh(there: &[f64], aggregate: &Aggregate) -> Option<f64> {
    let count = there.len() as f64;
    let mean = || sum(there, |value| value) / count;
    let central = |power: i32| {
        let mean = mean();
        sum(there, |value| (value - mean).powi(power))
    };
    match aggregate.statistic {
        Statistic::Sum => Some(sum(there, |value| value) + 0.0),
        Statistic::Mean if there.is_empty() => None,
        Statistic::Mean => Some(mean()),
        Statistic::Variance | Statistic::Deviation | Statistic::StandardError => {
            let variance = (there.len() > 1).then(|| central(2) / (count - 1.0));
            spread(aggregate, variance, there.len() as u64)
        }
        Statistic::Skewness => skewness_of(count, central(2), central(3)),
        Statistic::Kurtosis => kurtosis_of(count, central(2), central(4)),
        Statistic::First => there.first().copied(),
        Statistic::Last => there.last().copied(),
        _ => None,
    }
}

/// A sum in four parts, each of which does not wait for the others.
fn sum(values: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let (fours, rest) = values.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for four in fours {
        for lane in 0..4 {
            sums[lane] += of(four[lane]);
        }
    }
    let rest = rest.iter().fold(0.0, |sum, value| sum + of(*value));
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// May windows have this statistic?
pub(crate) fn is_known(statistic: Statistic) -> bool {
    use Statistic as S;
    matches!(
        statistic,
        S::Count
            | S::Sum
            | S::Mean
            | S::Variance
            | S::Deviation
            | S::StandardError
            | S::Minimum
            | S::Maximum
            | S::Median
            | S::Quantile
            | S::Skewness
            | S::Kurtosis
            | S::First
            | S::Last
    )
}
