//! A test program is its own scheduler, worker and rank, so that its test operators and programs are known to all
//! processes.

use crate::apart::transport;
use crate::jobs::{Shape, job, leaf, schema};
use crate::pass::TestPass;
use phalanx_cluster::process::{Tie, run_scheduler, run_worker};
use phalanx_cluster::{ClusterEngine, Role, SchedulerOptions, Transport, WorkerOptions};
use phalanx_engine::paths::{self, AllowedPaths};
use phalanx_engine::{Engine, Error, Plan, Result, Settings, plan};

/// If this process was started as a scheduler or a worker by a [`phalanx_cluster::LocalCluster`], as a rank of a gang, or
/// as a client that is to be killed, it becomes one and does not return. Otherwise it is what ranks are started from. First thing in `main`.
pub fn become_child() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == "rank") {
        phalanx_engine::gang::run_rank();
    }
    if let Ok(program) = phalanx_engine::program::this_program() {
        phalanx_engine::program::set_program(program);
    }
    if !arguments.iter().any(|argument| argument == "--tied") {
        return;
    }
    log(&value(&arguments, "--log").unwrap_or_default());
    crate::functions::install();
    let ended = match arguments.get(2).map(String::as_str) {
        Some("scheduler") => scheduler(&arguments),
        Some("worker") => worker(&arguments),
        Some("client") => client(&arguments),
        other => Err(Error::internal(format!("{other:?} is no role"))),
    };
    if let Err(error) = &ended {
        eprintln!("{error}");
    }
    std::process::exit(i32::from(ended.is_err()));
}

/// Logs of this process on standard error, at `level`.
pub fn log(level: &str) {
    let filter = tracing_subscriber::EnvFilter::new(level);
    let _second_time = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

fn value(arguments: &[String], name: &str) -> Option<String> {
    let position = arguments.iter().position(|argument| argument == name)?;
    arguments.get(position + 1).cloned()
}

fn parsed<T: std::str::FromStr>(arguments: &[String], name: &str) -> Result<T> {
    let text = value(arguments, name).unwrap_or_default();
    text.parse().map_err(|_| Error::input(format!("{name} {text}")))
}

/// What `--allow-path` says to a real worker.
pub const ALLOWED_PATH: &str = "TEST_ALLOWED_PATH";

fn scheduler(arguments: &[String]) -> Result<()> {
    let options = SchedulerOptions::new(parsed(arguments, "--bind")?, transport(Role::Scheduler)?);
    run_scheduler(options, Tie::ToParent, |_| async { Ok(String::new()) })
}

fn worker(arguments: &[String]) -> Result<()> {
    let address = arguments.get(3).cloned().unwrap_or_default();
    if let Ok(allowed) = std::env::var(ALLOWED_PATH) {
        paths::restrict(AllowedPaths::parse([allowed])?);
    }
    let options = WorkerOptions {
        cores: parsed(arguments, "--cores")?,
        memory_bytes: parsed(arguments, "--memory")?,
        scratch: parsed(arguments, "--scratch")?,
        allow_python: arguments.iter().any(|argument| argument == "--allow-python"),
        ..WorkerOptions::new(address.parse()?, transport(Role::Worker)?)
    };
    let again: Vec<_> = std::env::args_os().skip(1).collect();
    run_worker(options, Tie::ToParent, &again)
}

/// A client that has persisted and scattered data, runs a job that takes minutes, says so in a line, and then waits for
/// the end of its input. Whoever starts it kills it.
fn client(arguments: &[String]) -> Result<()> {
    let address = arguments.get(3).cloned().unwrap_or_default();
    let engine = ClusterEngine::connect(&address.parse()?, Settings::default(), Transport::loopback())?;
    let known = job(&leaf(240)?, 240, Shape::Chain(2), 0, 1)?;
    let kept = engine.persist(known.plan).wait()?;
    let rows = engine.submit(kept.plan()?).wait()?;
    let mine = engine.scatter("mine", schema(), rows).wait()?;
    let slow = TestPass { pause_ms: 60_000, ..TestPass::default() };
    let running = engine.submit(Plan::new("slow", plan::operator(slow, vec![leaf(240)?])?));
    while running.progress().borrow().stages.iter().all(|stage| stage.tasks_running == 0) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    println!("it runs");
    let _end = std::io::stdin().read_line(&mut String::new());
    drop((running, mine, kept));
    Ok(())
}
