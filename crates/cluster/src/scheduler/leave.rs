//! Letting workers go: when no running job needs them, their data is offered to others; when no session needs that any
//! more, they may leave.

use super::UPDATE_INTERVAL;
use super::certify;
use super::control::State;
use super::placement::holders;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After its job has ended, a client fetches the result: from workers that leave, within this time.
const FETCH_TIME: Duration = Duration::from_secs(1);

/// Tells workers that want to leave that they may.
pub async fn let_workers_leave(state: Arc<State>) {
    let mut unneeded_since: HashMap<String, Instant> = HashMap::new();
    loop {
        tokio::time::sleep(UPDATE_INTERVAL).await;
        let mut leaving = state.hub.leaving();
        if !leaving.is_empty() {
            let needed = needed(&state).await;
            leaving.retain(|worker| !needed.contains(worker));
        }
        unneeded_since.retain(|worker, _| leaving.contains(worker));
        let now = Instant::now();
        leaving.retain(|worker| {
            let since = *unneeded_since.entry(worker.clone()).or_insert(now);
            now.duration_since(since) >= FETCH_TIME
        });
        for worker in &leaving {
            if !state.hub.is_needed_by_a_session(worker) {
                state.hub.may_leave(worker);
            }
        }
        state.hub.offer(leaving);
    }
}

/// The workers that run ranks of gangs or tasks of running jobs, hold their outputs, or hold what they read.
async fn needed(state: &State) -> HashSet<String> {
    let mut needed: HashSet<String> = state.slots.busy_workers().into_iter().collect();
    for job in state.server.state.task_manager.get_running_job_cache().values() {
        let graph = job.execution_graph.read().await;
        needed.extend(certify::workers(graph.as_ref()));
        for stage in graph.stages().values() {
            for below in stage.plan().children() {
                needed.extend(holders(below).into_values());
            }
        }
    }
    needed
}
