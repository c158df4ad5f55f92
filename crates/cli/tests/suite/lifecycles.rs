//! When processes end by themselves, and when they find each other again.

use super::cluster::{eventually, status, worker};
use super::run::{Running, end, phalanx};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// A port that was free a moment ago, below those that the system hands out; each call gives another one.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let first = 20_000 + (std::process::id() % 9_000) as u16 + NEXT.fetch_add(100, Ordering::Relaxed);
    (first..).find(is_free).unwrap()
}

fn scheduler(port: u16, more: &str) -> (Running, String) {
    let address = format!("127.0.0.1:{port}");
    let (scheduler, line) =
        Running::start(phalanx(&format!("scheduler --bind {address} --dashboard 127.0.0.1:0 {more}")));
    assert!(line.contains(&address), "{line:?}");
    (scheduler, format!("tcp://{address}"))
}

fn workers(address: &str) -> usize {
    status(address)["workers"].as_array().unwrap().len()
}

#[test]
fn workers_rejoin_a_scheduler_that_was_started_again_at_its_address() {
    let (port, scratch) = (free_port(), tempfile::tempdir().unwrap());
    let (mut first, address) = scheduler(port, "");
    let mut workers_ = [worker(&address, &scratch), worker(&address, &scratch)];
    first.signal("KILL");
    first.wait();
    let (mut again, _) = scheduler(port, "");
    let started = Instant::now();
    eventually("two workers again", || workers(&address) == 2);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    // They work: what they were before is forgotten.
    let out = tempfile::tempdir().unwrap();
    let mut demo = phalanx(&format!("demo --scheduler {address} --only frame-unique --json --out"));
    demo.arg(out.path());
    let ended = end(demo);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 2, "their former folders are gone");
    for process in workers_.iter_mut().chain([&mut again]) {
        process.signal("INT");
        assert_eq!(process.wait().0, Some(130));
    }
}

#[test]
fn a_worker_ends_when_its_scheduler_is_gone_for_the_death_timeout() {
    let (port, scratch) = (free_port(), tempfile::tempdir().unwrap());
    let (mut scheduler, address) = scheduler(port, "");
    let mut command = phalanx(&format!("worker {address} --cores 1 --death-timeout 1s --scratch"));
    command.arg(scratch.path()).stderr(Stdio::piped());
    let (mut worker, _) = Running::start(command);
    scheduler.signal("KILL");
    scheduler.wait();
    let (code, took) = worker.wait();
    assert_eq!(code, Some(1));
    assert!((Duration::from_millis(900)..Duration::from_secs(5)).contains(&took), "{took:?}");
    let mut said = String::new();
    std::io::Read::read_to_string(&mut worker.0.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains(&format!("no scheduler answers at {address}")), "{said}");
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn an_idle_cluster_stops_itself_and_a_busy_one_does_not() {
    let (port, scratch) = (free_port(), tempfile::tempdir().unwrap());
    let (mut scheduler, address) = scheduler(port, "--idle-timeout 4s");
    let mut workers_ = [worker(&address, &scratch), worker(&address, &scratch)];
    std::thread::sleep(Duration::from_millis(2500));
    let out = tempfile::tempdir().unwrap();
    let mut demo = phalanx(&format!("demo --scheduler {address} --only frame-unique --json --out"));
    demo.arg(out.path());
    assert_eq!(end(demo).code, Some(0));
    let ended = Instant::now();
    assert_eq!(scheduler.wait().0, Some(0));
    let idle = ended.elapsed();
    assert!((Duration::from_millis(3500)..Duration::from_secs(8)).contains(&idle), "{idle:?} after its last job");
    for worker in &mut workers_ {
        let (code, took) = worker.wait();
        assert_eq!(code, Some(0), "a worker of a cluster that stopped is not looking for a scheduler");
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}
