//! The pass that makes rows of numbers out of columns.

use super::survey::{missing, missing_values, present_rows};
use super::{ColumnRole, Role};
use crate::rows::Layout;
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::{cast, filter_record_batch};
use datafusion::arrow::datatypes::{DataType, Float64Type, SchemaRef};
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use phalanx_engine::{Error, Operator, stream, typetag};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Turns batches of columns into batches of rows, and leaves out rows with missing values or refuses them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Assemble {
    pub layout: Layout,
    pub columns: Vec<ColumnRole>,
    /// For each column its categories, the base level first.
    pub categories: Vec<Vec<String>>,
    pub drop_missing: bool,
}

#[typetag::serde(name = "assemble_features")]
impl Operator for Assemble {
    fn name(&self) -> &'static str {
        "encode"
    }
    fn schema(&self) -> SchemaRef {
        self.layout.schema()
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (layout, drop_missing) = (self.layout, self.drop_missing);
        let columns: Vec<(ColumnRole, HashMap<String, usize>)> = self
            .columns
            .iter()
            .zip(&self.categories)
            .map(|(column, levels)| {
                (column.clone(), levels.iter().enumerate().map(|(number, level)| (level.clone(), number)).collect())
            })
            .collect();
        Ok(stream::map(self.schema(), input.swap_remove(0), move |batch| {
            let batch = match present_rows(&batch) {
                None => batch,
                Some(present) if drop_missing => filter_record_batch(&batch, &present)?,
                Some(_) => return Err(first_missing(&batch, &columns).into()),
            };
            assemble(layout, &columns, &batch)
        }))
    }
}

fn first_missing(batch: &RecordBatch, columns: &[(ColumnRole, HashMap<String, usize>)]) -> Error {
    let found = columns.iter().zip(batch.columns()).find_map(|((column, _), values)| {
        let count = missing_values(values)?.true_count() as u64;
        Some(missing(column, count, batch.num_rows() as u64))
    });
    found.unwrap_or_else(|| Error::internal("no value is missing"))
}

fn assemble(
    layout: Layout,
    columns: &[(ColumnRole, HashMap<String, usize>)],
    batch: &RecordBatch,
) -> DataFusionResult<RecordBatch> {
    let mut features = vec![0.0; batch.num_rows() * layout.width];
    let (mut target, mut weight): (Option<ArrayRef>, Option<ArrayRef>) = (None, None);
    let mut first = 0;
    for ((column, levels), values) in columns.iter().zip(batch.columns()) {
        match column.role {
            Role::Target => target = Some(finite(column, values)?),
            Role::Weight => weight = Some(finite(column, values)?),
            Role::Numeric => {
                let values = finite(column, values)?;
                let rows = features.chunks_exact_mut(layout.width);
                for (row, value) in rows.zip(values.as_primitive::<Float64Type>().values()) {
                    row[first] = *value;
                }
                first += 1;
            }
            Role::Categorical => {
                let texts = cast(values, &DataType::Utf8)?;
                for (row, text) in features.chunks_exact_mut(layout.width).zip(texts.as_string::<i32>().iter()) {
                    let text = text.unwrap_or_default();
                    match levels.get(text) {
                        Some(0) => {} // the base level
                        Some(level) => row[first + level - 1] = 1.0,
                        None => return Err(unknown(column, text).into()),
                    }
                }
                first += levels.len().saturating_sub(1);
            }
        }
    }
    layout.batch(features, target, weight)
}

/// The values without their (empty) mask of nulls.
fn finite(column: &ColumnRole, values: &ArrayRef) -> DataFusionResult<ArrayRef> {
    let floats = values.as_primitive::<Float64Type>();
    let infinite = floats.values().iter().filter(|value| value.is_infinite()).count();
    if infinite > 0 {
        return Err(Error::data(format!("{} is infinite in {infinite} rows", column.describe()))
            .with_hint("filter those rows or fill in their values")
            .into());
    }
    Ok(std::sync::Arc::clone(values))
}

fn unknown(column: &ColumnRole, text: &str) -> Error {
    Error::data(format!("{} has the category {text:?}, which the encoder has not seen", column.describe()))
        .with_hint("fit the encoder on all rows, or filter those of other categories")
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Float64Array, StringArray};
    use std::sync::Arc;

    #[test]
    fn a_category_that_was_not_seen_is_refused_by_name() {
        let column = ColumnRole { name: String::from("carrier"), role: Role::Categorical };
        let levels: HashMap<String, usize> = [(String::from("AA"), 0), (String::from("UA"), 1)].into();
        let batch = |texts: Vec<&str>| {
            RecordBatch::try_from_iter([("carrier", Arc::new(StringArray::from(texts)) as ArrayRef)]).unwrap()
        };
        let layout = Layout { width: 1, target: false, weight: false };
        let columns = [(column, levels)];
        let rows = assemble(layout, &columns, &batch(vec!["UA", "AA"])).unwrap();
        assert_eq!(layout.view(&rows).unwrap().features(), [1.0, 0.0]);
        let error = Error::from(assemble(layout, &columns, &batch(vec!["ZZ"])).unwrap_err());
        assert_eq!(error.message(), "column \"carrier\" has the category \"ZZ\", which the encoder has not seen");
    }

    #[test]
    fn the_first_column_with_a_missing_value_is_named() {
        let column = ColumnRole { name: String::from("x"), role: Role::Numeric };
        let values: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(f64::NAN)]));
        let batch = RecordBatch::try_from_iter([("x", values)]).unwrap();
        let error = first_missing(&batch, &[(column, HashMap::new())]);
        assert_eq!(error.message(), "column \"x\" is missing in 2 of 3 rows");
    }
}
