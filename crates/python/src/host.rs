//! Functions written in Python, run where the data is.
//!
//! What a function is packed with and how it is called is `phalanx._host`'s affair; here batches go in and come out.

use crate::arrow::{PyTable, batches_of};
use phalanx::engine::datafusion::arrow::array::RecordBatch;
use phalanx::engine::host::{self, HostFunction, HostRuntime};
use phalanx::frame::Table;
use phalanx::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyModule};
use std::sync::Arc;

/// Python, as the engine sees it.
#[derive(Debug)]
struct Python;

/// From here on this process can run functions written in Python.
pub fn install() {
    host::install(Arc::new(Python));
}

impl HostRuntime for Python {
    fn call(&self, function: &HostFunction, inputs: Vec<RecordBatch>, context: &str) -> Result<Vec<RecordBatch>> {
        pyo3::Python::attach(|py| run(py, function, inputs, context).map_err(|error| packed(py, error)))
    }
}

fn run(
    py: pyo3::Python<'_>,
    function: &HostFunction,
    inputs: Vec<RecordBatch>,
    context: &str,
) -> PyResult<Vec<RecordBatch>> {
    let tables: Vec<PyTable> =
        inputs.into_iter().map(|batch| PyTable(Table::new(batch.schema(), vec![batch]))).collect();
    let payload = PyBytes::new(py, &function.payload);
    let output = PyModule::import(py, "phalanx._host")?.getattr("call")?.call1((payload, tables, context))?;
    Ok(batches_of(&output)?.1)
}

/// The exception with its traceback, as the client unpacks it.
fn packed(py: pyo3::Python<'_>, error: PyErr) -> Error {
    let text = error.to_string();
    let pack = || -> PyResult<(String, Vec<u8>)> {
        // `into_value`, not `value`: it ties the traceback to the exception.
        PyModule::import(py, "phalanx._host")?.getattr("pack_exception")?.call1((error.into_value(py),))?.extract()
    };
    match pack() {
        Ok((message, payload)) => Error::raised(message, payload),
        Err(_) => Error::raised(text, vec![]),
    }
}
