//! CSV files: ranges of them in the plan, and an operator that reads them.
//!
//! DataFusion's own CSV source does not read missing values as pandas does (it can infer types past a `NA`, but not
//! read one), so the rows come from Arrow's reader.

use super::files::{find, unreadable};
use super::scan;
use crate::Frame;
use crate::error::bad_file;
use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::csv::ReaderBuilder;
use datafusion::arrow::csv::reader::Format;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Int64Type, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Error, Operator, Result, plan, stream, typetag};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// What pandas takes for a missing value.
const MISSING: &str =
    "^(|#N/A|#N/A N/A|#NA|-1\\.#IND|-1\\.#QNAN|-NaN|-nan|1\\.#IND|1\\.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null)$";

/// Rows of the first file that types are inferred from, unless it is told.
const INFER_ROWS: usize = 100_000;

/// A frame of the rows of CSV files with a header, in the order of the files' names and of the rows in them. `path`
/// is a file, a folder (all its `*.csv`), or a name with `*` and `?`. Types are inferred, as Arrow does; what pandas
/// takes for missing is missing. For more, see [`Csv`].
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
    /// `Data`, with the file's path: there is no such file, it is not CSV, or its header is not that of the first. A
    /// value that does not fit its column's type is an error when the frame is computed. `Input`: partitions of no
    /// bytes.
    pub fn build(self) -> Result<Frame> {
        if self.partition_bytes == Some(0) {
            return Err(Error::input("partitions of 0 bytes").with_hint("take some megabytes"));
        }
        let files = find(&self.path, "csv")?;
        let mut schema = self.schema.clone();
        let mut ranges = vec![];
        for file in &files {
            let found = match &schema {
                None => infer(&file.path, self.delimiter, self.infer_rows)?,
                Some(_) => infer(&file.path, self.delimiter, 0)?,
            };
            let expected = Arc::clone(schema.get_or_insert(Arc::clone(&found)));
            let names = |schema: &Schema| schema.fields().iter().map(|field| field.name().clone()).collect::<Vec<_>>();
            if names(&found) != names(&expected) {
                return Err(bad_file(
                    &file.path,
                    &format!("has the columns {:?}, not {:?}", names(&found), names(&expected)),
                )
                .with_hint("all files need the same columns in the same order"));
            }
            let absolute = std::fs::canonicalize(&file.path).map_err(|error| unreadable(&file.path, &error))?;
            let step = self.partition_bytes.unwrap_or(u64::MAX);
            let size = file.meta.size;
            ranges.extend((0..size.div_ceil(step).max(1)).map(|part| CsvRange {
                path: absolute.to_string_lossy().into_owned(),
                start: part * step,
                end: (part + 1).saturating_mul(step).min(size),
            }));
        }
        let schema = schema.ok_or_else(|| Error::internal("a pattern without files"))?;
        scan("csv", Arc::new(CsvTable { schema, delimiter: self.delimiter, ranges }), vec![])
    }
}

/// The columns of a file, their types from its first `rows` rows.
fn infer(path: &Path, delimiter: u8, rows: usize) -> Result<SchemaRef> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let (schema, _) = format(delimiter)
        .and_then(|format| format.with_header(true).infer_schema(BufReader::new(file), Some(rows)))
        .map_err(|error| bad_file(path, "is not CSV with a header").caused_by(&error))?;
    if schema.fields().is_empty() {
        return Err(bad_file(path, "has no columns").with_hint("the first line must name the columns"));
    }
    // A column without any value may be anything: text can hold it.
    let known = |field: &Field| match field.data_type() {
        DataType::Null => field.clone().with_data_type(DataType::Utf8),
        _ => field.clone(),
    };
    Ok(Arc::new(Schema::new(schema.fields().iter().map(|field| known(field)).collect::<Fields>())))
}

fn format(delimiter: u8) -> std::result::Result<Format, ArrowError> {
    let missing = Regex::new(MISSING).map_err(|error| ArrowError::ParseError(error.to_string()))?;
    Ok(Format::default().with_delimiter(delimiter).with_null_regex(missing))
}

/// Bytes of a file: the lines that begin in them.
#[derive(Debug, Clone)]
struct CsvRange {
    path: String,
    start: u64,
    end: u64,
}

#[derive(Debug)]
struct CsvTable {
    schema: SchemaRef,
    delimiter: u8,
    ranges: Vec<CsvRange>,
}

#[async_trait]
impl TableProvider for CsvTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
    fn table_type(&self) -> TableType {
        TableType::Base
    }
    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let number = |value: u64| Arc::new(Int64Array::from(vec![value.cast_signed()])) as ArrayRef;
        let rows: DataFusionResult<Vec<Vec<RecordBatch>>> = self
            .ranges
            .iter()
            .map(|range| {
                let path = Arc::new(StringArray::from(vec![range.path.clone()]));
                let columns = vec![path, number(range.start), number(range.end)];
                Ok(vec![RecordBatch::try_new(Arc::clone(&RANGE), columns)?])
            })
            .collect();
        let read = projection.cloned().unwrap_or_else(|| (0..self.schema.fields().len()).collect());
        let schema = SerializedSchema(Arc::clone(&self.schema));
        plan::operator(
            CsvRows { schema, read, delimiter: self.delimiter },
            vec![plan::table(Arc::clone(&RANGE), &rows?)?],
        )
    }
}

static RANGE: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("path", DataType::Utf8, false),
        Field::new("start", DataType::Int64, false),
        Field::new("end", DataType::Int64, false),
    ]))
});

/// Reads the ranges of CSV files that its input names.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct CsvRows {
    /// All columns of the files.
    schema: SerializedSchema,
    /// Those that are read.
    read: Vec<usize>,
    delimiter: u8,
}

#[typetag::serde]
impl Operator for CsvRows {
    fn name(&self) -> &'static str {
        "csv_rows"
    }
    fn schema(&self) -> SchemaRef {
        let fields: Fields = self.read.iter().map(|&index| Arc::clone(&self.schema.0.fields()[index])).collect();
        Arc::new(Schema::new(fields))
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (this, batch_rows) = (self.clone(), context.session_config().batch_size());
        Ok(stream::flat_map(self.schema(), input.swap_remove(0), move |ranges| {
            let number = |column: usize, row: usize| {
                ranges.column(column).as_primitive::<Int64Type>().value(row).cast_unsigned()
            };
            let readers: DataFusionResult<Vec<_>> = (0..ranges.num_rows())
                .map(|row| {
                    let path = ranges.column(0).as_string::<i32>().value(row).to_owned();
                    this.rows(&CsvRange { path, start: number(1, row), end: number(2, row) }, batch_rows)
                })
                .collect();
            Ok(readers?.into_iter().flatten())
        }))
    }
}

impl CsvRows {
    fn rows(
        &self,
        range: &CsvRange,
        batch_rows: usize,
    ) -> DataFusionResult<impl Iterator<Item = DataFusionResult<RecordBatch>> + use<>> {
        let unreadable = |error: std::io::Error| DataFusionError::from(unreadable(Path::new(&range.path), &error));
        let mut file = BufReader::new(File::open(&range.path).map_err(unreadable)?);
        let start = line_start(&mut file, range.start).map_err(unreadable)?;
        let end = line_start(&mut file, range.end).map_err(unreadable)?;
        file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        let reader = ReaderBuilder::new(Arc::clone(&self.schema.0))
            .with_format(format(self.delimiter)?.with_header(start == 0))
            .with_batch_size(batch_rows)
            .with_projection(self.read.clone())
            .build_buffered(BufReader::new(file.take(end.saturating_sub(start))))?;
        let path = range.path.clone();
        Ok(reader.map(move |batch| {
            batch.map_err(|error| {
                bad_file(Path::new(&path), "a value does not fit the type of its column")
                    .caused_by(&error)
                    .with_hint("infer types from more rows (Csv::infer_rows) or say them (Csv::schema)")
                    .into()
            })
        }))
    }
}

/// Where the first line begins that does not begin before `position`.
fn line_start(file: &mut BufReader<File>, position: u64) -> std::io::Result<u64> {
    let Some(before) = position.checked_sub(1) else { return Ok(0) };
    file.seek(SeekFrom::Start(before))?;
    Ok(before + file.skip_until(b'\n')? as u64)
}
