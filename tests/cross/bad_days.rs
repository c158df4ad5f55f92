//! What a user reads, and what is left behind, when the cluster fails.

use crate::engines::{cluster, cluster_with, trial};
use crate::spine::{counted, ids};
use libtest_mimic::Trial;
use phalanx_cluster::process::this_program;
use phalanx_cluster::{
    ClusterEngine, ClusterOptions, LocalCluster, Scheduler, SchedulerOptions, Transport, WorkerOptions, replayed, work,
};
use phalanx_engine::{Engine, Error, ErrorKind, LocalEngine, Plan, SavedPlan, Settings, plan};
use phalanx_tests::jobs::{Shape, job, leaf, rows};
use phalanx_tests::pass::TestPass;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("bad_days::no_scheduler_there", no_scheduler_there),
        trial("bad_days::a_port_in_use", a_port_in_use),
        trial("bad_days::an_address_off_loopback", an_address_off_loopback),
        trial("bad_days::a_scheduler_without_workers", a_scheduler_without_workers),
        trial("bad_days::all_workers_die", all_workers_die),
        trial("bad_days::the_scheduler_dies", the_scheduler_dies),
        trial("bad_days::scattered_data_dies_with_its_worker", scattered_data_dies_with_its_worker),
        trial("bad_days::lost_data_is_made_again_once", lost_data_is_made_again_once),
        trial("bad_days::a_job_that_ends_its_workers", a_job_that_ends_its_workers),
        trial("bad_days::workers_with_too_little_memory", workers_with_too_little_memory),
        trial("bad_days::a_failed_job_is_replayed_in_one_process", a_failed_job_is_replayed_in_one_process),
        trial("bad_days::workers_come_and_go", workers_come_and_go),
        trial("bad_days::a_client_that_goes_leaves_nothing", a_client_that_goes_leaves_nothing),
        trial("bad_days::stopping_leaves_nothing", stopping_leaves_nothing),
    ]
}

fn no_scheduler_there() {
    let address = "tcp://127.0.0.1:1".parse().unwrap();
    let error = ClusterEngine::connect(&address, Settings::default(), Transport::loopback()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cluster);
    assert!(error.message().contains("no scheduler answers at tcp://127.0.0.1:1"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("phalanx scheduler")), "{error}");
}

fn start(bind: &str) -> phalanx_engine::Result<Scheduler> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = SchedulerOptions::new(bind.parse().unwrap(), Transport::loopback());
    runtime.block_on(Scheduler::start(options))
}

fn a_port_in_use() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = start(&address.to_string()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.message().contains(&address.to_string()), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("another port")), "{error}");
}

fn an_address_off_loopback() {
    let error = start("0.0.0.0:0").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.message().contains("0.0.0.0"), "{error}");
}

fn slow_job() -> Plan {
    job(&leaf(240).unwrap(), 240, Shape::Chain(3), 50_000, 1).unwrap().plan
}

fn a_scheduler_without_workers() {
    let (_cluster, engine) = cluster(0);
    let began = Instant::now();
    let error = engine.submit(slow_job()).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cluster);
    assert!(error.message().contains("has no workers"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(15));
}

fn all_workers_die() {
    let (cluster, engine) = cluster(2);
    let job = engine.submit(slow_job());
    std::thread::sleep(Duration::from_millis(300));
    let died = Instant::now();
    while cluster.kill_worker(0).is_some() {}
    let error = job.wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cluster);
    assert!(error.message().contains("has no workers"), "{error}");
    assert!(died.elapsed() < Duration::from_secs(15), "{:?}", died.elapsed());
}

fn the_scheduler_dies() {
    let (cluster, engine) = cluster(1);
    let job = engine.submit(slow_job());
    std::thread::sleep(Duration::from_millis(300));
    let died = Instant::now();
    cluster.kill_scheduler();
    let error = job.wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cluster);
    assert!(error.message().contains("scheduler is lost"), "{error}");
    assert!(died.elapsed() < Duration::from_secs(5), "{:?}", died.elapsed());
    let began = Instant::now();
    let error = engine.submit(slow_job()).wait().unwrap_err();
    assert!(error.message().contains("scheduler is lost"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

fn scattered_data_dies_with_its_worker() {
    let (cluster, engine) = cluster(1);
    let rows = LocalEngine::new(Settings::default()).unwrap();
    let rows = rows.submit(job(&leaf(24).unwrap(), 24, Shape::Chain(1), 0, 1).unwrap().plan).wait().unwrap();
    let data = engine.scatter("mine", phalanx_tests::jobs::schema(), rows).wait().unwrap();
    cluster.kill_worker(0);
    cluster.add_worker().unwrap();
    let error = engine.submit(data.plan().unwrap()).wait().unwrap_err();
    assert!(error.lost_data().is_some_and(|lost| lost.handle == data.handle()), "{error:?}");
    assert!(error.hint().is_some_and(|hint| hint.contains("scattered again")), "{error}");
}

/// Each of the jobs that find it lost would make it again, and free the copy of the one before.
fn lost_data_is_made_again_once() {
    let (cluster, engine) = cluster(2);
    let folder = tempfile::tempdir().unwrap();
    let ticks = folder.path().join("ticks");
    let ticked = || std::fs::metadata(&ticks).map_or(0, |file| file.len());
    let (root, expected) = counted(8);
    let slow = TestPass { pause_ms: 50, ticks: Some(ticks.clone()), ..TestPass::default() };
    let plan = Plan::new("slow", plan::operator(slow, vec![root]).unwrap());
    let data = engine.persist(plan).wait().unwrap();
    let once = ticked();
    cluster.kill_worker(0);
    cluster.add_worker().unwrap();
    engine.wait_for_workers(2, Duration::from_secs(10)).unwrap();
    let jobs: Vec<_> = (0..6).map(|_| engine.submit(data.plan().unwrap())).collect();
    for job in jobs {
        assert_eq!(ids(&job.wait().unwrap()), expected);
    }
    assert!(data.version() > 0, "something was lost");
    assert!(ticked() < 3 * once, "it was computed {} times", ticked() as f64 / once as f64);
}

fn a_job_that_ends_its_workers() {
    let (cluster, engine) = cluster(1);
    let deadly = TestPass { dies: true, ..TestPass::default() };
    let job = engine.submit(Plan::new("deadly", plan::operator(deadly, vec![counted(1).0]).unwrap()));
    let ended = AtomicBool::new(false);
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::SeqCst) {
                if engine.describe().is_ok_and(|seen| seen.workers.is_empty()) {
                    cluster.add_worker().unwrap();
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let error = job.wait().unwrap_err();
        ended.store(true, Ordering::SeqCst);
        error
    });
    assert_eq!(error.kind(), ErrorKind::Cluster);
    assert!(error.message().contains("20 attempts") && error.message().contains("deadly"), "{error}");
    assert!(error.causes().iter().any(|cause| cause.contains("a worker was lost")), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("does the job itself end them")), "{error}");
}

fn workers_with_too_little_memory() {
    let (cluster, engine) = cluster_with(ClusterOptions { workers: 2, memory_bytes: 64 << 20, ..Default::default() });
    let known = || job(&leaf(240).unwrap(), 240, Shape::Diamond, 0, 1).unwrap();
    let error = engine.submit(known().plan.projecting(100 << 20)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Resources);
    let workers = engine.describe().unwrap().workers;
    assert!(workers.iter().any(|worker| error.message().contains(&worker.id)), "{error}");
    let figures = [(100_u64 << 20).to_string(), (64_u64 << 20).to_string()];
    assert!(figures.iter().all(|figure| error.message().contains(figure)), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("--memory")), "{error}");
    assert_eq!(rows(&engine.submit(known().plan.projecting(64 << 20)).wait().unwrap()), known().answer);

    // Where one worker has enough, it does the work.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let options = WorkerOptions {
        cores: 1,
        memory_bytes: 128 << 20,
        scratch: scratch.path().to_owned(),
        ..WorkerOptions::new(cluster.address().clone(), Transport::loopback())
    };
    let large = runtime.spawn(work(options, |_| {}, std::future::pending()));
    engine.wait_for_workers(3, Duration::from_secs(10)).unwrap();
    assert_eq!(rows(&engine.submit(known().plan.projecting(100 << 20)).wait().unwrap()), known().answer);
    large.abort();
    runtime.shutdown_background();
}

fn a_failed_job_is_replayed_in_one_process() {
    let (_cluster, engine) = cluster(1);
    let error = Error::data("column \"x\" is text").with_hint("name another one");
    let failing = TestPass { fails: Some(error.clone()), ..TestPass::default() };
    let exchanged = plan::exchange(counted(3).0, "id", 2).unwrap();
    let root = plan::operator(failing, vec![exchanged]).unwrap();
    engine.submit(Plan::new("fails", root)).wait().unwrap_err();
    drop(engine.submit(slow_job())); // what is cancelled has not failed
    let failed = engine.failed_jobs().unwrap();
    assert_eq!(failed.iter().map(|job| job.label.as_str()).collect::<Vec<_>>(), ["fails"]);
    assert!(failed[0].error.contains("column \"x\" is text"), "{failed:?}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fails.plan");
    engine.save_job(&failed[0].job).unwrap().write(&path).unwrap();
    let local = LocalEngine::new(Settings::default()).unwrap();
    let replay = replayed(&SavedPlan::read(&path).unwrap(), &local).unwrap();
    assert_eq!(replay.label(), "fails");
    let again = local.submit(replay).wait().unwrap_err();
    assert_eq!((again.kind(), again.message(), again.hint()), (error.kind(), error.message(), error.hint()));
    let unknown = engine.save_job("j1").unwrap_err();
    assert!(unknown.kind() == ErrorKind::Input && unknown.message().contains("no job j1"), "{unknown}");
}

/// A worker that is let go finishes what it does: the job needs no other attempt.
fn workers_come_and_go() {
    let (cluster, engine) = cluster(1);
    cluster.scale(3).unwrap();
    engine.wait_for_workers(3, Duration::from_secs(10)).unwrap();
    let known = job(&leaf(240).unwrap(), 240, Shape::Chain(3), 10_000, 1).unwrap();
    let job = engine.submit(known.plan);
    let progress = job.progress();
    std::thread::sleep(Duration::from_millis(100));
    cluster.scale(1).unwrap();
    assert_eq!((cluster.workers().len(), cluster.leaving().len()), (1, 2));
    assert_eq!(rows(&job.wait().unwrap()), known.answer);
    assert_eq!(progress.borrow().attempts, 1);
    let deadline = Instant::now() + Duration::from_secs(10);
    while !cluster.leaving().is_empty() || engine.describe().unwrap().workers.len() != 1 {
        assert!(Instant::now() < deadline, "they do not leave: {:?}", engine.describe());
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.scale(0).unwrap();
    cluster.scale(2).unwrap();
    engine.wait_for_workers(2, Duration::from_secs(10)).unwrap();
}

fn a_client_that_goes_leaves_nothing() {
    let (cluster, engine) = cluster(1);
    let data = engine.persist(job(&leaf(24).unwrap(), 24, Shape::Chain(2), 0, 1).unwrap().plan).wait().unwrap();
    let running = engine.submit(slow_job());
    std::thread::sleep(Duration::from_millis(300));
    let other = ClusterEngine::connect(cluster.address(), Settings::default(), Transport::loopback()).unwrap();
    let seen = other.describe().unwrap();
    assert_eq!(seen.jobs.len(), 1);
    assert!(seen.jobs[0].stages.iter().any(|stage| stage.tasks_done + stage.tasks_running > 0), "{seen:?}");
    assert!(!running.progress().borrow().stages.is_empty(), "a running job tells how far it is");
    drop(engine);
    assert!(running.wait().is_err(), "a job whose engine is gone is not whole");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let seen = other.describe().unwrap();
        if seen.jobs.is_empty() && seen.workers.iter().all(|worker| worker.persisted_bytes == 0) {
            break;
        }
        assert!(Instant::now() < deadline, "{seen:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(data);
}

fn stopping_leaves_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let options = ClusterOptions {
        workers: 2,
        program: this_program().unwrap(),
        scratch: Some(scratch.path().to_owned()),
        ..ClusterOptions::default()
    };
    let cluster = LocalCluster::start(options).unwrap();
    let engine = ClusterEngine::connect(cluster.address(), Settings::default(), Transport::loopback()).unwrap();
    engine.wait_for_workers(2, Duration::from_secs(10)).unwrap();
    let running = engine.submit(slow_job());
    std::thread::sleep(Duration::from_millis(200));
    let processes: Vec<u32> = cluster.workers().into_iter().chain(cluster.scheduler()).collect();
    assert_eq!(processes.len(), 3);
    assert!(std::fs::read_dir(scratch.path()).unwrap().next().is_some());
    drop(running);
    cluster.stop().unwrap();
    for process in processes {
        assert!(!std::path::Path::new(&format!("/proc/{process}")).exists(), "process {process} is left");
    }
    let left: Vec<_> = std::fs::read_dir(scratch.path()).unwrap().flatten().map(|entry| entry.path()).collect();
    assert!(left.is_empty(), "{left:?}");
}
