//! Which partition runs next, and where: one partition a task, sessions in turn, a session's jobs in the order of their
//! arrival, and a task goes to the worker that holds its persisted data unless that worker is busy for too long.

use super::hub::Hub;
use super::turns::Turns;
use crate::task_options::TaskOptions;
use ballista_core::JobId;
use ballista_core::execution_plans::{RangeShuffleReaderExec, ShuffleReaderExec};
use ballista_core::serde::protobuf::{AvailableVcores, job_status};
use ballista_core::serde::scheduler::TaskKey;
use ballista_scheduler::cluster::{BoundTask, DistributionPolicy};
use ballista_scheduler::state::execution_graph::{TaskDescription, create_task_info};
use ballista_scheduler::state::execution_stage::RunningStage;
use ballista_scheduler::state::task_manager::JobInfoCache;
use datafusion::physical_plan::ExecutionPlan;
use parking_lot::Mutex;
use phalanx_engine::{PersistedScan, datafusion};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long a stage waits for the workers that hold its data before any worker may fetch it.
const LOCALITY_WAIT: Duration = Duration::from_millis(300);

/// Binds tasks to the worker that polls.
#[derive(Clone)]
pub struct Placement {
    hub: Arc<Hub>,
    turns: Arc<Mutex<Turns>>,
    /// Who holds what the stages of running jobs read: it is looked for once, not for each of their tasks.
    holders: Arc<Mutex<Holders>>,
}

/// By job and stage: the worker that holds what a partition reads.
type Holders = HashMap<(JobId, usize), Arc<HashMap<usize, String>>>;

impl std::fmt::Debug for Placement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Placement")
    }
}

impl Placement {
    /// A policy that knows who is here from `hub`.
    pub fn new(hub: Arc<Hub>) -> Self {
        Self { hub, turns: Arc::default(), holders: Arc::default() }
    }

    /// A task of `job` for one of the workers, if it has one that may run there.
    async fn bind_one(
        &self,
        id: &JobId,
        job: &JobInfoCache,
        budgets: &mut [&mut AvailableVcores],
    ) -> Option<BoundTask> {
        let mut graph = job.execution_graph.write().await;
        let session = graph.session_id().to_owned();
        for budget in budgets.iter_mut().filter(|budget| budget.vcores > 0) {
            let mut exhausted = vec![];
            while let Some(stage) = graph.fetch_running_stage(&exhausted) {
                let partitions = self.choose(id, stage, &budget.executor_id);
                if partitions.is_empty() {
                    exhausted.push(stage.stage_id);
                    continue;
                }
                budget.vcores -= 1;
                let task = bind(stage, id, &session, &budget.executor_id, partitions);
                return Some((budget.executor_id.clone(), task));
            }
        }
        None
    }

    /// The workers that hold what the partitions of `stage` read.
    fn holders(&self, job: &JobId, stage: &RunningStage) -> Arc<HashMap<usize, String>> {
        let mut known = self.holders.lock();
        let found = known.entry((job.clone(), stage.stage_id)).or_insert_with(|| Arc::new(holders(&stage.plan)));
        Arc::clone(found)
    }

    /// The partitions for one task of `stage` on `worker`; none if it should wait for others.
    fn choose(&self, job: &JobId, stage: &mut RunningStage, worker: &str) -> Vec<usize> {
        // Where no worker has the memory, one says so by name.
        let needed = TaskOptions::of(&stage.session_config).task_bytes;
        if needed > 0 && self.hub.is_too_small(worker, needed) {
            return vec![];
        }
        if has_collapse(&stage.plan) {
            return stage.pending.next_slice(usize::MAX); // its one task needs all inputs
        }
        let holders = self.holders(job, stage);
        if holders.is_empty() {
            return stage.pending.next_slice(1);
        }
        let pending = stage.pending.next_slice(usize::MAX);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        // A stage that begins in the future began before the clock was set back.
        let waited = now < stage.stage_running_time || now - stage.stage_running_time >= LOCALITY_WAIT.as_millis();
        let holder = |partition: &usize| holders.get(partition).map(String::as_str);
        let ours = pending.iter().position(|partition| holder(partition) == Some(worker));
        let chosen = ours.or_else(|| {
            pending.iter().position(|partition| match holder(partition) {
                Some(other) => waited || !self.hub.is_alive(other),
                None => true,
            })
        });
        if chosen.is_none() {
            // Whoever may take them then must hear of it.
            let hub = Arc::clone(&self.hub);
            tokio::spawn(async move {
                tokio::time::sleep(LOCALITY_WAIT).await;
                hub.wake();
            });
        }
        let mut rest = pending;
        let taken = chosen.map(|position| rest.remove(position));
        stage.pending.reschedule(rest);
        taken.into_iter().collect()
    }
}

#[async_trait::async_trait]
impl DistributionPolicy for Placement {
    async fn bind_tasks(
        &self,
        mut budgets: Vec<&mut AvailableVcores>,
        running_jobs: Arc<HashMap<JobId, JobInfoCache>>,
    ) -> datafusion::error::Result<Vec<BoundTask>> {
        let mut bound = vec![];
        if budgets.iter().all(|budget| budget.vcores == 0) || running_jobs.is_empty() {
            return Ok(bound);
        }
        let mut jobs: Vec<_> =
            running_jobs.iter().filter(|(_, job)| matches!(job.status, Some(job_status::Status::Running(_)))).collect();
        jobs.sort_unstable_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        self.holders.lock().retain(|(job, _), _| running_jobs.contains_key(job));
        // Each session's jobs in the order of their arrival; those that have nothing to give are skipped.
        let mut waiting: HashMap<String, VecDeque<(&JobId, &JobInfoCache)>> = HashMap::new();
        for (id, job) in jobs {
            waiting.entry(self.hub.owner(id.as_ref()).unwrap_or_default()).or_default().push_back((id, job));
        }
        self.turns.lock().keep(waiting.keys());
        while budgets.iter().any(|budget| budget.vcores > 0) {
            let Some(session) = self.turns.lock().next(waiting.keys()) else { break };
            let Some((id, job)) = waiting.get(&session).and_then(|jobs| jobs.front()).copied() else {
                waiting.remove(&session);
                continue;
            };
            match self.bind_one(id, job, &mut budgets).await {
                Some(task) => {
                    self.turns.lock().served(&session);
                    bound.push(task);
                }
                None => drop(waiting.get_mut(&session).and_then(VecDeque::pop_front)),
            }
        }
        Ok(bound)
    }

    fn name(&self) -> &str {
        "phalanx"
    }
}

/// Notes the task in the stage and describes it for the worker (Ballista's own `bind_one` is private).
fn bind(stage: &mut RunningStage, job: &JobId, session: &str, worker: &str, partitions: Vec<usize>) -> TaskDescription {
    let task = stage.task_infos.len();
    let attempt = partitions.iter().filter_map(|partition| stage.task_failure_numbers.get(*partition)).max();
    let task_attempt = attempt.copied().unwrap_or(0);
    let mut info = create_task_info(worker.to_owned(), task);
    info.global_input_partition_ids.clone_from(&partitions);
    info.vcores_consumed = 1;
    stage.task_infos.push(info);
    TaskDescription {
        session_id: session.to_owned(),
        key: TaskKey { job_id: job.clone(), stage_id: stage.stage_id, task_id: task },
        stage_attempt_num: stage.stage_attempt_num,
        task_attempt,
        global_input_partition_ids: partitions,
        vcores_consumed: 1,
        plan: Arc::clone(&stage.plan),
        session_config: Arc::clone(&stage.session_config),
    }
}

/// Does a node of the stage merge all its partitions into one? Then splitting the stage would merge slices.
/// The rule is Ballista's (`stage_has_input_collapse`), whose function is private.
fn has_collapse(root: &Arc<dyn ExecutionPlan>) -> bool {
    let mut node = root;
    while let [child] = node.children().as_slice() {
        let is_reader = child.downcast_ref::<ShuffleReaderExec>().is_some()
            || child.downcast_ref::<RangeShuffleReaderExec>().is_some();
        if is_reader {
            return false;
        }
        if child.properties().output_partitioning().partition_count() == 1 {
            return true;
        }
        node = child;
    }
    false
}

/// The workers that hold the persisted data of `plan`'s partitions: the first scan of each partition decides.
pub fn holders(plan: &Arc<dyn ExecutionPlan>) -> HashMap<usize, String> {
    let mut holders = HashMap::new();
    let mut nodes = vec![Arc::clone(plan)];
    while let Some(node) = nodes.pop() {
        for (partition, places) in PersistedScan::places(&node).unwrap_or_default().into_iter().enumerate() {
            if let Some((_, place)) = places.into_iter().find(|(_, place)| !place.worker.is_empty()) {
                holders.entry(partition).or_insert(place.worker);
            }
        }
        nodes.extend(node.children().into_iter().cloned());
    }
    holders
}
