//! Where the demo runs: in this process, on a cluster of its own, or on one that is there.

use crate::args::{Level, PlaceArgs, typed};
use crate::end::{Interrupt, at_exit};
use crate::text;
use crate::watched::Watched;
use phalanx_cluster::process::this_program;
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Role, Transport};
use phalanx_engine::scratch::Scratch;
use phalanx_engine::session::cores;
use phalanx_engine::{Engine, EngineKind, Error, LocalEngine, Result, Settings, memory};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Workers that we start must be there within this time.
const WORKERS_TIMEOUT: Duration = Duration::from_secs(20);

/// An engine, and what was started and made for it.
pub struct Place {
    // In the order of being given back: jobs end before the processes that run them, and those before their folder.
    engine: Watched,
    cluster: Option<Arc<LocalCluster>>,
    scratch: Scratch,
    workers: usize,
}

impl Place {
    /// Starts what the arguments ask for.
    ///
    /// # Errors
    /// Something does not start, the scheduler does not answer, or the program was interrupted meanwhile.
    pub fn start(args: &PlaceArgs, log: Level, interrupt: Interrupt) -> Result<Self> {
        let scratch = scratch()?;
        let settings = Settings { scratch: scratch.path().to_owned(), ..Settings::default() };
        let mut cluster = None;
        let engine: Arc<dyn Engine> = match (args.workers, &args.scheduler, args.perturb) {
            (Some(workers), _, _) => {
                let started = cluster.insert(own_cluster(workers, log, scratch.path())?);
                interrupt.check()?;
                let engine = ClusterEngine::connect(started.address(), settings, Transport::loopback())?;
                engine.wait_for_workers(workers, WORKERS_TIMEOUT)?;
                Arc::new(engine)
            }
            (None, Some(scheduler), _) => {
                let transport = args.credentials.transport(&[Role::Client], scheduler.authority())?;
                Arc::new(ClusterEngine::connect(scheduler, settings, transport)?)
            }
            (None, None, Some(seed)) => Arc::new(LocalEngine::perturbed(seed)?),
            (None, None, None) => Arc::new(LocalEngine::new(settings)?),
        };
        interrupt.check()?;
        let workers = if engine.kind() == EngineKind::Cluster { engine.describe()?.workers.len() } else { 0 };
        Ok(Self { engine: Watched::new(engine, interrupt), cluster, scratch, workers })
    }

    /// What runs the plans.
    pub fn engine(&self) -> &dyn Engine {
        &self.engine
    }

    /// The processes that were started for this demo.
    pub fn cluster(&self) -> Option<&Arc<LocalCluster>> {
        self.cluster.as_ref()
    }

    /// How many worker processes there were at the start; none in process.
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// Where it is, for people.
    ///
    /// # Errors
    /// The scheduler does not answer.
    pub fn describe(&self) -> Result<String> {
        let description = self.engine.describe()?;
        let cores: usize = description.workers.iter().map(|worker| worker.cores).sum();
        let workers = description.workers.len();
        Ok(match (description.kind, &self.cluster) {
            (EngineKind::Cluster, Some(_)) => {
                format!(
                    "on a scheduler and {} of its own, {}",
                    text::plural(workers, "worker"),
                    text::plural(cores, "core")
                )
            }
            (EngineKind::Cluster, None) => {
                let (workers, cores) = (text::plural(workers, "worker"), text::plural(cores, "core"));
                format!("on the cluster of {}: {workers}, {cores}", description.address)
            }
            (EngineKind::Perturbed, _) => format!("in this process, perturbed, {}", text::plural(cores, "thread")),
            _ => format!("in this process, {}", text::plural(cores, "thread")),
        })
    }

    /// The address of the status page of the cluster that was started for this demo.
    pub fn page(&self) -> Option<&str> {
        self.cluster.as_deref().and_then(LocalCluster::dashboard)
    }

    /// Gives everything back and waits until it is gone; what is left over.
    ///
    /// # Errors
    /// The cluster's folder can't be removed.
    pub fn close(self) -> Result<Leftovers> {
        let Self { engine, cluster, scratch, .. } = self;
        let mut processes: Vec<u32> =
            cluster.iter().flat_map(|cluster| cluster.workers().into_iter().chain(cluster.scheduler())).collect();
        drop(engine);
        match cluster.map(Arc::try_unwrap) {
            None => {}
            Some(Ok(cluster)) => cluster.stop()?,
            Some(Err(_shared)) => return Err(Error::internal("somebody still holds the demo's cluster")),
        }
        let folder = scratch.path().to_owned();
        drop(scratch);
        let stopped = processes.len();
        processes.retain(|process| Path::new(&format!("/proc/{process}")).exists());
        let folders = [folder].into_iter().filter(|folder| folder.exists()).collect();
        Ok(Leftovers { processes, folders, stopped })
    }
}

/// What is left after a demo: nothing.
#[derive(Debug)]
pub struct Leftovers {
    /// Processes that still run.
    pub processes: Vec<u32>,
    /// Folders that still exist.
    pub folders: Vec<PathBuf>,
    /// How many processes were stopped.
    pub stopped: usize,
}

fn own_cluster(workers: usize, log: Level, scratch: &Path) -> Result<Arc<LocalCluster>> {
    let options = ClusterOptions {
        workers,
        cores: (cores() / workers).max(1),
        memory_bytes: memory::for_tasks() / workers as u64,
        scratch: Some(scratch.to_owned()),
        program: this_program()?,
        allow_python: false,
        // The loss of a worker is no news where we kill them.
        log: typed(if log == Level::Warn { Level::Error } else { log }),
    };
    let cluster = Arc::new(LocalCluster::start(options)?);
    let weak = Arc::downgrade(&cluster);
    at_exit(move || {
        if let Some(cluster) = weak.upgrade() {
            while cluster.kill_worker(0).is_some() {}
            cluster.kill_scheduler();
        }
    });
    Ok(cluster)
}

/// One folder for all that this demo and its processes write while they compute. Should we be killed, the next demo
/// removes it.
fn scratch() -> Result<Scratch> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let id = format!("demo-{}-{}", std::process::id(), since_1970.as_nanos());
    let scratch = Scratch::create(&std::env::temp_dir(), &id)?;
    let path = scratch.path().to_owned();
    at_exit(move || {
        // Gone already, unless a thread that could not be interrupted holds it.
        let _gone = std::fs::remove_dir_all(path);
    });
    Ok(scratch)
}
