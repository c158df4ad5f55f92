//! Times as ticks, and what their clock shows.

use super::ticks::{in_ticks, to_multiple, unit_of};
use super::{Clock, Doubt, Rounding, zone};
use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike};
use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::array::{Array, ArrayRef, Date32Array, Int64Array, Time64MicrosecondArray, make_array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type};
use datafusion::error::Result;
use phalanx_engine::Error;
use std::sync::Arc;

/// A column of times, taken apart.
pub(super) struct Times {
    pub ticks: Int64Array,
    pub per_second: i64,
    pub zone: Option<Tz>,
}

impl Times {
    pub(super) fn moment(&self, ticks: i64) -> Option<NaiveDateTime> {
        let nanoseconds = ticks.rem_euclid(self.per_second) * (1_000_000_000 / self.per_second);
        let seconds = ticks.div_euclid(self.per_second);
        Some(DateTime::from_timestamp(seconds, u32::try_from(nanoseconds).ok()?)?.naive_utc())
    }

    fn ticks_of(&self, time: NaiveDateTime) -> Option<i64> {
        let utc = time.and_utc();
        let part = i64::from(utc.timestamp_subsec_nanos()) / (1_000_000_000 / self.per_second);
        utc.timestamp().checked_mul(self.per_second)?.checked_add(part)
    }

    /// What the clock shows.
    fn local(&self, ticks: i64) -> Option<NaiveDateTime> {
        let utc = self.moment(ticks)?;
        Some(match &self.zone {
            None => utc,
            Some(zone) => utc + zone.offset_from_utc_datetime(&utc).fix(),
        })
    }

    pub(super) fn locals(&self) -> impl Iterator<Item = Option<NaiveDateTime>> {
        self.ticks.iter().map(|ticks| ticks.and_then(|ticks| self.local(ticks)))
    }

    /// Ticks as a column of type `to`.
    fn back(ticks: Int64Array, to: &DataType) -> Result<ArrayRef> {
        let DataType::Timestamp(unit, zone) = to else { return Ok(cast(&ticks, to)?) };
        // Through a time without a zone: casting to one with a zone would shift nothing, but says so only for UTC.
        let naive = cast(&ticks, &DataType::Timestamp(*unit, None))?;
        match zone {
            None => Ok(naive),
            Some(_) => Ok(make_array(naive.to_data().into_builder().data_type(to.clone()).build()?)),
        }
    }

    /// The ticks of a local time of this column's zone.
    fn ticks_of_local(
        &self,
        zone: Option<&Tz>,
        local: NaiveDateTime,
        ambiguous: Doubt,
        nonexistent: Doubt,
    ) -> Result<Option<i64>> {
        let Some(zone) = zone else { return Ok(self.ticks_of(local)) };
        let utc = match zone.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => local - offset.fix(),
            LocalResult::Ambiguous(first, second) => match ambiguous {
                Doubt::Raise => {
                    return Err(Error::data(format!("cannot infer dst time from {local}: the clock shows it twice"))
                        .with_hint("say which with ambiguous=True (daylight saving), False or \"NaT\"")
                        .into());
                }
                Doubt::Missing => return Ok(None),
                Doubt::Earlier => local - first.fix(),
                Doubt::Later => local - second.fix(),
            },
            LocalResult::None => {
                let gap = |step: TimeDelta| {
                    (1..=240_i32).find_map(|steps| {
                        let near = local + step * steps;
                        zone.offset_from_local_datetime(&near).single().map(|offset| (near, near - offset.fix()))
                    })
                };
                match nonexistent {
                    Doubt::Raise => {
                        return Err(Error::data(format!("{local} is a nonexistent time: the clock skips it"))
                            .with_hint("shift it with nonexistent=\"shift_forward\", or make it missing with \"NaT\"")
                            .into());
                    }
                    Doubt::Missing => return Ok(None),
                    doubt => {
                        // The clock jumps at the same moment from either side: the first valid minute finds the offset.
                        let Some((near, utc)) = gap(TimeDelta::minutes(1)) else { return Ok(None) };
                        let jump = utc - (near - truncated_minute(near));
                        if doubt == Doubt::Later {
                            jump
                        } else {
                            jump - TimeDelta::nanoseconds(1_000_000_000 / self.per_second)
                        }
                    }
                }
            }
        };
        Ok(self.ticks_of(utc))
    }

    pub(super) fn run(&self, function: &Clock, values: &ArrayRef) -> Result<ArrayRef> {
        match function {
            Clock::Part(part) => Ok(self.part(*part)),
            Clock::Date => {
                let days: Date32Array =
                    self.locals().map(|local| local.map(|local| Date32Type::from_naive_date(local.date()))).collect();
                Ok(Arc::new(days))
            }
            Clock::Time => {
                let times: Time64MicrosecondArray = self
                    .locals()
                    .map(|local| {
                        local.map(|local| {
                            i64::from(local.num_seconds_from_midnight()) * 1_000_000
                                + i64::from(local.nanosecond() / 1_000)
                        })
                    })
                    .collect();
                Ok(Arc::new(times))
            }
            Clock::Normalize => {
                self.rounded(Rounding::Floor, 86_400_000_000_000, (Doubt::Raise, Doubt::Raise), values.data_type())
            }
            Clock::Round { rounding, nanoseconds, ambiguous, nonexistent } => {
                self.rounded(*rounding, *nanoseconds, (*ambiguous, *nonexistent), values.data_type())
            }
            Clock::Localize { zone: None, .. } => {
                let ticks = self.locals().map(|local| local.and_then(|local| self.ticks_of(local))).collect();
                let DataType::Timestamp(unit, _) = values.data_type() else { return Ok(Arc::clone(values)) };
                Self::back(ticks, &DataType::Timestamp(*unit, None))
            }
            Clock::Localize { zone: Some(name), ambiguous, nonexistent } => {
                let into = zone(name)?;
                let ticks: Result<Int64Array> = self
                    .locals()
                    .map(|local| match local {
                        None => Ok(None),
                        Some(local) => self.ticks_of_local(Some(&into), local, *ambiguous, *nonexistent),
                    })
                    .collect();
                let DataType::Timestamp(unit, _) = values.data_type() else { return Ok(Arc::clone(values)) };
                Self::back(ticks?, &DataType::Timestamp(*unit, Some(name.as_str().into())))
            }
            Clock::Convert { zone } => {
                let DataType::Timestamp(unit, _) = values.data_type() else { return Ok(Arc::clone(values)) };
                let to = DataType::Timestamp(*unit, zone.as_deref().map(Into::into));
                Self::back(self.ticks.clone(), &to)
            }
            Clock::AsUnit { per_second } => {
                let DataType::Timestamp(_, zone) = values.data_type() else { return Ok(Arc::clone(values)) };
                let ticks = in_ticks(&self.ticks, self.per_second, *per_second)?;
                Self::back(ticks, &DataType::Timestamp(unit_of(*per_second), zone.clone()))
            }
            Clock::Format { format } => self.formatted(format),
            Clock::DayName => self.text("%A"),
            Clock::MonthName => self.text("%B"),
        }
    }

    fn rounded(
        &self,
        rounding: Rounding,
        nanoseconds: i64,
        (ambiguous, nonexistent): (Doubt, Doubt),
        to: &DataType,
    ) -> Result<ArrayRef> {
        let tick = 1_000_000_000 / self.per_second;
        if nanoseconds < tick {
            return Self::back(self.ticks.clone(), to); // finer than the column
        }
        let step = nanoseconds / tick;
        let ticks: Result<Int64Array> = self
            .ticks
            .iter()
            .map(|ticks| {
                let Some(ticks) = ticks else { return Ok(None) };
                let local = match &self.zone {
                    None => ticks,
                    Some(_) => match self.local(ticks).and_then(|local| self.ticks_of(local)) {
                        None => return Ok(None),
                        Some(local) => local,
                    },
                };
                let rounded = to_multiple(rounding, local, step);
                match &self.zone {
                    None => Ok(Some(rounded)),
                    Some(_) if rounded == local => Ok(Some(ticks)),
                    zone => match self.moment(rounded) {
                        None => Ok(None),
                        Some(local) => self.ticks_of_local(zone.as_ref(), local, ambiguous, nonexistent),
                    },
                }
            })
            .collect();
        Self::back(ticks?, to)
    }
}

/// How long the minute of a time has lasted.
fn truncated_minute(time: NaiveDateTime) -> NaiveDateTime {
    time - TimeDelta::seconds(i64::from(time.second())) - TimeDelta::nanoseconds(i64::from(time.nanosecond()))
}
