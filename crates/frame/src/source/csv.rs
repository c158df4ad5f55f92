//! CSV files.

use super::files::DataFile;
use super::missing;
use super::records::{Next, Records};
use super::text::{Batches, Layout, Part, without_nulls};
use super::text_files::TextFiles;
use crate::Frame;
use crate::error::bad_file;
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::csv::ReaderBuilder;
use datafusion::arrow::csv::reader::Format;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::error::Result as DataFusionResult;
use phalanx_engine::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;

/// Rows of the first file that types are inferred from, unless it is told.
const INFER_ROWS: usize = 100_000;

/// A frame of the rows of CSV files with a header, in the order of the files' names and of the rows in them. `path`
/// is a file, a folder (all its `*.csv`), or a name with `*` and `?`, on this machine or behind a URL. Types are
/// inferred, as Arrow does; what pandas takes for missing is missing. For more, see [`Csv`].
///
/// # Errors
/// As [`Csv::build`].
pub fn read_csv(path: &str) -> Result<Frame> {
    Csv::new(path).build()
}

/// How to read CSV files.
pub type Csv = TextFiles<CsvFormat>;

/// What CSV files need to say beyond what all files of lines do.
#[derive(Debug, Clone)]
pub struct CsvFormat {
    lines: CsvLines,
    names: Option<Vec<String>>,
    times_as_text: bool,
    schema: Option<SchemaRef>,
}

impl Csv {
    /// As [`read_csv`] does.
    pub fn new(path: &str) -> Self {
        Self::of([path])
    }
    /// The files of several paths, one after the other.
    pub fn of<S: Into<String>>(paths: impl IntoIterator<Item = S>) -> Self {
        let lines = CsvLines { delimiter: b',', quote: b'"', header: true };
        let format = CsvFormat { lines, names: None, times_as_text: false, schema: None };
        Self::with_format(paths, &["csv"], INFER_ROWS, format)
    }
    /// The byte between values; a comma by default.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.format.lines.delimiter = delimiter;
        self
    }
    /// The byte around values that hold delimiters or line breaks; `"` by default.
    #[must_use]
    pub fn quote(mut self, quote: u8) -> Self {
        self.format.lines.quote = quote;
        self
    }
    /// Files without a header; their columns are called `0`, `1` and so on, unless [`Csv::names`] says otherwise.
    #[must_use]
    pub fn without_header(mut self) -> Self {
        self.format.lines.header = false;
        self
    }
    /// The columns' names, in place of those in the files.
    #[must_use]
    pub fn names(mut self, names: Vec<String>) -> Self {
        self.format.names = Some(names);
        self
    }
    /// Columns of what looks like dates and times are text.
    #[must_use]
    pub fn times_as_text(mut self) -> Self {
        self.format.times_as_text = true;
        self
    }
    /// Names and types of the columns; nothing is inferred then.
    #[must_use]
    pub fn schema(mut self, schema: SchemaRef) -> Self {
        self.format.schema = Some(schema);
        self
    }

    /// The frame.
    ///
    /// # Errors
    /// `Data`, with the file's path: there is no such file, it is not CSV, or its header is not that of the first. A
    /// value that does not fit its column's type is an error when the frame is computed. `Input`: partitions of no
    /// bytes, an unknown compression, a type of a column that is not there.
    pub fn build(self) -> Result<Frame> {
        let (files, parts) = self.find()?;
        let mut schema = self.format.schema.clone();
        for file in &files {
            let rows = if schema.is_none() { self.infer_rows } else { 0 };
            let found = self.format.columns(file, &parts, rows)?;
            let expected = Arc::clone(schema.get_or_insert(Arc::clone(&found)));
            let names = |schema: &Schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
            if names(&found) != names(&expected) {
                return Err(bad_file(
                    &file.shown(),
                    &format!("has the columns {:?}, not {:?}", names(&found), names(&expected)),
                )
                .with_hint("all files need the same columns in the same order"));
            }
        }
        let schema = schema.ok_or_else(|| Error::internal("a pattern without files"))?;
        let layout = Layout::Csv(self.format.lines.clone());
        self.frame("csv", &schema, layout, parts)
    }
}

impl CsvFormat {
    /// The columns of a file, their types from its first `rows` rows.
    fn columns(&self, file: &DataFile, parts: &[Part], rows: usize) -> Result<SchemaRef> {
        let path = file.shown();
        let part = parts.iter().find(|part| part.place == file.place && part.start == 0);
        let lines = part.ok_or_else(|| Error::internal("a file without parts"))?.whole().open()?;
        // Without a header, a row tells how many columns there are.
        let rows = if self.lines.header { rows } else { rows.max(1) };
        let (schema, _) = self
            .lines
            .format()
            .and_then(|format| format.with_header(self.lines.header).infer_schema(lines, Some(rows)))
            .map_err(|error| {
                let hint = match error.to_string().contains("UTF-8") {
                    true => "the text is not UTF-8: say its encoding (in Python: encoding=\"latin-1\", …)",
                    false => "each line needs as many fields as the first; is the separator another one (sep=)?",
                };
                bad_file(&path, "can't be read as CSV").caused_by(&error).with_hint(hint)
            })?;
        if schema.fields().is_empty() {
            return Err(bad_file(&path, "has no columns").with_hint("the first line must name the columns"));
        }
        if let Some(names) = self.names.as_ref().filter(|names| names.len() != schema.fields().len()) {
            return Err(bad_file(
                &path,
                &format!("has {} columns, not the {} of names", schema.fields().len(), names.len()),
            )
            .with_hint("name every column"));
        }
        let named = schema.fields().iter().enumerate().map(|(index, field)| {
            let name = match &self.names {
                Some(names) => names[index].clone(),
                None if self.lines.header => field.name().clone(),
                None => index.to_string(),
            };
            let is_time = matches!(
                field.data_type(),
                DataType::Timestamp(..)
                    | DataType::Date32
                    | DataType::Date64
                    | DataType::Time32(_)
                    | DataType::Time64(_)
            );
            let data_type = if self.times_as_text && is_time { DataType::Utf8 } else { field.data_type().clone() };
            Field::new(name, data_type, true)
        });
        Ok(without_nulls(&Schema::new(named.collect::<Fields>())))
    }
}

/// How lines are cut into values.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CsvLines {
    delimiter: u8,
    quote: u8,
    header: bool,
}

impl CsvLines {
    fn format(&self) -> std::result::Result<Format, ArrowError> {
        let missing = missing::pattern().map_err(|error| ArrowError::ParseError(error.to_string()))?;
        Ok(Format::default().with_delimiter(self.delimiter).with_quote(self.quote).with_null_regex(missing))
    }

    fn reader(
        &self,
        schema: SchemaRef,
        read: Vec<usize>,
        part: &Part,
        batch_rows: usize,
    ) -> DataFusionResult<impl Iterator<Item = std::result::Result<RecordBatch, ArrowError>> + use<>> {
        Ok(ReaderBuilder::new(schema)
            .with_format(self.format()?.with_header(self.header && part.start == 0))
            .with_batch_size(batch_rows)
            .with_projection(read)
            .build_buffered(part.open()?)?)
    }

    /// The columns `read` of the part's rows: what is plain as [`Records`] reads it, and from the first batch on that is
    /// not, all as Arrow does, whose errors are those of the part.
    pub(super) fn rows(
        &self,
        schema: SchemaRef,
        read: Vec<usize>,
        part: Part,
        batch_rows: usize,
    ) -> DataFusionResult<Batches> {
        let mut records = Records::new(part.open()?, (self.delimiter, self.quote), &schema, &read, batch_rows);
        if self.header && part.start == 0 {
            records = records.and_then(|mut records| records.skip_header().ok()?.then_some(records));
        }
        let (mut done, mut other) = (0, None);
        let this = self.clone();
        let mut next = move || -> DataFusionResult<Option<RecordBatch>> {
            match records.as_mut().map(Records::next) {
                Some(Ok(Next::Batch(batch))) => {
                    done += 1;
                    return Ok(Some(batch));
                }
                Some(Ok(Next::End)) => return Ok(None),
                Some(Ok(Next::Other) | Err(_)) | None => records = None,
            }
            let reader = match &mut other {
                Some(reader) => reader,
                None => other.insert(this.reader(Arc::clone(&schema), read.clone(), &part, batch_rows)?),
            };
            loop {
                let batch = reader.next().transpose().map_err(|error| this.explained(&schema, &read, &part, &error))?;
                // Those that came before have been handed on.
                if done == 0 || batch.is_none() {
                    return Ok(batch);
                }
                done -= 1;
            }
        };
        Ok(Box::new(std::iter::from_fn(move || next().transpose())))
    }

    /// Which value it is that does not fit: the part is read once more, as text.
    fn explained(&self, schema: &SchemaRef, read: &[usize], part: &Part, error: &ArrowError) -> Error {
        let (path, place) = (part.place.shown(), part.origin());
        match self.misfit(schema, read, part) {
            Some((row, column, text)) => {
                let what = format!(
                    "row {row}{place}, column {:?}: {text:?} is no {}",
                    column.name(),
                    crate::dtype::name(column.data_type())
                );
                bad_file(Path::new(&path), &what).caused_by(error).with_hint(
                    "infer types from more rows (Csv::infer_rows; sample_rows) or say them (Csv::types; dtype)",
                )
            }
            None => bad_file(Path::new(&path), &format!("a line{place} is not as the others"))
                .caused_by(error)
                .with_hint("the file must be UTF-8, with as many values in each line; look at the line that is named"),
        }
    }

    fn misfit(&self, schema: &SchemaRef, read: &[usize], part: &Part) -> Option<(usize, Field, String)> {
        let text = schema.fields().iter().map(|field| Field::new(field.name(), DataType::Utf8, true));
        let text = Arc::new(Schema::new(text.collect::<Fields>()));
        let mut row = 0;
        for batch in self.reader(text, read.to_vec(), part, 1024).ok()? {
            let batch = batch.ok()?;
            for at in 0..batch.num_rows() {
                for (column, index) in batch.columns().iter().zip(read) {
                    let field = schema.field(*index);
                    let value = column.slice(at, 1);
                    let safe = CastOptions { safe: true, ..CastOptions::default() };
                    let cast = cast_with_options(&value, field.data_type(), &safe).ok()?;
                    if value.is_valid(0) && cast.is_null(0) {
                        return Some((row + at, field.clone(), value.as_string::<i32>().value(0).to_owned()));
                    }
                }
            }
            row += batch.num_rows();
        }
        None
    }
}
