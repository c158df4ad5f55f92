//! The command line, as the binary `phalanx` and as the command of the Python package.
//!
//! It parses what was typed, calls the crates below, and prints. Whatever computes lives below.
//!
//! | module | what it is |
//! |---|---|
//! | [`args`], [`values`] | what a user can type |
//! | [`demo`] | the main job, a file a step |
//! | [`scheduler`], [`worker`], [`status`], [`top`] | a cluster by hand, and looking at it |
//! | [`pages`], [`token`] | who may look at it in a browser |
//! | [`cluster`] | a cluster that stays, on this machine or on others |
//! | [`predict`], [`serve`] | a trained model, for files and for requests |
//! | [`table`] | rows in files, by how their names end |
//! | [`credentials`] | what a cluster's processes show to each other |
//! | [`platform`] | the session of Cloudera AI that a process runs in |
//! | [`job`] | jobs that failed: listed, saved, run again |
//! | [`bench`] | what `cargo xtask bench` times |
//! | [`end`] | how the program ends: errors, interruptions, exit codes |
//! | [`logs`], [`progress`], [`text`] | what it writes |
//! | [`watched`] | jobs that are seen, and end when the program is interrupted |

mod args;
mod bench;
mod cluster;
mod credentials;
mod demo;
mod end;
mod job;
mod logs;
mod pages;
mod platform;
mod predict;
mod progress;
mod scheduler;
mod serve;
mod status;
mod table;
mod text;
mod token;
mod top;
mod values;
mod watched;
mod worker;

use args::{Cli, ClusterCommand, Command, DemoArgs, OtherDemo};
use clap::Parser;
use std::ffi::OsString;

/// Runs the command line `arguments` (the first is the program's name) and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    end::catch_panics();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return end::of_arguments(&error),
    };
    logs::start(cli.log);
    match cli.command {
        Command::Demo(DemoArgs { other: Some(OtherDemo::Fraud(args)), .. }) => {
            end::run(move |interrupt| demo::fraud::run(&args, cli.log, interrupt))
        }
        Command::Demo(args) => end::run(move |interrupt| demo::run(&args, cli.log, interrupt)),
        Command::Predict(args) => end::run(move |interrupt| predict::run(&args, cli.log, interrupt)),
        Command::Serve(args) => end::of_service(serve::run(&args)),
        Command::Bench(args) => end::run(move |interrupt| bench::run(&args, &interrupt)),
        Command::Scheduler(args) => end::of_service(scheduler::run(args)),
        Command::Worker(args) => end::of_service(worker::run(args, arguments.get(1..).unwrap_or_default())),
        Command::Cluster(ClusterCommand::Keep(args)) => end::of_service(cluster::keep(&args, cli.log)),
        Command::Cluster(command) => end::run(move |_interrupt| cluster::run(&command, cli.log)),
        Command::Credentials(command) => end::run(move |_interrupt| credentials::run(&command)),
        Command::Job(command) => end::run(move |_interrupt| job::run(&command)),
        Command::Run(_) => {
            end::of_service(Err(phalanx_engine::Error::unsupported("this program has no Python, and runs none")
                .with_hint(
                    "run it by the Python package, whose command has the same name: python -m phalanx run PROGRAM.py",
                )))
        }
        Command::Rank => phalanx_engine::gang::run_rank(),
        Command::Replay(args) => end::run(move |_interrupt| job::replay(&args)),
        Command::Status(args) => end::run(move |_interrupt| status::run(&args)),
        Command::Token(args) => end::run(move |_interrupt| token::run(&args)),
        Command::Top(args) => end::run(move |_interrupt| top::run(&args)),
        Command::DashboardSample(args) => end::of_service(scheduler::sample(args)),
    }
}
