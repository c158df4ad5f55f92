//! Which results may be believed.
//!
//! Ballista repairs a job that lost a worker, and the repair is not exact: rows come twice. So a result is taken only
//! from an attempt that lost nobody: no stage was ever rolled back, no task was ever lost, failed or bound twice.

use ballista_core::serde::protobuf::{failed_task::FailedReason, task_status::Status as TaskState};
use ballista_scheduler::state::execution_graph::ExecutionGraph;
use ballista_scheduler::state::execution_stage::{ExecutionStage, TaskInfo};
use std::collections::HashSet;

/// How often `stage` was rolled back.
fn rollbacks(stage: &ExecutionStage) -> usize {
    match stage {
        ExecutionStage::UnResolved(stage) => stage.stage_attempt_num,
        ExecutionStage::Resolved(stage) => stage.stage_attempt_num,
        ExecutionStage::Running(stage) => stage.stage_attempt_num,
        ExecutionStage::Successful(stage) => stage.stage_attempt_num,
        ExecutionStage::Failed(stage) => stage.stage_attempt_num,
    }
}

fn tasks(graph: &dyn ExecutionGraph) -> impl Iterator<Item = &TaskInfo> {
    graph.stages().values().filter_map(|stage| stage.task_infos()).flatten()
}

/// Why the successful `graph` can't be believed, if it can't.
///
/// The number of rollbacks alone is not enough: a task of the last stage on a lost worker is run again without one,
/// and its old output stays in the list.
pub fn doubt(graph: &dyn ExecutionGraph) -> Option<String> {
    for (id, stage) in graph.stages() {
        let ExecutionStage::Successful(stage) = stage else {
            return Some(format!("stage {id} is {}", stage.variant_name()));
        };
        if stage.stage_attempt_num != 0 {
            return Some(format!("stage {id} was rolled back"));
        }
        let mut covered = vec![0_u32; stage.partitions];
        for task in &stage.task_infos {
            if !matches!(task.task_status, TaskState::Successful(_)) {
                return Some(format!("task {} of stage {id} did not succeed", task.task_id));
            }
            for partition in &task.global_input_partition_ids {
                match covered.get_mut(*partition) {
                    Some(count) => *count += 1,
                    None => return Some(format!("stage {id} has no partition {partition}")),
                }
            }
        }
        if covered.iter().any(|count| *count != 1) {
            return Some(format!("the tasks of stage {id} do not cover each partition once"));
        }
    }
    let mut outputs = HashSet::new();
    let twice = graph.output_locations().into_iter().any(|location| {
        !outputs.insert((location.map_partition_id, location.partition_id.partition_id, location.file_id))
    });
    twice.then(|| String::from("an output is listed twice"))
}

/// Did `graph` fail for a loss, and not for an error of an operator?
pub fn lost_something(graph: &dyn ExecutionGraph) -> bool {
    graph.stages().values().any(|stage| rollbacks(stage) > 0)
        || tasks(graph).any(|task| {
            matches!(&task.task_status, TaskState::Failed(failed) if matches!(
                failed.failed_reason,
                Some(
                    FailedReason::FetchPartitionError(_)
                        | FailedReason::ResultLost(_)
                        | FailedReason::ExecutorLost(_)
                        | FailedReason::IoError(_)
                )
            ))
        })
}

/// Was `worker`, now lost, part of `graph`?
pub fn touches(graph: &dyn ExecutionGraph, worker: &str) -> bool {
    graph.stages().values().any(|stage| rollbacks(stage) > 0)
        || tasks(graph).any(|task| match &task.task_status {
            TaskState::Running(running) => running.executor_id == worker,
            TaskState::Successful(done) => done.executor_id == worker,
            TaskState::Failed(_) => true,
        })
}

/// The workers that run, or hold outputs of, `graph`.
pub fn workers(graph: &dyn ExecutionGraph) -> HashSet<String> {
    tasks(graph)
        .filter_map(|task| match &task.task_status {
            TaskState::Running(running) => Some(running.executor_id.clone()),
            TaskState::Successful(done) => Some(done.executor_id.clone()),
            TaskState::Failed(_) => None,
        })
        .collect()
}

/// Does a task stand as running on `worker` since before `launched_before_ms`?
pub fn runs_since(graph: &dyn ExecutionGraph, worker: &str, launched_before_ms: u128) -> bool {
    tasks(graph).any(|task| {
        matches!(&task.task_status, TaskState::Running(running) if running.executor_id == worker)
            && task.scheduled_time < launched_before_ms
    })
}
