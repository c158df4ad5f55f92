//! Ctrl-C and SIGTERM at any moment: exit code 130 within two seconds, and neither a process nor a folder is left.

use super::run::{Running, phalanx, processes};
use std::process::Stdio;
use std::time::Duration;

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
