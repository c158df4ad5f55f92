//! The one configuration of both engines.
//!
//! Everything here is part of the determinism law: partition counts come from the plan and never from the machine,
//! and what would reorder rows, or make one engine plan otherwise than the other, is off.

use crate::pool::SpillFirst;
use crate::remote::Stores;
use crate::spill::SpillFolder;
use datafusion::execution::disk_manager::DiskManagerBuilder;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Rows of a batch where memory is no matter.
const BATCH_ROWS: usize = 8192;
/// Sorted runs on disk that are merged at once: each of them has a batch, and what is read ahead, in memory.
const RUNS_MERGED: usize = 16;

/// Rows of a batch in a process whose operators may use so much memory. Each partition of an exchange puts a batch
/// together, and each run that is merged has some in memory, which nobody accounts for; so little memory means small
/// batches. No result depends on where batches are cut.
fn batch_rows(memory_bytes: u64) -> usize {
    const BYTES_FOR_A_ROW: u64 = 64 << 10;
    usize::try_from(memory_bytes / BYTES_FOR_A_ROW).map_or(BATCH_ROWS, |rows| rows.clamp(512, BATCH_ROWS))
}

/// The configuration of a session for a process whose operators may use so much memory.
pub fn within(config: SessionConfig, memory_bytes: u64) -> SessionConfig {
    let rows = config.batch_size().min(batch_rows(memory_bytes));
    let reserved = usize::try_from(memory_bytes / 64).unwrap_or(usize::MAX);
    let reserved = config.options().execution.sort_spill_reservation_bytes.min(reserved);
    config.with_batch_size(rows).with_sort_spill_reservation_bytes(reserved)
}

/// Where the operators of a process take memory, and write what they have none for.
///
/// # Errors
/// DataFusion does not take it, which is a bug of ours.
pub fn environment(memory_bytes: u64, scratch: &Path) -> crate::Result<Arc<RuntimeEnv>> {
    Ok(RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(SpillFirst::new(memory_bytes)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default()
                .with_temp_file_factory(Arc::new(SpillFolder::new(scratch)))
                .with_max_spill_merge_fan_in(RUNS_MERGED),
        )
        .with_object_store_registry(Arc::new(Stores::default()))
        .build_arc()?)
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
        let (partitions, batch_rows) = (self.partitions.to_string(), BATCH_ROWS.to_string());
        [
            ("datafusion.execution.target_partitions", partitions.as_str()),
            ("datafusion.execution.batch_size", batch_rows.as_str()),
            ("datafusion.execution.enable_file_stream_work_stealing", "false"),
            ("datafusion.execution.parquet.schema_force_view_types", "false"),
            ("datafusion.execution.collect_statistics", "false"),
            // The default, 10 MB for each sort, is much of a small pool.
            ("datafusion.execution.sort_spill_reservation_bytes", "1048576"),
            // An exchange that spills reads its files one after the other, each to its end, while several of its inputs
            // write several files: it waits for ever for the end of one whose writer waits until another is read. A file
            // that ends with its first batch keeps nobody waiting.
            ("datafusion.execution.max_spill_file_size_bytes", "1"),
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
        Ok(within(config, self.memory_bytes))
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

    #[test]
    fn little_memory_means_small_batches() {
        assert_eq!([0, 16 << 20, 64 << 20, 1 << 40].map(batch_rows), [512, 512, 1024, 8192]);
    }
}
