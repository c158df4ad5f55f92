//! What is restricted and what is written down, by real processes.

use super::cluster::eventually;
use super::run::{Running, end, phalanx, run};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

fn scheduler(more: &str) -> (Running, String) {
    let (scheduler, line) =
        Running::start(phalanx(&format!("scheduler --bind 127.0.0.1:0 --dashboard 127.0.0.1:0 {more}")));
    let address = line.split_whitespace().find(|word| word.starts_with("tcp://")).unwrap().trim_end_matches(',');
    (scheduler, address.to_owned())
}

fn worker(address: &str, scratch: &Path, more: &str) -> Running {
    let mut command = phalanx(&format!("worker {address} --cores 2 --memory 1GiB {more} --scratch"));
    command.arg(scratch);
    Running::start(command).0
}

/// Where the step that reads a file is run, and how it ends.
fn learns(address: &str, data: &Path, out: &Path) -> (Option<i32>, String) {
    let mut demo = phalanx(&format!("demo --scheduler {address} --only learn-logistic --json --out"));
    demo.arg(out).arg("--data").arg(data);
    let ended = end(demo);
    (ended.code, ended.err)
}

#[test]
fn files_that_are_not_allowed_are_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["public", "private", "scratch", "out"] {
        std::fs::create_dir(at(name)).unwrap();
    }
    let Some(flights) = flights() else {
        println!("not tested: PHALANX_TEST_DATA has no flights.parquet");
        return;
    };
    for name in ["public/flights.parquet", "private/flights.parquet"] {
        std::fs::copy(&flights, at(name)).unwrap();
    }
    std::os::unix::fs::symlink(at("private/flights.parquet"), at("public/link.parquet")).unwrap();
    let (_scheduler, address) = scheduler(&format!("--allow-path {}", at("public").display()));
    let _worker = worker(&address, &at("scratch"), "");
    let (code, err) = learns(&address, &at("public/flights.parquet"), &at("out"));
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let indirect = at("public").join("../private/flights.parquet");
    for refused in [at("private/flights.parquet"), indirect, at("public/link.parquet")] {
        let (code, err) = learns(&address, &refused, &at("out"));
        assert_eq!(code, Some(1), "{}: {err}", refused.display());
        assert!(err.contains("not among the paths") && err.contains("--allow-path"), "{err}");
    }
}

/// The real flights, where they are.
fn flights() -> Option<PathBuf> {
    let flights = PathBuf::from(std::env::var_os("PHALANX_TEST_DATA")?).join("flights.parquet");
    flights.exists().then_some(flights)
}

#[test]
fn a_path_to_allow_is_absolute() {
    for command in ["scheduler --bind 127.0.0.1:0 --dashboard 127.0.0.1:0", "worker tcp://127.0.0.1:1"] {
        let ended = run(&format!("{command} --allow-path data"));
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.err.contains("\"data\" is no path to allow: it is not absolute"), "{ended:?}");
    }
}

#[test]
fn the_audit_log_is_a_file_of_json_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let (_scheduler, address) = scheduler(&format!("--audit-log {}", path.display()));
    let _worker = worker(&address, folder.path(), "");
    let mut demo = phalanx(&format!("demo --scheduler {address} --only frame-unique --json --out"));
    demo.arg(folder.path());
    assert_eq!(end(demo).code, Some(0));
    let events = || -> Vec<String> {
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.map(|line| line["event"].as_str().unwrap().to_owned()).collect()
    };
    eventually("what the demo did is written down", || {
        let events = events();
        ["join", "session", "submit", "release", "goodbye"].iter().all(|event| events.iter().any(|is| is == event))
    });
    let ended = run(&format!("scheduler --bind 127.0.0.1:0 --audit-log {}", folder.path().display()));
    assert!(ended.code == Some(1) && ended.err.contains("audit log"), "{ended:?}");
}

/// The sockets of processes with credentials: the list is the system's.
#[test]
fn whatever_listens_off_loopback_is_under_tls() {
    let Some(host) = own_address() else { return };
    let folder = tempfile::tempdir().unwrap();
    let credentials = folder.path().join("credentials");
    let made = phalanx(&format!("credentials new {}", credentials.display()));
    assert_eq!(end(made).code, Some(0));
    let credentials = format!("--credentials {}", credentials.display());
    let line = format!("scheduler --bind {host}:0 --dashboard {host}:0 {credentials}");
    let (scheduler, line) = Running::start(phalanx(&line));
    let address =
        line.split_whitespace().find(|word| word.starts_with("tcp://")).unwrap().trim_end_matches(',').to_owned();
    let worker = worker(&address, folder.path(), &credentials);
    let mut secured = 0;
    for process in [&scheduler, &worker] {
        for socket in listening(process.0.id()) {
            if socket.ip().is_loopback() {
                continue;
            }
            secured += 1;
            assert_eq!(answer(socket), None, "{socket} answers to plain text");
        }
    }
    assert_eq!(secured, 3, "the scheduler's port, its pages' and the worker's");
    // And without credentials nothing is served there at all.
    let mut open = phalanx(&format!("scheduler --bind {host}:0 --dashboard 127.0.0.1:0"));
    open.env("HOME", folder.path()).env_remove("PHALANX_CREDENTIALS");
    let ended = end(open);
    assert!(ended.code == Some(1) && ended.err.contains("not a loopback address"), "{ended:?}");
}

/// An address of this machine that is not loopback, if it has one.
fn own_address() -> Option<Ipv4Addr> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(address) if !address.is_loopback() && !address.is_unspecified() => Some(address),
        _ => None,
    }
}

/// What a port says to HTTP/2 and to HTTP/1 in the clear; a TLS alert is no answer.
fn answer(socket: SocketAddr) -> Option<Vec<u8>> {
    use std::io::{Read, Write};
    for greeting in [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"[..],
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let mut stream = std::net::TcpStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(2))).unwrap();
        stream.write_all(greeting).unwrap();
        let mut answer = vec![];
        let _ended = stream.read_to_end(&mut answer);
        if !answer.is_empty() && answer[0] != 21 {
            return Some(answer);
        }
    }
    None
}

/// The addresses of version 4 on which a process listens.
fn listening(process: u32) -> Vec<SocketAddr> {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap().flatten();
    let links: Vec<String> =
        files.filter_map(|file| Some(std::fs::read_link(file.path()).ok()?.to_string_lossy().into_owned())).collect();
    let table = std::fs::read_to_string(format!("/proc/{process}/net/tcp")).unwrap();
    let mut found = vec![];
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        if columns[3] == "0A" && links.contains(&format!("socket:[{}]", columns[9])) {
            let (host, port) = columns[1].split_once(':').unwrap();
            let host = Ipv4Addr::from(u32::from_str_radix(host, 16).unwrap().swap_bytes());
            found.push(SocketAddr::new(host.into(), u16::from_str_radix(port, 16).unwrap()));
        }
    }
    found
}
