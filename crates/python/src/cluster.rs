//! A scheduler and workers as processes of this machine.

use crate::client::wait_blocking;
use crate::errors::exception;
use phalanx::cluster::{ClusterOptions, LocalCluster};
use phalanx::{Error, Result};
use pyo3::prelude::*;
use std::ffi::OsString;
use std::sync::{Arc, Mutex, PoisonError};

/// A cluster of processes, which end with it.
#[pyclass(frozen, name = "LocalCluster", module = "phalanx._phalanx")]
pub struct PyLocalCluster(Mutex<Option<Arc<LocalCluster>>>);

impl PyLocalCluster {
    fn get(&self) -> PyResult<Arc<LocalCluster>> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        open.ok_or_else(|| exception(&Error::input("this cluster is stopped").with_hint("start a new one")))
    }
}

#[pymethods]
impl PyLocalCluster {
    /// Starts a scheduler and `workers` workers of `cores` cores, each a process of `program`.
    #[staticmethod]
    fn start(
        py: Python<'_>,
        program: Vec<OsString>,
        workers: usize,
        cores: usize,
        memory_bytes: u64,
        allow_python: bool,
    ) -> PyResult<Self> {
        let options =
            ClusterOptions { program, workers, cores, memory_bytes, allow_python, ..ClusterOptions::default() };
        let cluster = wait_blocking(py, move || LocalCluster::start(options))?;
        Ok(Self(Mutex::new(Some(Arc::new(cluster)))))
    }

    /// `tcp://HOST:PORT` of the scheduler.
    #[getter]
    fn address(&self) -> PyResult<String> {
        Ok(self.get()?.address().to_string())
    }

    /// The address of the status page.
    #[getter]
    fn dashboard(&self) -> PyResult<Option<String>> {
        Ok(self.get()?.dashboard().map(String::from))
    }

    /// Process ids of the workers, oldest first.
    #[getter]
    fn workers(&self) -> PyResult<Vec<u32>> {
        Ok(self.get()?.workers())
    }

    /// Starts or stops workers until there are `workers`.
    fn scale(&self, py: Python<'_>, workers: usize) -> PyResult<()> {
        let cluster = self.get()?;
        wait_blocking(py, move || cluster.scale(workers))
    }

    /// Stops all processes and waits until they are gone.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let stopped = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(cluster) = stopped else { return Ok(()) };
        let stop = move || -> Result<()> { Arc::into_inner(cluster).map_or(Ok(()), LocalCluster::stop) };
        wait_blocking(py, stop)
    }
}
