//! An engine that writes every plan as bytes and runs what it reads back: so every operator of every behaviour makes
//! the round trip that a cluster makes.

use phalanx_engine::datafusion::arrow::array::RecordBatch;
use phalanx_engine::datafusion::arrow::datatypes::SchemaRef;
use phalanx_engine::{
    Engine, EngineCodec, EngineDescription, EngineKind, Gang, GangPlan, Job, LocalEngine, PersistJob, Plan, Result,
    Settings,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug)]
pub struct CodecEngine {
    local: LocalEngine,
    plans: AtomicUsize,
}

impl CodecEngine {
    pub fn new() -> Self {
        Self { local: LocalEngine::new(Settings::default()).unwrap(), plans: AtomicUsize::new(0) }
    }
    /// How many plans made the trip.
    pub fn plans(&self) -> usize {
        self.plans.load(Ordering::Relaxed)
    }
    fn travel(&self, plan: Plan) -> Plan {
        self.plans.fetch_add(1, Ordering::Relaxed);
        let codec = EngineCodec::default();
        let bytes = codec.encode(Arc::clone(plan.root())).unwrap();
        let root = codec.decode(&bytes, &self.local.session().task_ctx()).unwrap();
        assert_eq!(codec.encode(Arc::clone(&root)).unwrap(), bytes, "{}", plan.label());
        assert_eq!(root.schema(), plan.schema(), "{}", plan.label());
        Plan::new(plan.label(), root).reading(plan.inputs().iter().cloned()).projecting(plan.task_bytes())
    }
}

impl Engine for CodecEngine {
    fn kind(&self) -> EngineKind {
        self.local.kind()
    }
    fn settings(&self) -> &Settings {
        self.local.settings()
    }
    fn submit(&self, plan: Plan) -> Job {
        self.local.submit(self.travel(plan))
    }
    fn persist(&self, plan: Plan) -> PersistJob {
        self.local.persist(self.travel(plan))
    }
    fn scatter(&self, label: &str, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> PersistJob {
        self.local.scatter(label, schema, partitions)
    }
    fn gang(&self, plan: GangPlan) -> Gang {
        self.local.gang(plan)
    }
    fn describe(&self) -> Result<EngineDescription> {
        self.local.describe()
    }
}
