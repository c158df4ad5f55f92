//! The client: an engine, and the cluster behind it if this client started one.

use crate::lazy::Lazy;
use phalanx_array::{Array, ChunkSpec};
use phalanx_chunk::Chunk;
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Role, Transport};
use phalanx_engine::datafusion::arrow::array::RecordBatch;
use phalanx_engine::datafusion::arrow::datatypes::SchemaRef;
use phalanx_engine::{Engine, EngineDescription, LocalEngine, Result, Settings};
use phalanx_frame::{Frame, source};
use std::sync::Arc;
use std::time::Duration;

/// Workers that this client starts must be there within this time.
const WORKERS_TIMEOUT: Duration = Duration::from_secs(20);

/// Runs lazy arrays and frames. Calls block; each has an async twin whose name ends in `_async`. Dropping the future
/// of a twin, or the [`engine::Job`](phalanx_engine::Job) of [`Client::engine`], cancels what runs.
#[derive(Debug)]
pub struct Client {
    engine: Arc<dyn Engine>,
    // After the engine: jobs end before the processes that run them.
    cluster: Option<LocalCluster>,
}

impl Client {
    /// A client that computes in this process. Nothing is started.
    ///
    /// # Errors
    /// `Resources`: threads can't be started, or the temporary folder can't be written.
    pub fn local() -> Result<Self> {
        Self::local_with(Settings::default())
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As [`Client::local`].
    pub fn local_with(settings: Settings) -> Result<Self> {
        Ok(Self { engine: Arc::new(LocalEngine::new(settings)?), cluster: None })
    }

    /// A client of the scheduler at `address`, as `tcp://127.0.0.1:8786`, with the credentials that the variable
    /// `PHALANX_CREDENTIALS` names, or, for another machine, those in `~/.phalanx/credentials`; without any, the
    /// scheduler must be on this machine.
    ///
    /// # Errors
    /// * `Input`: this is no address, the credentials can't be used, or the scheduler is of another version.
    /// * `Cluster`: nobody answers there.
    pub fn connect(address: &str) -> Result<Self> {
        let authority = address.strip_prefix("tcp://").unwrap_or(address);
        Self::connect_with(address, Transport::open_for(None, &[Role::Client], authority)?, Settings::default())
    }

    /// The same with a transport (`Transport::open(Some(path), &[Role::Client])` takes the credentials of a folder that
    /// `phalanx credentials new` made) and other limits.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub fn connect_with(address: &str, transport: Transport, settings: Settings) -> Result<Self> {
        let engine = ClusterEngine::connect(&address.parse()?, settings, transport)?;
        Ok(Self { engine: Arc::new(engine), cluster: None })
    }

    /// Starts a scheduler and `workers` workers of one core as processes of this machine, and connects to them. They
    /// end with the client.
    ///
    /// # Errors
    /// * `Input`: the program `phalanx` is not found.
    /// * `Resources`: a process does not start.
    pub fn cluster(workers: usize) -> Result<Self> {
        Self::cluster_with(ClusterOptions { workers, ..ClusterOptions::default() }, Settings::default())
    }

    /// The same with other limits.
    ///
    /// # Errors
    /// As [`Client::cluster`].
    pub fn cluster_with(options: ClusterOptions, settings: Settings) -> Result<Self> {
        let workers = options.workers;
        let cluster = LocalCluster::start(options)?;
        let engine = ClusterEngine::connect(cluster.address(), settings, Transport::loopback())?;
        engine.wait_for_workers(workers, WORKERS_TIMEOUT)?;
        Ok(Self { engine: Arc::new(engine), cluster: Some(cluster) })
    }

    /// Hands the client an engine of the caller's own, for example one that is perturbed on purpose.
    pub fn with_engine(engine: Arc<dyn Engine>) -> Self {
        Self { engine, cluster: None }
    }

    /// What runs the plans; for everything that the client has no method for.
    pub fn engine(&self) -> &dyn Engine {
        self.engine.as_ref()
    }

    /// The processes that this client started.
    pub fn local_cluster(&self) -> Option<&LocalCluster> {
        self.cluster.as_ref()
    }

    /// The value of `lazy`.
    ///
    /// # Errors
    /// An error in the expression, or the engine's.
    pub fn compute<L: Lazy>(&self, lazy: &L) -> Result<L::Value> {
        futures::executor::block_on(self.compute_async(lazy))
    }
    /// [`Client::compute`] for async code.
    ///
    /// # Errors
    /// As [`Client::compute`].
    pub async fn compute_async<L: Lazy>(&self, lazy: &L) -> Result<L::Value> {
        lazy.compute(self.engine()).await
    }

    /// `lazy`, computed and kept where it was computed until the last copy of what is returned is dropped.
    ///
    /// # Errors
    /// As [`Client::compute`].
    pub fn persist<L: Lazy>(&self, lazy: &L) -> Result<L> {
        futures::executor::block_on(self.persist_async(lazy))
    }
    /// [`Client::persist`] for async code.
    ///
    /// # Errors
    /// As [`Client::compute`].
    pub async fn persist_async<L: Lazy>(&self, lazy: &L) -> Result<L> {
        lazy.persist(self.engine()).await
    }

    /// Hands the caller's values to the engine, cut into chunks, and gives the array that reads them there. Values have
    /// no lineage: on a cluster they are lost with the worker that holds them, and jobs that read them say so.
    ///
    /// # Errors
    /// `Input`: the chunks do not fit the values. Otherwise the engine's own.
    ///
    /// ```
    /// # use phalanx::prelude::*;
    /// # fn main() -> phalanx::Result<()> {
    /// let client = Client::local()?;
    /// let values = phalanx::chunk::Chunk::new(&[4], vec![1.0, 2.0, 3.0, 4.0]).expect("four values");
    /// let array = client.scatter_array(&values, 2)?;
    /// assert_eq!(client.compute(&array.sum(0))?.item::<f64>().expect("one value"), 10.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn scatter_array(&self, values: &Chunk, chunks: impl Into<ChunkSpec>) -> Result<Array> {
        Array::scatter(self.engine(), values, chunks)
    }

    /// Hands the caller's rows to the engine, one inner vector a partition, and gives the frame that reads them there.
    /// Like values, they have no lineage.
    ///
    /// # Errors
    /// `Input`: a batch has another schema. Otherwise the engine's own.
    pub fn scatter_frame(&self, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> Result<Frame> {
        source::scatter(self.engine(), schema, partitions)
    }

    /// Frees persisted data, unless other copies of it are in use.
    pub fn release<L: Lazy>(&self, persisted: L) {
        drop(persisted);
    }

    /// What would run for `lazy`: the expression, its stages with projected memory and bytes moved, the physical plan.
    ///
    /// # Errors
    /// An error in the expression.
    pub fn explain<L: Lazy>(&self, lazy: &L) -> Result<String> {
        lazy.explain(self.engine.settings())
    }

    /// What the engine has and does: workers, memory, jobs, persisted data.
    ///
    /// # Errors
    /// The cluster does not answer.
    pub fn describe(&self) -> Result<EngineDescription> {
        self.engine.describe()
    }

    /// Gives everything back and waits until it is gone: jobs, persisted data, and the processes that this client
    /// started. Dropping the client does the same without telling.
    ///
    /// # Errors
    /// `Resources`: a folder can't be removed.
    pub fn close(self) -> Result<()> {
        drop(self.engine);
        self.cluster.map_or(Ok(()), LocalCluster::stop)
    }
}
