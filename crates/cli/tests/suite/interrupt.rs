//! Ctrl-C and SIGTERM at any moment: exit code 130 within two seconds, and neither a process nor a folder is left.

use super::run::{Running, end, phalanx, processes};
use std::process::Stdio;
use std::time::{Duration, Instant};

fn check(arguments: &str, signal: &str, moment_ms: u64) {
    let folder = tempfile::tempdir().unwrap();
    let (temporary, out) = (folder.path().join("temporary"), folder.path().join("out"));
    std::fs::create_dir(&temporary).unwrap();
    let tag = format!("PHALANX_TEST={}", folder.path().display());
    let mut command = phalanx(&format!("demo {arguments} --out"));
    let (name, value) = tag.split_once('=').unwrap();
    command.arg(&out).env("TMPDIR", &temporary).env(name, value).stdout(Stdio::null()).stderr(Stdio::null());
    let mut demo = Running(command.spawn().unwrap());
    std::thread::sleep(Duration::from_millis(moment_ms));
    demo.signal(signal);
    let (code, time) = demo.wait();
    let case = format!("demo {arguments}, SIG{signal} after {moment_ms} ms");
    assert_eq!(code, Some(130), "{case}");
    assert!(time < Duration::from_secs(2), "{case}: it took {time:?}");
    assert_eq!(processes(&tag), Vec::<String>::new(), "{case}");
    let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "{case}: left {left:?}");
}

#[test]
fn in_process() {
    for (moment_ms, signal) in [(100, "INT"), (700, "TERM"), (2000, "INT")] {
        check("", signal, moment_ms);
    }
}

#[test]
fn on_a_cluster_of_its_own() {
    for (moment_ms, signal) in [(60, "INT"), (300, "TERM"), (900, "INT"), (2500, "TERM")] {
        check("--workers 2", signal, moment_ms);
    }
}

#[test]
fn a_killed_demo_is_cleaned_up_after_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (temporary, out) = (folder.path().join("temporary"), folder.path().join("out"));
    std::fs::create_dir(&temporary).unwrap();
    let tag = format!("PHALANX_TEST={}", folder.path().display());
    let demo = |arguments: &str| {
        let mut command = phalanx(&format!("demo --json {arguments} --out"));
        command.arg(&out).env("TMPDIR", &temporary).env("PHALANX_TEST", folder.path()).stderr(Stdio::null());
        command
    };
    // Its first line comes when the cluster is there.
    let (mut killed, line) = Running::start(demo("--workers 2 --only array-svd --only array-tall-svd"));
    assert!(line.contains("array-svd"), "{line}");
    killed.signal("KILL");
    killed.wait();
    // Workers and scheduler notice the end of their parent by themselves.
    let deadline = Instant::now() + Duration::from_secs(10);
    while !processes(&tag).is_empty() {
        assert!(Instant::now() < deadline, "left: {:?}", processes(&tag));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(end(demo("--only array-svd")).code, Some(0));
    let left: Vec<_> = std::fs::read_dir(&temporary).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "left {left:?}");
}
