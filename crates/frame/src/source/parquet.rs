//! Parquet files.

use super::files::{DataFile, FileTable, find, unreadable};
use super::scan;
use crate::Frame;
use crate::error::bad_file;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetSource;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use phalanx_engine::{Error, Result};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A partition takes whole row groups until they have a 64th of all bytes (before compression), but at least so many
/// and at most so many. The same files are cut in the same way on every machine.
const PARTITIONS: i64 = 64;
const PARTITION_BYTES_MIN: i64 = 1 << 20;
const PARTITION_BYTES_MAX: i64 = 128 << 20;

/// A frame of the rows of Parquet files, in the order of the files' names and of the rows in them. `path` is a file,
/// a folder (all its `*.parquet`), or a name with `*` and `?`.
///
/// A partition is a range of a file's row groups: about 64 in all, of 1 to 128 MiB before compression, the same on
/// every machine. Only the footers are read now; text comes as `Utf8`, whatever its encoding in the file.
///
/// # Errors
/// `Data`, with the file's path: there is no such file, it is not Parquet or truncated, or its columns are not those
/// of the first file.
pub fn read_parquet(path: &str) -> Result<Frame> {
    let files = find(path, "parquet")?;
    let mut schema: Option<(SchemaRef, DataFile)> = None;
    let mut whole = vec![];
    for file in files {
        let metadata = footer(&file.path)?;
        let found = arrow_schema(&file.path, &metadata)?;
        schema = Some(match schema {
            None => (found, file.clone()),
            Some((expected, first)) => (same_columns(&first.path, &expected, &file.path, &found)?, first),
        });
        whole.push((file, metadata));
    }
    let total: i64 = whole.iter().flat_map(|(_, metadata)| metadata.row_groups()).map(|g| g.total_byte_size()).sum();
    let least = (total / PARTITIONS).clamp(PARTITION_BYTES_MIN, PARTITION_BYTES_MAX);
    let partitions = whole.iter().flat_map(|(file, metadata)| cut(file, metadata.row_groups(), least)).collect();
    let (schema, _) = schema.ok_or_else(|| Error::internal("a pattern without files"))?;
    let source = Arc::new(ParquetSource::new(Arc::clone(&schema)));
    scan("parquet", Arc::new(FileTable { schema, source, partitions }), vec![])
}

fn footer(path: &Path) -> Result<ParquetMetaData> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|error| not_parquet(path, &error))
}

fn not_parquet(path: &Path, error: &ParquetError) -> Error {
    bad_file(path, "is not a whole Parquet file")
        .caused_by(error)
        .with_hint("check that it is Parquet, and that copying or writing it had ended")
}

fn arrow_schema(path: &Path, metadata: &ParquetMetaData) -> Result<SchemaRef> {
    let file = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata())
        .map_err(|error| bad_file(path, "has a schema that can't be read").caused_by(&error))?;
    Ok(Arc::new(Schema::new(schema.fields().iter().map(|field| plain(field)).collect::<Fields>())))
}

/// The field without metadata, as the one type that we have for text, without dictionaries.
fn plain(field: &Field) -> Field {
    let data_type = match field.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        other => other,
    };
    let data_type = match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => &DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => &DataType::Binary,
        other => other,
    };
    Field::new(field.name(), data_type.clone(), field.is_nullable())
}

/// The schema of both; a column may miss values if it may in either.
fn same_columns(first: &Path, expected: &SchemaRef, path: &Path, found: &SchemaRef) -> Result<SchemaRef> {
    let differ = |what: String| {
        Err(bad_file(path, &what).with_hint(format!("all files need the columns of the first, {}", first.display())))
    };
    let mut fields = vec![];
    for field in expected.fields() {
        match found.field_with_name(field.name()) {
            Err(_) => return differ(format!("column {:?} is missing", field.name())),
            Ok(other) if other.data_type() != field.data_type() => {
                return differ(format!(
                    "column {:?} is of type {}, not {}",
                    field.name(),
                    other.data_type(),
                    field.data_type()
                ));
            }
            Ok(other) => {
                fields.push(field.as_ref().clone().with_nullable(field.is_nullable() || other.is_nullable()));
            }
        }
    }
    if let Some(extra) = found.fields().iter().find(|field| expected.field_with_name(field.name()).is_err()) {
        return differ(format!("column {:?} is too many", extra.name()));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// Byte ranges of whole row groups, of `least` bytes each but the last. DataFusion reads a row group where its first column begins.
fn cut(file: &DataFile, row_groups: &[RowGroupMetaData], least: i64) -> Vec<PartitionedFile> {
    let begin = |group: &RowGroupMetaData| match group.columns().first() {
        Some(column) => column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset()),
        None => 0,
    };
    let mut starts = vec![0];
    let mut bytes = 0;
    for group in row_groups {
        if bytes >= least {
            starts.push(begin(group));
            bytes = 0;
        }
        bytes += group.total_byte_size();
    }
    let end = i64::try_from(file.meta.size).unwrap_or(i64::MAX);
    let ends = starts[1..].iter().copied().chain([end]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| PartitionedFile::new_from_meta(file.meta.clone()).with_range(start, end))
        .collect()
}
