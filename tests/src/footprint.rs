//! What a process takes of its machine, as the system counts it.

use std::fs;
use std::time::Duration;

/// One process at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Memory, in bytes.
    pub resident: u64,
    /// Open files and connections.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
}

impl Footprint {
    /// Of the process with this id; nothing if there is none.
    pub fn of(process: u32) -> Self {
        let read = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}")).unwrap_or_default();
        let line = |text: &str, name: &str| -> Option<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        let status = read("status");
        Self {
            resident: line(&status, "VmRSS:").unwrap_or(0) * 1024,
            descriptors: fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count),
            threads: line(&status, "Threads:").unwrap_or(0) as usize,
        }
    }
}

/// The processor time that a process has used.
pub fn processor_time(process: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // Behind the name, which may hold anything: the 14th and the 15th field are user's and system's ticks.
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10) // a hundred ticks a second, on every Linux that is in use
}
