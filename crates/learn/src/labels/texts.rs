//! The number of each text of a frame's column among categories.

use datafusion::arrow::array::{ArrayRef, AsArray, Float64Array, StringArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Column;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::{ColumnarValue, col};
use phalanx_engine::{Error, Result, RowFunction, scalar, typetag};
use phalanx_frame::Frame;
use phalanx_frame::texts::{Found, Texts};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The frame with one more column, `target`: for each text of `column` its number among the `categories`, as `float64`;
/// `unknown` for what is none of them, `missing` for what is missing. Each text is looked up once, in a table; of a
/// column of categories, each category. Lazy.
///
/// # Errors
/// `Input`: there is no such column, or it is neither text nor of categories that are text.
pub fn numbers_of_texts(
    frame: &Frame,
    column: &str,
    target: &str,
    categories: Vec<String>,
    unknown: f64,
    missing: f64,
) -> Result<Frame> {
    let schema = frame.schema();
    let kind = schema.field_with_name(column).map_err(|_| Error::input(format!("there is no column {column:?}")))?;
    if !is_text(kind.data_type()) {
        return Err(Error::input(format!("column {column:?} is {}, and its categories are text", kind.data_type()))
            .with_hint("give categories of the column's own type"));
    }
    let function = NumberOfText { categories, unknown, missing };
    frame.with_column(target, scalar::call(function, vec![col(Column::from_name(column))])?)
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct NumberOfText {
    categories: Vec<String>,
    unknown: f64,
    missing: f64,
}

#[typetag::serde(name = "number_of_text")]
impl RowFunction for NumberOfText {
    fn name(&self) -> &'static str {
        "number_of_text"
    }
    fn output(&self, _inputs: &[FieldRef]) -> DataFusionResult<Field> {
        Ok(Field::new("number", DataType::Float64, false))
    }
    fn run(&self, inputs: &[ColumnarValue], rows: usize) -> DataFusionResult<ArrayRef> {
        let [texts] = inputs else { return Err(Error::internal("the number of one text").into()) };
        let texts = texts.to_array(rows)?;
        let categories: ArrayRef = Arc::new(StringArray::from_iter_values(&self.categories));
        // Of a category that is named twice, the first place counts.
        let (known, places, _) = Texts::number(&categories)?;
        let look_up = |texts: &ArrayRef| {
            known.find(texts, |found| match found {
                Found::Missing => self.missing,
                Found::Unknown => self.unknown,
                Found::Number(number) => places[number] as f64,
            })
        };
        let Some(dictionary) = texts.as_any_dictionary_opt() else {
            return Ok(Arc::new(Float64Array::from(look_up(&texts)?)));
        };
        let numbers = look_up(dictionary.values())?;
        let keys = cast(dictionary.keys(), &DataType::Int64)?;
        let keys = keys.as_primitive::<datafusion::arrow::datatypes::Int64Type>();
        let number = |key: Option<i64>| match key.and_then(|key| usize::try_from(key).ok()) {
            Some(key) => numbers.get(key).copied().unwrap_or(self.missing),
            None => self.missing,
        };
        Ok(Arc::new(keys.iter().map(number).collect::<Vec<f64>>().into_iter().collect::<Float64Array>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::DictionaryArray;
    use datafusion::arrow::datatypes::Int8Type;

    #[test]
    fn texts_are_numbered() {
        let function =
            NumberOfText { categories: ["b", "a", "b"].map(String::from).to_vec(), unknown: -1.0, missing: -2.0 };
        let texts = vec![Some("a"), None, Some("b"), Some("c"), Some("a")];
        let plain: ArrayRef = Arc::new(StringArray::from(texts.clone()));
        let categories: ArrayRef = Arc::new(texts.into_iter().collect::<DictionaryArray<Int8Type>>());
        for column in [plain, categories] {
            let numbers = function.run(&[ColumnarValue::Array(column)], 5).unwrap();
            let numbers = numbers.as_primitive::<datafusion::arrow::datatypes::Float64Type>();
            assert_eq!(numbers.values(), &[1.0, -2.0, 0.0, -1.0, 1.0]);
        }
    }
}
