//! The one configuration of both engines.
//!
//! Everything here is part of the determinism law: partition counts come from the plan and never from the machine,
//! and what would reorder rows, or make one engine plan otherwise than the other, is off.

use datafusion::prelude::SessionConfig;
use std::path::PathBuf;

/// What a session fixes for every plan that it makes and runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What one task may use. It is part of the plan (automatic rechunking looks at it), so it is a constant
    /// of the session and not of the worker. 1 GiB by default.
    pub task_memory_bytes: u64,
    /// Hash partitions of joins and aggregations. 8 by default, on every machine.
    pub partitions: usize,
    /// What this process may use for the operators that account for their memory, and once more for persisted data;
    /// beyond it they spill. By default 35 % of what this machine, or its container, has.
    pub memory_bytes: u64,
    /// How often a job is submitted again when its scheduler was lost and has come back; 0 by default. Data that was
    /// persisted is made again from its plan, where a job reads it, in any case.
    pub retries: u32,
    /// Threads of the engine in this process.
    pub threads: usize,
    /// Where to spill; the system's temporary folder by default.
    pub scratch: PathBuf,
}

/// Tasks to run at once in this process: what affinity and the container's quota give.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            task_memory_bytes: 1 << 30,
            partitions: 8,
            memory_bytes: crate::memory::for_tasks() / 2,
            retries: 0,
            threads: cores(),
            scratch: std::env::temp_dir(),
        }
    }
}

impl Settings {
    /// The options of both engines as keys and values: `datafusion.*` for every process, `ballista.*` for a cluster.
    pub fn options(&self) -> Vec<(String, String)> {
        let partitions = self.partitions.to_string();
        [
            ("datafusion.execution.target_partitions", partitions.as_str()),
            ("datafusion.execution.batch_size", "8192"),
            ("datafusion.execution.enable_file_stream_work_stealing", "false"),
            ("datafusion.execution.parquet.schema_force_view_types", "false"),
            ("datafusion.execution.collect_statistics", "false"),
            // The default, 10 MB for each sort, exhausts a small pool when several sorts run at once.
            ("datafusion.execution.sort_spill_reservation_bytes", "1048576"),
            ("datafusion.optimizer.enable_round_robin_repartition", "false"),
            ("datafusion.optimizer.repartition_file_scans", "false"),
            ("datafusion.optimizer.enable_dynamic_filter_pushdown", "false"),
            ("datafusion.optimizer.enable_physical_uncorrelated_scalar_subquery", "false"),
            ("datafusion.optimizer.hash_join_single_partition_threshold", "0"),
            ("datafusion.optimizer.hash_join_single_partition_threshold_rows", "0"),
            ("datafusion.sql_parser.map_string_types_to_utf8view", "false"),
            ("ballista.scheduler.max_partitions_per_task", "1"),
            ("ballista.optimizer.broadcast_join_threshold_bytes", "0"),
            ("ballista.optimizer.broadcast_join_threshold_rows", "0"),
            ("ballista.shuffle.force_remote_read", "false"),
            ("ballista.client.io_retries_times", "1"),
            ("ballista.client.io_retry_wait_time_ms", "50"),
            ("ballista.client.grpc_timeout_seconds", "5"),
            ("ballista.client.grpc_connect_timeout_seconds", "2"),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
    }

    /// The configuration of a session in this process.
    ///
    /// # Errors
    /// DataFusion does not know an option, which is a bug of ours.
    pub fn config(&self) -> crate::Result<SessionConfig> {
        let mut config = SessionConfig::new();
        for (key, value) in self.options() {
            if key.starts_with("datafusion.") {
                config.options_mut().set(&key, &value)?;
            }
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_known_to_datafusion_and_takes_effect() {
        let config = Settings { partitions: 5, ..Settings::default() }.config().unwrap();
        assert_eq!(config.target_partitions(), 5);
        let optimizer = &config.options().optimizer;
        assert!(!optimizer.enable_round_robin_repartition);
        assert!(!optimizer.repartition_file_scans);
        assert!(!optimizer.enable_dynamic_filter_pushdown);
        assert!(!config.options().execution.enable_file_stream_work_stealing);
    }
}
