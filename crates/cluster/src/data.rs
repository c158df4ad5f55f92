//! Partitions of jobs' results: where they are, and how a process gets at them. Workers read each other's persisted
//! data, and clients read results, by the same road.

use crate::transport::{MESSAGE_BYTES_MAX, Role, Transport};
use ballista_core::JobId;
use ballista_core::client::BallistaClient;
use ballista_core::client_pool::{BallistaClientPool, PooledClient};
use ballista_core::execution_plans::create_shuffle_path;
use ballista_core::extension::BallistaConfigGrpcEndpoint;
use ballista_core::serde::protobuf as pb;
use ballista_core::serde::scheduler::{PartitionId, ShuffleLayout};
use ballista_core::utils::GrpcClientConfig;
use dashmap::DashMap;
use datafusion::error::Result as DataFusionResult;
use datafusion::physical_plan::SendableRecordBatchStream;
use phalanx_engine::{Error, Location, Result, datafusion};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// What [`Location::path`] holds on a cluster: which file of which job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataName {
    /// The job, or the name of scattered data.
    pub job: String,
    /// The job's stage.
    pub stage: usize,
    /// The partition of the stage's output.
    pub partition: usize,
    /// The task that wrote it.
    pub file: Option<u64>,
    /// Does the file hold several partitions?
    pub sorted: bool,
}

impl DataName {
    /// The name in one word.
    pub fn to_path(&self) -> String {
        let file = self.file.map_or_else(|| String::from("-"), |file| file.to_string());
        let layout = if self.sorted { "sorted" } else { "plain" };
        format!("{}/{}/{}/{file}/{layout}", self.job, self.stage, self.partition)
    }
    /// Reads [`DataName::to_path`].
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let name = Self {
            job: parts.next()?.to_owned(),
            stage: parts.next()?.parse().ok()?,
            partition: parts.next()?.parse().ok()?,
            file: match parts.next()? {
                "-" => None,
                number => Some(number.parse().ok()?),
            },
            sorted: parts.next()? == "sorted",
        };
        parts.next().is_none().then_some(name)
    }
    /// Can this be the name of a job? It becomes the name of a folder.
    pub fn is_job(name: &str) -> bool {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    }
    /// The file below a worker's folder. `None` if the name is not one of ours (no path leaves the folder).
    pub fn file_below(&self, folder: &std::path::Path) -> Option<PathBuf> {
        if !Self::is_job(&self.job) {
            return None;
        }
        let job = JobId::from(self.job.clone());
        create_shuffle_path(folder, &job, self.stage, self.partition, self.file, self.sorted).ok()
    }
    fn partition_id(&self) -> PartitionId {
        PartitionId::new(&JobId::from(self.job.clone()), self.stage, self.partition)
    }
    fn layout(&self) -> ShuffleLayout {
        if self.sorted { ShuffleLayout::Sort } else { ShuffleLayout::Passthrough }
    }
}

/// Where Ballista says that an output is, in our words: the stage, the partition and its place.
pub fn location(output: pb::PartitionLocation) -> Option<(usize, usize, Location)> {
    let (worker, id) = (output.executor_meta?, output.partition_id?);
    let stats = output.partition_stats.unwrap_or_default();
    let (stage, partition) = (id.stage_id as usize, id.partition_id as usize);
    let name = DataName { job: id.job_id, stage, partition, file: output.file_id, sorted: output.is_sort_shuffle };
    let location = Location {
        worker: worker.id,
        address: format!("{}:{}", worker.host, worker.port),
        path: name.to_path(),
        rows: u64::try_from(stats.num_rows).unwrap_or(0),
        bytes: u64::try_from(stats.num_bytes).unwrap_or(0),
    };
    Some((stage, partition, location))
}

/// Idle connections are kept for this long.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// A worker that does not begin to answer for this long is gone.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// Connections that nobody uses now, by peer, each with the time since when.
#[derive(Debug)]
struct Idle<C>(DashMap<(String, u16), Vec<(Instant, C)>>);

impl<C> Idle<C> {
    fn take(&self, host: &str, port: u16) -> Option<C> {
        let kept = self.0.get_mut(&(host.to_owned(), port)).and_then(|mut clients| clients.pop());
        kept.filter(|(since, _)| since.elapsed() < IDLE_MAX).map(|(_, client)| client)
    }
    fn keep(&self, host: String, port: u16, client: C) {
        self.0.entry((host, port)).or_default().push((Instant::now(), client));
    }
    /// Closes what has been idle for `longer_than`.
    fn evict(&self, longer_than: Duration) {
        self.0.retain(|_, clients| {
            clients.retain(|(since, _)| since.elapsed() < longer_than);
            !clients.is_empty()
        });
    }
}

/// Evicts what is idle for `longer_than`, as often, as long as anybody else holds `idle`.
async fn evict_forever<C>(idle: Weak<Idle<C>>, longer_than: Duration) {
    loop {
        tokio::time::sleep(longer_than).await;
        let Some(idle) = idle.upgrade() else { return };
        idle.evict(longer_than);
    }
}

/// Connections to workers' data services (Ballista's own pool is private to its executor).
#[derive(Clone)]
pub struct Pool {
    transport: Transport,
    idle: Arc<Idle<BallistaClient>>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} peers)", self.idle.0.len())
    }
}

impl Pool {
    /// No connections yet. Those that are no more used are closed after a while, on the current runtime.
    pub fn new(transport: Transport) -> Self {
        let idle = Arc::new(Idle(DashMap::new()));
        tokio::spawn(evict_forever(Arc::downgrade(&idle), IDLE_MAX));
        Self { transport, idle }
    }

    /// How Ballista's clients are to open connections.
    pub fn endpoint(&self) -> BallistaConfigGrpcEndpoint {
        let transport = self.transport.clone();
        BallistaConfigGrpcEndpoint::new(Arc::new(move |endpoint| Ok(transport.configure(endpoint, Role::Worker)?)))
    }

    /// Is every connection under TLS?
    pub fn is_secure(&self) -> bool {
        self.transport.is_secure()
    }

    /// A connection of its own to `host:port`.
    ///
    /// # Errors
    /// `Cluster`: nobody listens there.
    pub async fn channel(&self, address: &str) -> Result<tonic::transport::Channel> {
        self.transport.connect(address, Role::Worker).await
    }

    async fn open(&self, host: &str, port: u16) -> ballista_core::error::Result<BallistaClient> {
        if let Some(client) = self.idle.take(host, port) {
            return Ok(client);
        }
        let endpoint = Some(Arc::new(self.endpoint()));
        let secure = self.transport.is_secure();
        BallistaClient::try_new(host, port, MESSAGE_BYTES_MAX, secure, endpoint, 1, 50, 0, 0).await
    }

    /// The rows at `location`, from the worker that holds them.
    ///
    /// # Errors
    /// `Cluster`: the worker is gone, or does not have them any more.
    pub async fn fetch(&self, location: &Location) -> Result<SendableRecordBatchStream> {
        let gone = |cause: &str| {
            Error::cluster(format!(
                "worker {} at {} does not give {}: {cause}",
                location.worker, location.address, location.path
            ))
        };
        let name = DataName::parse(&location.path)
            .ok_or_else(|| Error::internal(format!("{:?} names no data", location.path)))?;
        let (host, port) = location
            .address
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host.to_owned(), port.parse::<u16>().ok()?)))
            .ok_or_else(|| Error::internal(format!("{:?} is not an address", location.address)))?;
        let fetching = async {
            let mut client = self.open(&host, port).await?;
            let stream =
                client.fetch_partition(&location.worker, &name.partition_id(), name.file, name.layout(), false).await?;
            self.idle.keep(host.clone(), port, client); // HTTP/2: the stream goes on beside others
            Ok::<_, ballista_core::error::BallistaError>(stream)
        };
        match tokio::time::timeout(ANSWER_TIMEOUT, fetching).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(gone(&error.to_string())),
            Err(_) => Err(gone("it does not answer")),
        }
    }
}

#[async_trait::async_trait]
impl BallistaClientPool for Pool {
    async fn acquire(
        &self,
        host: &str,
        port: u16,
        _config: &GrpcClientConfig,
        _endpoint: Option<Arc<BallistaConfigGrpcEndpoint>>,
    ) -> ballista_core::error::Result<PooledClient> {
        let client = self.open(host, port).await?;
        let (idle, host) = (Arc::clone(&self.idle), host.to_owned());
        Ok(PooledClient::new(client, Box::new(move |client| idle.keep(host, port, client))))
    }
    async fn evict_idle(&self) {
        self.idle.evict(IDLE_MAX);
    }
}

/// The rows of a file that a worker of ours wrote as an Arrow IPC stream.
///
/// # Errors
/// The file is gone, or not what it should be.
pub fn open_file(path: &std::path::Path) -> DataFusionResult<SendableRecordBatchStream> {
    let rows = phalanx_engine::mapped::read(path)?;
    Ok(phalanx_engine::stream::with_schema(Arc::clone(rows.schema()), futures::stream::iter(rows)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn idle_connections_are_closed_though_nobody_asks_for_them() {
        let idle = Arc::new(Idle(DashMap::new()));
        let evicting = tokio::spawn(evict_forever(Arc::downgrade(&idle), Duration::from_millis(20)));
        let connection = Arc::new(());
        idle.keep("host".into(), 1, Arc::clone(&connection));
        assert!(idle.take("host", 1).is_some() && idle.take("host", 1).is_none());
        idle.keep("host".into(), 1, Arc::clone(&connection));
        let closed = async {
            while Arc::strong_count(&connection) > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        assert!(tokio::time::timeout(Duration::from_secs(5), closed).await.is_ok());
        assert!(idle.0.is_empty());
        drop(idle);
        assert!(evicting.await.is_ok(), "it ends with the pool");
    }

    #[test]
    fn a_name_survives_its_text_and_never_leaves_the_folder() {
        let name = DataName { job: "a1B2".into(), stage: 3, partition: 4, file: Some(5), sorted: false };
        assert_eq!(DataName::parse(&name.to_path()), Some(name.clone()));
        assert!(name.file_below("w".as_ref()).unwrap().starts_with("w/a1B2/3/4"));
        for job in ["..", ".", "", "a.b", "a\\b"] {
            let evil = DataName { job: job.into(), ..name.clone() };
            assert_eq!(evil.file_below("w".as_ref()), None, "{job}");
        }
        assert_eq!(DataName::parse("../../etc/passwd"), None);
    }
}
