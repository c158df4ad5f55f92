//! The extension module of the Python package `phalanx`: conversions and exceptions only.

use pyo3::prelude::*;

/// The native half of the package; use `phalanx`, not this.
#[pymodule]
mod _phalanx {
    use super::{PyResult, pyfunction};

    /// Runs the command line, and returns its exit code.
    #[pyfunction]
    fn version() -> PyResult<&'static str> {
        Ok(env!("CARGO_PKG_VERSION"))
    }
}
