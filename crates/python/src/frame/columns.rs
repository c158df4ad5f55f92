//! Columns of frames.

use super::PyFrame;
use super::series::PySeries;
use super::value::Value;
use crate::errors::Raise;
use phalanx::Settings;
use phalanx::frame::columns::Missing;
use phalanx::frame::series::{Series, Values};
use phalanx::frame::{Frame, dtype};
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
