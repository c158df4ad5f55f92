//! Running values of one column: the total of a partition, how totals merge into the next partition's start, and the
//! pass itself.
//!
//! A pass goes from row to row, so where batches are cut can't matter. Missing values (null, NaN) stay where they
//! are and are skipped, as in pandas.

use crate::exact::{Digits, Power, Sum};
use crate::node::Cumulative;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Float64Builder, Int64Array, Int64Builder};
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::error::{DataFusionError, Result};
use std::sync::Arc;

/// What is known of the rows before: nothing, or a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Start {
    Float(Option<f64>),
    Integer(Option<i64>),
}

impl Start {
    /// Before the first row of a column of this type.
    pub fn of(data_type: &DataType) -> Result<Self> {
        match data_type {
            DataType::Float64 => Ok(Self::Float(None)),
            DataType::Int64 => Ok(Self::Integer(None)),
            other => Err(DataFusionError::Internal(format!("running values of a column of type {other}"))),
        }
    }

    /// As an array of one row.
    pub fn to_array(self) -> ArrayRef {
        match self {
            Self::Float(value) => Arc::new(Float64Array::from(vec![value])),
            Self::Integer(value) => Arc::new(Int64Array::from(vec![value])),
        }
    }

    /// From an array of one row.
    pub fn from_array(array: &ArrayRef) -> Result<Self> {
        Ok(match Self::of(array.data_type())? {
            Self::Float(_) => {
                let values = array.as_primitive::<Float64Type>();
                Self::Float(values.is_valid(0).then(|| values.value(0)))
            }
            Self::Integer(_) => {
                let values = array.as_primitive::<Int64Type>();
                Self::Integer(values.is_valid(0).then(|| values.value(0)))
            }
        })
    }

    /// The running values of `values`, which go on from here.
    pub fn pass(&mut self, function: Cumulative, values: &ArrayRef) -> ArrayRef {
        match self {
            Self::Float(last) => {
                let mut output = Float64Builder::with_capacity(values.len());
                for value in values.as_primitive::<Float64Type>() {
                    match value {
                        None => output.append_null(),
                        Some(value) if value.is_nan() => output.append_value(value),
                        Some(value) => {
                            let next = last.map_or(value, |last| step_float(function, last, value));
                            *last = Some(next);
                            output.append_value(next);
                        }
                    }
                }
                Arc::new(output.finish())
            }
            Self::Integer(last) => {
                let mut output = Int64Builder::with_capacity(values.len());
                for value in values.as_primitive::<Int64Type>() {
                    match value {
                        None => output.append_null(),
                        Some(value) => {
                            let next = last.map_or(value, |last| step_integer(function, last, value));
                            *last = Some(next);
                            output.append_value(next);
                        }
                    }
                }
                Arc::new(output.finish())
            }
        }
    }
}

fn step_float(function: Cumulative, last: f64, value: f64) -> f64 {
    match function {
        Cumulative::Sum => last + value,
        Cumulative::Product => last * value,
        Cumulative::Maximum if value > last => value,
        Cumulative::Minimum if value < last => value,
        Cumulative::Maximum | Cumulative::Minimum => last,
    }
}

/// NumPy's integers wrap around.
fn step_integer(function: Cumulative, last: i64, value: i64) -> i64 {
    match function {
        Cumulative::Sum => last.wrapping_add(value),
        Cumulative::Product => last.wrapping_mul(value),
        Cumulative::Maximum => last.max(value),
        Cumulative::Minimum => last.min(value),
    }
}

/// The total of a partition, or of all partitions so far. A sum of floats is exact; everything else is what the pass
/// itself would have reached.
#[derive(Debug, Clone)]
pub enum Total {
    /// The exact sum of the finite values, the sum of the others, and whether there is any value at all.
    ExactSum { digits: Box<Digits>, special: f64, any: bool },
    /// Anything else.
    Last(Start),
}

/// The first byte of a total on its way.
const NOTHING: u8 = 0;
const SOMETHING: u8 = 1;

impl Total {
    /// Before the first row.
    pub fn new(function: Cumulative, data_type: &DataType) -> Result<Self> {
        Ok(match (function, Start::of(data_type)?) {
            (Cumulative::Sum, Start::Float(_)) => {
                let mut digits = Digits::new(Power::Value);
                digits.resize(1);
                Self::ExactSum { digits: Box::new(digits), special: 0.0, any: false }
            }
            (_, start) => Self::Last(start),
        })
    }

    /// Takes in further rows.
    pub fn add(&mut self, function: Cumulative, values: &ArrayRef) {
        match self {
            Self::Last(last) => drop(last.pass(function, values)),
            Self::ExactSum { digits, special, any } => {
                let values = values.as_primitive::<Float64Type>();
                let mut finite = Vec::with_capacity(values.len());
                for value in values.iter().flatten().filter(|value| !value.is_nan()) {
                    *any = true;
                    if value.is_finite() {
                        finite.push(value);
                    } else {
                        *special += value;
                    }
                }
                digits.add(&finite, &vec![0; finite.len()]);
            }
        }
    }

    /// As bytes for [`Total::merge`].
    pub fn write(mut self) -> Vec<u8> {
        let mut bytes = vec![NOTHING];
        match &mut self {
            Self::ExactSum { digits, special, any } => {
                bytes[0] = if *any { SOMETHING } else { NOTHING };
                bytes.extend_from_slice(&special.to_le_bytes());
                digits.take(1, |row| row.write(&mut bytes));
            }
            Self::Last(Start::Float(Some(value))) => {
                bytes[0] = SOMETHING;
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            Self::Last(Start::Integer(Some(value))) => {
                bytes[0] = SOMETHING;
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            Self::Last(_) => {}
        }
        bytes
    }

    /// Takes in the total of the next partition; `None` if the bytes are not one.
    pub fn merge(&mut self, function: Cumulative, bytes: &[u8]) -> Option<()> {
        let (&mark, rest) = bytes.split_first()?;
        if mark == NOTHING {
            return Some(());
        }
        let (value, digits_bytes) = rest.split_first_chunk::<8>()?;
        match self {
            Self::ExactSum { digits, special, any } => {
                *any = true;
                *special += f64::from_le_bytes(*value);
                digits.merge(0, digits_bytes)?;
            }
            Self::Last(Start::Float(last)) => {
                let value = f64::from_le_bytes(*value);
                *last = Some(last.map_or(value, |last| step_float(function, last, value)));
            }
            Self::Last(Start::Integer(last)) => {
                let value = i64::from_le_bytes(*value);
                *last = Some(last.map_or(value, |last| step_integer(function, last, value)));
            }
        }
        Some(())
    }

    /// Where the next partition starts: a sum of floats is rounded here, once.
    pub fn start(&self) -> Start {
        match self {
            Self::Last(start) => *start,
            Self::ExactSum { any: false, .. } => Start::Float(None),
            Self::ExactSum { digits, special, .. } => {
                let mut sum = 0.0;
                digits.clone().take(1, |row| sum = Sum::of(row).value());
                Start::Float(Some(sum + special))
            }
        }
    }
}
