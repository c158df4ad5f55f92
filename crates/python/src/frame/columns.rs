//! Columns of frames, files in and out.

use super::PyFrame;
use super::series::PySeries;
use super::value::Value;
use crate::errors::Raise;
use phalanx::Settings;
use phalanx::frame::columns::Missing;
use phalanx::frame::series::{Series, Values};
use phalanx::frame::sink::{Files, Format};
use phalanx::frame::source::csv::Csv;
use phalanx::frame::{Frame, dtype, source};
use pyo3::prelude::*;

#[pymethods]
impl PyFrame {
    /// Names of all columns, with pandas' names of their types.
    #[getter]
    fn dtypes(&self) -> Vec<(String, String)> {
        let schema = self.0.schema();
        schema.fields().iter().map(|field| (field.name().clone(), dtype::name(field.data_type()))).collect()
    }

    /// The schema as an empty Arrow table.
    fn empty(&self) -> crate::arrow::PyTable {
        crate::arrow::PyTable(phalanx::frame::Table::new(self.0.schema(), vec![]))
    }

    #[getter]
    fn npartitions(&self, py: Python<'_>) -> PyResult<usize> {
        let frame = self.0.clone();
        crate::client::wait_blocking(py, move || Ok(frame.plan(&Settings::default())?.partitions()))
    }

    fn column(&self, name: &str) -> PyResult<PySeries> {
        Ok(PySeries(self.0.column(name).raise()?))
    }

    fn select(&self, names: Vec<String>) -> PyResult<Self> {
        Ok(Self(self.0.select(names).raise()?))
    }

    fn drop_columns(&self, names: Vec<String>) -> PyResult<Self> {
        Ok(Self(self.0.drop(names).raise()?))
    }

    fn rename(&self, names: Vec<(String, String)>) -> PyResult<Self> {
        Ok(Self(self.0.rename(names.iter().map(|(old, new)| (old.as_str(), new.as_str()))).raise()?))
    }

    fn filter(&self, condition: &PySeries) -> PyResult<Self> {
        Ok(Self(self.0.filter(&condition.0).raise()?))
    }

    fn assign(&self, columns: Vec<(String, PySeries)>) -> PyResult<Self> {
        let columns = columns.iter().map(|(name, series)| (name.as_str(), &series.0));
        Ok(Self(self.0.assign(columns).raise()?))
    }

    /// The same value in every row.
    fn assign_value(&self, name: &str, value: Value) -> PyResult<Self> {
        Ok(Self(self.0.assign([(name, Values::from(value.0))]).raise()?))
    }

    #[staticmethod]
    fn from_series(series: Vec<PySeries>) -> PyResult<Self> {
        let series: Vec<Series> = series.into_iter().map(|series| series.0).collect();
        Ok(Self(Frame::from_series(&series).raise()?))
    }

    fn set_index(&self, name: &str) -> PyResult<Self> {
        Ok(Self(self.0.set_index(name).raise()?))
    }

    fn reset_index(&self) -> Self {
        Self(self.0.reset_index())
    }

    fn head(&self, rows: usize) -> PyResult<Self> {
        Ok(Self(self.0.head(rows).raise()?))
    }

    /// `how`: `any`, `all`; or `least`, and how many values a row needs.
    #[pyo3(signature = (subset, how, least))]
    fn dropna(&self, subset: Option<Vec<String>>, how: &str, least: usize) -> PyResult<Self> {
        let missing = match how {
            "any" => Missing::Any,
            "all" => Missing::All,
            _ => Missing::FewerThan(least),
        };
        Ok(Self(self.0.dropna(subset.as_deref(), missing).raise()?))
    }

    fn cumulative(&self, name: &str) -> PyResult<Self> {
        Ok(Self(
            match name {
                "cumsum" => self.0.cumsum(),
                "cumprod" => self.0.cumprod(),
                "cummax" => self.0.cummax(),
                _ => self.0.cummin(),
            }
            .raise()?,
        ))
    }

    fn unique(&self, column: &str) -> PyResult<Self> {
        Ok(Self(self.0.unique(column).raise()?))
    }
}

/// Files in and out.
#[pymethods]
impl PyFrame {
    #[staticmethod]
    fn read_parquet(py: Python<'_>, path: String) -> PyResult<Self> {
        Ok(Self(crate::client::wait_blocking(py, move || source::read_parquet(&path))?))
    }

    #[staticmethod]
    #[pyo3(signature = (path, separator, infer_rows, partition_bytes))]
    fn read_csv(
        py: Python<'_>,
        path: String,
        separator: u8,
        infer_rows: usize,
        partition_bytes: Option<u64>,
    ) -> PyResult<Self> {
        let frame = crate::client::wait_blocking(py, move || {
            let csv = Csv::new(&path).delimiter(separator).infer_rows(infer_rows);
            match partition_bytes {
                Some(bytes) => csv.partition_bytes(bytes).build(),
                None => csv.build(),
            }
        })?;
        Ok(Self(frame))
    }

    /// The frame whose computation writes a file for each partition, and gives their paths and numbers of rows.
    #[pyo3(signature = (folder, format, compression, header, separator))]
    fn write_files(
        &self,
        folder: &str,
        format: &str,
        compression: &str,
        header: bool,
        separator: u8,
    ) -> PyResult<Self> {
        let format = match format {
            "parquet" => Format::Parquet { compression: compression.to_owned() },
            "csv" => Format::Csv { header, separator },
            _ => Format::JsonLines,
        };
        Ok(Self(self.0.to_files(&Files::new(folder, format)).raise()?))
    }
}
