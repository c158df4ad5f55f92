//! What tests do to a cluster: its processes are killed as lost machines would be, and the scheduler comes back.

use super::{LaunchedCluster, Written};
use crate::child::{Ready, Starting};
use phalanx_engine::Result;

impl LaunchedCluster {
    /// Kills the worker at `index` (counted modulo their number) at once, as a lost machine would be; `None` if there
    /// is no worker.
    pub fn kill_worker(&self, index: usize) -> Option<u32> {
        let mut workers = self.workers.lock();
        if workers.is_empty() {
            return None;
        }
        let index = index % workers.len();
        let mut child = workers.remove(index);
        let process = child.id();
        let _dead = child.kill();
        let _reaped = child.wait();
        Some(process)
    }

    /// Kills the scheduler at once.
    pub fn kill_scheduler(&self) {
        if let Some(mut child) = self.scheduler.lock().take() {
            let _dead = child.kill();
            let _reaped = child.wait();
        }
    }

    /// Starts a scheduler at the address of the one that was killed. The workers join it by themselves.
    ///
    /// # Errors
    /// It does not start.
    pub fn restart_scheduler(&self) -> Result<()> {
        self.kill_scheduler();
        let again = Starting::begin(self.launcher.scheduler(&self.options.log, Some(&self.address))?)?;
        let Ready { child, lines, .. } = again.ready(self.launcher.ready_timeout())?;
        self.logs.lock().push(Written { process: child.id(), name: String::from("scheduler"), lines });
        *self.scheduler.lock() = Some(child);
        Ok(())
    }
}
