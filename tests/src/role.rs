//! A test program is its own scheduler, worker and rank, so that its test operators and programs are known to all
//! processes.

use phalanx_cluster::process::{Tie, run_scheduler, run_worker};
use phalanx_cluster::{SchedulerOptions, Transport, WorkerOptions};
use phalanx_engine::{Error, Result};

/// If this process was started as a scheduler or a worker by a [`phalanx_cluster::LocalCluster`], or as a rank of a
/// gang, it becomes one and does not return. Otherwise it is what ranks are started from. First thing in `main`.
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

fn scheduler(arguments: &[String]) -> Result<()> {
    let options = SchedulerOptions::new(parsed(arguments, "--bind")?, Transport::loopback());
    run_scheduler(options, Tie::ToParent, |_| async { Ok(String::new()) })
}

fn worker(arguments: &[String]) -> Result<()> {
    let address = arguments.get(3).cloned().unwrap_or_default();
    let options = WorkerOptions {
        cores: parsed(arguments, "--cores")?,
        memory_bytes: parsed(arguments, "--memory")?,
        scratch: parsed(arguments, "--scratch")?,
        allow_python: arguments.iter().any(|argument| argument == "--allow-python"),
        ..WorkerOptions::new(address.parse()?, Transport::loopback())
    };
    let again: Vec<_> = std::env::args_os().skip(1).collect();
    run_worker(options, Tie::ToParent, &again)
}
