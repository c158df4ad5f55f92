//! Columns as numbers, and which of their values are missing.

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, PrimitiveArray, UInt64Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type, UInt64Type};
use datafusion::error::{DataFusionError, Result};
use std::sync::Arc;

/// Which values are there: neither null nor NaN.
pub fn present(column: &ArrayRef) -> Vec<bool> {
    let valid = |row: usize| column.is_valid(row);
    match column.data_type() {
        DataType::Float64 => {
            let values = column.as_primitive::<Float64Type>();
            (0..column.len()).map(|row| valid(row) && !values.value(row).is_nan()).collect()
        }
        DataType::Float32 => {
            let values = column.as_primitive::<Float32Type>();
            (0..column.len()).map(|row| valid(row) && !values.value(row).is_nan()).collect()
        }
        DataType::Null => vec![false; column.len()],
        _ => match column.logical_nulls() {
            None => vec![true; column.len()],
            Some(nulls) => nulls.iter().collect(),
        },
    }
}

/// A column of numbers or truth values as float64, NaN where it is missing.
pub fn floats(column: &ArrayRef) -> Result<Vec<f64>> {
    let values = cast(column, &DataType::Float64)?;
    let values = values.as_primitive::<Float64Type>();
    Ok(match values.nulls() {
        None => values.values().to_vec(),
        Some(nulls) => {
            values.values().iter().zip(nulls).map(|(&value, valid)| if valid { value } else { f64::NAN }).collect()
        }
    })
}

/// A column of integers, truth values, times or durations as 64-bit integers; unsigned ones by their bits.
pub fn integers(column: &ArrayRef) -> Result<Int64Array> {
    if *column.data_type() == DataType::UInt64 {
        let values = column.as_primitive::<UInt64Type>();
        return Ok(values.unary::<_, Int64Type>(u64::cast_signed));
    }
    Ok(cast(column, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
}

/// Back from [`integers`] to a column of this type.
pub fn from_integers(values: Int64Array, data_type: &DataType) -> Result<ArrayRef> {
    if *data_type == DataType::UInt64 {
        let values: UInt64Array = values.unary::<_, UInt64Type>(i64::cast_unsigned);
        return Ok(Arc::new(values));
    }
    Ok(cast(&values, data_type)?)
}

/// Floats whose NaNs are missing.
pub fn float_array(values: Vec<f64>) -> ArrayRef {
    let valid: NullBuffer = values.iter().map(|value| !value.is_nan()).collect();
    let nulls = (valid.null_count() > 0).then_some(valid);
    Arc::new(Float64Array::new(values.into(), nulls))
}

/// Floats, null where there is none.
pub fn optional_floats(values: impl IntoIterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<Float64Array>())
}

/// Truth values of numbers: not 0, and NaN is true, as in Python.
pub fn truths(column: &ArrayRef) -> Result<BooleanArray> {
    if let Some(truths) = column.as_boolean_opt() {
        return Ok(truths.clone());
    }
    let values = cast(column, &DataType::Float64)?;
    let values: &PrimitiveArray<Float64Type> = values.as_primitive();
    Ok(values.iter().map(|value| value.map(|value| value != 0.0)).collect())
}

/// Is it a number or a truth value?
pub fn is_number(data_type: &DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Float32 | DataType::Float64 | DataType::Boolean)
}

/// A bug of ours.
pub fn internal(message: impl Into<String>) -> DataFusionError {
    DataFusionError::Internal(message.into())
}
