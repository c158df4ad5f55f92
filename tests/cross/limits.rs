//! What one client may ask for, who may join, and what is written down of it.

use crate::engines::trial;
use crate::own::Own;
use crate::spine::counted;
use ballista_core::execution_plans::UnresolvedShuffleExec;
use datafusion::physical_plan::Partitioning;
use futures::StreamExt;
use libtest_mimic::Trial;
use phalanx_cluster::protocol::service::control_client::ControlClient;
use phalanx_cluster::protocol::{Beat, Command, Hello};
use phalanx_cluster::transport::{Audit, Authority, Credentials};
use phalanx_cluster::{ClusterEngine, Limits, Role, Transport};
use phalanx_engine::{Engine, Error, ErrorKind, Plan, datafusion, plan};
use phalanx_tests::jobs::{Shape, job, leaf, rows, schema};
use phalanx_tests::pass::TestPass;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("limits::large_plans_and_messages", large_plans_and_messages),
        trial("limits::deep_plans", deep_plans),
        trial("limits::nodes_of_the_engine_below", nodes_of_the_engine_below),
        trial("limits::jobs_of_a_session", jobs_of_a_session),
        trial("limits::bytes_of_a_session", bytes_of_a_session),
        trial("limits::another_version_names_both", another_version_names_both),
        trial("limits::mixed_processors_are_told_of_or_refused", mixed_processors_are_told_of_or_refused),
        trial("limits::the_audit_log_says_who_did_what", the_audit_log_says_who_did_what),
    ]
}

fn limited(limits: Limits) -> (Own, ClusterEngine) {
    let own = Own::start(|options| options.limits = limits, Transport::loopback());
    own.add_worker(Transport::loopback());
    let engine = own.connect(Transport::loopback()).unwrap();
    engine.wait_for_workers(1, Duration::from_secs(30)).unwrap();
    (own, engine)
}

/// It is refused for want of resources, by the name of the limit's flag, and says what to do.
fn check(error: &Error, flag: &str, figures: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Resources, "{error}");
    let text = error.to_string();
    assert!(text.contains(flag) && figures.iter().all(|figure| text.contains(figure)), "{error}");
    assert!(error.hint().is_some(), "{error}");
}

/// Waits for what is asserted, on however busy a machine.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "not so after 30 s: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn of_rows(count: i64) -> Plan {
    job(&leaf(count).unwrap(), count, Shape::Chain(2), 0, 1).unwrap().plan
}

fn deep(depth: usize, pass: &TestPass) -> Plan {
    let mut root = counted(2).0;
    for _ in 0..depth {
        root = plan::operator(pass.clone(), vec![root]).unwrap();
    }
    Plan::new("deep", root)
}

fn large_plans_and_messages() {
    let limits = Limits { plan_bytes: 100_000, message_bytes: 300_000, ..Limits::default() };
    let (_own, engine) = limited(limits);
    assert_eq!(engine.submit(of_rows(600)).wait().unwrap().len(), of_rows(600).partitions());
    check(&engine.submit(of_rows(12_000)).wait().unwrap_err(), "--max-plan-size", &["100000"]);
    check(&engine.submit(of_rows(60_000)).wait().unwrap_err(), "--max-message-size", &[]);
    assert!(engine.submit(of_rows(600)).wait().is_ok(), "the session goes on");
}

fn deep_plans() {
    let (_own, engine) = limited(Limits { plan_depth: 20, ..Limits::default() });
    let pass = TestPass::default();
    assert!(engine.submit(deep(10, &pass)).wait().is_ok());
    check(&engine.submit(deep(25, &pass)).wait().unwrap_err(), "--max-plan-depth", &["20"]);
    // Far beyond what any decoder takes: still an error, and still a scheduler.
    let error = engine.submit(deep(1500, &pass)).wait().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Resources), "{error}");
    assert!(engine.submit(deep(10, &pass)).wait().is_ok());
}

/// They name files; who submits a plan has no business with them.
fn nodes_of_the_engine_below() {
    let (_own, engine) = limited(Limits::default());
    let shuffle = UnresolvedShuffleExec::new(1, schema(), Partitioning::UnknownPartitioning(2));
    let root = plan::operator(TestPass::default(), vec![Arc::new(shuffle)]).unwrap();
    let error = engine.submit(Plan::new("forged", root)).wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input, "{error}");
    assert!(error.message().contains("UnresolvedShuffleExec"), "{error}");
    assert!(engine.submit(deep(1, &TestPass::default())).wait().is_ok());
}

fn jobs_of_a_session() {
    let (own, engine) = limited(Limits { session_jobs: 2, ..Limits::default() });
    let slow = TestPass { pause_ms: 3_000, ..TestPass::default() };
    let running = [engine.submit(deep(1, &slow)), engine.submit(deep(1, &slow))];
    eventually("both run", || engine.describe().unwrap().jobs.len() == 2);
    check(&engine.submit(deep(1, &slow)).wait().unwrap_err(), "--max-session-jobs", &["2"]);
    // Another session has jobs of its own.
    let other = own.connect(Transport::loopback()).unwrap();
    assert!(other.submit(deep(1, &TestPass::default())).wait().is_ok());
    for job in running {
        assert!(job.wait().is_ok());
    }
    assert!(engine.submit(deep(1, &TestPass::default())).wait().is_ok());
}

fn bytes_of_a_session() {
    let (_own, engine) = limited(Limits { session_bytes: 50_000, ..Limits::default() });
    let large = engine.persist(of_rows(12_000)).wait().unwrap();
    assert!(large.bytes() > 50_000, "the limit is on what is held when more is asked for: {}", large.bytes());
    check(&engine.submit(of_rows(60)).wait().unwrap_err(), "--max-session-bytes", &["50000"]);
    let scattered = engine.scatter("mine", schema(), vec![vec![]]).wait();
    check(&scattered.unwrap_err(), "--max-session-bytes", &["50000"]);
    drop(large);
    eventually("what was let go of does not count", || engine.submit(of_rows(60)).wait().is_ok());
}

/// A worker's first word to the scheduler, by hand; and what it answers first.
fn attach(own: &Own, hello: Hello) -> (Command, tonic::Streaming<Command>) {
    own.runtime.block_on(async {
        let channel = Transport::loopback().connect(own.address.authority(), Role::Scheduler).await.unwrap();
        let first = Beat { hello: Some(hello), address: String::from("127.0.0.1:1"), cores: 1, ..Beat::default() };
        let beats = futures::stream::once(async { first }).chain(futures::stream::pending());
        let mut commands = ControlClient::new(channel).attach(beats).await.unwrap().into_inner();
        (commands.message().await.unwrap().unwrap(), commands)
    })
}

fn another_version_names_both() {
    let own = Own::start(|_| {}, Transport::loopback());
    let old = Hello { version: String::from("0.0.0-old"), ..Hello::ours("w0") };
    let ours = Hello::ours("").version;
    let (answer, _) = attach(&own, old.clone());
    assert!(answer.refuse.contains("0.0.0-old") && answer.refuse.contains(&ours), "{answer:?}");
    let refused = own.runtime.block_on(async {
        let channel = Transport::loopback().connect(own.address.authority(), Role::Scheduler).await.unwrap();
        ControlClient::new(channel).session(old).await.unwrap().into_inner().message().await.unwrap().unwrap()
    });
    assert!(refused.refuse.contains("0.0.0-old") && refused.refuse.contains(&ours), "{refused:?}");
    let other = Hello { operators: String::from("0"), ..Hello::ours("w0") };
    assert!(attach(&own, other).0.refuse.contains("other operators"));
}

fn mixed_processors_are_told_of_or_refused() {
    let other = || Hello { simd: String::from("simd of yesterday"), ..Hello::ours("w0") };
    let exact = Own::start(|options| options.exact = true, Transport::loopback());
    exact.add_worker(Transport::loopback());
    let (answer, _) = attach(&exact, other());
    assert!(answer.refuse.contains("simd of yesterday") && answer.refuse.contains("--exact"), "{answer:?}");
    // Without the flag it may join, and clients hear of it.
    let lenient = Own::start(|_| {}, Transport::loopback());
    lenient.add_worker(Transport::loopback());
    let (answer, _joined) = attach(&lenient, other());
    assert_eq!(answer.refuse, "");
    let warned = lenient.runtime.block_on(async {
        let channel = Transport::loopback().connect(lenient.address.authority(), Role::Scheduler).await.unwrap();
        let mut updates = ControlClient::new(channel).session(Hello::ours("s0")).await.unwrap().into_inner();
        updates.message().await.unwrap().unwrap().warn
    });
    assert!(warned.contains("processors differ") && warned.contains("simd of yesterday"), "{warned}");
}

fn the_audit_log_says_who_did_what() {
    let folder = tempfile::tempdir().unwrap();
    let _authority = Authority::create(folder.path(), 1).unwrap();
    let transport = |role| Transport::mutual_tls(Credentials::read(folder.path(), &[role]).unwrap());
    let path = folder.path().join("audit.jsonl");
    let own = Own::start(|_| {}, transport(Role::Scheduler).audited(Audit::open(&path).unwrap()));
    own.add_worker(transport(Role::Worker));
    assert!(own.connect(transport(Role::Viewer)).is_err());
    assert!(own.connect(Transport::loopback()).is_err());
    let engine = own.connect(transport(Role::Client)).unwrap();
    engine.wait_for_workers(1, Duration::from_secs(30)).unwrap();
    let known = job(&leaf(60).unwrap(), 60, Shape::Chain(1), 0, 1).unwrap();
    let data = engine.persist(known.plan).wait().unwrap();
    let handed = engine.submit(data.plan().unwrap()).wait().unwrap();
    assert_eq!(rows(&handed), known.answer);
    drop(engine.scatter("mine", schema(), handed).wait().unwrap());
    let slow = engine.submit(deep(1, &TestPass { pause_ms: 20_000, ..TestPass::default() }));
    eventually("it runs", || !engine.describe().unwrap().jobs.is_empty());
    drop(slow); // cancelled
    drop(data);
    let lines = || -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(&path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let is_there = |event: &str, role: Option<&str>, what: &str| {
        lines().iter().any(|line| {
            line["event"] == event
                && line["role"].as_str() == role
                && line["what"].as_str().unwrap_or("").contains(what)
        })
    };
    let client = Some("client");
    let expected = [
        ("join", Some("worker"), ""),
        ("refuse", Some("viewer"), "/phalanx.Control/Session"),
        ("refuse", None, "no valid certificate"),
        ("session", client, ""),
        ("submit", client, "Chain(1)"),
        ("submit", client, "deep"),
        ("scatter", client, ""),
        ("cancel", client, ""),
        ("release", client, ""),
    ];
    for (event, role, what) in expected {
        eventually(&format!("{event} by {role:?}: {what:?} is written down"), || is_there(event, role, what));
    }
    let session = lines().iter().find(|line| line["event"] == "session").unwrap()["session"].clone();
    let of_session = ["submit", "scatter", "cancel", "release"];
    assert!(lines().iter().filter(|line| of_session.contains(&line["event"].as_str().unwrap())).all(|line| {
        line["session"] == session && line["certificate"] == "client.phalanx.cluster" && line["address"].is_string()
    }));
    engine.retire_workers(vec![engine.describe().unwrap().workers[0].id.clone()]).unwrap();
    drop(engine);
    for event in ["retire", "goodbye"] {
        eventually(&format!("{event} is written down"), || is_there(event, client, ""));
    }
}
