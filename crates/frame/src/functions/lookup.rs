//! Values looked up in a small table: `isin`, `map` and `replace`.

use super::choose;
use super::operand::argument;
use super::promote::{self, is_text, plain};
use crate::dtype::name as dtype_name;
use crate::texts::{Found, Texts};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int32Array, RecordBatch,
    UInt32Array, UInt64Array,
};
use datafusion::arrow::compute::{cast, cast_with_options, sort_to_indices, take, unary};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type, Int32Type, Schema};
use datafusion::arrow::ipc::{reader::StreamReader, writer::StreamWriter};
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::{HashMap, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
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
    table: Table,
    #[serde(skip)]
    index: OnceLock<Index>,
}

/// A batch that serde can write, as an Arrow stream.
#[derive(Debug, Clone)]
pub struct Table(pub RecordBatch);

impl Serialize for Table {
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

impl<'de> Deserialize<'de> for Table {
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
    of: Keys,
    missing: Option<u64>,
}

/// The place of each key that is there; of one that comes twice, the first counts.
#[derive(Debug)]
enum Keys {
    /// Of distinct texts by their numbers.
    Texts(Box<Texts>, Vec<usize>),
    /// Of values of any type as bytes.
    Rows(HashMap<Box<[u8]>, u64>),
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
        let table = Table(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?);
        Ok(Self { answer, table, index: OnceLock::new() })
    }

    fn value_type(&self) -> DataType {
        self.table.0.columns().get(1).map_or(DataType::Boolean, |values| values.data_type().clone())
    }

    /// The keys, in order.
    pub fn keys(&self) -> &ArrayRef {
        self.table.0.column(0)
    }

    /// The place of each value among the keys; missing if it is none. Of a dictionary each value is looked up once.
    pub fn find(&self, values: &ArrayRef) -> Result<UInt64Array> {
        if let Some(dictionary) = values.as_any().downcast_ref::<DictionaryArray<Int32Type>>() {
            let (places, missing) = (self.find(dictionary.values())?, self.index()?.missing);
            let place = |key: usize| places.is_valid(key).then(|| places.value(key));
            return Ok(dictionary.keys_iter().map(|key| key.map_or(missing, place)).collect());
        }
        let Index { of, missing } = self.index()?;
        match of {
            Keys::Texts(texts, places) if is_text(values.data_type()) => {
                let places = texts.find(values, |found| match found {
                    Found::Missing => *missing,
                    Found::Unknown => None,
                    Found::Number(number) => Some(places[number] as u64),
                })?;
                Ok(places.into())
            }
            // Only what is missing can be both text and of another type.
            Keys::Texts(..) => {
                Ok(choose::missing(values)?.iter().map(|gone| gone.and_then(|gone| missing.filter(|_| gone))).collect())
            }
            Keys::Rows(places) => {
                let compared = self.as_keys(values)?;
                let gone = choose::missing(&compared)?;
                let rows = rows(&compared)?;
                let place = |row: usize| match gone.value(row) {
                    true => *missing,
                    false => places.get(rows.row(row).as_ref()).copied(),
                };
                Ok((0..values.len()).map(place).collect())
            }
        }
    }

    /// Values in the type of the keys.
    fn as_keys(&self, values: &ArrayRef) -> Result<ArrayRef> {
        normal(&cast_with_options(&normal(values)?, self.keys().data_type(), &super::operand::STRICT)?)
    }

    fn index(&self) -> Result<&Index> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let keys = normal(self.keys())?;
        let gone = choose::missing(&keys)?;
        let missing = (0..keys.len()).find(|row| gone.value(*row)).map(|row| row as u64);
        let of = if is_text(keys.data_type()) {
            let (texts, places, _) = Texts::number(&keys)?;
            Keys::Texts(Box::new(texts), places)
        } else {
            let rows = rows(&keys)?;
            let mut places = HashMap::new();
            for row in (0..keys.len()).filter(|row| !gone.value(*row)) {
                places.entry(rows.row(row).as_ref().into()).or_insert(row as u64);
            }
            Keys::Rows(places)
        };
        Ok(self.index.get_or_init(|| Index { of, missing }))
    }
}

/// The distinct values that are there, in their order, and the place of each value among them; missing where it is.
pub fn distinct(values: &ArrayRef) -> Result<(ArrayRef, Int32Array)> {
    let values = normal(values)?;
    let gone = choose::missing(&values)?;
    let (first, numbers) = if is_text(values.data_type()) {
        let (_, first, numbers) = Texts::number(&values)?;
        (first, numbers)
    } else {
        let (rows, mut first) = (rows(&values)?, vec![]);
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        let number = |row: usize| {
            // What is missing is one value, whatever its bytes.
            let bytes: &[u8] = if gone.value(row) { &[] } else { rows.row(row).data() };
            let next = first.len();
            *known.entry(bytes).or_insert_with(|| {
                first.push(row);
                next
            })
        };
        let numbers = (0..values.len()).map(number).collect();
        (first, numbers)
    };
    let keys = take(&values, &UInt64Array::from_iter_values(first.iter().map(|row| *row as u64)), None)?;
    let order = sort_to_indices(&keys, None, None)?;
    let there = order.values().iter().filter(|number| !gone.value(first[**number as usize]));
    let mut places = vec![None; first.len()];
    for (place, number) in there.clone().enumerate() {
        places[*number as usize] = Some(place as i32);
    }
    let keys = take(&keys, &UInt32Array::from_iter_values(there.copied()), None)?;
    Ok((keys, numbers.into_iter().map(|number| places[number]).collect()))
}

fn rows(values: &ArrayRef) -> Result<Rows> {
    let converter = RowConverter::new(vec![SortField::new(values.data_type().clone())])?;
    Ok(converter.convert_columns(&[Arc::clone(values)])?)
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

/// −0.0 is 0.0; what is NaN is found by [`choose::missing`].
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
        let found = self.find(&values)?;
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
                let own = normal(&values)?;
                let common = promote::common(own.data_type(), &self.value_type())
                    .ok_or_else(|| DataFusionError::Internal(String::from("a replacement of another type")))?;
                let new = cast(&take(self.table.0.column(1), &found, None)?, &common)?;
                Ok(datafusion::arrow::compute::kernels::zip::zip(&is_found(), &new, &cast(&own, &common)?)?)
            }
        }
    }
}
