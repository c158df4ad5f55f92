//! A disk without space, and clocks that jump.

use crate::engines::{cluster, trial};
use crate::spine::{counted, ids};
use libtest_mimic::Trial;
use phalanx_cluster::process::this_program;
use phalanx_cluster::{ClusterEngine, ClusterOptions, LocalCluster, Transport};
use phalanx_engine::{Engine, ErrorKind, LocalEngine, Plan, Settings, plan};
use phalanx_tests::jobs::{Shape, job, leaf, rows, schema};
use phalanx_tests::pass::TestPass;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("worse_days::a_full_disk", a_full_disk),
        trial("worse_days::clocks_that_jump", clocks_that_jump),
        trial("worse_days::a_killed_client_leaves_nothing", a_killed_client_leaves_nothing),
        trial("worse_days::a_worker_that_is_cut_off_while_it_leaves", a_worker_that_is_cut_off_while_it_leaves),
    ]
}

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn started(program: Vec<OsString>, workers: usize) -> (LocalCluster, ClusterEngine) {
    let cluster = LocalCluster::start(ClusterOptions { workers, program, ..ClusterOptions::default() }).unwrap();
    let engine = ClusterEngine::connect(cluster.address(), Settings::default(), Transport::loopback()).unwrap();
    engine.wait_for_workers(workers, Duration::from_secs(20)).unwrap();
    (cluster, engine)
}

/// How this machine lets a process mount something that it alone sees, if it does.
fn namespace() -> Option<Vec<OsString>> {
    let ways = [words(["unshare", "-m"]), words(["unshare", "-rm"])];
    ways.into_iter().find(|way| {
        let probe = Command::new(&way[0]).args(&way[1..]).args(["mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
        probe.is_ok_and(|ended| ended.status.success())
    })
}

/// Workers whose scratch folders are on a disk of 2 MiB.
const SMALL_DISK: &str = r#"for word in "$@"; do
    if [ "$before" = --scratch ]; then mount -t tmpfs -o size=2m tmpfs "$word" || exit 9; fi
    before=$word
done
exec "$0" "$@""#;

fn a_full_disk() {
    let Some(mut program) = namespace() else {
        println!("  not tested: this machine lets nobody mount a small disk");
        return;
    };
    program.extend(words(["sh", "-c", SMALL_DISK]));
    program.extend(this_program().unwrap());
    let (_cluster, engine) = started(program, 1);
    let known = |count: i64| job(&leaf(count).unwrap(), count, Shape::Chain(3), 0, 1).unwrap();
    let is_full = |error: phalanx_engine::Error| {
        let worker = engine.describe().unwrap().workers[0].id.clone();
        assert_eq!(error.kind(), ErrorKind::Resources, "{error}");
        assert!(error.message().contains("is full") && error.message().contains(&worker), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("--scratch")), "{error}");
    };
    is_full(engine.submit(known(600_000).plan).wait().unwrap_err());
    is_full(engine.persist(known(600_000).plan).wait().unwrap_err());
    let local = LocalEngine::new(Settings::default()).unwrap();
    let large = local.submit(known(600_000).plan).wait().unwrap();
    is_full(engine.scatter("large", schema(), large).wait().unwrap_err());
    // What failed is freed, and there is space again.
    let deadline = Instant::now() + Duration::from_secs(30);
    while engine.describe().unwrap().workers[0].persisted_bytes > 0 {
        assert!(Instant::now() < deadline, "{:?}", engine.describe());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(rows(&engine.submit(known(6_000).plan).wait().unwrap()), known(6_000).answer);
}

/// A library that puts itself before the system's clock, and adds to it what a file says.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
static volatile long *offset(void) {
    static volatile long *mapped;
    if (!mapped) {
        int file = open(getenv("TEST_CLOCK"), O_RDONLY);
        mapped = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    }
    return mapped;
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    if (clock == CLOCK_REALTIME) time->tv_sec += *offset();
    return result;
}
int gettimeofday(struct timeval *time, void *zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"#;

fn clocks_that_jump() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("clock.c"), CLOCK).unwrap();
    let mut compiler = Command::new("cc");
    let built = compiler.args(["-shared", "-fPIC", "-o"]).args([at("clock.so"), at("clock.c")]).arg("-ldl").status();
    assert!(built.is_ok_and(|ended| ended.success()), "the compiler that links this program compiles C too");
    std::fs::write(at("offset"), 0_i64.to_ne_bytes()).unwrap();
    // In place: the processes have mapped it.
    let jump = |seconds: i64| {
        let mut file = OpenOptions::new().write(true).open(at("offset")).unwrap();
        file.write_all(&seconds.to_ne_bytes()).unwrap();
    };
    let mut program = words(["env"]);
    program.push(format!("LD_PRELOAD={}", at("clock.so").display()).into());
    program.push(format!("TEST_CLOCK={}", at("offset").display()).into());
    program.extend(this_program().unwrap());
    let (_cluster, engine) = started(program, 2);
    let (root, expected) = counted(6);
    let data = engine.persist(Plan::new("before", root)).wait().unwrap();
    for seconds in [3600, -3600, 86_400, 0] {
        let known = job(&leaf(240).unwrap(), 240, Shape::Chain(3), 20_000, 1).unwrap();
        let running = engine.submit(known.plan);
        std::thread::sleep(Duration::from_millis(250));
        let jumped = Instant::now();
        jump(seconds);
        assert_eq!(rows(&running.wait().unwrap()), known.answer, "a jump to {seconds}");
        assert_eq!(ids(&engine.submit(data.plan().unwrap()).wait().unwrap()), expected, "a jump to {seconds}");
        println!("  {seconds:+} s: right after {:.2} s", jumped.elapsed().as_secs_f64());
        assert!(jumped.elapsed() < Duration::from_secs(30), "{:?}", jumped.elapsed());
    }
}

/// SIGKILL: it says nothing. What it had is kept for its lease, should it come back, and then everything goes.
fn a_killed_client_leaves_nothing() {
    let (cluster, engine) = cluster(2);
    let (root, expected) = counted(6);
    let ours = engine.persist(Plan::new("ours", root)).wait().unwrap();
    let program = this_program().unwrap();
    let mut command = Command::new(&program[0]);
    command.args(&program[1..]).args(["--log", "off", "client", &cluster.address().to_string(), "--tied"]);
    let mut client = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(client.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "it runs\n");
    let kept = || -> Vec<String> {
        let observer = engine.observer();
        let records = engine.wait(async move { observer.data().await }).unwrap();
        records.into_iter().map(|record| record.label).collect()
    };
    let eventually = |what: &str, is_so: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !is_so() {
            assert!(Instant::now() < deadline, "not so after a minute: {what}; {:?}, {:?}", engine.describe(), kept());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    eventually("its data is there beside ours", &|| kept().len() == 3 && kept().contains(&String::from("mine")));
    assert_eq!(engine.describe().unwrap().jobs.len(), 1);
    client.kill().unwrap();
    let killed = Instant::now();
    client.wait().unwrap();
    eventually("its job is cancelled", &|| engine.describe().unwrap().jobs.is_empty());
    let lease = Duration::from_secs(5);
    assert!(killed.elapsed() > lease - Duration::from_millis(500), "it might have come back: {:?}", killed.elapsed());
    eventually("its data is freed, and ours is not", &|| kept() == ["ours"]);
    eventually("nothing of it runs", &|| engine.describe().unwrap().workers.iter().all(|it| it.tasks_running == 0));
    assert_eq!(ids(&engine.submit(ours.plan().unwrap()).wait().unwrap()), expected);
    drop(ours);
    eventually("no file is left", &|| engine.describe().unwrap().workers.iter().all(|it| it.persisted_bytes == 0));
}

/// The scheduler dies before the worker was let go: there is nothing left to wait for.
fn a_worker_that_is_cut_off_while_it_leaves() {
    let (cluster, engine) = cluster(1);
    let slow = TestPass { pause_ms: 300, ..TestPass::default() };
    let running = engine.submit(Plan::new("slow", plan::operator(slow, vec![counted(30).0]).unwrap()));
    std::thread::sleep(Duration::from_millis(300));
    cluster.scale(0).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while cluster.leaving().len() != 1 {
        assert!(Instant::now() < deadline, "it does not leave");
        std::thread::sleep(Duration::from_millis(20));
    }
    cluster.kill_scheduler();
    assert!(running.wait().is_err());
    let deadline = Instant::now() + Duration::from_secs(30);
    while !cluster.leaving().is_empty() {
        assert!(Instant::now() < deadline, "it waits for a scheduler that is gone");
        std::thread::sleep(Duration::from_millis(20));
    }
}
