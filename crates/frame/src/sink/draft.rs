//! One file in the making.

use super::{Files, Format};
use crate::error::bad_file;
use crate::source::place::Place;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{cast, nullif};
use datafusion::arrow::csv::{Writer as CsvWriter, WriterBuilder};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::WriterProperties;
use flate2::write::GzEncoder;
use phalanx_engine::{Error, Result, paths};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The codec of this name.
pub(super) fn codec(name: &str) -> Result<Compression> {
    Ok(match name {
        "snappy" => Compression::SNAPPY,
        "zstd" => Compression::ZSTD(ZstdLevel::default()),
        "lz4" => Compression::LZ4_RAW,
        "gzip" => Compression::GZIP(GzipLevel::default()),
        "brotli" => Compression::BROTLI(BrotliLevel::default()),
        "none" => Compression::UNCOMPRESSED,
        _ => {
            return Err(Error::input(format!("the compression {name:?}"))
                .with_hint("take snappy, zstd, lz4, gzip, brotli or none"));
        }
    })
}

/// A file in the making; removed unless it is finished.
pub(super) struct Draft {
    draft: PathBuf,
    target: Place,
    writer: Option<Writer>,
    schema: SchemaRef,
    rows: i64,
}

/// Bytes on their way to the disk.
enum Sink {
    Plain(BufWriter<File>),
    Gzip(Box<GzEncoder<BufWriter<File>>>),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Gzip(file) => file.write(bytes),
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(file) => file.flush(),
        }
    }
}

enum Writer {
    Parquet(Box<ArrowWriter<Sink>>),
    Csv(Box<CsvWriter<Sink>>),
    Json(Box<LineDelimitedWriter<Sink>>),
}

impl Draft {
    pub(super) fn create(files: &Files, target: Place, schema: &SchemaRef) -> Result<Self> {
        // Two attempts of one task, or two processes, never share a draft.
        static DRAFTS: AtomicU64 = AtomicU64::new(0);
        let count = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let shown = PathBuf::from(target.shown());
        let name = shown.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = match &target {
            Place::Local(path) => Path::new(path).parent().map(Path::to_owned).unwrap_or_default(),
            Place::Remote(..) => std::env::temp_dir(),
        };
        let draft = folder.join(format!(".{name}.{}-{count}", std::process::id()));
        let failed = |error: &(dyn std::error::Error + 'static)| bad_file(&shown, "can't be written").caused_by(error);
        if let Place::Local(path) = &target {
            paths::check(Path::new(path))?;
        }
        fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
        let file = BufWriter::new(File::create(&draft).map_err(|error| failed(&error))?);
        let mut schema = plain(schema, &files.format);
        let is_parquet = matches!(files.format, Format::Parquet { .. });
        let sink = match files.is_gzip && !is_parquet {
            true => Sink::Gzip(Box::new(GzEncoder::new(file, flate2::Compression::default()))),
            false => Sink::Plain(file),
        };
        if is_parquet {
            // pyarrow looks here, others at the file's own metadata.
            let said = files.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
            schema = Arc::new(schema.as_ref().clone().with_metadata(said));
        }
        let writer = match &files.format {
            Format::Parquet { compression } => {
                let said = files.metadata.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
                let properties = WriterProperties::builder()
                    .set_compression(codec(compression)?)
                    .set_key_value_metadata(Some(said.collect()))
                    .build();
                let writer = ArrowWriter::try_new(sink, Arc::clone(&schema), Some(properties));
                Writer::Parquet(Box::new(writer.map_err(|error| failed(&error))?))
            }
            Format::Csv { header, separator } => {
                Writer::Csv(Box::new(WriterBuilder::new().with_header(*header).with_delimiter(*separator).build(sink)))
            }
            Format::JsonLines => Writer::Json(Box::new(LineDelimitedWriter::new(sink))),
        };
        let mut draft = Self { draft, target, writer: Some(writer), schema, rows: 0 };
        if matches!(files.format, Format::Csv { .. }) {
            draft.write(&RecordBatch::new_empty(Arc::clone(&draft.schema)))?; // the header, also of no rows
        }
        Ok(draft)
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> Error {
        bad_file(Path::new(&self.target.shown()), "can't be written")
            .caused_by(error)
            .with_hint("is the disk full, or read-only?")
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let is_text = !matches!(self.writer, Some(Writer::Parquet(_)));
        let columns: Result<Vec<ArrayRef>> = batch
            .columns()
            .iter()
            .zip(self.schema.fields())
            .map(|(column, field)| written(column, field, is_text))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns?, &options)?;
        self.rows += i64::try_from(batch.num_rows()).unwrap_or(0);
        let outcome: std::result::Result<(), Box<dyn std::error::Error>> = match self.writer.as_mut() {
            None => Ok(()),
            Some(Writer::Parquet(writer)) => writer.write(&batch).map_err(Into::into),
            Some(Writer::Csv(writer)) => writer.write(&batch).map_err(Into::into),
            Some(Writer::Json(writer)) => writer.write(&batch).map_err(Into::into),
        };
        outcome.map_err(|error| self.failed(error.as_ref()))
    }

    /// The file's path or URL, and how many rows it has.
    pub(super) fn finish(mut self) -> Result<(String, i64)> {
        let ended = match self.writer.take() {
            None => Ok(()),
            Some(writer) => end(writer),
        };
        ended.map_err(|error| self.failed(error.as_ref()))?;
        match &self.target {
            Place::Local(path) => fs::rename(&self.draft, path).map_err(|error| self.failed(&error))?,
            Place::Remote(remote, path) => remote.put_file(path, &self.draft)?,
        }
        Ok((self.target.shown(), self.rows))
    }
}

/// Everything to the disk.
fn end(writer: Writer) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let sink = match writer {
        Writer::Parquet(writer) => writer.into_inner()?,
        Writer::Csv(writer) => writer.into_inner(),
        Writer::Json(mut writer) => {
            writer.finish()?;
            writer.into_inner()
        }
    };
    let mut file = match sink {
        Sink::Plain(file) => file,
        Sink::Gzip(file) => file.finish()?,
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

/// A column as a file has it.
fn written(column: &ArrayRef, field: &Field, is_text: bool) -> Result<ArrayRef> {
    if column.data_type() != field.data_type() {
        return Ok(cast(column, field.data_type())?);
    }
    if is_text && field.data_type().is_floating() {
        let missing = crate::functions::choose::missing(column)?;
        if missing.true_count() > 0 {
            return Ok(nullif(column, &missing)?); // as pandas writes NaN
        }
    }
    Ok(Arc::clone(column))
}
