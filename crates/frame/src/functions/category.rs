//! Categories: values as places in a list that is the same in every partition.
//!
//! Arrow's dictionaries say how a batch is stored; each batch may have its own. What pandas calls the categories of a
//! column, in their order, is known to the plan: it stands in the metadata of the column's field, under the names
//! below, and whoever needs codes or an order looks values up in it. Without metadata the categories are *unknown*:
//! they are the values that are there.

use super::lookup::{Answer, Lookup, distinct};
use super::operand::{STRICT, argument};
use super::promote::{comparable, plain};
use crate::dtype::name as dtype_name;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, DictionaryArray, Int32Array, StringArray};
use datafusion::arrow::compute::{cast, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Int32Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use phalanx_engine::{Error, RowFunction, typetag};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::Arc;

/// Metadata of a field: the categories as a JSON list of their texts, in order.
pub const CATEGORIES: &str = "phalanx.categories";
/// Metadata of a field: whether the order of the categories means something.
pub const ORDERED: &str = "phalanx.ordered";

/// The type of categories of this type.
pub fn category_of(values: &DataType) -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(plain(values).clone()))
}

/// Values as known categories: others become missing.
#[derive(Debug, Serialize, Deserialize)]
pub struct Categorise {
    lookup: Lookup,
    metadata: HashMap<String, String>,
}

impl Categorise {
    /// These categories; `texts` is the JSON list of them for whoever reads the field.
    pub fn new(categories: &[ScalarValue], texts: &str, is_ordered: bool) -> phalanx_engine::Result<Self> {
        let own = categories.first().map_or(DataType::Utf8, ScalarValue::data_type);
        if let Some(other) = categories.iter().find(|category| category.data_type() != own || category.is_null()) {
            return Err(Error::input(format!("categories of the types {own} and {}", other.data_type()))
                .with_hint("categories are of one type, and none is missing"));
        }
        let metadata = [(CATEGORIES, texts.to_owned()), (ORDERED, is_ordered.to_string())];
        let metadata = metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Self { lookup: Lookup::new(Answer::Whether, &own, categories, &[])?, metadata })
    }
}

/// The place of each value among the categories.
fn codes(lookup: &Lookup, values: &ArrayRef) -> Result<Int32Array> {
    Ok(lookup.find(values)?.unary(|place| place as i32))
}

fn need_fit(values: &DataType, categories: &DataType) -> Result<()> {
    if *values == DataType::Null || comparable(values, categories).is_some() {
        return Ok(());
    }
    Err(Error::mismatch(format!(
        "categories of type {} of a column of type {}",
        dtype_name(categories),
        dtype_name(values)
    ))
    .with_hint("cast the column or the categories with astype first")
    .into())
}

#[typetag::serde]
impl RowFunction for Categorise {
    fn name(&self) -> &'static str {
        "categorise"
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let values = inputs.first().map_or(&DataType::Null, |field| field.data_type());
        need_fit(values, self.lookup.keys().data_type())?;
        let category = category_of(self.lookup.keys().data_type());
        Ok(Field::new("categorise", category, true).with_metadata(self.metadata.clone()))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let codes = codes(&self.lookup, &argument(inputs, rows)?)?;
        Ok(Arc::new(DictionaryArray::try_new(codes, Arc::clone(self.lookup.keys()))?))
    }
}

/// The codes of values in known categories, −1 for a missing one, in an integer of so many bits.
#[derive(Debug, Serialize, Deserialize)]
pub struct Codes {
    lookup: Lookup,
    bits: u8,
    /// A missing value stays missing.
    is_nullable: bool,
}

impl Codes {
    /// Codes that sort as the categories do, and are missing where a value is.
    pub fn places(categories: &[ScalarValue]) -> phalanx_engine::Result<Self> {
        Ok(Self { bits: 32, is_nullable: true, ..Self::new(categories)? })
    }
    /// Codes in these categories, of pandas' type.
    pub fn new(categories: &[ScalarValue]) -> phalanx_engine::Result<Self> {
        let own = categories.first().map_or(DataType::Utf8, ScalarValue::data_type);
        let bits = match categories.len() {
            0..=127 => 8,
            128..=32767 => 16,
            _ => 32,
        };
        Ok(Self { lookup: Lookup::new(Answer::Whether, &own, categories, &[])?, bits, is_nullable: false })
    }
    fn to(&self) -> DataType {
        match self.bits {
            8 => DataType::Int8,
            16 => DataType::Int16,
            _ => DataType::Int32,
        }
    }
}

#[typetag::serde]
impl RowFunction for Codes {
    fn name(&self) -> &'static str {
        "codes"
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        need_fit(inputs.first().map_or(&DataType::Null, |field| field.data_type()), self.lookup.keys().data_type())?;
        Ok(Field::new("codes", self.to(), self.is_nullable))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let mut codes = codes(&self.lookup, &argument(inputs, rows)?)?;
        if !self.is_nullable {
            codes = codes.iter().map(|code| Some(code.unwrap_or(-1))).collect();
        }
        Ok(cast(&codes, &self.to())?)
    }
}

/// The values at places among known categories: what [`Codes::places`] took apart.
#[derive(Debug, Serialize, Deserialize)]
pub struct AtPlaces {
    categories: Lookup,
    metadata: HashMap<String, String>,
}

impl AtPlaces {
    /// Values of these categories, in a column of this metadata.
    pub fn new(categories: &[ScalarValue], metadata: &HashMap<String, String>) -> phalanx_engine::Result<Self> {
        let own = categories.first().map_or(DataType::Utf8, ScalarValue::data_type);
        let categories = Lookup::new(Answer::Whether, &own, categories, &[])?;
        Ok(Self { categories, metadata: metadata.clone() })
    }
}

#[typetag::serde]
impl RowFunction for AtPlaces {
    fn name(&self) -> &'static str {
        "at_places"
    }
    fn output(&self, _inputs: &[FieldRef]) -> Result<Field> {
        let category = category_of(self.categories.keys().data_type());
        Ok(Field::new("at_places", category, true).with_metadata(self.metadata.clone()))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let places = cast(&argument(inputs, rows)?, &DataType::Int32)?;
        let places = places.as_primitive::<Int32Type>().clone();
        Ok(Arc::new(DictionaryArray::try_new(places, Arc::clone(self.categories.keys()))?))
    }
}

/// The categories of a column in their order, if its field names them.
pub fn known(field: &Field) -> Option<Vec<ScalarValue>> {
    let DataType::Dictionary(_, values) = field.data_type() else { return None };
    let texts: Vec<String> = serde_json::from_str(field.metadata().get(CATEGORIES)?).ok()?;
    let texts: ArrayRef = Arc::new(StringArray::from(texts));
    let categories = cast_with_options(&texts, values, &STRICT).ok()?;
    (0..categories.len()).map(|row| ScalarValue::try_from_array(&categories, row).ok()).collect()
}

/// The field of a column that has values of another, and so its categories.
pub fn with_metadata_of(field: Field, values: &Field) -> Field {
    field.with_metadata(values.metadata().clone())
}

/// Whether the order of a column's categories means something.
pub fn is_ordered(field: &Field) -> bool {
    field.metadata().get(ORDERED).is_some_and(|ordered| ordered == "true")
}

/// The same values, of unknown categories; or, of another type, as such.
#[derive(Debug, Serialize, Deserialize)]
pub struct Uncategorise {
    is_ordered: bool,
}

impl Uncategorise {
    /// Unknown categories, whose order (that of their values) means something or not.
    pub fn new(is_ordered: bool) -> Self {
        Self { is_ordered }
    }
}

#[typetag::serde]
impl RowFunction for Uncategorise {
    fn name(&self) -> &'static str {
        "uncategorise"
    }
    fn output(&self, inputs: &[FieldRef]) -> Result<Field> {
        let field = inputs.first();
        let values = field.map_or(&DataType::Null, |field| field.data_type());
        let output = Field::new("uncategorise", category_of(values), field.is_none_or(|field| field.is_nullable()));
        Ok(match self.is_ordered {
            true => output.with_metadata(HashMap::from([(ORDERED.to_owned(), String::from("true"))])),
            false => output,
        })
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> Result<ArrayRef> {
        let values = argument(inputs, rows)?;
        let to = category_of(values.data_type());
        if *values.data_type() == to {
            return Ok(values);
        }
        let values = cast(&values, plain(values.data_type()))?;
        let (categories, codes) = distinct(&values)?;
        Ok(Arc::new(DictionaryArray::try_new(codes, categories)?))
    }
}
