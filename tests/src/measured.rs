//! What is measured once, beside load: a cluster's start, rows that change places, and the same of Dask.

use crate::apart::Apart;
use crate::jobs::{self, Shape, job, leaf, rows};
use crate::numbers::{Numbers, ROW_BYTES};
use datafusion::arrow::array::{Int64Array, RecordBatch};
use phalanx_cluster::process::this_program;
use phalanx_cluster::transport::{Authority, Credentials};
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Role, Transport};
use phalanx_engine::{Engine, Error, Plan, Result, Settings, datafusion, plan};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Partitions of the rows that change places, here and with Dask.
const PARTITIONS: usize = 32;

fn options(workers: usize) -> Result<ClusterOptions> {
    Ok(ClusterOptions { workers, program: this_program()?, log: String::from("error"), ..ClusterOptions::default() })
}

/// Seconds from nothing to the first result of a local cluster of two workers; the best of `times`.
///
/// # Errors
/// It does not start, or the result is wrong.
pub fn start(times: usize) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..times {
        let began = Instant::now();
        let cluster = LocalCluster::start(options(2)?)?;
        let engine = ClusterEngine::connect(cluster.address(), Settings::default(), Transport::loopback())?;
        let known = job(&leaf(60)?, 60, Shape::Chain(2), 0, 1)?;
        if rows(&engine.submit(known.plan).wait()?) != known.answer {
            return Err(Error::internal("the first result is wrong"));
        }
        best = best.min(began.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// What lies between two workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Road {
    /// Nothing: they are on one machine, and map each other's files.
    Files,
    /// The network: they see none of each other's files.
    Network,
    /// The same, with mutual TLS.
    Tls,
}

/// Seconds in which rows of so many bytes, persisted on two workers of one core, are exchanged by the hash of their keys,
/// and persisted again; the best of `times`.
///
/// # Errors
/// The cluster's, or rows are missing. `Unsupported`: there are no namespaces of mounts.
pub fn exchange(bytes: u64, road: Road, times: usize) -> Result<f64> {
    let failed = |error: &std::io::Error| Error::resources("a folder can't be made").caused_by(error);
    let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
    let secrets = folder.path().join("credentials");
    let credentials = (road == Road::Tls).then(|| secrets.clone());
    let mut transport = Transport::loopback();
    if let Some(secrets) = &credentials {
        std::fs::create_dir(secrets).map_err(|error| failed(&error))?;
        Authority::create(secrets, 1)?;
        transport = Transport::mutual_tls(Credentials::read(secrets, &[Role::Client])?);
    }
    let cluster = match road {
        Road::Files => LocalCluster::start(options(2)?)?,
        _ => LocalCluster::launch(options(2)?, Box::new(Apart::new(folder.path(), credentials)?))?,
    };
    let engine = ClusterEngine::connect(cluster.address(), Settings::default(), transport)?;
    engine.wait_for_workers(2, Duration::from_secs(20))?;
    let each = (bytes / ROW_BYTES / PARTITIONS as u64) as i64;
    let data =
        engine.persist(Plan::new("numbers", plan::operator(Numbers { rows: each }, vec![numbered()?])?)).wait()?;
    let mut best = f64::INFINITY;
    for _ in 0..times {
        let exchanged = plan::exchange(data.scan()?, "key", PARTITIONS)?;
        let began = Instant::now();
        let moved = engine.persist(Plan::new("exchange", exchanged).reading([data.clone()])).wait()?;
        best = best.min(began.elapsed().as_secs_f64());
        if moved.rows() != each as u64 * PARTITIONS as u64 {
            return Err(Error::internal(format!("{} rows of {} came", moved.rows(), data.rows())));
        }
    }
    Ok(best)
}

/// A row in each partition, with its number.
fn numbered() -> Result<Arc<dyn datafusion::physical_plan::ExecutionPlan>> {
    let row = |number: i64| {
        let column = || Arc::new(Int64Array::from(vec![number])) as _;
        Ok(vec![RecordBatch::try_new(jobs::schema(), vec![column(), column()])?])
    };
    let rows: Result<Vec<Vec<RecordBatch>>> = (0..PARTITIONS as i64).map(row).collect();
    Ok(plan::table(jobs::schema(), &rows?)?)
}

/// Seconds in which one core copies so many bytes from memory to memory.
pub fn copied(bytes: u64) -> f64 {
    const BLOCK: usize = 64 << 20;
    let (from, mut to) = (vec![1_u8; BLOCK], vec![2_u8; BLOCK]);
    let began = Instant::now();
    let mut left = bytes as usize;
    while left > 0 {
        let part = left.min(BLOCK);
        to[..part].copy_from_slice(&from[..part]);
        std::hint::black_box(&mut to);
        left -= part;
    }
    began.elapsed().as_secs_f64()
}

/// The Python that `cargo xtask bench` installs peers into, if it has done so.
pub fn peers() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let python = program.parent()?.parent()?.join("peers/bin/python");
    python.exists().then_some(python)
}

/// What Dask's works of `benches/peers/dask_cluster_peer.py` take: seconds by name.
///
/// # Errors
/// They fail, or take longer than `timeout`.
pub fn dask(python: &Path, works: &[&str], bytes: u64, timeout: Duration) -> Result<Vec<(String, f64)>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/peers/dask_cluster_peer.py");
    let failed = |what: String| Error::cluster(format!("Dask: {what}"));
    let seconds = timeout.as_secs().max(1).to_string();
    let mut command = Command::new("timeout");
    command.args(["--kill-after", "5", &seconds]).arg(python).arg(script);
    let output = command
        .args(works)
        .env("EXCHANGED_BYTES", bytes.to_string())
        .env("EXCHANGED_PARTITIONS", PARTITIONS.to_string())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned();
        return Err(failed(format!("{}: {said}", output.status)));
    }
    let line = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).ok()?;
        let least = object["seconds"].as_array()?.iter().filter_map(serde_json::Value::as_f64).reduce(f64::min)?;
        Some((object["work"].as_str()?.to_owned(), least))
    };
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(line).collect())
}
