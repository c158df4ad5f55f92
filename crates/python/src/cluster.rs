//! A scheduler and workers as processes of this machine, or of others.

use crate::client::wait_blocking;
use crate::errors::{Raise, exception};
use phalanx::cluster::launcher::Ssh;
use phalanx::cluster::{ClusterOptions, LaunchedCluster, LocalCluster, Rule, WorkerResources, needed};
use phalanx::engine::EngineDescription;
use phalanx::{Error, Result};
use pyo3::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A cluster of processes, which end with it.
#[pyclass(frozen, name = "LocalCluster", module = "phalanx._phalanx")]
pub struct PyLocalCluster(Mutex<Option<Arc<LaunchedCluster>>>);

impl PyLocalCluster {
    fn new(cluster: LaunchedCluster) -> Self {
        Self(Mutex::new(Some(Arc::new(cluster))))
    }

    fn get(&self) -> PyResult<Arc<LaunchedCluster>> {
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
        Ok(Self::new(wait_blocking(py, move || LocalCluster::start(options))?))
    }

    /// The same on other machines: `options` says, as JSON, which and how. No cores and no memory are the machines' own.
    #[staticmethod]
    fn ssh(
        py: Python<'_>,
        options: &str,
        workers: usize,
        cores: usize,
        memory_bytes: u64,
        allow_python: bool,
    ) -> PyResult<Self> {
        let hosts = serde_json::from_str(options)
            .map_err(|error| Error::input("the options of ssh can't be read").caused_by(&error))
            .raise()?;
        let options = ClusterOptions { workers, cores, memory_bytes, allow_python, ..ClusterOptions::default() };
        let launch = move || LaunchedCluster::launch(options, Box::new(Ssh::prepare(hosts)?));
        Ok(Self::new(wait_blocking(py, launch)?))
    }

    /// `tcp://HOST:PORT` of the scheduler.
    #[getter]
    fn address(&self) -> PyResult<String> {
        Ok(self.get()?.address().to_string())
    }

    /// The folder of the cluster's credentials, if it has any.
    #[getter]
    fn credentials(&self) -> PyResult<Option<PathBuf>> {
        Ok(self.get()?.credentials().map(PathBuf::from))
    }

    /// The address of the status page.
    #[getter]
    fn dashboard(&self) -> PyResult<Option<String>> {
        Ok(self.get()?.dashboard().map(String::from))
    }

    /// Process ids of the workers, oldest first; over SSH, of the connections of their processes.
    #[getter]
    fn workers(&self) -> PyResult<Vec<u32>> {
        Ok(self.get()?.workers())
    }

    /// What names each of them, and says where it is.
    #[getter]
    fn names(&self) -> PyResult<Vec<String>> {
        Ok(self.get()?.names())
    }

    /// The latest lines of all processes, by their names.
    fn logs(&self) -> PyResult<Vec<(String, String)>> {
        Ok(self.get()?.logs())
    }

    /// Starts one more worker; the id of its process.
    fn launch(
        &self,
        py: Python<'_>,
        cores: Option<usize>,
        memory_bytes: Option<u64>,
        variables: Vec<(String, String)>,
    ) -> PyResult<u32> {
        let cluster = self.get()?;
        let resources = WorkerResources { cores, memory_bytes, variables };
        wait_blocking(py, move || cluster.add_worker_of(&resources))
    }

    /// Lets workers go, by the ids of their processes.
    fn let_go(&self, py: Python<'_>, processes: Vec<u32>) -> PyResult<()> {
        let cluster = self.get()?;
        wait_blocking(py, move || cluster.let_go(&processes))
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
        let stop = move || -> Result<()> { Arc::into_inner(cluster).map_or(Ok(()), LaunchedCluster::stop) };
        wait_blocking(py, stop)
    }
}

/// How many workers a cluster needs, look after look.
#[pyclass(frozen, name = "AdaptRule", module = "phalanx._phalanx")]
pub struct PyAdaptRule(Mutex<Rule>);

#[pymethods]
impl PyAdaptRule {
    /// From `minimum` to `maximum` workers, one of which goes when it was not needed at `patience` looks in a row.
    #[new]
    fn new(minimum: i64, maximum: i64, patience: i64) -> PyResult<Self> {
        let bounds = [minimum, maximum, patience].map(usize::try_from);
        let rule = match bounds {
            [Ok(minimum), Ok(maximum), Ok(patience)] => Rule::new(minimum, maximum, patience),
            _ => Err(Error::input(format!(
                "adapt from {minimum} to {maximum} workers with a patience of {patience} looks"
            ))
            .with_hint("none of them is negative")),
        };
        Ok(Self(Mutex::new(rule.raise()?)))
    }

    /// How many workers there should be, where `there` are, by what the engine says that it has and does.
    fn target(&self, there: usize, description: &str) -> PyResult<usize> {
        let seen: EngineDescription = serde_json::from_str(description)
            .map_err(|error| Error::internal("a description is no JSON").caused_by(&error))
            .raise()?;
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).target(there, needed(&seen)))
    }
}
