//! What the operators of finished tasks did, summed by stage until the next heartbeat takes it along.

use super::stop::without_stop;
use crate::protocol::{OperatorSums, StageOperators};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use parking_lot::Mutex;
use phalanx_engine::{OperatorExec, datafusion};
use std::collections::HashMap;
use std::sync::Arc;

/// Stages that may wait for a heartbeat; what comes beyond is not told.
const STAGES_MAX: usize = 256;
/// Operators of a stage that are told.
const OPERATORS_MAX: usize = 64;

/// The sums.
#[derive(Debug, Default)]
pub struct Operators(Mutex<HashMap<(String, u32), Vec<OperatorSums>>>);

impl Operators {
    /// Adds a task that has ended: its writer's metrics, and the plan below the writer as it was executed.
    pub fn add(&self, job: &str, stage: u32, writer: Option<&MetricsSet>, plan: &Arc<dyn ExecutionPlan>) {
        let mut sums = vec![sums_of(0, String::from("write"), writer)];
        collect(plan, 1, &mut sums);
        let mut all = self.0.lock();
        let key = (job.to_owned(), stage);
        if all.len() >= STAGES_MAX && !all.contains_key(&key) {
            return;
        }
        let known = all.entry(key).or_default();
        if known.is_empty() {
            *known = sums;
            return;
        }
        for (known, new) in known.iter_mut().zip(sums) {
            known.rows += new.rows;
            known.compute_us += new.compute_us;
            known.spilled_bytes += new.spilled_bytes;
        }
    }

    /// All that was added since the last call.
    pub fn take(&self) -> Vec<StageOperators> {
        let all = std::mem::take(&mut *self.0.lock());
        all.into_iter().map(|((job, stage), operators)| StageOperators { job, stage, operators }).collect()
    }
}

fn collect(node: &Arc<dyn ExecutionPlan>, depth: u32, sums: &mut Vec<OperatorSums>) {
    if sums.len() >= OPERATORS_MAX {
        return;
    }
    let node = without_stop(node);
    let name = node.downcast_ref::<OperatorExec>().map_or_else(|| node.name(), |ours| ours.operator().name());
    sums.push(sums_of(depth, name.to_owned(), node.metrics().as_ref()));
    for child in node.children() {
        collect(child, depth + 1, sums);
    }
}

fn sums_of(depth: u32, name: String, metrics: Option<&MetricsSet>) -> OperatorSums {
    let number = |value: Option<usize>| value.map_or(0, |value| value as u64);
    let compute_ns = metrics.map_or(0, |metrics| {
        let own = number(metrics.elapsed_compute());
        if own > 0 { own } else { number(metrics.sum(is_time).map(|sum| sum.as_usize())) }
    });
    OperatorSums {
        depth,
        name,
        rows: metrics.map_or(0, |metrics| number(metrics.output_rows())),
        compute_us: compute_ns / 1_000,
        spilled_bytes: metrics.map_or(0, |metrics| number(metrics.spilled_bytes())),
    }
}

/// Times of operators that do not call theirs "elapsed compute", as writers: what they spent on repartitioning and
/// writing.
fn is_time(metric: &datafusion::physical_plan::metrics::Metric) -> bool {
    matches!(metric.value(), MetricValue::Time { name, .. } if matches!(name.as_ref(), "write_time" | "repart_time"))
}
