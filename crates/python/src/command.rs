//! The command line: `phalanx` and `python -m phalanx` are the same program as the binary.

use pyo3::prelude::*;
use std::ffi::OsString;

/// Remembers how the command is started, for the processes that a program of Python starts: the ranks of gangs.
pub fn remember_program(py: Python<'_>) -> PyResult<()> {
    let python: Option<OsString> = py.import("sys")?.getattr("executable")?.extract()?;
    if let Some(python) = python.filter(|python| !python.is_empty()) {
        phalanx::engine::program::set_program(vec![python, "-m".into(), "phalanx".into()]);
    }
    Ok(())
}

/// Runs the command line `arguments` (the first is the program's name) and returns its exit code. `program` is how it
/// was started, for the processes that it starts itself.
#[pyfunction]
pub fn run_command(py: Python<'_>, program: Vec<OsString>, arguments: Vec<OsString>) -> u8 {
    phalanx::cluster::process::set_program(program);
    py.detach(|| phalanx_cli::run(arguments))
}
