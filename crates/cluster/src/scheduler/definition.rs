//! Tasks as workers are told of them.
//!
//! Ballista's own definition of a task writes out every option of its session, some three hundred, for each task, and the
//! worker reads them all again: most of what a small task costs both. Here a task carries the options that differ from
//! those that every process begins with, and they are found out once a stage.

use crate::codec;
use crate::task_options::{config_producer, differing};
use ballista_core::JobId;
use ballista_core::execution_plans::compute_global_output_partition_ids;
use ballista_core::serde::protobuf as pb;
use ballista_scheduler::state::execution_graph::TaskDescription;
use ballista_scheduler::state::task_builder::restrict_plan_to_partitions;
use datafusion::prelude::SessionConfig;
use parking_lot::Mutex;
use phalanx_engine::{EngineCodec, Error, Result, datafusion};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A session's options, and those of them that differ from the usual.
type Known = (Arc<SessionConfig>, Vec<pb::KeyValuePair>);

/// Makes the definitions.
pub struct Definitions {
    usual: SessionConfig,
    codec: EngineCodec,
    /// By job: its stages share one configuration.
    options: Mutex<HashMap<JobId, Known>>,
}

impl Default for Definitions {
    fn default() -> Self {
        Self { usual: config_producer(), codec: codec::engine(), options: Mutex::default() }
    }
}

impl Definitions {
    /// `task` for its worker: the stage's plan with this task's partitions alone. Of the jobs that `runs` denies, nothing
    /// is kept.
    ///
    /// # Errors
    /// The plan can't be written.
    pub fn define(&self, task: TaskDescription, runs: impl Fn(&JobId) -> bool) -> Result<pb::TaskDefinition> {
        let props = self.options(&task, runs);
        let plan = restrict_plan_to_partitions(Arc::clone(&task.plan), &task.global_input_partition_ids)
            .and_then(|restricted| self.codec.encode(restricted))
            .map_err(|error| Error::from(&error))?;
        let outputs = compute_global_output_partition_ids(&task.plan, &task.global_input_partition_ids);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Ok(pb::TaskDefinition {
            task_id: task.key.task_id as u32,
            task_attempt_num: task.task_attempt as u32,
            job_id: task.key.job_id.into_inner(),
            stage_id: task.key.stage_id as u32,
            stage_attempt_num: task.stage_attempt_num as u32,
            plan,
            session_id: task.session_id,
            launch_time: now as u64,
            props,
            global_output_partition_ids: outputs.into_iter().map(|partition| partition as u32).collect(),
            vcores_consumed: task.vcores_consumed,
        })
    }

    fn options(&self, task: &TaskDescription, runs: impl Fn(&JobId) -> bool) -> Vec<pb::KeyValuePair> {
        let mut known = self.options.lock();
        match known.get(&task.key.job_id) {
            Some((config, options)) if Arc::ptr_eq(config, &task.session_config) => options.clone(),
            _ => {
                known.retain(|job, _| runs(job));
                let options = differing(&task.session_config, &self.usual);
                known.insert(task.key.job_id.clone(), (Arc::clone(&task.session_config), options.clone()));
                options
            }
        }
    }
}

/// What is told of `task`, which can't be defined: it has failed, and so has its job.
pub fn failed(task: &pb::TaskStatus, error: &Error) -> pb::TaskStatus {
    let failure = pb::FailedTask {
        error: error.to_wire(),
        retryable: false,
        count_to_failures: false,
        failed_reason: Some(pb::failed_task::FailedReason::ExecutionError(pb::ExecutionError {})),
    };
    pb::TaskStatus { status: Some(pb::task_status::Status::Failed(failure)), ..task.clone() }
}

/// The beginning of a status of `task`.
pub fn status_of(task: &TaskDescription) -> pb::TaskStatus {
    pb::TaskStatus {
        task_id: task.key.task_id as u32,
        job_id: task.key.job_id.to_string(),
        stage_id: task.key.stage_id as u32,
        stage_attempt_num: task.stage_attempt_num as u32,
        ..pb::TaskStatus::default()
    }
}
