//! Files of lines: ranges of them in the plan, and an operator that reads them.
//!
//! DataFusion's own CSV source does not read missing values as pandas does (it can infer types past a `NA`, but not
//! read one), so the rows come from Arrow's readers.

use super::csv::CsvLines;
use super::files::{DataFile, unreadable};
use super::place::{Compression, Lines, Place};
use crate::Frame;
use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, AsArray, BinaryArray, DictionaryArray, Int32Array, RecordBatch};
use datafusion::arrow::array::{RecordBatchOptions, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use phalanx_engine::persisted::SerializedSchema;
use phalanx_engine::{Error, Operator, Result, plan, stream, typetag};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// Batches of a file's rows.
pub(super) type Batches = Box<dyn Iterator<Item = DataFusionResult<RecordBatch>> + Send>;

/// How lines become rows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Layout {
    Csv(CsvLines),
    JsonLines,
}

/// Bytes of a file: the lines that begin in them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Part {
    pub place: Place,
    pub compression: Compression,
    pub start: u64,
    pub end: u64,
    pub size: u64,
}

impl Part {
    pub(super) fn open(&self) -> DataFusionResult<Lines> {
        Lines::open(&self.place, self.compression, self.start, self.end, self.size).map_err(|error| self.failed(&error))
    }
    /// The whole file.
    pub(super) fn whole(&self) -> Self {
        Self { start: 0, end: self.size, ..self.clone() }
    }
    /// What stands behind the number of a row, which counts from the part's first.
    pub(super) fn origin(&self) -> String {
        match self.start {
            0 => String::new(),
            start => format!(" of the part that begins at byte {start}"),
        }
    }
    pub(super) fn failed(&self, error: &std::io::Error) -> DataFusionError {
        DataFusionError::from(unreadable(Path::new(&self.place.shown()), error))
    }
}

/// The parts of files that partitions read: about `bytes` each, or whole files. A compressed file is not cut.
pub(super) fn parts(files: &[DataFile], compression: &str, bytes: Option<u64>) -> Result<Vec<Part>> {
    if bytes == Some(0) {
        return Err(Error::input("partitions of 0 bytes").with_hint("take some megabytes"));
    }
    let mut parts = vec![];
    for file in files {
        let compression = Compression::parse(compression, &file.place.shown())?;
        let size = file.meta.size;
        let step = bytes.filter(|_| compression == Compression::None).unwrap_or(u64::MAX);
        parts.extend((0..size.div_ceil(step).max(1)).map(|part| Part {
            place: file.place.clone(),
            compression,
            start: part * step,
            end: (part + 1).saturating_mul(step).min(size),
            size,
        }));
    }
    Ok(parts)
}

/// The frame of all lines of `parts`, whose columns are those of `schema`; `path` names one more, of files' names.
pub(super) fn frame(
    label: &str,
    schema: SchemaRef,
    layout: Layout,
    parts: Vec<Part>,
    path: Option<String>,
) -> Result<Frame> {
    if let Some(name) = path.as_ref().filter(|name| schema.field_with_name(name).is_ok()) {
        return Err(Error::input(format!(
            "Files already contain the column name: {name:?}, so the path column cannot use this name."
        ))
        .with_hint("give the column of paths another name"));
    }
    super::scan(label, Arc::new(TextTable { schema, layout, parts, path }), vec![])
}

#[derive(Debug)]
struct TextTable {
    /// The files' columns.
    schema: SchemaRef,
    layout: Layout,
    parts: Vec<Part>,
    /// The column of files' names, behind the others.
    path: Option<String>,
}

#[async_trait]
impl TableProvider for TextTable {
    fn schema(&self) -> SchemaRef {
        let mut fields = self.schema.fields().to_vec();
        fields.extend(self.path.as_ref().map(|name| Arc::new(Field::new(name, path_type(), false))));
        Arc::new(Schema::new(fields))
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
        let rows: DataFusionResult<Vec<Vec<RecordBatch>>> = self
            .parts
            .iter()
            .map(|part| {
                let bytes = postcard::to_stdvec(part).map_err(|error| DataFusionError::External(error.into()))?;
                let column: ArrayRef = Arc::new(BinaryArray::from_iter_values([bytes]));
                Ok(vec![RecordBatch::try_new(Arc::clone(&PART), vec![column])?])
            })
            .collect();
        let schema = self.schema();
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..schema.fields().len()).collect());
        let width = self.schema.fields().len();
        let rows_of = TextRows {
            files: SerializedSchema(Arc::clone(&self.schema)),
            schema: SerializedSchema(Arc::new(schema.project(&wanted)?)),
            read: wanted.iter().copied().filter(|index| *index < width).collect(),
            path: wanted.iter().position(|index| *index == width),
            layout: self.layout.clone(),
        };
        plan::operator(rows_of, vec![plan::table(Arc::clone(&PART), &rows?)?])
    }
}

fn path_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

static PART: LazyLock<SchemaRef> =
    LazyLock::new(|| Arc::new(Schema::new(vec![Field::new("part", DataType::Binary, false)])));

/// Reads the parts of files that its input names.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TextRows {
    /// All columns of the files.
    files: SerializedSchema,
    /// The columns of the output.
    schema: SerializedSchema,
    /// Those of the files that are read.
    read: Vec<usize>,
    /// Where the column of files' names stands.
    path: Option<usize>,
    layout: Layout,
}

#[typetag::serde]
impl Operator for TextRows {
    fn name(&self) -> &'static str {
        match self.layout {
            Layout::Csv(_) => "csv_rows",
            Layout::JsonLines => "json_rows",
        }
    }
    fn describe(&self) -> String {
        let names: Vec<&str> = self.schema.0.fields().iter().map(|field| field.name().as_str()).collect();
        format!("{}: {}", self.name(), names.join(", "))
    }
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema.0)
    }
    fn run(
        &self,
        mut input: Vec<SendableRecordBatchStream>,
        context: &TaskContext,
    ) -> DataFusionResult<SendableRecordBatchStream> {
        let (this, batch_rows) = (self.clone(), context.session_config().batch_size());
        Ok(stream::flat_map(self.schema(), input.swap_remove(0), move |parts| {
            let column = parts.column(0).as_binary::<i32>();
            let readers: DataFusionResult<Vec<_>> = (0..parts.num_rows())
                .map(|row| {
                    let part: Part = postcard::from_bytes(column.value(row))
                        .map_err(|error| DataFusionError::External(error.into()))?;
                    this.rows(part, batch_rows)
                })
                .collect();
            Ok(readers?.into_iter().flatten())
        }))
    }
}

impl TextRows {
    fn rows(&self, part: Part, batch_rows: usize) -> DataFusionResult<Batches> {
        let path = part.place.shown();
        let files = Arc::clone(&self.files.0);
        let batches = match &self.layout {
            Layout::Csv(lines) => lines.rows(files, self.read.clone(), part, batch_rows)?,
            Layout::JsonLines => super::json::rows(&files, &self.read, part, batch_rows)?,
        };
        let (schema, place) = (self.schema(), self.path);
        Ok(Box::new(batches.map(move |batch| {
            let batch = batch?;
            let mut columns = batch.columns().to_vec();
            if let Some(place) = place {
                columns.insert(place, same_path(&path, batch.num_rows())?);
            }
            let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            Ok(RecordBatch::try_new_with_options(Arc::clone(&schema), columns, &options)?)
        })))
    }
}

fn same_path(path: &str, rows: usize) -> DataFusionResult<ArrayRef> {
    let values: ArrayRef = Arc::new(StringArray::from_iter_values([path]));
    Ok(Arc::new(DictionaryArray::try_new(Int32Array::from(vec![0; rows]), values)?))
}

/// `schema` with what can hold the values of a column without any: text.
pub(super) fn without_nulls(schema: &Schema) -> SchemaRef {
    let known = |field: &Field| match field.data_type() {
        DataType::Null => field.clone().with_data_type(DataType::Utf8),
        _ => field.clone(),
    };
    Arc::new(Schema::new(schema.fields().iter().map(|field| known(field)).collect::<Fields>()))
}

/// `schema` with the types that the caller says.
///
/// # Errors
/// `Input`: there is no such column.
pub(super) fn with_types(schema: &Schema, types: &[(String, DataType)]) -> Result<SchemaRef> {
    for (name, _) in types {
        crate::error::need_column(schema, name)?;
    }
    let said = |field: &Field| match types.iter().find(|(name, _)| name == field.name()) {
        Some((_, data_type)) => field.clone().with_data_type(data_type.clone()),
        None => field.clone(),
    };
    Ok(Arc::new(Schema::new(schema.fields().iter().map(|field| said(field)).collect::<Fields>())))
}
