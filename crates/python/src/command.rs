//! The command line: `phalanx` and `python -m phalanx` are the same program as the binary.

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the command line `arguments` (the first is the program's name) and returns its exit code. `program` is how it
/// was started, for the processes that it starts itself.
#[pyfunction]
pub fn run_command(py: Python<'_>, program: Vec<OsString>, arguments: Vec<OsString>) -> u8 {
    phalanx::cluster::process::set_program(program);
    py.detach(|| phalanx_cli::run(arguments))
}
