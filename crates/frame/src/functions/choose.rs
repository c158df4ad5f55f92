//! Missing or not, one or the other: what `isna`, `fillna`, `where`, `mask`, `clip` and `combine_first` come from.

use super::compare::known;
use super::operand::{argument, operands};
use super::promote;
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::is_null;
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Whether a value is missing: null, or NaN.
#[derive(Debug, Serialize, Deserialize)]
pub struct IsMissing;

#[typetag::serde]
impl RowFunction for IsMissing {
    fn name(&self) -> &'static str {
        "isna"
    }
    fn output(&self, _inputs: &[FieldRef]) -> Result<Field> {
        Ok(Field::new("isna", DataType::Boolean, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        Ok(Arc::new(missing(&argument(inputs, rows)?)?))
    }
}

/// Which values are null or NaN.
pub fn missing(values: &ArrayRef) -> Result<BooleanArray> {
    let nulls = is_null(values)?;
    let nan = match values.data_type() {
        DataType::Float64 => {
            let floats = values.as_primitive::<Float64Type>().values();
            BooleanBuffer::collect_bool(values.len(), |row| floats[row].is_nan())
        }
        DataType::Float32 => {
            let floats = values.as_primitive::<Float32Type>().values();
            BooleanBuffer::collect_bool(values.len(), |row| floats[row].is_nan())
        }
        _ => return Ok(nulls),
    };
    Ok(BooleanArray::new(&nan | nulls.values(), None))
}

/// The second argument where the first is true, else the third.
#[derive(Debug, Serialize, Deserialize)]
pub struct Choose;

#[typetag::serde]
impl RowFunction for Choose {
    fn name(&self) -> &'static str {
        "where"
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let [condition, first, second] = inputs else {
            return Err(DataFusionError::Internal(format!("a choice of {} values", inputs.len())));
        };
        if !matches!(condition.data_type(), DataType::Boolean | DataType::Null) {
            return Err(Error::mismatch(format!(
                "Boolean array expected for the condition, not {}",
                dtype_name(condition.data_type())
            ))
            .with_hint("compare the column with something: a condition is a truth value for each row")
            .into());
        }
        let common = promote::common(first.data_type(), second.data_type()).ok_or_else(|| {
            Error::mismatch(format!(
                "values of the types {} and {} in one column",
                dtype_name(first.data_type()),
                dtype_name(second.data_type())
            ))
            .with_hint("cast one of them with astype first: a column has one type")
        })?;
        Ok(Field::new("where", common, first.is_nullable() || second.is_nullable()))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let [condition, first, second] = operands::<3>(inputs)?;
        let common = promote::common(first.data_type(), second.data_type())
            .ok_or_else(|| DataFusionError::Internal(String::from("a choice of types that do not fit")))?;
        let condition = condition.cast(&DataType::Boolean)?.expanded(rows)?;
        Ok(zip(&known(condition.as_boolean(), false), &first.cast(&common)?, &second.cast(&common)?)?)
    }
}
