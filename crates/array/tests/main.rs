//! The behaviour suite in process, plain and perturbed, and properties against a dense model.

#![allow(clippy::unwrap_used, reason = "a check that fails panics")]

mod properties;
mod suite;

use phalanx_engine::datafusion::arrow::array::RecordBatch;
use phalanx_engine::datafusion::arrow::datatypes::SchemaRef;
use phalanx_engine::datafusion::datasource::source::DataSourceExec;
use phalanx_engine::datafusion::physical_plan::ExecutionPlan;
use phalanx_engine::{
    Engine, EngineCodec, EngineDescription, EngineKind, Gang, GangPlan, Job, LocalEngine, PersistJob, Plan, Result,
    Settings,
};
use std::sync::Arc;

/// Every check, on the plain engine and on adverse ones; each check compares with its own oracle, and what it
/// returns must have the same bits everywhere.
#[test]
fn every_check_gives_the_same_bits_on_every_engine_in_process() {
    let plain = LocalEngine::new(Settings::default()).unwrap();
    let single = LocalEngine::new(Settings { threads: 1, ..Settings::default() }).unwrap();
    let perturbed: Vec<LocalEngine> = [1, 2, 3, 4].map(|seed| LocalEngine::perturbed(seed).unwrap()).into();
    for (name, check) in suite::checks() {
        let expected = check(&plain);
        assert_eq!(check(&single), expected, "{name} on one thread");
        for (number, engine) in perturbed.iter().enumerate() {
            assert_eq!(check(engine), expected, "{name} on perturbed engine {number}");
        }
    }
}

/// As a cluster would: every plan goes over the wire, and only then runs. And no operator of ours is a leaf, or a
/// task would run all partitions.
#[test]
fn every_check_gives_the_same_bits_after_the_wire() {
    let plain = LocalEngine::new(Settings::default()).unwrap();
    let wire = Wire(LocalEngine::new(Settings::default()).unwrap());
    for (name, check) in suite::checks() {
        assert_eq!(check(&wire), check(&plain), "{name}");
    }
}

/// Runs what is left of a plan after it was written and read.
#[derive(Debug)]
struct Wire(LocalEngine);

impl Wire {
    fn pass(&self, plan: &Plan) -> Plan {
        let codec = EngineCodec::default();
        let bytes = codec.encode(Arc::clone(plan.root())).unwrap();
        let root = codec.decode(&bytes, &self.0.session().task_ctx()).unwrap();
        check_leaves(&root);
        Plan::new(plan.label(), root).reading(plan.inputs().iter().cloned()).projecting(plan.task_bytes())
    }
}

fn check_leaves(plan: &Arc<dyn ExecutionPlan>) {
    let children = plan.children();
    assert!(!children.is_empty() || plan.downcast_ref::<DataSourceExec>().is_some(), "{} is a leaf", plan.name());
    children.into_iter().for_each(check_leaves);
}

impl Engine for Wire {
    fn kind(&self) -> EngineKind {
        self.0.kind()
    }
    fn settings(&self) -> &Settings {
        self.0.settings()
    }
    fn submit(&self, plan: Plan) -> Job {
        self.0.submit(self.pass(&plan))
    }
    fn persist(&self, plan: Plan) -> PersistJob {
        self.0.persist(self.pass(&plan))
    }
    fn scatter(&self, label: &str, schema: SchemaRef, partitions: Vec<Vec<RecordBatch>>) -> PersistJob {
        self.0.scatter(label, schema, partitions)
    }
    fn gang(&self, plan: GangPlan) -> Gang {
        self.0.gang(plan)
    }
    fn describe(&self) -> Result<EngineDescription> {
        self.0.describe()
    }
}
