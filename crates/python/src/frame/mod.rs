//! Lazy frames: a file an area.

mod columns;
mod files;
mod host;
mod relations;
pub mod series;
mod value;

use crate::arrow::schema_of;
use crate::errors::Raise;
use phalanx::engine::datafusion::arrow::array::{ArrayRef, LargeBinaryArray, RecordBatch};
use phalanx::engine::datafusion::arrow::datatypes::{DataType, Field, Schema};
use phalanx::engine::host::HostFunction;
use phalanx::frame::{Frame, datasets, source};
use pyo3::prelude::*;
use std::sync::Arc;
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

    /// Rows of `schema` (of an object with Arrow's C schema) that a packed function makes, called once.
    #[staticmethod]
    fn call(payload: Vec<u8>, label: String, schema: &Bound<'_, PyAny>) -> PyResult<Self> {
        let argument = RecordBatch::new_empty(Arc::new(Schema::empty()));
        let function = HostFunction { payload, label };
        Ok(Self(source::from_host(function, vec![argument], schema_of(schema)?).raise()?))
    }

    /// Rows of `schema` that a packed function makes of each argument, which is bytes: a partition each.
    #[staticmethod]
    fn call_each(
        payload: Vec<u8>,
        label: String,
        arguments: Vec<Vec<u8>>,
        schema: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let given = Arc::new(Schema::new(vec![Field::new("argument", DataType::LargeBinary, false)]));
        let batch = |argument: &Vec<u8>| {
            let column: ArrayRef = Arc::new(LargeBinaryArray::from_iter_values([argument]));
            RecordBatch::try_new(Arc::clone(&given), vec![column])
        };
        let batches =
            arguments.iter().map(batch).collect::<Result<Vec<_>, _>>().map_err(phalanx::Error::from).raise()?;
        Ok(Self(source::from_host(HostFunction { payload, label }, batches, schema_of(schema)?).raise()?))
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
