//! CSV files.

use super::files::{DataFile, FileTable, find};
use super::scan;
use crate::Frame;
use crate::error::bad_file;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::config::CsvOptions;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::CsvSource;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::object_store::ObjectStore;
use datafusion::object_store::local::LocalFileSystem;
use phalanx_engine::{Error, Result};
use std::sync::Arc;

/// What pandas takes for a missing value.
const MISSING: &str =
    "^(|#N/A|#N/A N/A|#NA|-1\\.#IND|-1\\.#QNAN|-NaN|-nan|1\\.#IND|1\\.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null)$";

/// Rows of the first file that types are inferred from, unless it is told.
const INFER_ROWS: usize = 100_000;

/// A frame of the rows of CSV files with a header, in the order of the files' names and of the rows in them. `path`
/// is a file, a folder (all its `*.csv`), or a name with `*` and `?`. Types are inferred; what pandas takes for
/// missing is missing. For more, see [`Csv`].
///
/// # Errors
/// As [`Csv::build`].
pub fn read_csv(path: &str) -> Result<Frame> {
    Csv::new(path).build()
}

/// How to read CSV files.
#[derive(Debug, Clone)]
pub struct Csv {
    path: String,
    delimiter: u8,
    infer_rows: usize,
    schema: Option<SchemaRef>,
    partition_bytes: Option<u64>,
}

impl Csv {
    /// As [`read_csv`] does.
    pub fn new(path: &str) -> Self {
        Self { path: path.to_owned(), delimiter: b',', infer_rows: INFER_ROWS, schema: None, partition_bytes: None }
    }
    /// The byte between values; a comma by default.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }
    /// How many rows of the first file types are inferred from; 100,000 by default.
    #[must_use]
    pub fn infer_rows(mut self, rows: usize) -> Self {
        self.infer_rows = rows;
        self
    }
    /// Names and types of the columns; nothing is inferred then.
    #[must_use]
    pub fn schema(mut self, schema: SchemaRef) -> Self {
        self.schema = Some(schema);
        self
    }
    /// Cuts files into partitions of about so many bytes, at line breaks. By default a file is a partition, since a
    /// line break may be part of a quoted value, and a cut there would garble the rows around it.
    #[must_use]
    pub fn partition_bytes(mut self, bytes: u64) -> Self {
        self.partition_bytes = Some(bytes);
        self
    }

    /// The frame.
    ///
    /// # Errors
    /// `Data`, with the file's path: there is no such file, or it is not CSV. A value that does not fit the inferred
    /// type is an error when the frame is computed. `Input`: partitions of no bytes.
    pub fn build(self) -> Result<Frame> {
        if self.partition_bytes == Some(0) {
            return Err(Error::input("partitions of 0 bytes").with_hint("take some megabytes"));
        }
        let files = find(&self.path, "csv")?;
        let options = CsvOptions {
            has_header: Some(true),
            delimiter: self.delimiter,
            newlines_in_values: Some(self.partition_bytes.is_none()),
            null_regex: Some(MISSING.to_owned()),
            ..CsvOptions::default()
        };
        let schema = match (&self.schema, files.first()) {
            (Some(schema), _) => Arc::clone(schema),
            (None, Some(first)) => infer(first, options.clone(), self.infer_rows)?,
            (None, None) => return Err(Error::internal("a pattern without files")),
        };
        let partitions = files.iter().flat_map(|file| self.cut(file)).collect();
        let source = Arc::new(CsvSource::new(Arc::clone(&schema)).with_csv_options(options));
        scan("csv", Arc::new(FileTable { schema, source, partitions }), vec![])
    }

    fn cut(&self, file: &DataFile) -> Vec<PartitionedFile> {
        let whole = PartitionedFile::new_from_meta(file.meta.clone());
        let (Some(bytes), size) = (self.partition_bytes, file.meta.size) else { return vec![whole] };
        if size <= bytes {
            return vec![whole];
        }
        (0..size.div_ceil(bytes))
            .map(|part| {
                let (start, end) = (part * bytes, ((part + 1) * bytes).min(size));
                whole.clone().with_range(start.cast_signed(), end.cast_signed())
            })
            .collect()
    }
}

fn infer(file: &DataFile, options: CsvOptions, rows: usize) -> Result<SchemaRef> {
    let state = SessionStateBuilder::new().build();
    let store: Arc<dyn ObjectStore> = Arc::new(LocalFileSystem::new());
    let format = CsvFormat::default().with_options(options).with_schema_infer_max_rec(rows);
    let metas = [file.meta.clone()];
    let schema = futures::executor::block_on(format.infer_schema(&state, &store, &metas))
        .map_err(|error| bad_file(&file.path, "is not CSV with a header").caused_by(&error))?;
    if schema.fields().is_empty() {
        return Err(bad_file(&file.path, "has no columns").with_hint("the first line must name the columns"));
    }
    Ok(Arc::new(Schema::new(schema.fields().clone())))
}
