//! The one trait that runs plans, and what is submitted to it.

use crate::{Error, Gang, GangPlan, Job, PersistJob, Persisted, Result, Settings};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A physical plan with what an engine must know beside it.
#[derive(Clone, Debug)]
pub struct Plan {
    label: String,
    root: Arc<dyn ExecutionPlan>,
    inputs: Vec<Persisted>,
    task_bytes: u64,
}

impl Plan {
    /// A plan that people see under the name `label`.
    pub fn new(label: impl Into<String>, root: Arc<dyn ExecutionPlan>) -> Self {
        Self { label: label.into(), root, inputs: vec![], task_bytes: 0 }
    }
    /// Keeps `inputs`, which the plan reads, until the plan is dropped.
    #[must_use]
    pub fn reading(mut self, inputs: impl IntoIterator<Item = Persisted>) -> Self {
        self.inputs.extend(inputs);
        self
    }
    /// The plan by itself, and what it keeps.
    pub(crate) fn without_inputs(mut self) -> (Self, Vec<Persisted>) {
        let inputs = std::mem::take(&mut self.inputs);
        (self, inputs)
    }
    /// The most memory that lowering expects one task to use, in bytes.
    #[must_use]
    pub fn projecting(mut self, task_bytes: u64) -> Self {
        self.task_bytes = self.task_bytes.max(task_bytes);
        self
    }
    /// What people call it.
    pub fn label(&self) -> &str {
        &self.label
    }
    /// The plan itself.
    pub fn root(&self) -> &Arc<dyn ExecutionPlan> {
        &self.root
    }
    /// The persisted data that it reads.
    pub fn inputs(&self) -> &[Persisted] {
        &self.inputs
    }
    /// The schema of the result.
    pub fn schema(&self) -> SchemaRef {
        self.root.schema()
    }
    /// The number of partitions of the result.
    pub fn partitions(&self) -> usize {
        crate::plan::partition_count(&self.root)
    }
    /// Projected peak memory of one task, in bytes; 0 if lowering does not know.
    pub fn task_bytes(&self) -> u64 {
        self.task_bytes
    }
    /// The same plan over the present places of its persisted inputs, and without [inputs of no
    /// partitions](crate::plan::inhabited): as engines run it.
    ///
    /// # Errors
    /// The plan can't be rebuilt, which is a bug of ours.
    pub fn refreshed(&self) -> Result<Self> {
        let root = crate::plan::inhabited(Persisted::refresh(Arc::clone(&self.root), &self.inputs)?)?;
        Ok(Self { root, ..self.clone() })
    }
    /// Refuses a plan whose tasks would not fit the session's task memory.
    ///
    /// # Errors
    /// `Resources`, with both figures.
    pub fn check(&self, settings: &Settings) -> Result<()> {
        if self.task_bytes <= settings.task_memory_bytes {
            return Ok(());
        }
        Err(Error::resources(format!(
            "{:?} needs {} bytes of memory in one task, and a task of this session may use {}",
            self.label, self.task_bytes, settings.task_memory_bytes
        ))
        .with_hint("cut the data into smaller parts, or raise the session's task memory"))
    }
}

impl fmt::Display for Plan {
    /// The physical plan, one node a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", displayable(self.root.as_ref()).indent(false))
    }
}

/// Which engine it is, for people and for the demo's report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EngineKind {
    /// DataFusion in this process.
    Local,
    /// The same, made as adverse as the determinism law allows.
    Perturbed,
    /// Ballista on a cluster.
    Cluster,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Perturbed => "perturbed",
            Self::Cluster => "cluster",
        })
    }
}

/// A worker as its engine sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerDescription {
    /// Its name in the cluster.
    pub id: String,
    /// `host:port` of its data service.
    pub address: String,
    /// Tasks that it may run at once.
    pub cores: usize,
    /// Tasks that it runs now.
    pub tasks_running: usize,
    /// Its limit of memory.
    pub memory_bytes: u64,
    /// What its process uses now.
    pub memory_used_bytes: u64,
    /// Persisted data that it holds.
    pub persisted_bytes: u64,
    /// It takes no more tasks, and ends when nobody needs what it holds.
    #[serde(default)]
    pub is_leaving: bool,
    /// Graphics processors of NVIDIA's that its process may use.
    #[serde(default)]
    pub gpus: usize,
}

/// What an engine has and does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EngineDescription {
    /// Which engine it is.
    pub kind: EngineKind,
    /// Where it is: the scheduler's URL, or `in process`.
    pub address: String,
    /// The URL of the status page, if one is served.
    #[serde(default)]
    pub page: Option<String>,
    /// Its workers; an engine in this process describes itself as one.
    pub workers: Vec<WorkerDescription>,
    /// Jobs that run now.
    pub jobs: Vec<crate::Progress>,
}

/// Runs plans. The same plan gives the same bits on every engine.
///
/// All methods return at once; work happens on threads of the engine's own. What they return has a blocking and an
/// async way to wait.
pub trait Engine: fmt::Debug + Send + Sync {
    /// Which engine it is.
    fn kind(&self) -> EngineKind;
    /// What the session fixes for every plan.
    fn settings(&self) -> &Settings;
    /// Starts `plan`; its partitions come back in order.
    fn submit(&self, plan: Plan) -> Job;
    /// Starts `plan`; its partitions stay where they are computed.
    fn persist(&self, plan: Plan) -> PersistJob;
    /// Hands the caller's own data to the engine, one inner vector a partition.
    fn scatter(&self, label: &str, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> PersistJob;
    /// Starts child processes that work on one thing together, all at once or none. A gang that finds too few free
    /// cores waits for them; one that needs more than there are runs when no other does.
    fn gang(&self, plan: GangPlan) -> Gang;
    /// What the engine has and does.
    ///
    /// # Errors
    /// The cluster does not answer.
    fn describe(&self) -> Result<EngineDescription>;
    /// Tells who looks at the cluster how far a run of steps is. Does not wait, and never fails the run. Nobody looks at
    /// an engine in this process, so there it does nothing.
    fn report(&self, event: crate::observe::RunEvent) {
        drop(event);
    }
}
