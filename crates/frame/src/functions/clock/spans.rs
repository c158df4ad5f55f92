//! Functions of spans of time.

use super::super::time::per_second;
use super::ticks::{in_ticks, to_multiple, unit_of};
use super::{Clock, Part, refused};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int32Array, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit};
use datafusion::error::Result;
use std::sync::Arc;

/// The function of spans of this unit.
pub(super) fn span(function: &Clock, values: &ArrayRef, unit: TimeUnit) -> Result<ArrayRef> {
    let per_second = per_second(unit);
    let ticks = cast(values, &DataType::Int64)?;
    let ticks = ticks.as_primitive::<Int64Type>();
    let day = 86_400 * per_second;
    let within = |of: &dyn Fn(i64) -> i64| -> ArrayRef {
        let numbers: Int32Array = ticks.iter().map(|ticks| ticks.map(|ticks| of(ticks) as i32)).collect();
        Arc::new(numbers)
    };
    let nanoseconds = |ticks: i64| ticks.rem_euclid(per_second) * (1_000_000_000 / per_second);
    Ok(match function {
        Clock::Part(Part::Days) => {
            let days: Int64Array = ticks.iter().map(|ticks| ticks.map(|ticks| ticks.div_euclid(day))).collect();
            Arc::new(days)
        }
        Clock::Part(Part::Seconds) => within(&|ticks| ticks.rem_euclid(day) / per_second),
        Clock::Part(Part::Microseconds) => within(&|ticks| nanoseconds(ticks) / 1_000),
        Clock::Part(Part::Nanoseconds) => within(&|ticks| nanoseconds(ticks) % 1_000),
        Clock::Part(Part::TotalSeconds) => {
            let seconds: Float64Array =
                ticks.iter().map(|ticks| ticks.map(|ticks| ticks as f64 / per_second as f64)).collect();
            Arc::new(seconds)
        }
        Clock::Round { rounding, nanoseconds, .. } => {
            let step = (nanoseconds / (1_000_000_000 / per_second)).max(1);
            let rounded: Int64Array =
                ticks.iter().map(|ticks| ticks.map(|ticks| to_multiple(*rounding, ticks, step))).collect();
            cast(&rounded, values.data_type())?
        }
        Clock::AsUnit { per_second: other } => {
            cast(&in_ticks(ticks, per_second, *other)?, &DataType::Duration(unit_of(*other)))?
        }
        _ => return Err(refused("this function", values.data_type())),
    })
}
