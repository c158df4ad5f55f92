//! Workers that leave hand over what they hold; schedulers that come back find their clients.

use crate::engines::{cluster, trial};
use crate::spine::{counted, ids};
use libtest_mimic::Trial;
use phalanx_cluster::process::this_program;
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Transport};
use phalanx_engine::{Engine, ErrorKind, LocalEngine, Persisted, Plan, Settings, plan};
use phalanx_tests::jobs::{Shape, job, leaf, rows, schema};
use phalanx_tests::pass::TestPass;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("drain::retired_workers_hand_over_what_they_hold", retired_workers_hand_over_what_they_hold),
        trial("drain::a_terminated_worker_hands_over_what_it_holds", a_terminated_worker_hands_over_what_it_holds),
        trial("drain::a_worker_that_leaves_finishes_its_tasks", a_worker_that_leaves_finishes_its_tasks),
        trial("drain::the_last_worker_leaves_too", the_last_worker_leaves_too),
        trial("drain::unknown_workers_are_not_retired", unknown_workers_are_not_retired),
        trial("drain::a_scheduler_comes_back", a_scheduler_comes_back),
    ]
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Persisted data, each of whose batches leaves a byte in `ticks` when it is computed, and its ids.
fn ticking(engine: &dyn Engine, ticks: &Path) -> (Persisted, Vec<Vec<i64>>) {
    let (root, expected) = counted(8);
    let pass = TestPass { ticks: Some(ticks.to_owned()), ..TestPass::default() };
    let data = engine.persist(Plan::new("ticking", plan::operator(pass, vec![root]).unwrap())).wait().unwrap();
    (data, expected)
}

fn scattered(engine: &dyn Engine) -> (Persisted, Vec<(i64, i64)>) {
    let known = job(&leaf(240).unwrap(), 240, Shape::Chain(1), 0, 1).unwrap();
    let local = LocalEngine::new(Settings::default()).unwrap();
    let data = engine.scatter("mine", schema(), local.submit(known.plan).wait().unwrap()).wait().unwrap();
    (data, known.answer)
}

fn holders(data: &Persisted) -> Vec<String> {
    let mut holders: Vec<String> =
        data.locations().into_iter().filter(|at| !at.path.is_empty()).map(|at| at.worker).collect();
    holders.sort_unstable();
    holders.dedup();
    holders
}

/// Whatever way workers are told to leave: everything is there afterwards, and nothing was computed again.
fn check_drain(leave: impl FnOnce(&LocalCluster, &ClusterEngine, &[String])) {
    let (cluster, engine) = cluster(3);
    let folder = tempfile::tempdir().unwrap();
    let ticks = folder.path().join("ticks");
    let ticked = || std::fs::metadata(&ticks).unwrap().len();
    let (data, expected) = ticking(&engine, &ticks);
    let (mine, answer) = scattered(&engine);
    let dropped = ticking(&engine, &folder.path().join("other")).0;
    let once = ticked();
    let going: Vec<String> = holders(&mine)[..2].to_vec();
    leave(&cluster, &engine, &going);
    eventually("two workers have left", || engine.describe().unwrap().workers.len() == 1);
    let left = vec![engine.describe().unwrap().workers[0].id.clone()];
    assert_eq!((holders(&data), holders(&mine)), (left.clone(), left.clone()));
    eventually("who looks is told where it is now", || {
        let observer = engine.observer();
        let all = engine.wait(async move { observer.data().await }).unwrap();
        all.len() == 3
            && all.iter().all(|record| !record.places.is_empty())
            && all.iter().flat_map(|record| &record.places).all(|place| place.is_here)
    });
    let read = engine.submit(data.plan().unwrap());
    let progress = read.progress();
    assert_eq!(ids(&read.wait().unwrap()), expected);
    assert_eq!(progress.borrow().attempts, 1);
    assert_eq!(rows(&engine.submit(mine.plan().unwrap()).wait().unwrap()), answer);
    assert_eq!(ticked(), once, "nothing was computed again");
    // What was handed over is freed like anything else.
    drop((data, mine, dropped));
    eventually("all is freed", || engine.describe().unwrap().workers[0].persisted_bytes == 0);
}

fn retired_workers_hand_over_what_they_hold() {
    check_drain(|_, engine, going| engine.retire_workers(going.to_vec()).unwrap());
}

fn a_terminated_worker_hands_over_what_it_holds() {
    check_drain(|cluster, _, _| {
        for process in &cluster.workers()[..2] {
            assert!(Command::new("kill").args(["-TERM", &process.to_string()]).status().unwrap().success());
        }
    });
}

fn a_worker_that_leaves_finishes_its_tasks() {
    let (_cluster, engine) = cluster(2);
    let known = job(&leaf(240).unwrap(), 240, Shape::Chain(3), 10_000, 1).unwrap();
    let running = engine.submit(known.plan);
    let progress = running.progress();
    eventually("it runs", || progress.borrow().stages.iter().any(|stage| stage.tasks_running > 0));
    let busy = engine.describe().unwrap().workers.into_iter().find(|worker| worker.tasks_running > 0);
    let busy = busy.unwrap_or_else(|| engine.describe().unwrap().workers.remove(0));
    engine.retire_workers(vec![busy.id]).unwrap();
    assert_eq!(rows(&running.wait().unwrap()), known.answer);
    assert_eq!(progress.borrow().attempts, 1);
    eventually("it has left", || engine.describe().unwrap().workers.len() == 1);
}

/// There is nobody to hand anything to; a worker that joins later makes it again.
fn the_last_worker_leaves_too() {
    let (cluster, engine) = cluster(1);
    let folder = tempfile::tempdir().unwrap();
    let (data, expected) = ticking(&engine, &folder.path().join("ticks"));
    cluster.scale(0).unwrap();
    eventually("it has left", || cluster.leaving().is_empty());
    cluster.scale(1).unwrap();
    assert_eq!(ids(&engine.submit(data.plan().unwrap()).wait().unwrap()), expected);
    assert!(data.version() > 0);
}

fn unknown_workers_are_not_retired() {
    let (_cluster, engine) = cluster(1);
    let there = engine.describe().unwrap().workers.remove(0).id;
    let error = engine.retire_workers(vec![there, String::from("w0")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.message().contains("no worker w0"), "{error}");
    assert!(!engine.describe().unwrap().workers[0].is_leaving);
}

/// Without retries a client is told; with them, the job runs again. What was persisted is made again from its plan.
fn a_scheduler_comes_back() {
    let options = ClusterOptions { workers: 2, program: this_program().unwrap(), ..ClusterOptions::default() };
    let cluster = LocalCluster::start(options).unwrap();
    let connect = |retries| {
        let settings = Settings { retries, ..Settings::default() };
        ClusterEngine::connect(cluster.address(), settings, Transport::loopback()).unwrap()
    };
    let (told, retrying) = (connect(0), connect(1));
    retrying.wait_for_workers(2, Duration::from_secs(20)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (data, expected) = ticking(&told, &folder.path().join("ticks"));
    let known = || job(&leaf(240).unwrap(), 240, Shape::Chain(3), 20_000, 1).unwrap();
    let jobs = (told.submit(known().plan), retrying.submit(known().plan));
    std::thread::sleep(Duration::from_millis(300));
    cluster.restart_scheduler().unwrap();
    let restarted = Instant::now();
    let error = jobs.0.wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cluster);
    assert!(error.message().contains("scheduler is lost"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("retries")), "{error}");
    assert_eq!(rows(&jobs.1.wait().unwrap()), known().answer);
    eventually("the workers have joined again", || {
        told.describe().is_ok_and(|seen| seen.workers.len() == 2) && restarted.elapsed() < Duration::from_secs(5)
    });
    // The same engine goes on, and what it persisted is made again.
    assert_eq!(ids(&told.submit(data.plan().unwrap()).wait().unwrap()), expected);
    assert!(data.version() > 0);
}
