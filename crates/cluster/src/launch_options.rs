//! What the processes of a cluster that we launch are started with.

use std::ffi::OsString;
use std::path::PathBuf;

/// What a cluster of child processes is started with.
#[derive(Clone, Debug)]
pub struct ClusterOptions {
    /// How many workers.
    pub workers: usize,
    /// Tasks that each worker runs at once; 0 leaves it to the worker, which looks at its machine.
    pub cores: usize,
    /// Limit of the memory of each worker's tasks; 0 leaves it to the worker.
    pub memory_bytes: u64,
    /// Where the workers make their folders; a temporary folder of the cluster's own by default.
    pub scratch: Option<PathBuf>,
    /// The command that starts the processes, before the arguments of `phalanx`; if it is empty, what
    /// [`set_program`](program::set_program) said, else the binary that [`find_binary`] finds.
    pub program: Vec<OsString>,
    /// Do the workers run functions that clients send? See [`WorkerOptions`](crate::WorkerOptions).
    pub allow_python: bool,
    /// The processes' level of logs (they write to our standard error).
    pub log: String,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            workers: 2,
            cores: 1,
            memory_bytes: (phalanx_engine::memory::for_tasks() / 2).min(4 << 30),
            scratch: None,
            program: vec![],
            allow_python: false,
            log: String::from("error"),
        }
    }
}

/// What one worker has, where that is not what the others have.
#[derive(Clone, Debug, Default)]
pub struct WorkerResources {
    /// Tasks at once.
    pub cores: Option<usize>,
    /// Memory of its tasks.
    pub memory_bytes: Option<u64>,
    /// Variables of its process.
    pub variables: Vec<(String, String)>,
}
