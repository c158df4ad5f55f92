//! Rows by the values of columns, which become names of folders.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, UInt32Array};
use datafusion::arrow::compute::{cast, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use phalanx_engine::Result;
use std::sync::Arc;

/// Which columns name folders, and what is left in the files.
pub(super) struct Folders {
    columns: Vec<(String, usize)>,
    kept: Vec<usize>,
    pub schema: SchemaRef,
}

impl Folders {
    pub(super) fn new(schema: &SchemaRef, names: &[String]) -> Result<Self> {
        let columns = names
            .iter()
            .map(|name| Ok((name.clone(), schema.index_of(name)?)))
            .collect::<Result<Vec<(String, usize)>>>()?;
        let kept: Vec<usize> =
            (0..schema.fields().len()).filter(|index| columns.iter().all(|(_, column)| column != index)).collect();
        let schema = Arc::new(Schema::new(schema.project(&kept)?.fields().clone()));
        Ok(Self { columns, kept, schema })
    }

    /// The folders of a batch's rows, in the order of their first rows, each with its rows in their order.
    pub(super) fn split(&self, batch: &RecordBatch) -> Result<Vec<(String, RecordBatch)>> {
        let texts: Vec<(&String, ArrayRef)> = self
            .columns
            .iter()
            .map(|(name, column)| Ok((name, cast(batch.column(*column), &DataType::Utf8)?)))
            .collect::<Result<_>>()?;
        let mut folders: Vec<(String, Vec<u32>)> = vec![];
        let mut last = 0;
        for row in 0..batch.num_rows() {
            let mut folder = String::new();
            for (name, text) in &texts {
                let value = if text.is_valid(row) { text.as_string::<i32>().value(row) } else { MISSING_FOLDER };
                if !folder.is_empty() {
                    folder.push('/');
                }
                folder.push_str(name);
                folder.push('=');
                encode(value, &mut folder);
            }
            // Rows of one folder are often beside each other.
            if folders.get(last).is_none_or(|(known, _)| *known != folder) {
                last = folders.iter().position(|(known, _)| *known == folder).unwrap_or(folders.len());
                if last == folders.len() {
                    folders.push((folder, vec![]));
                }
            }
            if let Some((_, rows)) = folders.get_mut(last) {
                rows.push(row as u32);
            }
        }
        let options = |rows: usize| RecordBatchOptions::new().with_row_count(Some(rows));
        folders
            .into_iter()
            .map(|(folder, rows)| {
                let count = rows.len();
                let taken = take_record_batch(batch, &UInt32Array::from(rows))?.project(&self.kept)?;
                let columns = taken.columns().to_vec();
                let own = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options(count))?;
                Ok((folder, own))
            })
            .collect()
    }
}

/// What Hive writes for a missing value.
const MISSING_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// Percent-encodes what a folder's name can't hold.
fn encode(value: &str, folder: &mut String) {
    for character in value.chars() {
        match character {
            '/' | '\\' | '%' | '=' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '#' | '\0'..='\x1f' | '\x7f' => {
                folder.push_str(&format!("%{:02X}", u32::from(character)));
            }
            _ => folder.push(character),
        }
    }
}
