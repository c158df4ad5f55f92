//! The extension module of the Python package `phalanx`: conversions and exceptions only.
//!
//! Everything that computes is below, in `phalanx`; signatures, defaults and docstrings are above, in
//! `python/phalanx`. A method here takes what Python gives, calls the method of the same name in Rust, and hands back
//! a wrapper or an exception. This is the only crate that names `pyo3`.
//!
//! | module | what it is |
//! |---|---|
//! | [`cluster`] | a scheduler and workers as processes of this machine |
//! | [`client`] | an engine, and waiting for it without the GIL, interruptible |
//! | [`array`] | lazy arrays: a file an area |
//! | [`frame`] | lazy frames: a file an area |
//! | [`boost`] | rows for boosting, trainings, and models that answer |
//! | [`learn`] | rows for learning, and the passes over them |
//! | [`host`] | functions written in Python, run where the data is |
//! | [`memory`] | NumPy's memory in and out, without a copy |
//! | [`arrow`] | Arrow's memory in and out, without a copy |
//! | [`errors`] | our errors as Python's exceptions |
//! | [`command`] | the command line |

mod array;
mod arrow;
mod boost;
mod client;
mod cluster;
mod command;
mod errors;
mod frame;
mod host;
mod learn;
mod memory;

/// The native half of the package; use `phalanx`, not this.
#[pyo3::pymodule]
mod _phalanx {
    #[pymodule_export]
    use super::array::PyArray;
    #[pymodule_export]
    use super::arrow::PyTable;
    #[pymodule_export]
    use super::boost::{PyBoostModel, PyBoostRows, boost_library, boost_train};
    #[pymodule_export]
    use super::client::{CancelToken, PyClient};
    #[pymodule_export]
    use super::cluster::{PyAdaptRule, PyLocalCluster};
    #[pymodule_export]
    use super::command::run_command;
    #[pymodule_export]
    use super::frame::PyFrame;
    #[pymodule_export]
    use super::frame::series::PySeries;
    #[pymodule_export]
    use super::learn::PyRows;
    #[pymodule_export]
    use super::learn::fits::directions;
    #[pymodule_export]
    use super::learn::labels::{category_codes, category_columns, distinct_keys, text_numbers};
    #[pymodule_export]
    use super::learn::reorder::{split_within_chunks, take_rows};
    #[pymodule_export]
    use super::learn::strata::{class_parts, class_rows};
    #[pymodule_export]
    use super::memory::Block;

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        super::host::install();
        super::command::remember_program(module.py())?;
        Ok(())
    }

    /// The version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
