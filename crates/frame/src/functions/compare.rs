//! `== != < <= > >=` as pandas compares: a missing value is not equal to anything, itself included.

use super::operand::{Operand, operands};
use super::promote;
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::kernels::cmp;
use datafusion::arrow::datatypes::{ArrowPrimitiveType, DataType, Field, FieldRef, Float32Type, Float64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A comparison of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`: also true where a value is missing.
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// pandas' name of the method.
    pub fn name(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
        }
    }

    fn holds<T: PartialOrd>(self, left: T, right: T) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        })
    }
}

/// `left op right`; never missing.
#[derive(Debug, Serialize, Deserialize)]
pub struct Compare(pub Comparison);

#[typetag::serde]
impl RowFunction for Compare {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let [left, right] = inputs else {
            return Err(DataFusionError::Internal(format!("{} of {} values", self.0, inputs.len())));
        };
        let equality = matches!(self.0, Comparison::Equal | Comparison::NotEqual);
        if promote::comparable(left.data_type(), right.data_type()).is_none() && !equality {
            return Err(Error::mismatch(format!(
                "'{}' is not supported between {} and {}",
                self.0,
                dtype_name(left.data_type()),
                dtype_name(right.data_type())
            ))
            .with_hint("cast one of them with astype first")
            .into());
        }
        Ok(Field::new(self.0.name(), DataType::Boolean, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let [left, right] = operands::<2>(inputs)?;
        let otherwise = self.0 == Comparison::NotEqual;
        let Some(common) = promote::comparable(left.data_type(), right.data_type()) else {
            return Ok(Arc::new(BooleanArray::from(vec![otherwise; rows]))); // text is never equal to a number
        };
        let (left, right) = (left.cast(&common)?, right.cast(&common)?);
        if left.is_constant() && right.is_constant() {
            let (left, right) =
                (ColumnarValue::Array(left.expanded(rows)?), ColumnarValue::Array(right.expanded(rows)?));
            return self.run(&[left, right], rows);
        }
        Ok(Arc::new(match common {
            DataType::Float64 => floats::<Float64Type>(self.0, &left, &right, rows),
            DataType::Float32 => floats::<Float32Type>(self.0, &left, &right, rows),
            DataType::Null => BooleanArray::from(vec![otherwise; rows]),
            _ => {
                let kernel = match self.0 {
                    Comparison::Equal => cmp::eq,
                    Comparison::NotEqual => cmp::neq,
                    Comparison::Less => cmp::lt,
                    Comparison::LessOrEqual => cmp::lt_eq,
                    Comparison::Greater => cmp::gt,
                    Comparison::GreaterOrEqual => cmp::gt_eq,
                };
                known(&kernel(&left, &right)?, otherwise)
            }
        }))
    }
}

/// The truth values with `otherwise` where there is none.
pub fn known(values: &BooleanArray, otherwise: bool) -> BooleanArray {
    match values.nulls() {
        None => values.clone(),
        Some(nulls) if otherwise => BooleanArray::new(values.values() | &!nulls.inner(), None),
        Some(nulls) => BooleanArray::new(values.values() & nulls.inner(), None),
    }
}

/// Arrow orders floats totally (NaN equals NaN, −0.0 is less than 0.0); IEEE 754, and with it pandas, does not.
fn floats<T: ArrowPrimitiveType>(op: Comparison, left: &Operand, right: &Operand, rows: usize) -> BooleanArray
where
    T::Native: PartialOrd,
{
    let otherwise = op == Comparison::NotEqual;
    let (a, b) = (left.array().as_primitive::<T>(), right.array().as_primitive::<T>());
    let (x, y) = (a.values(), b.values());
    if (left.is_constant() && a.is_null(0)) || (right.is_constant() && b.is_null(0)) {
        return BooleanArray::from(vec![otherwise; rows]);
    }
    let values = match (left.is_constant(), right.is_constant()) {
        (false, true) => BooleanBuffer::collect_bool(rows, |i| op.holds(x[i], y[0])),
        (true, false) => BooleanBuffer::collect_bool(rows, |i| op.holds(x[0], y[i])),
        _ => BooleanBuffer::collect_bool(rows, |i| op.holds(x[i], y[i])),
    };
    let array = |operand: &Operand| if operand.is_constant() { None } else { operand.array().nulls().cloned() };
    let nulls = datafusion::arrow::buffer::NullBuffer::union(array(left).as_ref(), array(right).as_ref());
    known(&BooleanArray::new(values, nulls), otherwise)
}
