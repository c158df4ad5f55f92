//! Lazy frames: a file an area.

mod columns;
pub mod series;
mod value;

use crate::errors::Raise;
use phalanx::frame::{Frame, datasets};
use pyo3::prelude::*;
use std::time::Duration;

/// A lazy frame. `phalanx.dataframe` wraps it.
#[pyclass(frozen, name = "Frame", module = "phalanx._phalanx", from_py_object)]
#[derive(Clone)]
pub struct PyFrame(pub Frame);

#[pymethods]
impl PyFrame {
    /// The names of the columns, the index among them.
    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.0.column_names()
    }

    /// The name of the index column.
    #[getter]
    fn index(&self) -> Option<&str> {
        self.0.index()
    }

    /// The generated time series.
    #[staticmethod]
    fn timeseries(start: &str, end: &str, frequency_ns: u64, partition_ns: u64, seed: u64) -> PyResult<Self> {
        let frame = datasets::timeseries()
            .dates(start, end)
            .and_then(|series| {
                series
                    .frequency(Duration::from_nanos(frequency_ns))
                    .partition(Duration::from_nanos(partition_ns))
                    .seed(seed)
                    .build()
            })
            .raise()?;
        Ok(Self(frame))
    }
}
