//! Arrow's memory in and out, without a copy, through the Arrow PyCapsule interface.

use crate::errors::Raise;
use phalanx::engine::datafusion::arrow::array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use phalanx::engine::datafusion::arrow::datatypes::{Schema, SchemaRef};
use phalanx::engine::datafusion::arrow::ffi::FFI_ArrowSchema;
use phalanx::engine::datafusion::arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use phalanx::frame::Table;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods};
use std::sync::Arc;

/// A computed table: what reads Arrow's C stream interface (pyarrow, pandas, polars) takes it without a copy.
#[pyclass(frozen, name = "Table", module = "phalanx._phalanx")]
pub struct PyTable(pub Table);

#[pymethods]
impl PyTable {
    #[getter]
    fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    #[getter]
    fn column_names(&self) -> Vec<String> {
        self.0.column_names().into_iter().map(String::from).collect()
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface lets the producer ignore a wish for another schema; consumers cast.
        let _wish = requested_schema;
        stream(py, self.0.schema(), self.0.batches())
    }
}

/// Batches as a capsule that holds a C stream.
pub fn stream<'py>(py: Python<'py>, schema: &SchemaRef, batches: &[RecordBatch]) -> PyResult<Bound<'py, PyCapsule>> {
    let batches: Vec<_> = batches.iter().cloned().map(Ok).collect();
    let reader = RecordBatchIterator::new(batches, schema.clone());
    PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(Box::new(reader)), c"arrow_array_stream")
}

/// The batches of an object that gives Arrow's C stream: a pyarrow table or reader, a polars frame, a pandas frame.
#[expect(unsafe_code, reason = "a capsule holds a pointer")]
pub fn batches_of(source: &Bound<'_, PyAny>) -> PyResult<(SchemaRef, Vec<RecordBatch>)> {
    let capsule = source.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
    // SAFETY: a capsule of this name holds an `ArrowArrayStream`, says the interface; moving out of it marks it as
    // released, so the capsule's destructor leaves it alone.
    let reader = unsafe { ArrowArrayStreamReader::from_raw(pointer.as_ptr().cast()) };
    let reader = reader.map_err(phalanx::Error::from).raise()?;
    let schema = reader.schema();
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(phalanx::Error::from).raise()?;
    Ok((schema, batches))
}

/// The schema of an object that gives Arrow's C schema, as pyarrow's does.
#[expect(unsafe_code, reason = "a capsule holds a pointer")]
pub fn schema_of(source: &Bound<'_, PyAny>) -> PyResult<SchemaRef> {
    let capsule = source.call_method0("__arrow_c_schema__")?.cast_into::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(c"arrow_schema"))?;
    // SAFETY: a capsule of this name holds an `ArrowSchema`, says the interface, which lives as long as the capsule.
    let schema = unsafe { Schema::try_from(pointer.cast::<FFI_ArrowSchema>().as_ref()) };
    Ok(Arc::new(schema.map_err(phalanx::Error::from).raise()?))
}
