//! Counts of a unit of time.

use super::Rounding;
use datafusion::arrow::array::Int64Array;
use datafusion::arrow::datatypes::TimeUnit;
use datafusion::error::Result;
use phalanx_engine::Error;

/// The unit of so many ticks a second.
pub(super) fn unit_of(ticks: i64) -> TimeUnit {
    match ticks {
        1 => TimeUnit::Second,
        1_000 => TimeUnit::Millisecond,
        1_000_000 => TimeUnit::Microsecond,
        _ => TimeUnit::Nanosecond,
    }
}

/// Ticks of one unit in another, down to a whole one.
pub(super) fn in_ticks(ticks: &Int64Array, from: i64, to: i64) -> Result<Int64Array> {
    ticks
        .iter()
        .map(|ticks| match ticks {
            None => Ok(None),
            Some(ticks) if from >= to => Ok(Some(ticks.div_euclid(from / to))),
            Some(ticks) => ticks.checked_mul(to / from).map(Some).ok_or_else(|| {
                Error::data(format!("{ticks} ticks of 1/{from} s are out of bounds for ticks of 1/{to} s"))
                    .with_hint("take a coarser unit")
                    .into()
            }),
        })
        .collect()
}

/// A multiple of `step` near `value`.
pub(super) fn to_multiple(rounding: Rounding, value: i64, step: i64) -> i64 {
    let (quotient, remainder) = (value.div_euclid(step), value.rem_euclid(step));
    let up = match rounding {
        Rounding::Floor => false,
        Rounding::Ceil => remainder > 0,
        Rounding::Round => remainder > step - remainder || (remainder == step - remainder && quotient % 2 != 0),
    };
    (quotient + i64::from(up)) * step
}
