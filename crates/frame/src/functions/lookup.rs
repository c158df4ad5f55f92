//! Values looked up in a small table: `isin`, `map` and `replace`.

use super::choose::missing;
use super::operand::argument;
use super::promote::{self, plain};
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array, RecordBatch, UInt64Array,
};
use datafusion::arrow::compute::{cast, cast_with_options, take, unary};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type, Schema};
use datafusion::arrow::ipc::{reader::StreamReader, writer::StreamWriter};
use datafusion::arrow::row::{OwnedRow, RowConverter, SortField};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// What the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Whether the value is among the keys.
    Whether,
    /// The key's value; missing if it is no key.
    Value,
    /// The key's value; the value itself if it is no key.
    ValueOrSelf,
}

/// A table of keys, and of values unless only the keys matter.
#[derive(Debug, Serialize, Deserialize)]
pub struct Lookup {
    answer: Answer,
    table: Rows,
    #[serde(skip)]
    index: OnceLock<Index>,
}

/// Rows that serde can write, as an Arrow stream.
#[derive(Debug, Clone)]
pub struct Rows(pub RecordBatch);

impl Serialize for Rows {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut bytes = vec![];
        StreamWriter::try_new(&mut bytes, &self.0.schema())
            .and_then(|mut writer| {
                writer.write(&self.0)?;
                writer.finish()
            })
            .map_err(serde::ser::Error::custom)?;
        bytes.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let mut reader = StreamReader::try_new(bytes.as_slice(), None).map_err(serde::de::Error::custom)?;
        let schema = reader.schema();
        let batch = reader.next().unwrap_or_else(|| Ok(RecordBatch::new_empty(schema)));
        Ok(Self(batch.map_err(serde::de::Error::custom)?))
    }
}

/// Where each key is, and whether a missing value is a key.
#[derive(Debug)]
struct Index {
    of: HashMap<OwnedRow, u64>,
    missing: Option<u64>,
}

impl Lookup {
    /// A table of these keys and, for all answers but [`Answer::Whether`], values. All keys have a type in common with
    /// `column`, in which they are compared; a missing key meets a missing value.
    pub fn new(answer: Answer, column: &DataType, keys: &[ScalarValue], values: &[ScalarValue]) -> Result<Self> {
        // A key that can't be a value of the column is never met.
        let mut pairs = vec![];
        let mut common = plain(column).clone();
        for (at, key) in keys.iter().enumerate() {
            let Some(wider) = promote::comparable(&common, &key.data_type()) else { continue };
            common = wider;
            pairs.push((key, values.get(at)));
        }
        let keys: Result<Vec<ScalarValue>> = pairs.iter().map(|(key, _)| key.cast_to(&common)).collect();
        let keys = keys?;
        let keys = if keys.is_empty() {
            datafusion::arrow::array::new_empty_array(&common)
        } else {
            ScalarValue::iter_to_array(keys)?
        };
        let mut fields = vec![Field::new("key", common, true)];
        let mut columns = vec![keys];
        if answer != Answer::Whether {
            let data_type = value_type(values.iter().map(ScalarValue::data_type))?;
            let values: Result<Vec<ScalarValue>> =
                pairs.iter().filter_map(|(_, value)| *value).map(|value| value.cast_to(&data_type)).collect();
            let values = values?;
            columns.push(if values.is_empty() {
                datafusion::arrow::array::new_empty_array(&data_type)
            } else {
                ScalarValue::iter_to_array(values)?
            });
            fields.push(Field::new("value", data_type, true));
        }
        let table = Rows(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?);
        Ok(Self { answer, table, index: OnceLock::new() })
    }

    /// The distinct values that are there, in their order, as keys.
    pub fn distinct(values: &ArrayRef) -> Result<Self> {
        let values = normal(values)?;
        let gone = missing(&values)?;
        let rows = RowConverter::new(vec![SortField::new(values.data_type().clone())])?
            .convert_columns(&[Arc::clone(&values)])?;
        let mut present: Vec<usize> = (0..values.len()).filter(|row| !gone.value(*row)).collect();
        present.sort_unstable_by(|left, right| rows.row(*left).cmp(&rows.row(*right)));
        present.dedup_by(|left, right| rows.row(*left) == rows.row(*right));
        let places: UInt64Array = present.into_iter().map(|row| Some(row as u64)).collect();
        let keys = take(&values, &places, None)?;
        let schema = Schema::new(vec![Field::new("key", keys.data_type().clone(), true)]);
        let table = Rows(RecordBatch::try_new(Arc::new(schema), vec![keys])?);
        Ok(Self { answer: Answer::Whether, table, index: OnceLock::new() })
    }

    fn value_type(&self) -> DataType {
        self.table.0.columns().get(1).map_or(DataType::Boolean, |values| values.data_type().clone())
    }

    /// The keys, in order.
    pub fn keys(&self) -> &ArrayRef {
        self.table.0.column(0)
    }

    /// The place of each value among the keys; missing if it is none.
    pub fn find(&self, values: &ArrayRef) -> Result<UInt64Array> {
        let key_type = self.keys().data_type().clone();
        let compared = normal(&cast_with_options(&normal(values)?, &key_type, &super::operand::STRICT)?)?;
        let converter = RowConverter::new(vec![SortField::new(key_type)])?;
        let index = self.index(&converter)?;
        let gone = missing(&compared)?;
        let converted = converter.convert_columns(&[compared])?;
        Ok((0..values.len())
            .map(|row| match gone.value(row) {
                true => index.missing,
                false => index.of.get(&converted.row(row).owned()).copied(),
            })
            .collect())
    }

    fn index(&self, converter: &RowConverter) -> Result<&Index> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let keys = normal(self.table.0.column(0))?;
        let gone = missing(&keys)?;
        let rows = converter.convert_columns(&[Arc::clone(&keys)])?;
        let mut index = Index { of: HashMap::new(), missing: None };
        for row in 0..keys.len() {
            if gone.value(row) {
                index.missing = index.missing.or(Some(row as u64));
            } else {
                index.of.entry(rows.row(row).owned()).or_insert(row as u64);
            }
        }
        Ok(self.index.get_or_init(|| index))
    }
}

/// The type that all values have in common.
fn value_type(types: impl Iterator<Item = DataType>) -> Result<DataType> {
    let mut common = DataType::Null;
    for data_type in types {
        common = promote::common(&common, &data_type).ok_or_else(|| {
            Error::input(format!("values of the types {common} and {data_type} in one column"))
                .with_hint("give values of one type")
        })?;
    }
    Ok(common)
}

/// −0.0 is 0.0; what is NaN is found by [`missing`].
fn normal(values: &ArrayRef) -> Result<ArrayRef> {
    Ok(match values.data_type() {
        DataType::Float64 => {
            let values: Float64Array = unary(values.as_primitive::<Float64Type>(), |value: f64| value + 0.0);
            Arc::new(values)
        }
        DataType::Float32 => {
            let values: Float32Array = unary(values.as_primitive::<Float32Type>(), |value: f32| value + 0.0);
            Arc::new(values)
        }
        DataType::Dictionary(_, inner) => cast(values, inner)?,
        _ => Arc::clone(values),
    })
}

#[typetag::serde]
impl RowFunction for Lookup {
    fn name(&self) -> &'static str {
        match self.answer {
            Answer::Whether => "isin",
            Answer::Value => "map",
            Answer::ValueOrSelf => "replace",
        }
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let [input] = inputs else {
            return Err(DataFusionError::Internal(format!("a look-up of {} values", inputs.len())));
        };
        match self.answer {
            Answer::Whether => Ok(Field::new("isin", DataType::Boolean, false)),
            Answer::Value => Ok(Field::new("map", self.value_type(), true)),
            Answer::ValueOrSelf => {
                let common = promote::common(input.data_type(), &self.value_type()).ok_or_else(|| {
                    Error::mismatch(format!(
                        "replacing values of type {} by {}",
                        dtype_name(input.data_type()),
                        dtype_name(&self.value_type())
                    ))
                    .with_hint("cast the column with astype first: a column has one type")
                })?;
                Ok(Field::new("replace", common, true))
            }
        }
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        let own = normal(&values)?;
        let found = self.find(&own)?;
        let is_found = || {
            BooleanArray::new(
                datafusion::arrow::buffer::BooleanBuffer::collect_bool(rows, |row| found.is_valid(row)),
                None,
            )
        };
        match self.answer {
            Answer::Whether => Ok(Arc::new(is_found())),
            Answer::Value => Ok(take(self.table.0.column(1), &found, None)?),
            Answer::ValueOrSelf => {
                let common = promote::common(own.data_type(), &self.value_type())
                    .ok_or_else(|| DataFusionError::Internal(String::from("a replacement of another type")))?;
                let new = cast(&take(self.table.0.column(1), &found, None)?, &common)?;
                Ok(datafusion::arrow::compute::kernels::zip::zip(&is_found(), &new, &cast(&own, &common)?)?)
            }
        }
    }
}
