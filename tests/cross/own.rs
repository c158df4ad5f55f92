//! A scheduler and workers inside of this process, with options of their own.

use phalanx_cluster::{
    ClusterEngine, Scheduler, SchedulerAddress, SchedulerOptions, Transport, WorkerOptions, WorkerReady, work,
};
use phalanx_engine::{Error, Settings};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Ends with this.
pub struct Own {
    pub address: SchedulerAddress,
    pub runtime: Runtime,
    pub scheduler: Option<Scheduler>,
    scratch: TempDir,
}

impl Own {
    /// On a free port of loopback.
    pub fn start(change: impl FnOnce(&mut SchedulerOptions), transport: Transport) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut options = SchedulerOptions::new("127.0.0.1:0".parse().unwrap(), transport);
        change(&mut options);
        let scheduler = runtime.block_on(Scheduler::start(options)).unwrap();
        let address: SchedulerAddress = format!("tcp://{}", scheduler.address()).parse().unwrap();
        Self { address, runtime, scheduler: Some(scheduler), scratch: tempfile::tempdir().unwrap() }
    }
    /// One more worker, of two cores.
    pub fn add_worker(&self, transport: Transport) -> WorkerReady {
        let options = WorkerOptions {
            cores: 2,
            memory_bytes: 1 << 30,
            scratch: self.scratch.path().to_owned(),
            ..WorkerOptions::new(self.address.clone(), transport)
        };
        let (sender, ready) = mpsc::channel();
        self.runtime.spawn(work(options, move |ready| sender.send(ready.clone()).unwrap(), std::future::pending()));
        ready.recv_timeout(Duration::from_secs(30)).unwrap()
    }
    pub fn connect(&self, transport: Transport) -> Result<ClusterEngine, Error> {
        ClusterEngine::connect(&self.address, Settings::default(), transport)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let scheduler = self.scheduler.take();
        self.runtime.block_on(async { drop(scheduler) });
    }
}
