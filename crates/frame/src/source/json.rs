//! Files of JSON objects, one a line.

use super::text::{Batches, Layout, Part, without_nulls};
use super::text_files::TextFiles;
use crate::Frame;
use crate::error::bad_file;
use crate::merge::common;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::infer_json_schema;
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use phalanx_engine::{Error, Result};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::fmt;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

/// Rows of each file that types are inferred from, unless it is told.
const INFER_ROWS: usize = 10_000;

/// A frame of the objects of files of JSON lines, in the order of the files' names and of the lines in them. `path` is
/// a file, a folder (all its `*.json`, `*.jsonl` and `*.ndjson`), or a name with `*` and `?`, on this machine or behind
/// a URL. The columns are the objects' keys in the order in which they first appear. For more, see [`Json`].
///
/// # Errors
/// As [`Json::build`].
pub fn read_json(path: &str) -> Result<Frame> {
    Json::new([path]).build()
}

/// How to read files of JSON lines.
pub type Json = TextFiles<JsonFormat>;

/// JSON lines need to say nothing beyond what all files of lines do.
#[derive(Debug, Clone)]
pub struct JsonFormat;

impl Json {
    /// As [`read_json`] does, the files of several paths one after the other.
    pub fn new<S: Into<String>>(paths: impl IntoIterator<Item = S>) -> Self {
        Self::with_format(paths, &["json", "jsonl", "ndjson"], INFER_ROWS, JsonFormat)
    }

    /// The frame.
    ///
    /// # Errors
    /// `Data`, with the file's path: there is no such file, it holds no JSON lines, or a key has types that do not fit
    /// each other. A value that does not fit its column's type is an error when the frame is computed. `Input`:
    /// partitions of no bytes, an unknown compression, a type of a column that is not there.
    pub fn build(self) -> Result<Frame> {
        let (_, parts) = self.find()?;
        let mut columns: Vec<(String, DataType)> = vec![];
        for part in parts.iter().filter(|part| part.start == 0) {
            let path = part.place.shown();
            for (name, found) in infer(&part.whole(), self.infer_rows)? {
                match columns.iter_mut().find(|(known, _)| *known == name) {
                    None => columns.push((name, found)),
                    Some((_, known)) => {
                        let both = match (&*known, &found) {
                            (DataType::Null, other) | (other, DataType::Null) => Some(other.clone()),
                            (known, found) => common(known, found),
                        };
                        *known = both.ok_or_else(|| {
                            bad_file(
                                Path::new(&path),
                                &format!("column {name:?} is of type {found}, and of {known} before"),
                            )
                            .with_hint("say the column's type (dtype)")
                        })?;
                    }
                }
            }
        }
        if columns.is_empty() {
            return Err(Error::data(format!("{}: there is no JSON object", self.paths.join(", ")))
                .with_hint("each line must hold one object, {\"name\": value, …}"));
        }
        let fields: Vec<Field> =
            columns.into_iter().map(|(name, data_type)| Field::new(name, data_type, true)).collect();
        self.frame("json", &without_nulls(&Schema::new(fields)), Layout::JsonLines, parts)
    }
}

/// The keys of a file's first objects, in the order in which they first appear, and the types of their values.
fn infer(part: &Part, rows: usize) -> Result<Vec<(String, DataType)>> {
    let path = part.place.shown();
    let bad = |error: &(dyn std::error::Error + 'static)| {
        bad_file(Path::new(&path), "holds no JSON lines")
            .caused_by(error)
            .with_hint("each line must hold one object; for other JSON give lines=False, or orient")
    };
    let mut names: Vec<String> = vec![];
    let mut lines = part.open()?;
    let mut line = String::new();
    for _ in 0..rows {
        line.clear();
        if lines.read_line(&mut line).map_err(|error| bad(&error))? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let Keys(keys) = serde_json::from_str(&line).map_err(|error| bad(&error))?;
        for key in keys {
            if !names.contains(&key) {
                names.push(key);
            }
        }
    }
    let (schema, _) = infer_json_schema(part.open()?, Some(rows)).map_err(|error| bad(&error))?;
    let with_type = |name: String| {
        let data_type = schema.field_with_name(&name).map_or(DataType::Null, |field| field.data_type().clone());
        (name, data_type)
    };
    Ok(names.into_iter().map(with_type).collect())
}

/// The keys of an object, in order.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Keys;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Keys, A::Error> {
                let mut keys = vec![];
                while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                    keys.push(key);
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The columns `read` of the part's rows.
pub(super) fn rows(schema: &SchemaRef, read: &[usize], part: Part, batch_rows: usize) -> DataFusionResult<Batches> {
    let schema = Arc::new(schema.project(read)?);
    let reader = ReaderBuilder::new(schema).with_batch_size(batch_rows).build(part.open()?)?;
    let mut rows = 0;
    Ok(Box::new(reader.map(move |batch| match batch {
        Ok(batch) => {
            rows += batch.num_rows();
            Ok(batch)
        }
        Err(error) => {
            let what = format!("a line behind row {rows}{} does not fit the columns", part.origin());
            Err(DataFusionError::from(
                bad_file(Path::new(&part.place.shown()), &what)
                    .caused_by(&error)
                    .with_hint("infer types from more rows (Json::infer_rows), or say them (Json::types; dtype)"),
            ))
        }
    })))
}
