//! Our errors as Python's exceptions: the class is chosen in `phalanx.exceptions`, by kind.

use phalanx::{Error, ErrorKind, Result};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyModule};

/// Turns our result into Python's.
pub trait Raise<T> {
    /// The value, or the exception.
    fn raise(self) -> PyResult<T>;
}

impl<T> Raise<T> for Result<T> {
    fn raise(self) -> PyResult<T> {
        self.map_err(|error| exception(&error))
    }
}

impl<T> Raise<T> for phalanx::chunk::Result<T> {
    fn raise(self) -> PyResult<T> {
        self.map_err(|error| exception(&Error::input(error.to_string())))
    }
}

/// The exception of `error`.
pub fn exception(error: &Error) -> PyErr {
    Python::attach(|py| of_class(py, error).unwrap_or_else(|failure| failure))
}

fn of_class(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    let place = error.place().map(|place| (place.stage, place.partition, place.worker.clone()));
    let raised = error.raised_payload().map(|payload| PyBytes::new(py, payload));
    let details = (kind(error.kind()), error.message(), error.hint(), place, error.causes().to_vec(), raised);
    let made = PyModule::import(py, "phalanx.exceptions")?.getattr("from_native")?.call1(details)?;
    Ok(PyErr::from_value(made))
}

const fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Input => "input",
        ErrorKind::Absent => "absent",
        ErrorKind::Mismatch => "mismatch",
        ErrorKind::Unsupported => "unsupported",
        ErrorKind::Data => "data",
        ErrorKind::Singular => "singular",
        ErrorKind::Resources => "resources",
        ErrorKind::Cluster => "cluster",
        ErrorKind::Cancelled => "cancelled",
        ErrorKind::Raised => "raised",
        _ => "internal",
    }
}
