//! How far jobs are, by their graphs of stages, and telling it to their sessions.

use super::UPDATE_INTERVAL;
use super::control::State;
use super::gate::split_name;
use crate::protocol::Update;
use ballista_core::JobId;
use ballista_core::serde::protobuf::task_status::Status as TaskState;
use ballista_scheduler::state::execution_graph::ExecutionGraph;
use ballista_scheduler::state::execution_stage::{ExecutionStage, TaskInfo};
use phalanx_engine::{OperatorExec, Progress, StageProgress};
use std::collections::HashMap;
use std::sync::Arc;

/// How far a job is.
pub fn progress(job: &JobId, graph: &dyn ExecutionGraph) -> Progress {
    let mut stages: Vec<StageProgress> = graph.stages().iter().map(|(id, stage)| stage_progress(*id, stage)).collect();
    stages.sort_by_key(|stage| stage.stage);
    let (label, _) = split_name(graph.job_name());
    Progress { job: job.to_string(), label: label.to_owned(), attempts: 1, stages }
}

fn stage_progress(stage: usize, state: &ExecutionStage) -> StageProgress {
    let infos: &[TaskInfo] = state.task_infos().unwrap_or_default();
    let mut progress =
        StageProgress { stage, name: stage_name(state), tasks: stage_tasks(state), ..StageProgress::default() };
    for info in infos {
        match &info.task_status {
            TaskState::Running(_) => progress.tasks_running += 1,
            TaskState::Successful(done) => {
                progress.tasks_done += 1;
                progress.rows += done.partitions.iter().map(|partition| partition.num_rows).sum::<u64>();
                progress.bytes += done.partitions.iter().map(|partition| partition.num_bytes).sum::<u64>();
            }
            TaskState::Failed(_) => {}
        }
    }
    progress
}

/// Tasks of a stage in all: one a partition.
pub fn stage_tasks(state: &ExecutionStage) -> usize {
    match state {
        ExecutionStage::Running(stage) => stage.partitions,
        ExecutionStage::Successful(stage) => stage.partitions,
        _ => state
            .plan()
            .children()
            .first()
            .map_or(0, |child| child.properties().output_partitioning().partition_count()),
    }
}

/// The name of the stage's uppermost operator of ours, else of its uppermost node below the writer.
pub fn stage_name(state: &ExecutionStage) -> String {
    let mut first = None;
    let mut nodes: Vec<_> = state.plan().children().into_iter().cloned().collect();
    while let Some(node) = nodes.pop() {
        if let Some(ours) = node.downcast_ref::<OperatorExec>() {
            return ours.operator().name().to_owned();
        }
        first.get_or_insert_with(|| node.name().to_owned());
        nodes.extend(node.children().into_iter().cloned());
    }
    first.unwrap_or_default()
}

/// Tells the sessions how far their jobs are, at a steady pace.
pub async fn update_sessions(state: Arc<State>) {
    loop {
        tokio::time::sleep(UPDATE_INTERVAL).await;
        if !state.hub.has_sessions() {
            continue;
        }
        let mut by_session: HashMap<String, Vec<Progress>> = HashMap::new();
        for (session, attempt, mut progress) in state.jobs().await {
            // A session knows its jobs by the names that it gave them: Ballista's arrive with the first status, late.
            progress.job = attempt;
            by_session.entry(session).or_default().push(progress);
        }
        let workers = state.hub.worker_count() as u32;
        let (warn, leaving) = (state.hub.mixed_simd().unwrap_or_default(), state.hub.offered());
        state.hub.update_sessions(|session| {
            let jobs = by_session.get(session).map(Vec::as_slice).unwrap_or_default();
            Update {
                workers,
                jobs: serde_json::to_string(jobs).unwrap_or_default(),
                warn: warn.clone(),
                leaving: leaving.clone(),
                ..Update::default()
            }
        });
    }
}
