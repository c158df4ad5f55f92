//! What every engine does alike, whatever is computed.

use crate::engines::{Check, on_every_engine};
use datafusion::arrow::array::{AsArray, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use libtest_mimic::Trial;
use phalanx_engine::{Engine, EngineCodec, Error, ErrorKind, Plan, datafusion, plan, route};
use phalanx_tests::jobs::{SHAPES, job, leaf, rows, schema};
use phalanx_tests::pass::TestPass;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    let checks: [(&str, Check); 11] = [
        ("answers_are_exact", answers_are_exact),
        ("partitions_come_in_order", partitions_come_in_order),
        ("an_exchange_keeps_no_row_back", an_exchange_keeps_no_row_back),
        ("an_operators_error_keeps_its_kind_and_hint", an_operators_error_keeps_its_kind_and_hint),
        ("a_panic_is_an_internal_error", a_panic_is_an_internal_error),
        ("persisted_data_is_read_back_and_freed", persisted_data_is_read_back_and_freed),
        ("scattered_data_is_read_back", scattered_data_is_read_back),
        ("stages_of_no_partitions_end", stages_of_no_partitions_end),
        ("a_dropped_job_ends", a_dropped_job_ends),
        ("a_dropped_job_computes_no_more", a_dropped_job_computes_no_more),
        ("too_large_a_task_is_refused", too_large_a_task_is_refused),
    ];
    checks.into_iter().flat_map(|(name, check)| on_every_engine(&format!("spine::{name}"), check)).collect()
}

fn answers_are_exact(engine: &dyn Engine) {
    let start = leaf(240).unwrap();
    for (seed, shape) in SHAPES.into_iter().enumerate() {
        let known = job(&start, 240, shape, 0, seed as u64).unwrap();
        // Invariant 4: what runs here has been through the codec on a cluster; in process it is put through it by hand.
        let context = datafusion::prelude::SessionContext::new().task_ctx();
        if !matches!(shape, phalanx_tests::jobs::Shape::Diamond | phalanx_tests::jobs::Shape::DeepDiamond) {
            let codec = EngineCodec::default();
            let bytes = codec.encode(Arc::clone(known.plan.root())).unwrap();
            let decoded = codec.decode(&bytes, &context).unwrap();
            let found = engine.submit(Plan::new("decoded", decoded)).wait().unwrap();
            assert_eq!(rows(&found), known.answer, "{shape:?} after the codec");
        }
        let found = engine.submit(known.plan).wait().unwrap();
        assert_eq!(rows(&found), known.answer, "{shape:?}");
    }
}

pub fn ids(partitions: &[Vec<RecordBatch>]) -> Vec<Vec<i64>> {
    let of_batch = |batch: &RecordBatch| batch.column(0).as_primitive::<Int64Type>().values().to_vec();
    partitions.iter().map(|batches| batches.iter().flat_map(of_batch).collect()).collect()
}

/// A table of `partitions` partitions whose rows count through all of them; partition 1 is empty.
pub fn counted(partitions: i64) -> (Arc<dyn ExecutionPlan>, Vec<Vec<i64>>) {
    let mut next = 0;
    let mut expected = vec![];
    let mut batches = vec![];
    for partition in 0..partitions {
        let count = if partition == 1 { 0 } else { 7 + partition };
        let numbers: Vec<i64> = (next..next + count).collect();
        next += count;
        batches.push(if numbers.is_empty() { vec![] } else { vec![numbered(&numbers)] });
        expected.push(numbers);
    }
    (plan::table(schema(), &batches).unwrap(), expected)
}

fn numbered(numbers: &[i64]) -> RecordBatch {
    let column = || Arc::new(Int64Array::from(numbers.to_vec()));
    RecordBatch::try_new(schema(), vec![column(), column()]).unwrap()
}

fn partitions_come_in_order(engine: &dyn Engine) {
    let (root, expected) = counted(11);
    let root = plan::operator(TestPass::default(), vec![root]).unwrap();
    assert_eq!(ids(&engine.submit(Plan::new("in order", root)).wait().unwrap()), expected);
}

fn an_exchange_keeps_no_row_back(engine: &dyn Engine) {
    let targets = 7;
    let routes = route::routes(targets);
    let numbers: Vec<i64> = (0..1000).map(|number| routes[number % targets]).collect();
    let leaf = plan::table(schema(), &[vec![numbered(&numbers[..500])], vec![numbered(&numbers[500..])]]).unwrap();
    let root = plan::exchange(leaf, "id", targets).unwrap();
    let root = plan::operator(TestPass::default(), vec![root]).unwrap();
    let found = ids(&engine.submit(Plan::new("exchange", root)).wait().unwrap());
    assert_eq!(found.len(), targets);
    for (partition, found) in found.iter().enumerate() {
        let expected = numbers.iter().filter(|number| **number == routes[partition]).count();
        assert_eq!(found.len(), expected);
        assert!(found.iter().all(|number| *number == routes[partition]), "partition {partition}");
    }
}

/// A stage of no partitions has no tasks, so no task's end would ever tell that it is done.
fn stages_of_no_partitions_end(engine: &dyn Engine) {
    let none = plan::table(schema(), &[]).unwrap();
    let none = plan::operator(TestPass::default(), vec![none]).unwrap();
    assert!(engine.submit(Plan::new("none", Arc::clone(&none))).wait().unwrap().is_empty());
    let exchanged = plan::exchange(Arc::clone(&none), "id", 3).unwrap();
    let root = plan::operator(TestPass::default(), vec![exchanged]).unwrap();
    assert_eq!(ids(&engine.submit(Plan::new("exchanged", root)).wait().unwrap()), vec![vec![0_i64; 0]; 3]);
    let merged = Arc::new(CoalescePartitionsExec::new(Arc::clone(&none)));
    assert_eq!(ids(&engine.submit(Plan::new("merged", merged)).wait().unwrap()), vec![vec![0_i64; 0]]);
    let (some, expected) = counted(3);
    let both = plan::union(vec![none, some]).unwrap();
    assert_eq!(ids(&engine.submit(Plan::new("both", both)).wait().unwrap()), expected);
}

fn an_operators_error_keeps_its_kind_and_hint(engine: &dyn Engine) {
    let (root, _) = counted(4);
    let error = Error::data("column \"x\" of flights.parquet is text").with_hint("name a column of numbers");
    let failing = TestPass { fails: Some(error.clone()), ..TestPass::default() };
    let root = plan::operator(failing, vec![plan::exchange(root, "id", 3).unwrap()]).unwrap();
    let found = engine.submit(Plan::new("fails", root)).wait().unwrap_err();
    assert_eq!((found.kind(), found.message(), found.hint()), (error.kind(), error.message(), error.hint()));
    if engine.kind() == phalanx_engine::EngineKind::Cluster {
        assert!(found.place().is_some_and(|place| place.stage == 2), "{found:?}");
    }
}

fn a_panic_is_an_internal_error(engine: &dyn Engine) {
    let (root, _) = counted(3);
    let root = plan::operator(TestPass { panics: true, ..TestPass::default() }, vec![root]).unwrap();
    let found = engine.submit(Plan::new("panics", root)).wait().unwrap_err();
    assert_eq!(found.kind(), ErrorKind::Internal);
    assert!(found.message().contains("on purpose"), "{found}");
}

fn persisted_data_is_read_back_and_freed(engine: &dyn Engine) {
    let (root, expected) = counted(6);
    eventually("what others persisted is freed", || persisted_bytes(engine) == 0);
    let data = engine.persist(Plan::new("persist", root)).wait().unwrap();
    assert_eq!(data.partitions(), expected.len());
    assert_eq!(data.rows() as usize, expected.iter().map(Vec::len).sum::<usize>());
    for _ in 0..2 {
        let found = engine.submit(data.plan().unwrap()).wait().unwrap();
        assert_eq!(ids(&found), expected);
    }
    let bytes = all_persisted_bytes(engine);
    assert!(bytes > 0);
    let copy = engine.persist(data.plan().unwrap()).wait().unwrap();
    let bytes_of_both = all_persisted_bytes(engine);
    assert!(bytes_of_both > bytes);
    drop(data);
    eventually("what other data was made from is freed", || persisted_bytes(engine) < bytes_of_both);
    assert_eq!(ids(&engine.submit(copy.plan().unwrap()).wait().unwrap()), expected);
    drop(copy);
    eventually("a dropped handle frees its data", || persisted_bytes(engine) == 0);
}

fn persisted_bytes(engine: &dyn Engine) -> u64 {
    engine.describe().unwrap().workers.iter().map(|worker| worker.persisted_bytes).sum()
}

/// The same when every worker has told what it holds: workers do so once a second, one after the other.
fn all_persisted_bytes(engine: &dyn Engine) -> u64 {
    let (mut bytes, mut since) = (0, Instant::now());
    while since.elapsed() < Duration::from_millis(2_500) {
        let now = persisted_bytes(engine);
        if now != bytes {
            (bytes, since) = (now, Instant::now());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bytes
}

/// Waits for a condition that another process brings about; fails after ten seconds.
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(Instant::now() < deadline, "within 10 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn scattered_data_is_read_back(engine: &dyn Engine) {
    let parts = vec![vec![numbered(&[3, 1, 2])], vec![], vec![numbered(&[9]), numbered(&[8, 7])]];
    let data = engine.scatter("mine", schema(), parts).wait().unwrap();
    let found = engine.submit(data.plan().unwrap()).wait().unwrap();
    assert_eq!(ids(&found), [vec![3, 1, 2], vec![], vec![9, 8, 7]]);
}

fn a_dropped_job_ends(engine: &dyn Engine) {
    let (root, _) = counted(4);
    let slow = plan::operator(TestPass { pause_ms: 60_000, ..TestPass::default() }, vec![root]).unwrap();
    let job = engine.submit(Plan::new("slow", slow));
    std::thread::sleep(Duration::from_millis(50));
    drop(job);
    let (root, expected) = counted(4);
    let began = Instant::now();
    let found = engine.submit(Plan::new("after a dropped one", root)).wait().unwrap();
    assert_eq!(ids(&found), expected);
    assert!(began.elapsed() < Duration::from_secs(10), "the cores of the dropped job are free again");
    eventually("no job runs", || engine.describe().unwrap().jobs.is_empty());
}

/// Ballista's writers compute in tasks of their own, which would run on to their end (here: four seconds).
fn a_dropped_job_computes_no_more(engine: &dyn Engine) {
    let folder = tempfile::tempdir().unwrap();
    let ticks = folder.path().join("ticks");
    let rows: Vec<RecordBatch> = (0..200).map(|number| numbered(&[number])).collect();
    let leaf = plan::table(schema(), &vec![rows; 4]).unwrap();
    let ticking = TestPass { pause_ms: 20, ticks: Some(ticks.clone()), ..TestPass::default() };
    let exchanged = plan::exchange(plan::operator(ticking.clone(), vec![leaf]).unwrap(), "id", 2).unwrap();
    let job = engine.submit(Plan::new("ticking", plan::operator(ticking, vec![exchanged]).unwrap()));
    let ticked = || std::fs::metadata(&ticks).map_or(0, |file| file.len());
    eventually("the job ticks", || ticked() > 10);
    drop(job);
    let when_dropped = ticked();
    eventually("no job runs and no core is taken", || {
        let seen = engine.describe().unwrap();
        seen.jobs.is_empty() && seen.workers.iter().all(|worker| worker.tasks_running == 0)
    });
    // A core counts as free when the work has ended, and a worker tells so within a second.
    eventually("it ticks no more", || {
        let before = ticked();
        std::thread::sleep(Duration::from_millis(100));
        before == ticked()
    });
    let before = ticked();
    assert!(before < when_dropped + 150, "it ran on: {before} ticks, and {when_dropped} when it was dropped");
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(ticked(), before);
    eventually("what it wrote late is freed", || persisted_bytes(engine) == 0);
}

fn too_large_a_task_is_refused(engine: &dyn Engine) {
    let (root, _) = counted(2);
    let error = engine.submit(Plan::new("large", root).projecting(3 << 40)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resources);
    let figures = [(3_u64 << 40).to_string(), engine.settings().task_memory_bytes.to_string()];
    assert!(figures.iter().all(|figure| error.message().contains(figure)) && error.hint().is_some(), "{error}");
}
