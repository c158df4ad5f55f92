//! Ballista cuts a plan into stages and optimizes each once more: what workers run must have the shape that lowering
//! gave it, but for the sides of hash joins.

use crate::engines::trial;
use crate::recording::{Recording, Run};
use crate::suites::shapes_of_suites;
use datafusion::common::{JoinType, NullEquality};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::joins::{HashJoinExec, PartitionMode};
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::{ExecutionPlan, Partitioning};
use libtest_mimic::Trial;
use phalanx_cluster::{ClusterEngine, Scheduler, SchedulerAddress, SchedulerOptions, Transport, WorkerOptions, work};
use phalanx_engine::{Engine, OperatorExec, Plan, Settings, datafusion, plan};
use phalanx_tests::jobs::{SHAPES, job, leaf, rows};
use std::sync::Arc;
use std::time::Duration;

pub fn trials() -> Vec<Trial> {
    vec![trial("stages::workers_run_what_lowering_made", workers_run_what_lowering_made)]
}

/// A node a line, indented by its depth.
type Tree = Vec<String>;

fn indented(tree: Tree) -> impl Iterator<Item = String> {
    tree.into_iter().map(|line| format!("  {line}"))
}

/// What is compared of a node: its kind, and which operator of ours it is.
fn name(node: &Arc<dyn ExecutionPlan>) -> String {
    match node.downcast_ref::<OperatorExec>() {
        Some(ours) => format!("OperatorExec: {}", ours.operator().describe()),
        // `SortExec(TopK)` is printed as `SortExec: TopK(…)`.
        None => node.name().split('(').next().unwrap_or_default().to_owned(),
    }
}

/// Cuts `node` at its exchanges, as stages are: adds the stages below it to `stages`, and returns what is left.
fn cut(node: &Arc<dyn ExecutionPlan>, stages: &mut Vec<Tree>) -> Tree {
    let collects = |join: &HashJoinExec| *join.partition_mode() == PartitionMode::CollectLeft;
    assert!(!node.downcast_ref::<HashJoinExec>().is_some_and(collects), "a broadcast join would be cut otherwise");
    let mut inputs: Vec<Tree> = node.children().into_iter().map(|input| cut(input, stages)).collect();
    let reader = || vec![String::from("ShuffleReaderExec")];
    let mut write = |writer: &str, input: Tree| {
        stages.push(std::iter::once(writer.to_owned()).chain(indented(input)).collect());
    };
    if let Some(exchange) = node.downcast_ref::<RepartitionExec>() {
        assert!(matches!(exchange.partitioning(), Partitioning::Hash(..)), "only rows by hash are exchanged");
        write("SortShuffleWriterExec", inputs.remove(0));
        return reader();
    }
    if node.is::<CoalescePartitionsExec>() || node.is::<SortPreservingMergeExec>() {
        write("ShuffleWriterExec", inputs.remove(0));
        inputs.push(reader());
    }
    std::iter::once(name(node)).chain(inputs.into_iter().flat_map(indented)).collect()
}

/// The stages of `root`, in any order.
fn expected(root: &Arc<dyn ExecutionPlan>) -> Vec<Tree> {
    let mut stages = vec![];
    let rest = cut(root, &mut stages);
    stages.push(std::iter::once(String::from("ShuffleWriterExec")).chain(indented(rest)).collect());
    stages.sort();
    stages
}

/// `tree` without what Ballista may do to a join once it knows the sizes of its inputs: swap them, and put their columns
/// back in order above it.
fn unswapped(tree: &[String]) -> Tree {
    let Some((root, below)) = tree.split_first() else { return vec![] };
    let below: Tree = below.iter().map(|line| line[2..].to_owned()).collect();
    let mut inputs: Vec<Tree> = vec![];
    for line in below {
        match inputs.last_mut() {
            Some(input) if line.starts_with(' ') => input.push(line),
            _ => inputs.push(vec![line]),
        }
    }
    let mut inputs: Vec<Tree> = inputs.iter().map(|input| unswapped(input)).collect();
    let is_join = |tree: &Tree| tree.first().is_some_and(|root| root == "HashJoinExec");
    if root == "ProjectionExec" && inputs.first().is_some_and(is_join) {
        return inputs.remove(0);
    }
    if root == "HashJoinExec" {
        inputs.sort();
    }
    std::iter::once(root.clone()).chain(inputs.into_iter().flat_map(indented)).collect()
}

/// The same of a plan as `displayable` prints it.
fn parsed(text: &str) -> Tree {
    let line = |line: &str| match line.trim_start().starts_with("OperatorExec: ") {
        true => line.to_owned(),
        false => line.split(':').next().unwrap_or_default().trim_end().to_owned(),
    };
    text.lines().map(line).collect()
}

fn check(scheduler: &Scheduler, label: &str, runs: Vec<Run>) -> usize {
    let mut compared = 0;
    for (plan, progress) in runs {
        let id = progress.borrow().job.clone();
        // Jobs that failed, as some tests want, or of no partitions, have nothing to compare.
        let Ok(plans) = scheduler.stage_plans(&id) else { continue };
        let mut found: Vec<Tree> = plans.iter().map(|plan| unswapped(&parsed(plan))).collect();
        found.sort();
        let mut wanted: Vec<Tree> =
            expected(plan.refreshed().unwrap().root()).iter().map(|stage| unswapped(stage)).collect();
        wanted.sort();
        assert!(
            found == wanted,
            "{label}, {:?}: workers ran\n{}\nand lowering made\n{}",
            plan.label(),
            found.concat().join("\n"),
            wanted.concat().join("\n")
        );
        compared += 1;
    }
    compared
}

/// A join of three partitions, fewer than the session's default, under a merge.
fn merged_join() -> Plan {
    let side = || plan::exchange(leaf(240).unwrap(), "id", 3).unwrap();
    let (left, right) = (side(), side());
    let on = vec![(col("id", &left.schema()).unwrap(), col("id", &right.schema()).unwrap())];
    let (kind, mode, nulls) = (JoinType::Inner, PartitionMode::Partitioned, NullEquality::NullEqualsNothing);
    let join = HashJoinExec::try_new(left, right, on, None, &kind, None, mode, nulls, false).unwrap();
    Plan::new("a merged join", Arc::new(CoalescePartitionsExec::new(Arc::new(join))))
}

fn workers_run_what_lowering_made() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let bind = "127.0.0.1:0".parse().unwrap();
    let transport = Transport::loopback();
    let options = SchedulerOptions { plans_kept: 10_000, ..SchedulerOptions::new(bind, transport.clone()) };
    let scheduler = runtime.block_on(Scheduler::start(options)).unwrap();
    let address: SchedulerAddress = format!("tcp://{}", scheduler.address()).parse().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let options = WorkerOptions {
        cores: 2,
        memory_bytes: 2 << 30,
        scratch: scratch.path().to_owned(),
        ..WorkerOptions::new(address.clone(), transport.clone())
    };
    let worker = runtime.spawn(work(options, |_| {}, std::future::pending()));
    let engine = ClusterEngine::connect(&address, Settings::default(), transport).unwrap();
    engine.wait_for_workers(1, Duration::from_secs(10)).unwrap();
    let engine = Recording::new(engine);

    let mut compared = 0;
    for shape in SHAPES {
        engine.submit(job(&leaf(240).unwrap(), 240, shape, 0, 3).unwrap().plan).wait().unwrap();
        compared += check(&scheduler, &format!("{shape:?}"), engine.take());
    }
    assert_eq!(compared, SHAPES.len());
    let merged = engine.submit(merged_join()).wait().unwrap();
    assert_eq!(merged.len(), 1);
    assert_eq!(rows(&merged), (0..240).map(|id| (id, id * 3 + 1)).collect::<Vec<_>>());
    assert_eq!(check(&scheduler, "a merged join", engine.take()), 1);
    for (label, suite) in shapes_of_suites() {
        suite(&engine);
        compared += check(&scheduler, label, engine.take());
    }
    assert!(compared > 100, "{compared} jobs");
    drop(engine);
    worker.abort();
    runtime.block_on(async { drop(scheduler) });
}
