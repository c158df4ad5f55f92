//! Files out: one for each partition, written where the partition is computed.
//!
//! A file is written under a draft's name and renamed when it is whole, so nobody reads half of one. A draft is
//! removed if writing fails; a killed process leaves at most its drafts, whose names begin with a dot. What goes to a
//! store behind a URL is drafted on this machine, and then sent.
//!
//! | module | what it does |
//! |---|---|
//! | `draft` | one file in the making |
//! | `split` | rows by the values of columns, for folders |

mod draft;
mod split;

use crate::Frame;
use crate::error::{bad_file, need_column, need_distinct};
use crate::lower::ordinal::{partition_number, partition_numbers, two};
use crate::relation::Relation;
use crate::source::place::Place;
use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use draft::Draft;
use futures::TryStreamExt;
use phalanx_engine::remote::{Remote, is_url};
use phalanx_engine::{Error, Operator, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use split::Folders;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// Parquet, with `snappy`, `zstd`, `lz4`, `gzip`, `brotli` or `none`.
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

/// Files that a partition may have open at once, when rows go to folders.
const FOLDERS_MAX: usize = 1024;

/// Where files are written, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    folder: String,
    format: Format,
    /// In place of `part.*.parquet`; the partition's number stands for `*`.
    name: Option<String>,
    /// Names for each partition.
    names: Vec<String>,
    /// The number of the first partition.
    first: usize,
    /// Columns whose values are folders.
    folders: Vec<String>,
    metadata: BTreeMap<String, String>,
    is_gzip: bool,
    /// Until a plan is made: it carries the store that they open, for they may be secret.
    options: BTreeMap<String, String>,
    /// The store of a URL, and the path in it.
    store: Option<(Remote, String)>,
}

impl Files {
    /// Files `part.0.parquet`, `part.1.parquet` and so on (or `.csv`, `.json`) in `folder`, which every process that
    /// computes must see under this path, or reach under this URL.
    pub fn new(folder: &str, format: Format) -> Self {
        Self {
            folder: folder.to_owned(),
            format,
            name: None,
            names: vec![],
            first: 0,
            folders: vec![],
            metadata: BTreeMap::new(),
            is_gzip: false,
            options: BTreeMap::new(),
            store: None,
        }
    }
    /// Names in which `*` stands for the partition's number.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }
    /// A name for each partition, in place of its number.
    #[must_use]
    pub fn names(mut self, names: Vec<String>) -> Self {
        self.names = names;
        self
    }
    /// The number of the first partition: after files that are there already.
    #[must_use]
    pub fn first(mut self, first: usize) -> Self {
        self.first = first;
        self
    }
    /// Rows go to folders `column=value` by the values of these columns, which the files then do not have.
    #[must_use]
    pub fn by_folder(mut self, columns: Vec<String>) -> Self {
        self.folders = columns;
        self
    }
    /// What Parquet files say of themselves.
    #[must_use]
    pub fn metadata(mut self, metadata: BTreeMap<String, String>) -> Self {
        self.metadata = metadata;
        self
    }
    /// Text is compressed with gzip.
    #[must_use]
    pub fn gzip(mut self) -> Self {
        self.is_gzip = true;
        self
    }
    /// How a store behind a URL is opened.
    #[must_use]
    pub fn options(mut self, options: BTreeMap<String, String>) -> Self {
        self.options = options;
        self
    }

    fn file_name(&self, partition: i64) -> String {
        let number = usize::try_from(partition).unwrap_or(0);
        let shown = self.names.get(number).cloned().unwrap_or_else(|| (number + self.first).to_string());
        let end = match (&self.format, self.is_gzip) {
            (Format::Parquet { .. }, _) => "parquet",
            (Format::Csv { .. }, false) => "csv",
            (Format::Csv { .. }, true) => "csv.gz",
            (Format::JsonLines, false) => "json",
            (Format::JsonLines, true) => "json.gz",
        };
        match &self.name {
            Some(name) => name.replace('*', &shown),
            None => format!("part.{shown}.{end}"),
        }
    }

    /// Where a file of this name is to be.
    fn place(&self, name: &str) -> Place {
        match &self.store {
            None => Place::Local(Path::new(&self.folder).join(name).to_string_lossy().into_owned()),
            Some((remote, path)) if path.is_empty() => Place::Remote(remote.clone(), name.to_owned()),
            Some((remote, path)) => Place::Remote(remote.clone(), format!("{path}/{name}")),
        }
    }
}

impl Frame {
    /// A frame whose computation writes this one to files, one for each partition, and which has a row for each: its
    /// `path` and how many `rows` it has. A folder of this machine is made now; files of the same names are replaced.
    ///
    /// # Errors
    /// `Input`: the compression is unknown, or a column of folders does not exist. `Data`: the folder can't be made.
    /// `Unsupported`: a URL of a kind that there is not.
    pub fn to_files(&self, files: &Files) -> Result<Self> {
        if let Format::Parquet { compression } = &files.format {
            draft::codec(compression)?;
        }
        need_distinct(&files.folders)?;
        let schema = self.schema();
        files.folders.iter().try_for_each(|name| need_column(&schema, name).map(drop))?;
        if files.folders.len() >= schema.fields().len() {
            return Err(Error::input("No data left to save outside partition columns")
                .with_hint("leave a column that is no folder"));
        }
        let mut files = files.clone();
        if is_url(&files.folder) {
            let (remote, path) = Remote::parse(&files.folder, &std::mem::take(&mut files.options))?;
            files.store = Some((remote, path.trim_end_matches('/').to_owned()));
        } else {
            let plain = files.folder.strip_prefix("file://").unwrap_or(&files.folder).to_owned();
            let folder = Path::new(&plain);
            let failed = |error: std::io::Error| bad_file(folder, "can't be written").caused_by(&error);
            fs::create_dir_all(folder).map_err(failed)?;
            files.folder = fs::canonicalize(folder).map_err(failed)?.to_string_lossy().into_owned();
        }
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
    fn describe(&self) -> String {
        format!("write_files: {}", self.files.folder)
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
            let name = files.file_name(partition_number(numbers).await?);
            let mut drafts = Drafts::new(files, name, &data.schema())?;
            while let Some(batch) = data.try_next().await? {
                drafts.write(&batch)?;
            }
            let (paths, rows): (Vec<String>, Vec<i64>) = drafts.finish()?.into_iter().unzip();
            let paths: ArrayRef = Arc::new(StringArray::from(paths));
            let rows: ArrayRef = Arc::new(Int64Array::from(rows));
            Ok(RecordBatch::try_new(Arc::clone(&WRITTEN), vec![paths, rows])?)
        };
        Ok(stream::with_schema(Arc::clone(&WRITTEN), futures::stream::once(written)))
    }
}

/// The files of a partition: one, or one in each folder.
struct Drafts {
    files: Files,
    name: String,
    folders: Option<Folders>,
    schema: SchemaRef,
    /// In the order in which they were begun.
    drafts: Vec<Draft>,
    places: HashMap<String, usize>,
}

impl Drafts {
    fn new(files: Files, name: String, schema: &SchemaRef) -> Result<Self> {
        let folders = match files.folders.is_empty() {
            true => None,
            false => Some(Folders::new(schema, &files.folders)?),
        };
        let schema = folders.as_ref().map_or_else(|| Arc::clone(schema), |folders| Arc::clone(&folders.schema));
        let mut all = Self { files, name, folders, schema, drafts: vec![], places: HashMap::new() };
        if all.folders.is_none() {
            all.draft("")?; // also of no rows
        }
        Ok(all)
    }

    fn draft(&mut self, folder: &str) -> Result<&mut Draft> {
        let at = match self.places.get(folder) {
            Some(at) => *at,
            None => {
                if self.drafts.len() >= FOLDERS_MAX {
                    return Err(Error::unsupported(format!("a partition whose rows go to over {FOLDERS_MAX} folders"))
                        .with_hint("take columns of fewer values, or sort_values by them first"));
                }
                let name = if folder.is_empty() { self.name.clone() } else { format!("{folder}/{}", self.name) };
                self.drafts.push(Draft::create(&self.files, self.files.place(&name), &self.schema)?);
                self.places.insert(folder.to_owned(), self.drafts.len() - 1);
                self.drafts.len() - 1
            }
        };
        self.drafts.get_mut(at).ok_or_else(|| Error::internal("a draft that is not there"))
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        match &self.folders {
            None => self.draft("")?.write(batch),
            Some(folders) => {
                for (folder, rows) in folders.split(batch)? {
                    self.draft(&folder)?.write(&rows)?;
                }
                Ok(())
            }
        }
    }

    fn finish(self) -> Result<Vec<(String, i64)>> {
        self.drafts.into_iter().map(Draft::finish).collect()
    }
}
