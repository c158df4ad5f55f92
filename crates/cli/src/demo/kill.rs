//! Kills workers while steps run: `--kill`.

use crate::progress;
use phalanx_cluster::LocalCluster;
use phalanx_engine::Result;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// A kill comes this long after its step began, and up to [`SPREAD_MS`] later. Shorter steps are left alone.
const EARLIEST_MS: u64 = 40;
const SPREAD_MS: u64 = 200;

/// A worker that was killed.
#[derive(Debug, Clone)]
pub struct Kill {
    /// The process.
    pub process: u32,
    /// How long after the step began.
    pub after: Duration,
}

/// A thread that waits for its moment, kills a worker as a lost machine would be, and starts another.
pub struct Killer {
    stop: Sender<()>,
    thread: JoinHandle<Option<Result<Kill>>>,
}

impl Killer {
    /// The moment and the worker depend on the seed and the step.
    pub fn start(cluster: &Arc<LocalCluster>, seed: u64, step: usize) -> Self {
        let dice = mix(seed ^ mix(step as u64));
        let after = Duration::from_millis(EARLIEST_MS + dice % SPREAD_MS);
        let cluster = Arc::clone(cluster);
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            if stopped.recv_timeout(after) != Err(RecvTimeoutError::Timeout) {
                return None;
            }
            let index = usize::try_from(dice >> 32).unwrap_or_default();
            let process = cluster.kill_worker(index)?;
            if progress::is_terminal() {
                progress::line_above_bars(&format!("  killed worker process {process}; starting another"));
            }
            Some(cluster.add_worker().map(|()| Kill { process, after }))
        });
        Self { stop, thread }
    }

    /// Waits until the other worker is there; the kill, if its moment came.
    pub fn stop(self) -> Option<Result<Kill>> {
        // The thread may have come to its end.
        let _over = self.stop.send(());
        self.thread.join().ok().flatten()
    }
}

/// SplitMix64's finaliser: near seeds give far moments.
fn mix(seed: u64) -> u64 {
    let mut value = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
