//! The command line: `phalanx` and `python -m phalanx` are the same program as the binary.

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the command line `arguments` (the first is the program's name) and returns its exit code.
#[pyfunction]
pub fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| phalanx_cli::run(arguments))
}
