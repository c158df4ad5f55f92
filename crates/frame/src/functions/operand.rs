//! Arguments of row functions: an array or a constant, cast alike and looped over alike.

use datafusion::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, Datum, PrimitiveArray, new_null_array};
use datafusion::arrow::compute::{CastOptions, binary, cast_with_options, unary};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use std::sync::Arc;

/// An array of the batch's length, or one value for all rows.
#[derive(Debug, Clone)]
pub struct Operand {
    array: ArrayRef,
    constant: bool,
}

impl Datum for Operand {
    fn get(&self) -> (&dyn Array, bool) {
        (self.array.as_ref(), self.constant)
    }
}

/// Casts that fail where a value does not fit, rather than making it missing.
pub const STRICT: CastOptions<'static> =
    CastOptions { safe: false, format_options: datafusion::arrow::util::display::FormatOptions::new() };

impl Operand {
    pub fn of(value: &ColumnarValue) -> Result<Self> {
        Ok(match value {
            ColumnarValue::Array(array) => Self { array: Arc::clone(array), constant: false },
            ColumnarValue::Scalar(scalar) => Self { array: scalar.to_array()?, constant: true },
        })
    }

    pub fn data_type(&self) -> &DataType {
        self.array.data_type()
    }

    /// The values; one, if it is a constant.
    pub fn array(&self) -> &ArrayRef {
        &self.array
    }

    pub fn is_constant(&self) -> bool {
        self.constant
    }

    /// The same as another type.
    pub fn cast(&self, to: &DataType) -> Result<Self> {
        if self.array.data_type() == to {
            return Ok(self.clone());
        }
        Ok(Self { array: cast_with_options(&self.array, to, &STRICT)?, constant: self.constant })
    }

    /// `rows` values, whatever it is.
    pub fn expanded(&self, rows: usize) -> Result<ArrayRef> {
        if !self.constant {
            return Ok(Arc::clone(&self.array));
        }
        ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&self.array, 0)?).into_array(rows)
    }

    fn null(&self) -> bool {
        self.constant && self.array.is_null(0)
    }

    /// `function` of the values of two operands of type `T`.
    pub fn each<T, O>(
        &self,
        other: &Self,
        rows: usize,
        function: impl Fn(T::Native, T::Native) -> O::Native,
    ) -> Result<ArrayRef>
    where
        T: ArrowPrimitiveType,
        O: ArrowPrimitiveType,
    {
        if self.null() || other.null() {
            return Ok(new_null_array(&O::DATA_TYPE, rows));
        }
        let (left, right) = (self.array.as_primitive::<T>(), other.array.as_primitive::<T>());
        let array: PrimitiveArray<O> = match (self.constant, other.constant) {
            (false, false) => binary(left, right, function)?,
            (false, true) => {
                let constant = right.value(0);
                unary(left, |value| function(value, constant))
            }
            (true, false) => {
                let constant = left.value(0);
                unary(right, |value| function(constant, value))
            }
            (true, true) => PrimitiveArray::from_value(function(left.value(0), right.value(0)), rows),
        };
        Ok(Arc::new(array))
    }

    /// The same with a function that may give no value, or fail.
    pub fn try_each<T>(
        &self,
        other: &Self,
        rows: usize,
        function: impl Fn(T::Native, T::Native) -> Result<Option<T::Native>>,
    ) -> Result<ArrayRef>
    where
        T: ArrowPrimitiveType,
    {
        let (left, right) = (self.expanded(rows)?, other.expanded(rows)?);
        let (left, right) = (left.as_primitive::<T>(), right.as_primitive::<T>());
        let values: Result<PrimitiveArray<T>> = left
            .iter()
            .zip(right)
            .map(|pair| match pair {
                (Some(left), Some(right)) => function(left, right),
                _ => Ok(None),
            })
            .collect();
        Ok(Arc::new(values?))
    }
}

/// The arguments of a function that takes `N`.
pub fn operands<const N: usize>(inputs: &[ColumnarValue]) -> Result<[Operand; N]> {
    let all: Result<Vec<Operand>> = inputs.iter().map(Operand::of).collect();
    all?.try_into().map_err(|all: Vec<Operand>| DataFusionError::Internal(format!("{} arguments, not {N}", all.len())))
}

/// The argument of a function that takes one, as an array.
pub fn argument(inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
    let [operand] = operands::<1>(inputs)?;
    operand.expanded(rows)
}
