//! Generated payments with cards, few of them frauds: of the shape of the public data set `creditcard.csv` (Dal Pozzolo
//! et al., *Calibrating Probability with Undersampling for Unbalanced Classification*, 2015), none of its rows.

use crate::draws::draws;
use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int64Type, TimeUnit};
use datafusion::arrow::temporal_conversions::timestamp_s_to_datetime;
use datafusion::common::Column;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{ColumnarValue, cast, col};
use phalanx_chunk::random::{Distribution, Law, PARAMETERS_MAX};
use phalanx_engine::{Error, Result, RowFunction, scalar, typetag};
use phalanx_frame::{Frame, datasets};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Rows of `creditcard.csv`.
pub const ROWS: usize = 284_807;
/// Which share of them are frauds: 492 of 284,807.
const FRAUDS: f64 = 492.0 / 284_807.0;
/// Over so many seconds.
const SECONDS: f64 = 172_792.0;
/// Components, `V1` to `V28`.
const COMPONENTS: u8 = 28;
/// Components in which frauds lie elsewhere.
const TELLING: u8 = 6;
/// Of the seconds that number the rows.
const PARTITION: Duration = Duration::from_secs(1 << 16);
const ROW: &str = "phalanx_row";

/// `rows` payments: `Time` in seconds since the first, the components `V1` to `V28`, normal, each with a smaller
/// standard deviation than the one before, `Amount`, log-normal, and `Class`, 1 for one payment in 579. Frauds lie elsewhere
/// in the first six components, most on one side and some on the other, near enough that no model finds them all. A value
/// depends on the seed and the row alone.
///
/// ```
/// let payments = phalanx_learn::transactions::make_transactions(10_000, 0)?;
/// assert_eq!(payments.column_names().len(), 31);
/// # Ok::<(), phalanx_engine::Error>(())
/// ```
///
/// # Errors
/// `Input`: no rows.
pub fn make_transactions(rows: usize, seed: u64) -> Result<Frame> {
    if rows == 0 {
        return Err(Error::input("payments of 0 rows"));
    }
    // A row a second since 1970: the second is the row's number.
    let end = i64::try_from(rows).ok().and_then(timestamp_s_to_datetime);
    let end =
        end.ok_or_else(|| Error::input(format!("payments of {rows} rows")))?.format("%Y-%m-%dT%H:%M:%S").to_string();
    let seconds = datasets::timeseries().dates("1970-01-01", &end)?.partition(PARTITION).build()?.reset_index();
    let row = cast(cast(col("timestamp"), DataType::Timestamp(TimeUnit::Second, None)), DataType::Int64);
    let mut payments = seconds.select(["timestamp"])?.with_column(ROW, row)?.select([ROW])?;
    let components = (1..=COMPONENTS).map(|number| (format!("V{number}"), Value::Component(number)));
    let others = [("Time", Value::Time { rows }), ("Amount", Value::Amount), ("Class", Value::Class)];
    let [time, amount, class] = others.map(|(name, value)| (name.to_owned(), value));
    for (name, value) in [time].into_iter().chain(components).chain([amount, class]) {
        let value = scalar::call(Transaction { seed, value }, vec![col(Column::from_name(ROW))])?;
        payments = payments.with_column(&name, value)?;
    }
    payments.drop([ROW])
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Value {
    Time { rows: usize },
    Component(u8),
    Amount,
    Class,
}

/// A value of a payment, by its row.
#[derive(Debug, Serialize, Deserialize)]
struct Transaction {
    seed: u64,
    value: Value,
}

impl Transaction {
    /// Draws for the rows `first..first + count`.
    fn draw(&self, distribution: Distribution, stream: u64, first: usize, count: usize) -> Result<Vec<f64>> {
        draws(distribution, self.seed, stream, first, count)
    }

    fn is_fraud(&self, first: usize, count: usize) -> Result<Vec<bool>> {
        Ok(self.draw(Distribution::Random, 0, first, count)?.into_iter().map(|draw| draw < FRAUDS).collect())
    }

    fn values(&self, first: usize, count: usize) -> Result<Vec<f64>> {
        match self.value {
            Value::Time { rows } => {
                let second = |row: usize| (row as f64 * SECONDS / rows as f64).floor();
                Ok((first..first + count).map(second).collect())
            }
            Value::Class => {
                Ok(self.is_fraud(first, count)?.into_iter().map(|fraud| f64::from(u8::from(fraud))).collect())
            }
            Value::Amount => {
                let mut parameters = [0.0; PARAMETERS_MAX];
                parameters[..2].copy_from_slice(&[3.1, 1.6]);
                let law = Distribution::Law { law: Law::Lognormal, parameters };
                let amounts = self.draw(law, 1, first, count)?;
                Ok(amounts.into_iter().map(|amount| (amount.min(30_000.0) * 100.0).round() / 100.0).collect())
            }
            Value::Component(number) => {
                // From 2 to 0.3, as the components of creditcard.csv.
                let scale = 2.0 - 1.7 * f64::from(number - 1) / f64::from(COMPONENTS - 1);
                let sign = if number % 2 == 1 { -1.0 } else { 1.0 };
                let shift = if number <= TELLING { sign * scale * 2.2 } else { 0.0 };
                let normal = Distribution::Normal { mean: 0.0, std: scale };
                let drawn = self.draw(normal, 1 + u64::from(number), first, count)?.into_iter();
                let kinds = self.draw(Distribution::Random, 2 + u64::from(COMPONENTS), first, count)?;
                let shifts = self.is_fraud(first, count)?.into_iter().zip(kinds).map(|(fraud, kind)| match fraud {
                    false => 0.0,
                    // Three of ten frauds lie on the other side: what no line tells.
                    true if kind < 0.3 => -shift,
                    true => shift,
                });
                Ok(drawn.zip(shifts).map(|(value, shift)| value + shift).collect())
            }
        }
    }
}

#[typetag::serde(name = "transaction")]
impl RowFunction for Transaction {
    fn name(&self) -> &'static str {
        "transaction"
    }
    fn output(&self, _inputs: &[FieldRef]) -> DataFusionResult<Field> {
        let kind = if self.value == Value::Class { DataType::Int64 } else { DataType::Float64 };
        Ok(Field::new("transaction", kind, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<ArrayRef> {
        let input = inputs.first().map(|input| input.to_array(rows)).transpose()?;
        let numbers = input.ok_or_else(|| Error::internal("a payment has a row"))?;
        let numbers = numbers.as_primitive::<Int64Type>().values();
        let mut values = Vec::with_capacity(rows);
        // Rows that follow each other are drawn together.
        for run in numbers.chunk_by(|one, next| one + 1 == *next) {
            let first = run.first().and_then(|first| usize::try_from(*first).ok()).unwrap_or(0);
            values.extend(self.values(first, run.len())?);
        }
        Ok(match self.value {
            Value::Class => Arc::new(Int64Array::from_iter_values(values.into_iter().map(|value| value as i64))),
            _ => Arc::new(Float64Array::from(values)),
        })
    }
}
