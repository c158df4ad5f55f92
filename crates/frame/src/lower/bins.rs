//! Bins of time: the label of each row's bin, and the labels between the first and the last.

use super::gather;
use super::gossip::{Audience, Change, Gossip, Teller, gossip, unreadable};
use crate::kernel::values::{integers, internal};
use crate::relation::Relation;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime};
use datafusion::arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{cast, concat_batches, filter_record_batch, is_not_null, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Error, Operator, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

const DAY: i64 = 86_400_000_000_000;
/// Zones differ by multiples of it.
const QUARTER_HOUR: i64 = 900_000_000_000;
/// Bins that a result may have.
const BINS_MAX: i64 = 1 << 26;

/// How time is cut into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rule {
    /// So many nanoseconds; a bin has its first time, not its last.
    Fixed(i64),
    /// So many nanoseconds; a bin has its last time, not its first, by which it is called all the same.
    FixedRight(i64),
    /// Weeks, which end on Sundays and are called by them.
    Weeks,
    /// So many months (1, 3 or 12) from January, called by their first or last day.
    Months(u32, bool),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(length) => f.write_str(&length_name(*length)),
            Self::FixedRight(length) => write!(f, "{}, with their last time", length_name(*length)),
            Self::Weeks => write!(f, "weeks"),
            Self::Months(months, _) => write!(f, "{months} months"),
        }
    }
}

/// So many nanoseconds as pandas says it: `5min`, `2D`.
fn length_name(nanoseconds: i64) -> String {
    const UNITS: [(i64, &str); 6] =
        [(DAY, "D"), (DAY / 24, "h"), (60_000_000_000, "min"), (1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")];
    let fits = UNITS.iter().find(|(unit, _)| nanoseconds % unit == 0).unwrap_or(&(1, "ns"));
    format!("{}{}", nanoseconds / fits.0, fits.1)
}

impl Rule {
    /// A rule by one of pandas' names for the calendar: `W`, `MS`, `ME`, `QS`, `QE`, `YS`, `YE`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "W" | "W-SUN" => Self::Weeks,
            "MS" => Self::Months(1, false),
            "ME" => Self::Months(1, true),
            "QS" | "QS-JAN" => Self::Months(3, false),
            "QE" | "QE-DEC" => Self::Months(3, true),
            "YS" | "YS-JAN" => Self::Months(12, false),
            "YE" | "YE-DEC" => Self::Months(12, true),
            _ => return None,
        })
    }

    /// Are its bins the same in every zone?
    pub(crate) fn fits_every_zone(self) -> bool {
        matches!(self, Self::Fixed(length) | Self::FixedRight(length) if length > 0 && QUARTER_HOUR % length == 0)
    }

    /// The label of the bin of a time, when the first time of all is `first`.
    fn label(self, time: i64, first: i64) -> Option<i64> {
        match self {
            Self::Fixed(length) => {
                let origin = first.div_euclid(DAY).checked_mul(DAY)?;
                time.checked_sub(origin)?.div_euclid(length).checked_mul(length)?.checked_add(origin)
            }
            Self::FixedRight(length) => {
                let origin = first.div_euclid(DAY).checked_mul(DAY)?;
                let since = time.checked_sub(origin)?.checked_sub(1)?;
                since.div_euclid(length).checked_mul(length)?.checked_add(origin)
            }
            Self::Weeks => {
                let day = DateTime::from_timestamp_nanos(time).date_naive();
                let ahead = 6 - day.weekday().num_days_from_monday();
                nanoseconds(day.checked_add_days(Days::new(u64::from(ahead)))?)
            }
            Self::Months(months, end) => {
                let day = DateTime::from_timestamp_nanos(time).date_naive();
                let start = NaiveDate::from_ymd_opt(day.year(), day.month0() / months * months + 1, 1)?;
                nanoseconds(if end { start.checked_add_months(Months::new(months))?.pred_opt()? } else { start })
            }
        }
    }

    /// The label behind this one.
    fn next(self, label: i64) -> Option<i64> {
        match self {
            Self::Fixed(length) | Self::FixedRight(length) => label.checked_add(length),
            Self::Weeks => label.checked_add(7 * DAY),
            Self::Months(months, end) => {
                let day = DateTime::from_timestamp_nanos(label).date_naive();
                let day = if end { day.succ_opt()? } else { day };
                let next = day.checked_add_months(Months::new(months))?;
                nanoseconds(if end { next.pred_opt()? } else { next })
            }
        }
    }
}

fn nanoseconds(day: NaiveDate) -> Option<i64> {
    NaiveDateTime::new(day, NaiveTime::MIN).and_utc().timestamp_nanos_opt()
}

fn far() -> datafusion::error::DataFusionError {
    Error::data("a time that is too far away to be resampled").with_hint("nanoseconds reach from 1677 to 2262").into()
}

/// A column of times as nanoseconds since 1970.
fn times(column: &ArrayRef) -> Result<Int64Array> {
    let zone = if let DataType::Timestamp(_, zone) = column.data_type() { zone.clone() } else { None };
    integers(&cast(column, &DataType::Timestamp(TimeUnit::Nanosecond, zone))?)
}

/// Back to the column's type.
fn as_times(values: Int64Array, data_type: &DataType) -> Result<ArrayRef> {
    let DataType::Timestamp(_, zone) = data_type else { return Err(internal("bins of what is no time")) };
    let nanoseconds = cast(&values, &DataType::Timestamp(TimeUnit::Nanosecond, zone.clone()))?;
    Ok(cast(&nanoseconds, data_type)?)
}

/// The input with the labels of bins in place of its times.
#[derive(Debug)]
pub(crate) struct Binned {
    pub time: String,
    pub rule: Rule,
}

impl Relation for Binned {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        Ok(Arc::new(Schema::new(inputs[0].fields().clone())))
    }
    fn needs(&self, inputs: &[SchemaRef], outputs: &[usize]) -> Option<Vec<Vec<usize>>> {
        let mut needed = outputs.to_vec();
        needed.push(inputs[0].index_of(&self.time).ok()?);
        needed.sort_unstable();
        needed.dedup();
        Some(vec![needed])
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        let time = input.schema().index_of(&self.time)?;
        gossip(&Bins { time, rule: self.rule }, input, false)
    }
}

/// Tells the first time of a partition, since bins begin on the first day.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Bins {
    time: usize,
    rule: Rule,
}

#[typetag::serde]
impl Gossip for Bins {
    fn name(&self) -> &'static str {
        "bins"
    }
    fn schema(&self, input: &SchemaRef) -> SchemaRef {
        Arc::clone(input)
    }
    fn audience(&self) -> Audience {
        Audience::All
    }
    fn whole(&self) -> bool {
        false
    }
    fn boxed(&self) -> Box<dyn Gossip> {
        Box::new(self.clone())
    }
    fn teller(&self, _input: &SchemaRef) -> Result<Box<dyn Teller>> {
        Ok(Box::new(First { time: self.time, first: None }))
    }
    fn hear(&self, _input: &SchemaRef, _own: i64, messages: Vec<(i64, Vec<u8>)>) -> Result<Change> {
        let mut first: Option<i64> = None;
        for (_, message) in messages {
            let told: Option<i64> = super::ranges::read(&message)?;
            first = first.into_iter().chain(told).min();
        }
        let (this, first) = (self.clone(), first.unwrap_or(0));
        Ok(Box::new(move |batch| {
            let column = batch.column(this.time);
            let labels = times(column)?
                .iter()
                .map(|time| time.map(|time| this.rule.label(time, first).ok_or_else(far)).transpose())
                .collect::<Result<Int64Array>>()?;
            let mut columns = batch.columns().to_vec();
            columns[this.time] = as_times(labels, column.data_type())?;
            Ok(RecordBatch::try_new(batch.schema(), columns)?)
        }))
    }
}

struct First {
    time: usize,
    first: Option<i64>,
}

impl Teller for First {
    fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        self.first = self.first.into_iter().chain(times(batch.column(self.time))?.iter().flatten().min()).min();
        Ok(())
    }
    fn finish(self: Box<Self>) -> Result<Vec<u8>> {
        super::ranges::write(&self.first).map_err(|_| unreadable())
    }
}

/// Rows by label with the labels between them; `empty` is what columns have there.
#[derive(Debug)]
pub(crate) struct Filled {
    pub time: String,
    pub rule: Rule,
    pub empty: Vec<(String, Option<i64>)>,
}

impl Relation for Filled {
    fn schema(&self, inputs: &[SchemaRef]) -> Result<SchemaRef> {
        let fields = inputs[0].fields().iter().map(|field| {
            let zero = self.empty.iter().any(|(name, value)| name == field.name() && value.is_some());
            let nullable = field.is_nullable() || (!zero && *field.name() != self.time);
            field.as_ref().clone().with_nullable(nullable)
        });
        Ok(Arc::new(Schema::new(fields.collect::<Vec<Field>>())))
    }
    fn lower(&self, inputs: Vec<Arc<dyn ExecutionPlan>>, _partitions: usize) -> Result<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs).map_err(|_| internal("one input"))?;
        let schema = self.schema(&[input.schema()])?;
        let time = schema.index_of(&self.time)?;
        let values = schema
            .fields()
            .iter()
            .map(|field| self.empty.iter().find(|(name, _)| name == field.name()).and_then(|(_, value)| *value))
            .collect();
        let fill = Fill { time, rule: self.rule, values, schema: SerializedSchema(schema) };
        plan::operator(fill, vec![gather(input)?])
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Fill {
    time: usize,
    rule: Rule,
    values: Vec<Option<i64>>,
    schema: SerializedSchema,
}

#[typetag::serde]
impl Operator for Fill {
    fn name(&self) -> &'static str {
        "fill_bins"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(&self, input: Vec<SendableRecordBatchStream>, _context: &TaskContext) -> Result<SendableRecordBatchStream> {
        let this = self.clone();
        let schema = input[0].schema();
        Ok(stream::gather(self.schema(), input, move |inputs| {
            let batch = concat_batches(&schema, inputs.iter().flatten())?;
            let there = is_not_null(batch.column(this.time))?;
            Ok(vec![this.fill(&filter_record_batch(&batch, &there)?)?])
        }))
    }
}

impl Fill {
    fn fill(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let known = times(batch.column(self.time))?;
        let (mut labels, mut rows): (Vec<i64>, Vec<Option<u32>>) = (vec![], vec![]);
        for (row, &label) in known.values().iter().enumerate() {
            while let Some(next) = labels.last().and_then(|&last| self.rule.next(last)).filter(|&next| next < label) {
                labels.push(next);
                rows.push(None);
                if labels.len() as i64 > BINS_MAX {
                    return Err(Error::resources(format!(
                        "more than {BINS_MAX} bins between the first time and the last"
                    ))
                    .with_hint("take longer bins")
                    .into());
                }
            }
            labels.push(label);
            rows.push(Some(row as u32));
        }
        let rows = UInt32Array::from(rows);
        let columns = batch
            .columns()
            .iter()
            .enumerate()
            .map(|(index, column)| {
                if index == self.time {
                    return as_times(Int64Array::from(labels.clone()), column.data_type());
                }
                let Some(value) = self.values[index] else { return Ok(take(column, &rows, None)?) };
                // The value stands behind the column's own rows.
                let value = cast(&Int64Array::from(vec![value]), column.data_type())?;
                let extended = datafusion::arrow::compute::concat(&[column, &value])?;
                let rows: UInt32Array = rows.iter().map(|row| Some(row.unwrap_or(column.len() as u32))).collect();
                Ok(take(&extended, &rows, None)?)
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}
