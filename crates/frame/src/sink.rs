//! Files out: one for each partition, written where the partition is computed.
//!
//! A file is written under a draft's name and renamed when it is whole, so nobody reads half of one. A draft is
//! removed if writing fails; a killed process leaves at most its drafts, whose names begin with a dot.

use crate::Frame;
use crate::error::bad_file;
use crate::lower::ordinal::{partition_number, partition_numbers, two};
use crate::relation::Relation;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::{cast, nullif};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::{csv::WriterBuilder, json::LineDelimitedWriter};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures::TryStreamExt;
use phalanx_engine::{Error, Operator, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Parquet, with `snappy`, `zstd`, `lz4`, `gzip`, or `none`.
    Parquet {
        /// The codec's name.
        compression: String,
    },
    /// CSV; missing values are empty.
    Csv {
        /// Whether the first line of each file names the columns.
        header: bool,
        /// Between values.
        separator: u8,
    },
    /// A JSON object a line.
    JsonLines,
}

/// Where files are written, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    folder: String,
    format: Format,
}

impl Files {
    /// Files `part.0.parquet`, `part.1.parquet` and so on (or `.csv`, `.json`) in `folder`, which every process that
    /// computes must see under this path.
    pub fn new(folder: &str, format: Format) -> Self {
        Self { folder: folder.to_owned(), format }
    }

    fn extension(&self) -> &'static str {
        match self.format {
            Format::Parquet { .. } => "parquet",
            Format::Csv { .. } => "csv",
            Format::JsonLines => "json",
        }
    }
}

fn codec(name: &str) -> Result<Compression> {
    use datafusion::parquet::basic::{GzipLevel, ZstdLevel};
    Ok(match name {
        "snappy" => Compression::SNAPPY,
        "zstd" => Compression::ZSTD(ZstdLevel::default()),
        "lz4" => Compression::LZ4_RAW,
        "gzip" => Compression::GZIP(GzipLevel::default()),
        "none" => Compression::UNCOMPRESSED,
        _ => {
            return Err(
                Error::input(format!("the compression {name:?}")).with_hint("take snappy, zstd, lz4, gzip or none")
            );
        }
    })
}

impl Frame {
    /// A frame whose computation writes this one to files, one for each partition, and which has a row for each: its
    /// `path` and how many `rows` it has. The folder is made now; files of the same names are replaced.
    ///
    /// # Errors
    /// `Input`: the compression is unknown. `Data`: the folder can't be made. `Unsupported`: it is a URL.
    pub fn to_files(&self, files: &Files) -> Result<Self> {
        if files.folder.contains("://") {
            return Err(Error::unsupported(format!("writing to {}", files.folder))
                .with_hint("write to a folder that every worker sees under the same path"));
        }
        if let Format::Parquet { compression } = &files.format {
            codec(compression)?;
        }
        let folder = Path::new(&files.folder);
        let failed = |error: std::io::Error| bad_file(folder, "can't be written").caused_by(&error);
        fs::create_dir_all(folder).map_err(failed)?;
        let absolute = fs::canonicalize(folder).map_err(failed)?;
        let files = Files { folder: absolute.to_string_lossy().into_owned(), ..files.clone() };
        self.related(WriteFiles { files }, "write files").map(|written| written.reset_index())
    }
}

static WRITTEN: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![Field::new("path", DataType::Utf8, false), Field::new("rows", DataType::Int64, false)]))
});

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WriteFiles {
    files: Files,
}

impl Relation for WriteFiles {
    fn schema(&self, _inputs: &[SchemaRef]) -> DataFusionResult<SchemaRef> {
        Ok(Arc::clone(&WRITTEN))
    }
    fn lower(
        &self,
        inputs: Vec<Arc<dyn ExecutionPlan>>,
        _partitions: usize,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let [input] = <[_; 1]>::try_from(inputs)
            .map_err(|inputs| DataFusionError::Internal(format!("{} inputs to write", inputs.len())))?;
        let numbers = partition_numbers(plan::partition_count(&input))?;
        plan::operator(self.clone(), vec![input, numbers])
    }
}

#[typetag::serde]
impl Operator for WriteFiles {
    fn name(&self) -> &'static str {
        "write_files"
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&WRITTEN)
    }
    fn run(
        &self,
        input: Vec<SendableRecordBatchStream>,
        _context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (mut data, numbers) = two(input)?;
        let files = self.files.clone();
        let written = async move {
            let number = partition_number(numbers).await?;
            let mut draft = Draft::create(&files, number, &data.schema())?;
            while let Some(batch) = data.try_next().await? {
                draft.write(&batch)?;
            }
            let (path, rows) = draft.finish()?;
            let path: ArrayRef = Arc::new(StringArray::from(vec![path]));
            let rows: ArrayRef = Arc::new(Int64Array::from(vec![rows]));
            Ok(RecordBatch::try_new(Arc::clone(&WRITTEN), vec![path, rows])?)
        };
        Ok(stream::with_schema(Arc::clone(&WRITTEN), futures::stream::once(written)))
    }
}

/// A file in the making; removed unless it is finished.
struct Draft {
    draft: PathBuf,
    target: PathBuf,
    writer: Option<Writer>,
    schema: SchemaRef,
    rows: i64,
}

enum Writer {
    Parquet(Box<ArrowWriter<BufWriter<File>>>),
    Csv(datafusion::arrow::csv::Writer<BufWriter<File>>),
    Json(LineDelimitedWriter<BufWriter<File>>),
}

impl Draft {
    fn create(files: &Files, number: i64, schema: &SchemaRef) -> Result<Self> {
        // Two attempts of one task, or two processes, never share a draft.
        static DRAFTS: AtomicU64 = AtomicU64::new(0);
        let name = format!("part.{number}.{}", files.extension());
        let target = Path::new(&files.folder).join(&name);
        let count = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = Path::new(&files.folder).join(format!(".{name}.{}-{count}", std::process::id()));
        let failed = |error: &(dyn std::error::Error + 'static)| bad_file(&target, "can't be written").caused_by(error);
        let file = BufWriter::new(File::create(&draft).map_err(|error| failed(&error))?);
        let schema = plain(schema, &files.format);
        let writer = match &files.format {
            Format::Parquet { compression } => {
                let properties = WriterProperties::builder().set_compression(codec(compression)?).build();
                let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties));
                Writer::Parquet(Box::new(writer.map_err(|error| failed(&error))?))
            }
            Format::Csv { header, separator } => {
                Writer::Csv(WriterBuilder::new().with_header(*header).with_delimiter(*separator).build(file))
            }
            Format::JsonLines => Writer::Json(LineDelimitedWriter::new(file)),
        };
        let mut draft = Self { draft, target, writer: Some(writer), schema, rows: 0 };
        if matches!(files.format, Format::Csv { .. }) {
            draft.write(&RecordBatch::new_empty(Arc::clone(&draft.schema)))?; // the header, also of no rows
        }
        Ok(draft)
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> Error {
        bad_file(&self.target, "can't be written").caused_by(error).with_hint("is the disk full, or read-only?")
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns: Result<Vec<ArrayRef>> =
            batch.columns().iter().zip(self.schema.fields()).map(|(column, field)| written(column, field)).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns?)?;
        self.rows += i64::try_from(batch.num_rows()).unwrap_or(0);
        let outcome: std::result::Result<(), Box<dyn std::error::Error>> = match self.writer.as_mut() {
            None => Ok(()),
            Some(Writer::Parquet(writer)) => writer.write(&batch).map_err(Into::into),
            Some(Writer::Csv(writer)) => writer.write(&batch).map_err(Into::into),
            Some(Writer::Json(writer)) => writer.write(&batch).map_err(Into::into),
        };
        outcome.map_err(|error| self.failed(error.as_ref()))
    }

    fn finish(mut self) -> Result<(String, i64)> {
        let ended = match self.writer.take() {
            None => Ok(()),
            Some(writer) => end(writer),
        };
        ended.map_err(|error| self.failed(error.as_ref()))?;
        fs::rename(&self.draft, &self.target).map_err(|error| self.failed(&error))?;
        Ok((self.target.to_string_lossy().into_owned(), self.rows))
    }
}

/// Everything to the disk.
fn end(writer: Writer) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut file = match writer {
        Writer::Parquet(writer) => writer.into_inner()?,
        Writer::Csv(writer) => writer.into_inner(),
        Writer::Json(mut writer) => {
            writer.finish()?;
            writer.into_inner()
        }
    };
    file.flush()?;
    Ok(())
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is none; after an error nothing more can be done about one that stays.
        let _gone = fs::remove_file(&self.draft);
    }
}

/// Text formats have no dictionaries; in them NaN is a missing value.
fn plain(schema: &SchemaRef, format: &Format) -> SchemaRef {
    if matches!(format, Format::Parquet { .. }) {
        return Arc::clone(schema);
    }
    let field = |field: &Arc<Field>| {
        let data_type = crate::functions::promote::plain(field.data_type()).clone();
        Field::new(field.name(), data_type, true)
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

fn written(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if column.data_type() != field.data_type() {
        return Ok(cast(column, field.data_type())?);
    }
    if field.data_type().is_floating() && field.is_nullable() {
        let missing = crate::functions::choose::missing(column)?;
        if missing.true_count() > 0 {
            return Ok(nullif(column, &missing)?); // pandas writes NaN as a missing value everywhere
        }
    }
    Ok(Arc::clone(column))
}
