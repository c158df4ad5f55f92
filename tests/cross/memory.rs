//! Invariant 8: what a task of an array really takes is at most a quarter more than what lowering projected for it. And
//! frames whose rows are ten times the memory limit are sorted, merged, grouped and made distinct within it, by
//! spilling. A counting allocator is under the whole program.

use crate::engines::{cluster_with, trial};
use crate::recording::Recording;
use libtest_mimic::Trial;
use peak_alloc::PeakAlloc;
use phalanx_array::random::Generator;
use phalanx_array::{AllAxes, Array};
use phalanx_cluster::ClusterOptions;
use phalanx_engine::datafusion::common::hash_utils::create_hashes;
use phalanx_engine::datafusion::physical_plan::repartition::REPARTITION_RANDOM_STATE;
use phalanx_engine::{Engine, LocalEngine, Settings};
use phalanx_frame::datasets::timeseries;
use phalanx_frame::frame::Direction;
use phalanx_frame::sort::KeepRows;
use phalanx_frame::{Aggregate, Frame, Keep};
use std::time::Duration;

/// Counts what is allocated.
#[global_allocator]
pub static COUNTED: PeakAlloc = PeakAlloc;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("memory::a_task_takes_what_was_projected", a_task_takes_what_was_projected),
        trial("memory::frames_ten_times_the_limit", frames_ten_times_the_limit),
    ]
}

fn a_task_takes_what_was_projected() {
    let random = Generator::new(7);
    let square = random.random((4800, 4800), 1600);
    let tall = random.normal(0.0, 1.0, (160_000, 64), (40_000, 64));
    let cases: Vec<(&str, Array)> = vec![
        ("a chain and its mean", ((&square + 1.0).sin() * &square).mean(0)),
        ("an array and its transpose", (&square + &square.t()).sum(AllAxes)),
        ("rows from many chunks", square.rechunk((400, 4800)).std(1)),
        ("products of blocks", square.matmul(&square).max(AllAxes)),
        ("singular values", tall.svd().1),
    ];
    // One thread: one task at a time.
    let engine = Recording::new(LocalEngine::new(Settings { threads: 1, ..Settings::default() }).unwrap());
    let mut wrong = vec![];
    for (label, array) in cases {
        let idle = COUNTED.current_usage();
        COUNTED.reset_peak_usage();
        let value = array.compute(&engine).unwrap();
        let measured = COUNTED.peak_usage().saturating_sub(idle) as f64;
        let projected = engine.take().iter().map(|(plan, _)| plan.task_bytes()).max().unwrap_or_default() as f64;
        println!("  {label}: {:.1} MiB measured, {:.1} MiB projected", measured / 1048576.0, projected / 1048576.0);
        if projected < 1e6 || measured > projected * 1.25 {
            wrong.push(format!("{label}: {measured} bytes measured, {projected} projected"));
        }
        drop(value);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The limit of the memory of operators.
const LIMIT: usize = 8 << 20;
/// What is allocated beside it: what two threads have read, put together and write at this moment, and three partitions
/// of the result.
const BESIDE: usize = 24 << 20;
/// What a worker's process takes beside it: the same, and what the allocator keeps of what was freed.
const BESIDE_ON_A_WORKER: usize = 120 << 20;

/// Rows of 45 bytes, one a second, in 24 partitions: ten times the limit.
fn large(seed: u64) -> Frame {
    let (seconds, partitions) = (LIMIT as u64 * 10 / 45, 24);
    let partition = Duration::from_secs(seconds / partitions);
    let end = 946_684_800 + partition.as_secs() * partitions;
    let end = chrono::DateTime::from_timestamp(end as i64, 0).unwrap().naive_utc();
    let series = timeseries().seed(seed).partition(partition);
    series.dates("2000-01-01T00:00:00", &format!("{end:?}")).unwrap().build().unwrap().reset_index()
}

/// What is done with them; all that comes of it is small, or leaves partition by partition.
fn works() -> Vec<(&'static str, Frame)> {
    let (left, right) = (large(1), large(2));
    let right = right.select(["timestamp", "x"]).unwrap().rename([("x", "right")]).unwrap();
    let groups = left.groupby(["timestamp", "name"]).unwrap().agg([Aggregate::sum("x"), Aggregate::mean("y")]).unwrap();
    let sums = ["x_sum", "y_mean"].into_iter().flat_map(|name| [Aggregate::sum(name), Aggregate::count(name)]);
    let text = [("name", Direction::Descending), ("y", Direction::Ascending)];
    vec![
        ("a sort", left.sort_values([("x", Direction::Ascending)]).unwrap()),
        ("a sort by text", left.sort_values(text).unwrap()),
        ("a merge", left.merge(&right, ["timestamp"], Keep::Inner).unwrap()),
        ("as many groups as rows", groups.reduce(sums).unwrap()),
        ("distinct rows", left.drop_duplicates(["name", "timestamp"], KeepRows::Last).unwrap()),
    ]
}

/// The rows and, in their order, their values; however they are cut into batches.
fn digest(frame: &Frame, engine: &dyn Engine) -> (usize, u64) {
    let mut job = engine.submit(frame.plan(engine.settings()).unwrap());
    let (mut rows, mut digest) = (0, 0_u64);
    while let Some(partition) = job.wait_next() {
        for batch in partition.unwrap().batches {
            let mut hashes = vec![0; batch.num_rows()];
            create_hashes(batch.columns(), REPARTITION_RANDOM_STATE.random_state(), &mut hashes).unwrap();
            rows += hashes.len();
            digest = hashes.iter().fold(digest, |digest, hash| digest.rotate_left(5).wrapping_mul(31) ^ hash);
        }
    }
    (rows, digest)
}

fn frames_ten_times_the_limit() {
    let settings = |memory_bytes| Settings { threads: 2, memory_bytes, ..Settings::default() };
    let options = ClusterOptions { workers: 1, memory_bytes: LIMIT as u64, ..ClusterOptions::default() };
    let (cluster, on_a_worker) = cluster_with(options);
    let worker = cluster.workers()[0];
    let small = timeseries().build().unwrap();
    small.reduce([Aggregate::sum("x")]).unwrap().compute(&on_a_worker).unwrap();
    let worker_idle = resident_most(worker);
    let roomy = LocalEngine::new(settings(8 << 30)).unwrap();
    let tight = LocalEngine::new(settings(LIMIT as u64)).unwrap();
    let mut wrong = vec![];
    for (label, frame) in works() {
        let expected = digest(&frame, &roomy);
        let idle = COUNTED.current_usage();
        COUNTED.reset_peak_usage();
        let values = [digest(&frame, &tight)];
        let measured = COUNTED.peak_usage().saturating_sub(idle);
        let values = [values[0], digest(&frame, &on_a_worker)];
        let on_worker = resident_most(worker).saturating_sub(worker_idle);
        let mib = |bytes| bytes as f64 / 1048576.0;
        println!("  {label}: {expected:?}, {:.1} MiB, {:.1} MiB on a worker", mib(measured), mib(on_worker));
        if values != [expected; 2] || expected.0 == 0 {
            wrong.push(format!("{label}: {values:?}, and {expected:?} with more memory"));
        }
        if measured > LIMIT + BESIDE || on_worker > LIMIT + BESIDE_ON_A_WORKER {
            wrong.push(format!("{label}: {measured} bytes, {on_worker} on a worker, for a limit of {LIMIT}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The most memory of its own, in bytes, that a process has had so far.
fn resident_most(process: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix("kB").unwrap().trim().parse::<usize>().unwrap() * 1024
}
