//! `phalanx cluster`: a cluster that stays when the command has ended, and is told by later commands what to do.
//!
//! `up` leaves a keeper behind, a process that holds the cluster as any program would, and listens on a socket in the
//! cluster's folder, which only its user can reach. When the keeper ends, however it ends, the cluster ends.

mod config;
mod keeper;

use crate::args::{Cli, ClusterCommand, Command, Level, UpArgs, typed};
use crate::end::Outcome;
use crate::status;
use clap::Parser;
use config::Bounds;
pub use keeper::keep;
use phalanx_cluster::{Observer, Role, SchedulerAddress, Transport};
use phalanx_dashboard::text;
use phalanx_engine::observe::{LogLine, ProcessLog, SCHEDULER};
use phalanx_engine::{Error, Result, program};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a keeper says of its cluster.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    launcher: String,
    scheduler: String,
    page: Option<String>,
    /// What brings that page here, if it is the loopback of another machine.
    page_command: Option<String>,
    credentials: Option<PathBuf>,
    workers: Vec<String>,
}

/// What a keeper is told.
#[derive(Debug, Serialize, Deserialize)]
enum Told {
    Show,
    Scale(usize),
    Adapt(Bounds),
    Logs,
    Down,
}

type Answer<T> = std::result::Result<T, String>;

/// Does what was typed.
pub fn run(command: &ClusterCommand, log: Level) -> Outcome {
    let mut out = std::io::stdout();
    match command {
        ClusterCommand::Up(args) => {
            let kept = up(args, log)?;
            writeln!(out, "{}", shown(&args.name, &kept))?;
        }
        ClusterCommand::Scale { name, workers } => {
            let kept: Kept = tell(name, &Told::Scale(*workers))?;
            writeln!(out, "{}", shown(name, &kept))?;
        }
        ClusterCommand::Adapt { name, minimum, maximum } => {
            let bounds = Bounds { minimum: *minimum, maximum: *maximum };
            let kept: Kept = tell(name, &Told::Adapt(bounds))?;
            writeln!(out, "{}\nit follows the queue, from {minimum} to {maximum} workers", shown(name, &kept))?;
        }
        ClusterCommand::Logs { name } => logs(name, &mut out)?,
        ClusterCommand::Status { name } => {
            let kept: Kept = tell(name, &Told::Show)?;
            writeln!(out, "{}\n", shown(name, &kept))?;
            out.flush()?;
            let mut typed = vec![PathBuf::from("phalanx"), "status".into(), kept.scheduler.into()];
            typed.extend(kept.credentials.into_iter().flat_map(|folder| ["--credentials".into(), folder]));
            if let Ok(Cli { command: Command::Status(args), .. }) = Cli::try_parse_from(typed) {
                status::run(&args)?;
            }
        }
        ClusterCommand::Down { name } => {
            tell::<()>(name, &Told::Down)?;
            writeln!(out, "cluster {name} is down")?;
        }
        ClusterCommand::Keep(_) => return Err(Error::internal("a keeper is a service").into()),
    }
    Ok(())
}

/// Prints what each process wrote to its log, as it has told the scheduler, and then what it wrote to standard error.
fn logs(name: &str, out: &mut impl Write) -> Outcome {
    let written: Vec<(String, String)> = tell(name, &Told::Logs)?;
    let mut told = match told(&tell::<Kept>(name, &Told::Show)?) {
        Ok(told) => told,
        Err(error) => {
            writeln!(std::io::stderr(), "the scheduler tells nothing: {error}")?;
            vec![]
        }
    };
    for (process, text) in &written {
        writeln!(out, "==> {process}")?;
        let id = process.split_whitespace().next().unwrap_or_default();
        let place = told.iter().position(|log| log.process == id);
        let lines = place.map(|place| told.swap_remove(place).lines).unwrap_or_default();
        lines.iter().try_for_each(|line| writeln!(out, "{}", said(line)))?;
        writeln!(out, "{text}")?;
    }
    // Sessions of a platform have names of their own.
    for log in &told {
        writeln!(out, "==> {}", log.process)?;
        log.lines.iter().try_for_each(|line| writeln!(out, "{}", said(line)))?;
        writeln!(out)?;
    }
    Ok(())
}

/// The logs of the scheduler and of the workers that are here.
fn told(kept: &Kept) -> Result<Vec<ProcessLog>> {
    let address: SchedulerAddress = kept.scheduler.parse()?;
    let transport = match &kept.credentials {
        Some(folder) => Transport::open(Some(folder), &[Role::Viewer, Role::Client])?,
        None => Transport::loopback(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::resources("the network can't be used").caused_by(&error))?;
    runtime.block_on(async {
        let observer = Observer::connect(&address, &transport).await?;
        let workers = observer.overview().await?.workers.into_iter().map(|worker| worker.worker.id);
        let mut logs = vec![];
        for process in std::iter::once(String::from(SCHEDULER)).chain(workers) {
            logs.extend(observer.log(&process).await?);
        }
        Ok(logs)
    })
}

/// A line of a log, with the seconds since it was written.
fn said(line: &LogLine) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
    format!("{:>12}  {:5}  {}", text::ago(line.at_ms, now), line.level, line.text)
}

fn shown(name: &str, kept: &Kept) -> String {
    let mut text = format!("cluster {name} ({}): scheduler {}", kept.launcher, kept.scheduler);
    if let Some(page) = &kept.page {
        text += &format!(", status page {page}");
    }
    if let Some(command) = &kept.page_command {
        text += &format!("\nthe status page is on that machine's loopback; to see it here: {command}");
    }
    if let Some(folder) = &kept.credentials {
        text += &format!("\ncredentials for clients: {}", folder.display());
    }
    for worker in &kept.workers {
        text += &format!("\n  worker {worker}");
    }
    text
}

fn folder(name: &str) -> Result<PathBuf> {
    let home = std::env::var_os("HOME").ok_or_else(|| Error::input("the variable HOME is not set"))?;
    Ok(Path::new(&home).join(".phalanx").join("clusters").join(name))
}

/// Starts a keeper and waits until its cluster is there.
fn up(args: &UpArgs, log: Level) -> Result<Kept> {
    let folder = folder(&args.name)?;
    let failed = |error: &std::io::Error| {
        Error::input(format!("the folder {} can't be used", folder.display())).caused_by(error)
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| failed(&error))?;
    if UnixStream::connect(folder.join("socket")).is_ok() {
        return Err(Error::input(format!("cluster {} is up already", args.name))
            .with_hint(format!("phalanx cluster down --name {0}, or choose another --name", args.name)));
    }
    let errors = std::fs::File::create(folder.join("log")).map_err(|error| failed(&error))?;
    let launcher = typed(args.launcher);
    let command = program::this_program()?;
    let (binary, before) = command.split_first().ok_or_else(|| Error::internal("an empty command"))?;
    let mut keeper = process::Command::new(binary);
    keeper.args(before).args(["--log", &typed(log), "cluster", "keep", "--name", &args.name, "--launcher", &launcher]);
    if let Some(config) = &args.config {
        // The keeper leaves the folder that we are in.
        let config = std::path::absolute(config).map_err(|error| failed(&error))?;
        keeper.arg("--config").arg(config);
    }
    keeper.process_group(0).current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
    let mut keeper = keeper.spawn().map_err(|error| Error::resources("the keeper does not start").caused_by(&error))?;
    let mut line = String::new();
    if let Some(output) = keeper.stdout.take() {
        let _ended_early = BufReader::new(output).read_line(&mut line);
    }
    serde_json::from_str(&line).map_err(|_| {
        let _ended = keeper.wait();
        let said = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        why(&args.name, &said)
    })
}

/// Why a keeper does not come up, by what it wrote: its own error, which comes last, as ours.
fn why(name: &str, said: &str) -> Error {
    let error = Error::resources(format!("cluster {name} does not come up"));
    let place = said.rfind("\nerror: ").map(|place| place + 1).or_else(|| said.starts_with("error: ").then_some(0));
    let Some((before, last)) = place.and_then(|place| said.split_at_checked(place)) else {
        return error.with_hint(said.trim().to_owned());
    };
    // What processes of its own wrote, each line once: several may have failed for the same reason.
    let mut earlier: Vec<&str> = vec![];
    for line in before.lines().filter(|line| !line.trim().is_empty()) {
        if !earlier.contains(&line) {
            earlier.push(line);
        }
    }
    let last = last.trim_start_matches("error: ");
    let (what, hint) = last.split_once("\nhint: ").map_or((last, None), |(what, hint)| (what, Some(hint)));
    let error = error.caused_by(&std::io::Error::other(what.trim().to_owned()));
    let error = match earlier.is_empty() {
        true => error,
        false => error.caused_by(&std::io::Error::other(earlier.join("\n"))),
    };
    match hint {
        Some(hint) => error.with_hint(hint.trim().to_owned()),
        None => error,
    }
}

/// Tells a keeper something; its answer.
fn tell<T: for<'a> Deserialize<'a>>(name: &str, told: &Told) -> Result<T> {
    let lost = |error: &(dyn std::error::Error + 'static)| {
        Error::cluster(format!("cluster {name} is not up")).caused_by(error).with_hint("start it: phalanx cluster up")
    };
    let mut stream = UnixStream::connect(folder(name)?.join("socket")).map_err(|error| lost(&error))?;
    let line = serde_json::to_string(told).map_err(|error| lost(&error))?;
    writeln!(stream, "{line}").map_err(|error| lost(&error))?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| lost(&error))?;
    let answer: Answer<T> = serde_json::from_str(&answer).map_err(|error| lost(&error))?;
    answer.map_err(Error::cluster)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_cluster_does_not_come_up_is_told_once() {
        let error = why("x", "error: no hosts for ssh\nhint: --config FILE\n");
        assert_eq!((error.message(), error.hint()), ("cluster x does not come up", Some("--config FILE")));
        assert_eq!(error.causes(), ["no hosts for ssh"]);
        let said =
            "error: 1 GPUs, and this machine has 0\n".repeat(4) + "error: a worker did not become ready\nhint: look";
        assert_eq!(
            why("x", &said).causes(),
            ["a worker did not become ready", "error: 1 GPUs, and this machine has 0"]
        );
        assert_eq!(why("x", "Killed\n").hint(), Some("Killed"));
    }
}
