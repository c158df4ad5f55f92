//! Parquet files.

use super::files::{DataFile, Search, find, unreadable};
use super::folders::{are_integers, folder_value};
use super::place::Place;
use super::ranges::FileTable;
use super::scan;
use crate::Frame;
use crate::error::bad_file;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetSource;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::parquet::arrow::parquet_to_arrow_schema;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use phalanx_engine::{Error, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// A partition takes whole row groups until they have a 64th of all bytes (before compression), but at least so many
/// and at most so many. The same files are cut in the same way on every machine.
const PARTITIONS: i64 = 64;
const PARTITION_BYTES_MIN: i64 = 1 << 20;
const PARTITION_BYTES_MAX: i64 = 128 << 20;
/// What is read at the end of a remote file at first, in the hope that it holds the footer.
const FOOTER_BYTES: u64 = 64 << 10;

/// A frame of the rows of Parquet files, in the order of the files' names and of the rows in them. `path` is a file,
/// a folder (all its `*.parquet`, also in folders below), or a name with `*` and `?`, on this machine or behind a URL.
///
/// A partition is a range of a file's row groups: about 64 in all, of 1 to 128 MiB before compression, the same on
/// every machine. Only the footers are read now; text comes as `Utf8`, whatever its encoding in the file. Folders
/// named `year=2024` give a column `year`. For more, see [`Parquet`].
///
/// # Errors
/// As [`Parquet::build`].
pub fn read_parquet(path: &str) -> Result<Frame> {
    Parquet::new([path]).build()
}

/// Where files are cut into partitions: always between row groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cut {
    /// As [`read_parquet`] says.
    #[default]
    Even,
    /// A file is a partition.
    Never,
    /// So many row groups are a partition.
    Groups(usize),
    /// Row groups of at least so many bytes (before compression) are a partition.
    Bytes(u64),
}

/// How to read Parquet files.
#[derive(Debug, Clone)]
pub struct Parquet {
    paths: Vec<String>,
    search: Search,
    cut: Cut,
}

impl Parquet {
    /// As [`read_parquet`] does, the files of several paths one after the other.
    pub fn new<S: Into<String>>(paths: impl IntoIterator<Item = S>) -> Self {
        let extensions = ["parquet", "parq", "pq"].map(String::from).to_vec();
        let search = Search { extensions, deep: true, options: BTreeMap::new() };
        Self { paths: paths.into_iter().map(Into::into).collect(), search, cut: Cut::Even }
    }
    /// Ends of the names of those files of a folder that are read; `parquet`, `parq` and `pq` by default, and all if
    /// there is none.
    #[must_use]
    pub fn extensions(mut self, extensions: Vec<String>) -> Self {
        self.search.extensions = extensions.iter().map(|end| end.trim_start_matches('.').to_owned()).collect();
        self
    }
    /// How stores behind URLs are opened.
    #[must_use]
    pub fn options(mut self, options: BTreeMap<String, String>) -> Self {
        self.search.options = options;
        self
    }
    /// Where files are cut into partitions.
    #[must_use]
    pub fn cut(mut self, cut: Cut) -> Self {
        self.cut = cut;
        self
    }

    /// The frame.
    ///
    /// # Errors
    /// `Data`, with the file's path: there is no such file, it is not Parquet or truncated, or its columns are not
    /// those of the first file. `Unsupported`: files of several stores.
    pub fn build(self) -> Result<Frame> {
        Ok(self.described()?.0)
    }

    /// The frame, and what the first file says of itself.
    ///
    /// # Errors
    /// As [`Parquet::build`].
    pub fn described(self) -> Result<(Frame, BTreeMap<String, String>)> {
        let files = find(&self.paths, &self.search)?;
        let mut schema: Option<(SchemaRef, DataFile)> = None;
        let mut whole = vec![];
        for file in files {
            let metadata = footer(&file)?;
            let found = arrow_schema(&file.shown(), &metadata)?;
            schema = Some(match schema {
                None => (found, file.clone()),
                Some((expected, first)) => (same_columns(&first.shown(), &expected, &file.shown(), &found)?, first),
            });
            whole.push((file, metadata));
        }
        let (schema, first) = schema.ok_or_else(|| Error::internal("a pattern without files"))?;
        let store = first.place.store()?;
        let said = whole.first().and_then(|(_, metadata)| metadata.file_metadata().key_value_metadata());
        let said: BTreeMap<String, String> =
            said.into_iter().flatten().filter_map(|pair| Some((pair.key.clone(), pair.value.clone()?))).collect();
        for (file, _) in &whole {
            if file.place.store()? != store {
                return Err(Error::unsupported(format!(
                    "files of several stores at once: {} and {}",
                    first.place.shown(),
                    file.place.shown()
                ))
                .with_hint("read each store's files, and concat the frames"));
            }
        }
        let folders = folder_columns(&whole, &schema)?;
        let total: i64 =
            whole.iter().flat_map(|(_, metadata)| metadata.row_groups()).map(|g| g.total_byte_size()).sum();
        let even = (total / PARTITIONS).clamp(PARTITION_BYTES_MIN, PARTITION_BYTES_MAX);
        let mut partitions = vec![];
        for (file, metadata) in &whole {
            let values: Vec<_> = folders.iter().map(|folder| folder.value(file)).collect();
            let ranges = cut(file, metadata.row_groups(), self.cut, even);
            partitions
                .extend(ranges.into_iter().map(|range| PartitionedFile { partition_values: values.clone(), ..range }));
        }
        let folders: Vec<FieldRef> = folders.into_iter().map(|folder| folder.field).collect();
        let table = TableSchema::builder(schema).with_table_partition_cols(folders).build();
        let schema = Arc::clone(table.table_schema());
        let source = Arc::new(ParquetSource::new(table));
        Ok((scan("parquet", Arc::new(FileTable { schema, source, store, partitions }), vec![])?, said))
    }
}

/// A column that the names of folders give.
struct Folder {
    field: FieldRef,
    is_integer: bool,
}

impl Folder {
    fn value(&self, file: &DataFile) -> datafusion::common::ScalarValue {
        let value = file.folders.iter().find(|(name, _)| name == self.field.name());
        folder_value(value.map_or("", |(_, value)| value), self.is_integer)
    }
}

fn folder_columns(files: &[(DataFile, ParquetMetaData)], schema: &SchemaRef) -> Result<Vec<Folder>> {
    let names = |file: &DataFile| file.folders.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let Some((first, _)) = files.first() else { return Ok(vec![]) };
    let expected = names(first);
    if let Some((other, _)) = files.iter().find(|(file, _)| names(file) != expected) {
        return Err(bad_file(&other.shown(), &format!("is in folders of {:?}, not of {expected:?}", names(other)))
            .with_hint(format!("all files need the same folders as the first, {}", first.shown().display())));
    }
    let mut columns = vec![];
    // What the files have themselves is read from them.
    for name in expected.into_iter().filter(|name| schema.field_with_name(name).is_err()) {
        let values = files.iter().flat_map(|(file, _)| file.folders.iter().filter(|pair| pair.0 == name));
        let is_integer = are_integers(values.map(|(_, value)| value.as_str()));
        let data_type = if is_integer { DataType::Int64 } else { DataType::Utf8 };
        columns.push(Folder { field: Arc::new(Field::new(name, data_type, true)), is_integer });
    }
    Ok(columns)
}

fn footer(file: &DataFile) -> Result<ParquetMetaData> {
    let path = file.shown();
    match &file.place {
        Place::Local(local) => {
            let file = File::open(local).map_err(|error| unreadable(&path, &error))?;
            ParquetMetaDataReader::new().parse_and_finish(&file).map_err(|error| not_parquet(&path, &error))
        }
        Place::Remote(remote, at) => {
            let size = file.meta.size;
            let mut wanted = FOOTER_BYTES.min(size);
            loop {
                let end = remote.read(at, size - wanted..size)?;
                let mut reader = ParquetMetaDataReader::new();
                match reader.try_parse_sized(&end, size) {
                    Ok(()) => return reader.finish().map_err(|error| not_parquet(&path, &error)),
                    Err(ParquetError::NeedMoreData(needed)) if needed as u64 > wanted && needed as u64 <= size => {
                        wanted = needed as u64;
                    }
                    Err(error) => return Err(not_parquet(&path, &error)),
                }
            }
        }
    }
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

/// Byte ranges of whole row groups. DataFusion reads a row group where its first column begins.
fn cut(file: &DataFile, row_groups: &[RowGroupMetaData], cut: Cut, even: i64) -> Vec<PartitionedFile> {
    let begin = |group: &RowGroupMetaData| match group.columns().first() {
        Some(column) => column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset()),
        None => 0,
    };
    let mut starts = vec![0];
    let (mut groups, mut bytes) = (0, 0);
    for group in row_groups {
        let is_full = match cut {
            Cut::Never => false,
            Cut::Even => bytes >= even,
            Cut::Bytes(least) => bytes >= i64::try_from(least.max(1)).unwrap_or(i64::MAX),
            Cut::Groups(count) => groups >= count.max(1),
        };
        if is_full {
            starts.push(begin(group));
            (groups, bytes) = (0, 0);
        }
        groups += 1;
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
