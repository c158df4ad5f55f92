//! Files in and out. What has many options comes as JSON.

use super::PyFrame;
use super::relations::given;
use crate::client::wait_blocking;
use crate::errors::Raise;
use phalanx::frame::dtype;
use phalanx::frame::sink::{Files, Format};
use phalanx::frame::source::csv::Csv;
use phalanx::frame::source::files::{Search, find};
use phalanx::frame::source::json::Json;
use phalanx::frame::source::parquet::{Cut, Parquet};
use phalanx::frame::source::place::Compression;
use phalanx::frame::source::text_files::TextFiles;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use serde::Deserialize;
use std::collections::BTreeMap;

/// How files are found and opened.
#[derive(Deserialize)]
struct Where {
    paths: Vec<String>,
    extensions: Vec<String>,
    deep: bool,
    options: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct ParquetCall {
    paths: Vec<String>,
    extensions: Vec<String>,
    options: BTreeMap<String, String>,
    cut: String,
    size: u64,
}

#[derive(Deserialize)]
struct TextCall {
    paths: Vec<String>,
    options: BTreeMap<String, String>,
    types: Vec<(String, String)>,
    infer_rows: usize,
    partition_bytes: Option<u64>,
    compression: String,
    path_column: Option<String>,
}

impl TextCall {
    /// `files` read as the call says.
    fn of<F>(self, files: TextFiles<F>) -> phalanx::Result<TextFiles<F>> {
        let types: phalanx::Result<Vec<_>> =
            self.types.into_iter().map(|(name, kind)| Ok((name, dtype::parse(&kind)?))).collect();
        let mut files = files.types(types?).infer_rows(self.infer_rows).compression(&self.compression);
        files = files.options(self.options);
        if let Some(bytes) = self.partition_bytes {
            files = files.partition_bytes(bytes);
        }
        if let Some(name) = &self.path_column {
            files = files.path_column(name);
        }
        Ok(files)
    }
}

#[derive(Deserialize)]
struct CsvCall {
    text: TextCall,
    separator: u8,
    quote: u8,
    header: bool,
    names: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct WriteCall {
    folder: String,
    format: String,
    compression: String,
    header: bool,
    separator: u8,
    name: Option<String>,
    names: Vec<String>,
    first: usize,
    by_folder: Vec<String>,
    metadata: BTreeMap<String, String>,
    options: BTreeMap<String, String>,
}

#[pymethods]
impl PyFrame {
    /// Parquet files, and what pandas says in the first of them of its columns.
    #[staticmethod]
    fn read_parquet(py: Python<'_>, call: &str) -> PyResult<(Self, Option<String>)> {
        let call: ParquetCall = given(call)?;
        let cut = match call.cut.as_str() {
            "never" => Cut::Never,
            "groups" => Cut::Groups(usize::try_from(call.size).unwrap_or(usize::MAX)),
            "bytes" => Cut::Bytes(call.size),
            _ => Cut::Even,
        };
        let parquet = Parquet::new(call.paths).extensions(call.extensions).options(call.options).cut(cut);
        let (frame, mut said) = wait_blocking(py, move || parquet.described())?;
        Ok((Self(frame), said.remove("pandas")))
    }

    /// CSV files.
    #[staticmethod]
    fn read_csv(py: Python<'_>, call: &str) -> PyResult<Self> {
        let CsvCall { text, separator, quote, header, names } = given(call)?;
        let mut csv = Csv::of(text.paths.clone()).delimiter(separator).quote(quote).times_as_text();
        if !header {
            csv = csv.without_header();
        }
        if let Some(names) = names {
            csv = csv.names(names);
        }
        Ok(Self(wait_blocking(py, move || text.of(csv)?.build())?))
    }

    /// Files of JSON lines.
    #[staticmethod]
    fn read_json(py: Python<'_>, call: &str) -> PyResult<Self> {
        let text: TextCall = given(call)?;
        let json = Json::new(text.paths.clone());
        Ok(Self(wait_blocking(py, move || text.of(json)?.build())?))
    }

    /// The paths or URLs of the files that patterns mean, with their sizes.
    #[staticmethod]
    fn find_files(py: Python<'_>, call: &str) -> PyResult<Vec<(String, u64)>> {
        let Where { paths, extensions, deep, options } = given(call)?;
        let search = Search { extensions, deep, options };
        let files = wait_blocking(py, move || find(&paths, &search))?;
        Ok(files.into_iter().map(|file| (file.place.shown(), file.meta.size)).collect())
    }

    /// All bytes of one file, as they are before compression.
    #[staticmethod]
    fn read_file<'py>(py: Python<'py>, call: &str, compression: &str) -> PyResult<Bound<'py, PyBytes>> {
        let Where { paths, extensions, deep, options } = given(call)?;
        let (search, compression) = (Search { extensions, deep, options }, compression.to_owned());
        let bytes = wait_blocking(py, move || {
            let mut all = vec![];
            for file in find(&paths, &search)? {
                all.append(&mut file.place.read(Compression::parse(&compression, &file.place.shown())?)?);
            }
            Ok(all)
        })?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The frame whose computation writes a file for each partition, and gives their paths and numbers of rows.
    fn write_files(&self, call: &str) -> PyResult<Self> {
        let call: WriteCall = given(call)?;
        let is_gzip = call.format != "parquet" && call.compression == "gzip";
        let format = match call.format.as_str() {
            "parquet" => Format::Parquet { compression: call.compression },
            "csv" => Format::Csv { header: call.header, separator: call.separator },
            _ => Format::JsonLines,
        };
        let mut files = Files::new(&call.folder, format).names(call.names).first(call.first).by_folder(call.by_folder);
        files = files.metadata(call.metadata).options(call.options);
        if let Some(name) = &call.name {
            files = files.named(name);
        }
        if is_gzip {
            files = files.gzip();
        }
        Ok(Self(self.0.to_files(&files).raise()?))
    }
}
