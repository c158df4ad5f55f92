//! Axes: round numbers, round times, and how they are written.

use super::number;
use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveDateTime};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Steps between times, in seconds, up to days.
const SECONDS: [i64; 18] = [
    1,
    2,
    5,
    10,
    15,
    30,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];
const DAYS: [i64; 4] = [1, 2, 5, 10];
/// Steps in months, up to a century.
const MONTHS: [u32; 11] = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200];
/// Labels of times at the most: a label is about a hundred pixels wide.
const TIMES_MAX: i64 = 9;

/// An axis: its range, where its lines are and what stands there.
#[derive(Debug, Clone)]
pub struct Axis {
    pub low: f64,
    pub high: f64,
    ticks: Vec<f64>,
    writing: Writing,
    caption: String,
}

#[derive(Debug, Clone)]
enum Writing {
    Decimals(usize),
    Scientific,
    Time(&'static str),
}

impl Axis {
    /// From `low` to `high`, with about `count` lines; `widened` to the next lines.
    pub fn of_numbers(low: f64, high: f64, count: usize, widened: bool, caption: &str) -> Self {
        // A flat line gets a range around it.
        let pad = if high > low { 0.0 } else { (low.abs() * 0.05).max(0.5) };
        let (low, high) = (low - pad, high + pad);
        let step = round_step((high - low) / count.max(2) as f64);
        let (first, last) = match widened {
            true => ((low / step).floor(), (high / step).ceil()),
            false => ((low / step).ceil(), (high / step).floor()),
        };
        // Far from zero a step may be lost in rounding: then there are fewer lines, never endless ones.
        let ticks: Vec<f64> = (0..=(last - first).clamp(0.0, 40.0) as i64).map(|i| (first + i as f64) * step).collect();
        let (low, high) = if widened { (low.min(first * step), high.max(last * step)) } else { (low, high) };
        let largest = low.abs().max(high.abs());
        let writing = match largest {
            ..1e9 if step >= 1e-6 => Writing::Decimals((-step.log10().floor()).clamp(0.0, 6.0) as usize),
            _ => Writing::Scientific,
        };
        Self { low, high, ticks, writing, caption: caption.to_owned() }
    }

    /// From `low` to `high`, in seconds since 1970.
    pub fn of_times(low: f64, high: f64, name: &str) -> Self {
        let (low, high) = if high > low { whole(low, high) } else { (low - 1.0, high + 1.0) };
        let (ticks, format) = times(low, high);
        let years = |seconds: f64| time(seconds as i64).map(|time| time.year());
        let caption = match (format, years(low), years(high - 1.0)) {
            ("%b %Y" | "%Y", ..) | (_, None, _) | (_, _, None) => name.to_owned(),
            (_, Some(first), Some(last)) if first == last => format!("{name}, {first}"),
            (_, Some(first), Some(last)) => format!("{name}, {first} to {last}"),
        };
        Self { low, high, ticks, writing: Writing::Time(format), caption }
    }

    pub fn ticks(&self) -> Vec<f64> {
        self.ticks.clone()
    }

    pub fn caption(&self) -> &str {
        &self.caption
    }

    /// What stands at `value`.
    pub fn label(&self, value: f64) -> String {
        match self.writing {
            Writing::Decimals(decimals) => number(format!("{:.decimals$}", value + 0.0)),
            Writing::Scientific => number(format!("{value:e}")),
            Writing::Time(format) => {
                time(value.round() as i64).map_or_else(String::new, |time| time.format(format).to_string())
            }
        }
    }
}

/// A range that begins or ends just off a whole day, hour or minute, widened to it: its tick is then on the axis.
fn whole(low: f64, high: f64) -> (f64, f64) {
    let near = (high - low) * 0.01;
    let units = || [DAY, HOUR, MINUTE].into_iter().map(|unit| unit as f64);
    let first = units().map(|unit| (low / unit).floor() * unit).find(|first| low - first < near);
    let last = units().map(|unit| (high / unit).ceil() * unit).find(|last| last - high < near);
    (first.unwrap_or(low), last.unwrap_or(high))
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powi(least.log10().floor() as i32);
    [1.0, 2.0, 5.0].into_iter().map(|factor| factor * power).find(|step| *step >= least * 0.999).unwrap_or(10.0 * power)
}

fn time(seconds: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(seconds, 0).map(|time| time.naive_utc())
}

/// Round times between `low` and `high`, and how to write them.
fn times(low: f64, high: f64) -> (Vec<f64>, &'static str) {
    let (first, last) = (low.ceil() as i64, high.floor() as i64);
    let fits = |step: &&i64| (last - first) / **step < TIMES_MAX;
    if let Some(&step) = SECONDS.iter().find(fits) {
        let several_days = first.div_euclid(DAY) != (last - 1).div_euclid(DAY);
        let format = match step {
            DAY => "%b %-d",
            MINUTE.. if several_days => "%b %-d, %H:%M",
            MINUTE.. => "%H:%M",
            _ => "%H:%M:%S",
        };
        return (multiples(first, last, step), format);
    }
    if let Some(days) = DAYS.iter().find(|days| fits(&&(**days * DAY))) {
        // Counted from the first day: the days of a month do not come in multiples.
        let start = (first + DAY - 1).div_euclid(DAY) * DAY;
        return ((start..=last).step_by((days * DAY) as usize).map(|t| t as f64).collect(), "%b %-d");
    }
    let months = |time: NaiveDateTime| i64::from(time.year()) * 12 + i64::from(time.month0());
    let (Some(from), Some(to)) = (time(first), time(last)) else { return (vec![], "%Y") };
    let count = months(to) - months(from);
    let step = MONTHS.into_iter().find(|step| count / i64::from(*step) < TIMES_MAX).unwrap_or(1200);
    // Round years, or months counted from January.
    let year = from.year() - from.year().rem_euclid((step / 12).max(1) as i32);
    let month = if step >= 12 { 0 } else { from.month0() / step * step };
    let start = NaiveDate::from_ymd_opt(year, month + 1, 1);
    let mut ticks = vec![];
    let mut next = start;
    while let Some(day) = next.filter(|day| day.and_time(Default::default()) <= to) {
        let seconds = day.and_time(Default::default()).and_utc().timestamp();
        if seconds >= first {
            ticks.push(seconds as f64);
        }
        next = day.checked_add_months(Months::new(step));
    }
    (ticks, if step >= 12 { "%Y" } else { "%b %Y" })
}

fn multiples(first: i64, last: i64, step: i64) -> Vec<f64> {
    let start = (first + step - 1).div_euclid(step);
    (start..=last.div_euclid(step)).map(|multiple| (multiple * step) as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|tick| axis.label(tick)).collect()
    }

    #[test]
    fn numbers_are_round() {
        assert_eq!(labels(&Axis::of_numbers(-130.0, 240.0, 6, true, "")), ["−200", "−100", "0", "100", "200", "300"]);
        assert_eq!(labels(&Axis::of_numbers(0.0, 1.0, 5, true, "")), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&Axis::of_numbers(3.0, 3.0, 2, true, "")), ["2.5", "3.0", "3.5"]);
        assert_eq!(
            labels(&Axis::of_numbers(0.0, 30_000.0, 3, true, "")),
            ["0", "10\u{2009}000", "20\u{2009}000", "30\u{2009}000"]
        );
    }

    #[test]
    fn times_are_round() {
        let axis = |from: &str, to: &str| {
            let seconds = |text: &str| text.parse::<NaiveDateTime>().unwrap().and_utc().timestamp() as f64;
            Axis::of_times(seconds(from), seconds(to), "time")
        };
        let month = axis("2000-01-01T00:00:05", "2000-01-30T23:59:59");
        assert_eq!(labels(&month), ["Jan 1", "Jan 6", "Jan 11", "Jan 16", "Jan 21", "Jan 26", "Jan 31"]);
        assert_eq!(month.caption(), "time, 2000");
        let day = axis("2000-01-01T00:30:00", "2000-01-01T23:59:59");
        assert_eq!(labels(&day), ["03:00", "06:00", "09:00", "12:00", "15:00", "18:00", "21:00", "00:00"]);
        let year = axis("2013-01-01T05:00:00", "2013-12-31T23:00:00");
        assert_eq!(labels(&year), ["Jan 2013", "Mar 2013", "May 2013", "Jul 2013", "Sep 2013", "Nov 2013", "Jan 2014"]);
        let century = axis("1901-05-01T00:00:00", "1999-12-31T23:00:00");
        assert_eq!(labels(&century), ["1920", "1940", "1960", "1980", "2000"]);
    }
}
