//! An engine, and waiting for it: without the GIL, and ended by Ctrl-C.

use crate::array::PyArray;
use crate::arrow::{PyTable, batches_of};
use crate::errors::{Raise, exception};
use crate::frame::PyFrame;
use crate::memory::{Block, chunk_of};
use phalanx::boost::Recent;
use phalanx::cluster::{ClusterEngine, Role, SchedulerAddress, Transport, replayed};
use phalanx::engine::observe::RunEvent;
use phalanx::engine::{Engine, LocalEngine, SavedPlan};
use phalanx::frame::Table;
use phalanx::{Client, Error, Result, Settings};
use phalanx_dashboard::report::Report;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use std::cell::RefCell;
use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often a waiting call looks whether the user pressed Ctrl-C.
const SIGNAL_PERIOD: Duration = Duration::from_millis(50);
/// Threads that drive jobs; the work itself has threads of its own.
const DRIVER_THREADS: usize = 4;

fn runtime() -> PyResult<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let made = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(DRIVER_THREADS)
        .thread_name("phalanx-python")
        .enable_all()
        .build()
        .map_err(|error| Error::resources("threads can't be started").caused_by(&error))
        .raise()?;
    Ok(RUNTIME.get_or_init(|| made))
}

/// Tells waiting calls to give up what they wait for.
#[pyclass(frozen, module = "phalanx._phalanx")]
#[derive(Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

thread_local! {
    /// The token of a thread whose calls are given none.
    static ADOPTED: RefCell<CancelToken> = RefCell::default();
}

#[pymethods]
impl CancelToken {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Ends the call that was given this token, within a twentieth of a second.
    fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// From now on it is also the token of all calls of this thread that are given none.
    fn adopt(&self) {
        ADOPTED.with(|adopted| adopted.replace(self.clone()));
    }

    /// Whether it was cancelled.
    #[getter]
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The result of `work`. Other Python threads run meanwhile; an exception of a signal handler (`KeyboardInterrupt`)
/// drops the work, which cancels its jobs; so does the thread's token.
pub fn wait<T: Send + 'static>(py: Python<'_>, work: impl Future<Output = Result<T>> + Send + 'static) -> PyResult<T> {
    let token = ADOPTED.with(|adopted| adopted.borrow().clone());
    wait_unless(py, work, &token)
}

/// As [`wait`], until `token` says to give up.
fn wait_unless<T: Send + 'static>(
    py: Python<'_>,
    work: impl Future<Output = Result<T>> + Send + 'static,
    token: &CancelToken,
) -> PyResult<T> {
    let (sender, mut receiver) = sync_channel(1);
    let task = runtime()?.spawn(async move {
        let _nobody_waits = sender.send(work.await);
    });
    loop {
        let (back, received) = py.detach(move || {
            let received = receiver.recv_timeout(SIGNAL_PERIOD);
            (receiver, received)
        });
        receiver = back;
        match received {
            Ok(result) => return result.raise(),
            Err(RecvTimeoutError::Timeout) if token.0.load(Ordering::Relaxed) => {
                task.abort();
                return Err(exception(&Error::cancelled()));
            }
            Err(RecvTimeoutError::Timeout) => py.check_signals().inspect_err(|_| task.abort())?,
            Err(RecvTimeoutError::Disconnected) => return Err(exception(&Error::internal("the job panicked"))),
        }
    }
}

/// As [`wait`], for calls that block.
pub fn wait_blocking<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let task = runtime()?.spawn_blocking(work);
    wait(py, async move { task.await.unwrap_or_else(|_| Err(Error::internal("the call panicked"))) })
}

/// Runs lazy arrays and frames, in this process or on a cluster.
#[pyclass(frozen, name = "Client", module = "phalanx._phalanx")]
pub struct PyClient(Mutex<Option<Open>>);

/// What a client has until it is closed.
#[derive(Clone)]
struct Open {
    client: Arc<Client>,
    /// The client's engine, if that is a cluster's: for what only a cluster has.
    cluster: Option<Arc<ClusterEngine>>,
    /// Rows that were made for boosting lately.
    rows: Arc<Recent>,
}

impl PyClient {
    fn new(client: Client) -> Self {
        Self(Mutex::new(Some(Open { client: Arc::new(client), cluster: None, rows: Arc::default() })))
    }

    fn open(&self) -> PyResult<Open> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        open.ok_or_else(|| Error::input("this client is closed").with_hint("make a new one")).raise()
    }

    /// The client, unless it is closed.
    pub fn get(&self) -> PyResult<Arc<Client>> {
        Ok(self.open()?.client)
    }

    /// Rows that were made for boosting lately, unless it is closed.
    pub fn recent_rows(&self) -> PyResult<Arc<Recent>> {
        Ok(self.open()?.rows)
    }

    fn cluster(&self) -> PyResult<Arc<ClusterEngine>> {
        let missing = || {
            Error::input("this client has no cluster, so it keeps no jobs")
                .with_hint("in this process a job that failed can be run again as it is")
        };
        self.open()?.cluster.ok_or_else(missing).raise()
    }
}

#[pymethods]
impl PyClient {
    /// A client of this process.
    #[staticmethod]
    #[pyo3(signature = (threads=None, memory_bytes=None, task_memory_bytes=None, partitions=None))]
    fn local(
        threads: Option<usize>,
        memory_bytes: Option<u64>,
        task_memory_bytes: Option<u64>,
        partitions: Option<usize>,
    ) -> PyResult<Self> {
        let mut settings = Settings::default();
        settings.threads = threads.unwrap_or(settings.threads);
        settings.memory_bytes = memory_bytes.unwrap_or(settings.memory_bytes);
        settings.task_memory_bytes = task_memory_bytes.unwrap_or(settings.task_memory_bytes);
        settings.partitions = partitions.unwrap_or(settings.partitions);
        Ok(Self::new(Client::local_with(settings).raise()?))
    }

    /// A client of this process that is as adverse as the determinism law allows; for tests.
    #[staticmethod]
    fn perturbed(seed: u64) -> PyResult<Self> {
        Ok(Self::new(Client::with_engine(Arc::new(LocalEngine::perturbed(seed).raise()?))))
    }

    /// A client of the scheduler at `address`, with the credentials at a path or those that the environment names; or of
    /// a scheduler of this process's own, which needs none.
    #[staticmethod]
    #[pyo3(signature = (address, credentials=None, own=false, retries=0))]
    fn connect(
        py: Python<'_>,
        address: String,
        credentials: Option<PathBuf>,
        own: bool,
        retries: u32,
    ) -> PyResult<Self> {
        let connect = move || {
            let address: SchedulerAddress = address.parse()?;
            let transport = match own {
                true => Transport::loopback(),
                false => Transport::open_for(credentials.as_deref(), &[Role::Client], address.authority())?,
            };
            let settings = Settings { retries, ..Settings::default() };
            Ok(Arc::new(ClusterEngine::connect(&address, settings, transport)?))
        };
        let cluster = wait_blocking(py, connect)?;
        let client = Arc::new(Client::with_engine(Arc::clone(&cluster) as Arc<dyn Engine>));
        Ok(Self(Mutex::new(Some(Open { client, cluster: Some(cluster), rows: Arc::default() }))))
    }

    /// Lets workers of the cluster go, by their names: they hand over what they hold, and end.
    fn retire_workers(&self, py: Python<'_>, workers: Vec<String>) -> PyResult<()> {
        let cluster = self.cluster()?;
        wait_blocking(py, move || cluster.retire_workers(workers))
    }

    /// The latest jobs that failed on the cluster, the oldest first: name, label, and what their client was told.
    fn failed_jobs(&self, py: Python<'_>) -> PyResult<Vec<(String, String, String)>> {
        let cluster = self.cluster()?;
        let failed = wait_blocking(py, move || cluster.failed_jobs())?;
        Ok(failed.into_iter().map(|failed| (failed.job, failed.label, failed.error)).collect())
    }

    /// Writes the plan of one of them into the file `path`.
    fn save_job(&self, py: Python<'_>, job: String, path: PathBuf) -> PyResult<()> {
        let cluster = self.cluster()?;
        wait_blocking(py, move || cluster.save_job(&job)?.write(&path))
    }

    /// Runs the plan that a client of a cluster saved, in this process; its rows.
    #[staticmethod]
    fn replay(py: Python<'_>, path: PathBuf) -> PyResult<PyTable> {
        let work = move || {
            let engine = LocalEngine::new(Settings::default())?;
            let plan = replayed(&SavedPlan::read(&path)?, &engine)?;
            let schema = plan.schema();
            let partitions = engine.submit(plan).wait()?;
            Ok(Table::new(schema, partitions.into_iter().flatten().collect()))
        };
        Ok(PyTable(wait_blocking(py, work)?))
    }

    /// Tells who looks at the cluster how far a run of steps is; without a cluster nobody looks.
    #[pyo3(signature = (run, name, iteration, metrics, iterations_max=None, has_ended=false))]
    fn report(
        &self,
        run: String,
        name: String,
        iteration: u64,
        metrics: Vec<(String, f64)>,
        iterations_max: Option<u64>,
        has_ended: bool,
    ) -> PyResult<()> {
        let metrics = metrics.into_iter().map(|(name, value)| (name, Some(value))).collect();
        let event = RunEvent { run, name, iteration, iterations_max, metrics, has_ended };
        self.get()?.engine().report(event);
        Ok(())
    }

    /// The scheduler's clock, in milliseconds since 1970.
    fn scheduler_time(&self, py: Python<'_>) -> PyResult<u64> {
        let cluster = self.cluster()?;
        let observer = cluster.observer();
        wait_blocking(py, move || cluster.wait(async move { Ok(observer.overview().await?.at_ms) }))
    }

    /// What a worker wrote lately, or the process `scheduler`, as JSON; none, if it is not known.
    fn log(&self, py: Python<'_>, process: String) -> PyResult<Option<String>> {
        let cluster = self.cluster()?;
        let observer = cluster.observer();
        let found = wait_blocking(py, move || cluster.wait(async move { observer.log(&process).await }))?;
        let text = found.map(|log| serde_json::to_string(&log)).transpose();
        text.map_err(|error| Error::internal("a log is no JSON").caused_by(&error)).raise()
    }

    /// A page on what the cluster did since a moment of the scheduler's clock, as HTML that needs nothing else.
    fn performance_report(&self, py: Python<'_>, since_ms: u64, title: String) -> PyResult<String> {
        let cluster = self.cluster()?;
        let observer = cluster.observer();
        let work = move || cluster.wait(async move { observer.period(since_ms).await });
        let period = wait_blocking(py, work)?;
        Ok(Report { title, period }.html())
    }

    /// What the engine has and does, as JSON.
    fn describe(&self, py: Python<'_>) -> PyResult<String> {
        let client = self.get()?;
        let description = wait_blocking(py, move || client.describe())?;
        serde_json::to_string(&description)
            .map_err(|error| Error::internal("a description is no JSON").caused_by(&error))
            .raise()
    }

    /// The values of arrays and frames, together: what arrays share is computed once.
    #[pyo3(signature = (arrays, frames, token=None))]
    fn compute(
        &self,
        py: Python<'_>,
        arrays: Vec<PyRef<'_, PyArray>>,
        frames: Vec<PyRef<'_, PyFrame>>,
        token: Option<PyRef<'_, CancelToken>>,
    ) -> PyResult<(Vec<Block>, Vec<PyTable>)> {
        let client = self.get()?;
        let arrays: Vec<_> = arrays.iter().map(|array| array.0.clone()).collect();
        let frames: Vec<_> = frames.iter().map(|frame| frame.0.clone()).collect();
        let work = async move {
            let engine = client.engine();
            let references: Vec<_> = arrays.iter().collect();
            let blocks = async {
                match references.is_empty() {
                    true => Ok(vec![]),
                    false => Ok(phalanx::array::evaluate_async(engine, &references).await?.chunks),
                }
            };
            let tables = futures::future::try_join_all(frames.iter().map(|frame| frame.compute_async(engine)));
            futures::future::try_join(blocks, tables).await
        };
        let (chunks, tables) = wait_unless(py, work, token.as_deref().unwrap_or(&CancelToken::default()))?;
        let blocks = chunks.into_iter().map(Block::new).collect::<PyResult<_>>()?;
        Ok((blocks, tables.into_iter().map(PyTable).collect()))
    }

    /// Elements that were drawn from generators to compute these arrays.
    fn evaluated(&self, py: Python<'_>, arrays: Vec<PyRef<'_, PyArray>>) -> PyResult<u64> {
        let client = self.get()?;
        let arrays: Vec<_> = arrays.iter().map(|array| array.0.clone()).collect();
        wait(py, async move {
            let references: Vec<_> = arrays.iter().collect();
            Ok(phalanx::array::evaluate_async(client.engine(), &references).await?.evaluated)
        })
    }

    /// The array, computed and kept where it was computed.
    fn persist_array(&self, py: Python<'_>, array: &PyArray) -> PyResult<PyArray> {
        let (client, array) = (self.get()?, array.0.clone());
        Ok(PyArray(wait(py, async move { client.persist_async(&array).await })?))
    }

    /// The frame, computed and kept where it was computed.
    fn persist_frame(&self, py: Python<'_>, frame: &PyFrame) -> PyResult<PyFrame> {
        let (client, frame) = (self.get()?, frame.0.clone());
        Ok(PyFrame(wait(py, async move { client.persist_async(&frame).await })?))
    }

    /// What would run for an array.
    fn explain_array(&self, array: &PyArray) -> PyResult<String> {
        self.get()?.explain(&array.0).raise()
    }

    /// What would run for a frame.
    fn explain_frame(&self, py: Python<'_>, frame: &PyFrame) -> PyResult<String> {
        let (client, frame) = (self.get()?, frame.0.clone());
        wait_blocking(py, move || client.explain(&frame))
    }

    /// Hands C-contiguous elements to the engine, cut into chunks.
    fn scatter_array(
        &self,
        py: Python<'_>,
        bytes: PyBuffer<u8>,
        dtype: &str,
        shape: Vec<usize>,
        chunks: Vec<Vec<usize>>,
    ) -> PyResult<PyArray> {
        let (client, values) = (self.get()?, chunk_of(bytes, dtype, &shape)?);
        Ok(PyArray(wait_blocking(py, move || client.scatter_array(&values, chunks))?))
    }

    /// Hands rows to the engine: one object with Arrow's C stream a partition.
    fn scatter_frame(&self, py: Python<'_>, partitions: Vec<Bound<'_, PyAny>>) -> PyResult<PyFrame> {
        let client = self.get()?;
        let (schemas, partitions): (Vec<_>, Vec<_>) =
            partitions.iter().map(batches_of).collect::<PyResult<Vec<_>>>()?.into_iter().unzip();
        let Some(schema) = schemas.into_iter().next() else {
            return Err(exception(&Error::input("a frame of no partitions")));
        };
        Ok(PyFrame(wait_blocking(py, move || client.scatter_frame(schema, partitions))?))
    }

    /// Gives everything back. Jobs that other threads wait for end first.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let closed = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Open { client, cluster, rows }) = closed else { return Ok(()) };
        drop((cluster, rows));
        let Some(client) = Arc::into_inner(client) else { return Ok(()) };
        wait_blocking(py, move || client.close())
    }
}
