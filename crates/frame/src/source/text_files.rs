//! How files of lines are read, whatever their lines are.

use super::files::{DataFile, Search, find};
use super::text::{Layout, Part, frame, parts, with_types};
use crate::Frame;
use datafusion::arrow::datatypes::{DataType, Schema};
use phalanx_engine::Result;
use std::collections::BTreeMap;

/// How to read files of lines of some format: [`Csv`](super::csv::Csv) or [`Json`](super::json::Json).
#[derive(Debug, Clone)]
pub struct TextFiles<F> {
    pub(super) paths: Vec<String>,
    pub(super) infer_rows: usize,
    pub(super) format: F,
    search: Search,
    types: Vec<(String, DataType)>,
    partition_bytes: Option<u64>,
    compression: String,
    path_column: Option<String>,
}

impl<F> TextFiles<F> {
    /// The files of several paths, one after the other; in folders, those with these extensions.
    pub(super) fn with_format<S: Into<String>>(
        paths: impl IntoIterator<Item = S>,
        extensions: &[&str],
        infer_rows: usize,
        format: F,
    ) -> Self {
        let extensions = extensions.iter().map(|&extension| extension.to_owned()).collect();
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            infer_rows,
            format,
            search: Search { extensions, ..Search::default() },
            types: vec![],
            partition_bytes: None,
            compression: String::from("infer"),
            path_column: None,
        }
    }
    /// Types of some columns, in place of inferred ones.
    #[must_use]
    pub fn types(mut self, types: Vec<(String, DataType)>) -> Self {
        self.types = types;
        self
    }
    /// How many rows types are inferred from: of CSV those of the first file, 100,000 by default; of JSON those of each
    /// file, whose keys are looked for in them too, 10,000 by default.
    #[must_use]
    pub fn infer_rows(mut self, rows: usize) -> Self {
        self.infer_rows = rows;
        self
    }
    /// Cuts files into partitions of about so many bytes, at line breaks. By default a file is a partition, since in CSV
    /// a line break may be part of a quoted value, and a cut there would garble the rows around it. Compressed files
    /// are not cut.
    #[must_use]
    pub fn partition_bytes(mut self, bytes: u64) -> Self {
        self.partition_bytes = Some(bytes);
        self
    }
    /// `infer` (by the files' names, the default), `gzip`, `bz2`, `xz`, `zstd` or `none`.
    #[must_use]
    pub fn compression(mut self, compression: &str) -> Self {
        self.compression = compression.to_owned();
        self
    }
    /// One more column, of this name, says which file a row comes from.
    #[must_use]
    pub fn path_column(mut self, name: &str) -> Self {
        self.path_column = Some(name.to_owned());
        self
    }
    /// How stores behind URLs are opened.
    #[must_use]
    pub fn options(mut self, options: BTreeMap<String, String>) -> Self {
        self.search.options = options;
        self
    }

    /// The files, and the parts of them that partitions read.
    pub(super) fn find(&self) -> Result<(Vec<DataFile>, Vec<Part>)> {
        let files = find(&self.paths, &self.search)?;
        let parts = parts(&files, &self.compression, self.partition_bytes)?;
        Ok((files, parts))
    }

    /// The frame of all lines of `parts`, whose columns are those of `schema`, with the types that were said.
    pub(super) fn frame(self, label: &str, schema: &Schema, layout: Layout, parts: Vec<Part>) -> Result<Frame> {
        frame(label, with_types(schema, &self.types)?, layout, parts, self.path_column)
    }
}
