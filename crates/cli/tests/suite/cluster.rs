//! A cluster by hand: one line when ready, a page, a status, work, and an orderly end.

use super::run::{Running, end, phalanx, run};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A scheduler on free ports; its address and that of its page.
fn scheduler() -> (Running, String, String) {
    let (scheduler, line) = Running::start(phalanx("scheduler --bind 127.0.0.1:0 --dashboard 127.0.0.1:0"));
    let line = line.trim_end();
    let (address, page) = line
        .strip_prefix("scheduler ready at ")
        .and_then(|rest| rest.split_once(", status page at "))
        .unwrap_or_else(|| panic!("{line:?}"));
    assert!(address.starts_with("tcp://127.0.0.1:") && page.ends_with("/status"), "{line:?}");
    (scheduler, address.to_owned(), page.to_owned())
}

pub fn worker(address: &str, scratch: &tempfile::TempDir) -> Running {
    let mut command = phalanx(&format!("worker {address} --cores 2 --memory 1GiB --scratch"));
    command.arg(scratch.path());
    let (worker, line) = Running::start(command);
    assert!(line.starts_with("worker ") && line.contains(" ready at tcp://127.0.0.1:"), "{line:?}");
    worker
}

pub fn status(address: &str) -> Value {
    let ended = run(&format!("status {address} --json"));
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{ended:?}");
    serde_json::from_str(&ended.out).unwrap()
}

fn get(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Waits for what a cluster hears of within moments.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_cluster_by_hand() {
    let (mut scheduler, address, page) = scheduler();
    let ended = run(&format!("status {address}"));
    let expected = format!(
        "scheduler {address}: 0 workers, 0 cores, 0 running jobs, 0 bytes persisted\n\nNo worker yet. Start one:\n  \
         phalanx worker {address}\n"
    );
    assert_eq!((ended.code, ended.out, ended.err), (Some(0), expected, String::new()));
    assert!(get(&page).contains(&format!("phalanx worker {address}")));

    let (scratch, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut workers = [worker(&address, &scratch), worker(&address, &scratch)];
    eventually("two workers", || status(&address)["workers"].as_array().is_some_and(|workers| workers.len() == 2));
    let worker = &status(&address)["workers"][0];
    assert_eq!((&worker["cores"], &worker["memory_bytes"]), (&2.into(), &(1_u64 << 30).into()), "{worker}");
    assert!(get(&page).contains(worker["address"].as_str().unwrap()));

    let mut demo = phalanx(&format!("demo --scheduler {address} --only frame-unique --json --out"));
    demo.arg(out.path());
    let ended = end(demo);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let object: Value = serde_json::from_str(ended.out.lines().next().unwrap()).unwrap();
    assert_eq!((&object["engine"], &object["workers"]), (&"cluster".into(), &2.into()), "{object}");
    // The demo's client is gone, and with it all that its jobs left on the workers.
    eventually("nothing persisted, no job", || {
        let status = status(&address);
        let persisted = |worker: &Value| worker["persisted_bytes"].as_u64();
        status["jobs"].as_array().is_some_and(Vec::is_empty)
            && status["workers"].as_array().unwrap().iter().all(|worker| persisted(worker) == Some(0))
    });

    // SIGTERM is how services end; Ctrl-C is an interruption.
    workers[0].signal("TERM");
    assert_eq!(workers[0].wait().0, Some(0));
    workers[1].signal("INT");
    assert_eq!(workers[1].wait().0, Some(130));
    eventually("no worker", || status(&address)["workers"].as_array().is_some_and(Vec::is_empty));
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "workers left something in their scratch folder");
    scheduler.signal("TERM");
    assert_eq!(scheduler.wait().0, Some(0));
}

#[test]
fn a_scheduler_without_workers() {
    let (mut scheduler, address, _page) = scheduler();
    let out = tempfile::tempdir().unwrap();
    let mut demo = phalanx(&format!("demo --scheduler {address} --only frame-unique --json --out"));
    demo.arg(out.path());
    let ended = end(demo);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(ended.err.starts_with("error: the cluster has no workers, and none came within"), "{}", ended.err);
    assert!(ended.err.contains("\nhint: start one with `phalanx worker"), "{}", ended.err);
    scheduler.signal("INT");
    assert_eq!(scheduler.wait().0, Some(130));
}
