//! `phalanx cluster`: a cluster that stays when the command has ended, and is told by later commands what to do.
//!
//! `up` leaves a keeper behind, a process that holds the cluster as any program would, and listens on a socket in the
//! cluster's folder, which only its user can reach. When the keeper ends, however it ends, the cluster ends.

use crate::args::{Cli, ClusterCommand, Command, LauncherName, Level, UpArgs, typed};
use crate::end::Outcome;
use crate::status;
use clap::Parser;
use phalanx_cluster::launcher::{CloudOptions, Cloudera, Launcher, Local, Ssh, SshOptions};
use phalanx_cluster::{ClusterOptions, LaunchedCluster, Observer, Role, Rule, SchedulerAddress, Transport};
use phalanx_dashboard::text;
use phalanx_engine::observe::{LogLine, ProcessLog, SCHEDULER};
use phalanx_engine::{Error, Result, program};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a file of options says; each has a default.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    workers: usize,
    /// 0: what the machine has.
    cores: usize,
    memory_bytes: u64,
    allow_python: bool,
    ssh: Option<SshOptions>,
    cloudera: CloudOptions,
    /// Workers follow the queue within these bounds.
    adapt: Option<Bounds>,
}

/// How few and how many workers there may be.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    minimum: usize,
    maximum: usize,
}

/// How often a cluster that follows its queue looks at it, and at how many looks a worker must not have been needed.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
const PATIENCE: usize = 30;

impl Default for Config {
    fn default() -> Self {
        Self {
            workers: 2,
            cores: 0,
            memory_bytes: 0,
            allow_python: false,
            ssh: None,
            cloudera: CloudOptions::default(),
            adapt: None,
        }
    }
}

/// What a keeper says of its cluster.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    launcher: String,
    scheduler: String,
    page: Option<String>,
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
        Error::resources(format!("cluster {} does not come up", args.name)).with_hint(said.trim().to_owned())
    })
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

/// Holds a cluster until it is told to let it go, or to end.
pub fn keep(args: &UpArgs, log: Level) -> Result<()> {
    let config = match &args.config {
        None => Config::default(),
        Some(path) => {
            let wrong = |error: &(dyn std::error::Error + 'static)| {
                Error::input(format!("{} can't be used", path.display())).caused_by(error).with_hint(
                    "a JSON object of workers, cores, memory_bytes, allow_python, adapt ({\"minimum\": 1, \"maximum\": 8}); for \
                     --launcher ssh, ssh: {\"hosts\": [...]} with ssh, program, address, port, dashboard_port, days; for \
                     --launcher cloudera, cloudera with worker_cpu, worker_memory, nvidia_gpu, scheduler_cpu, \
                     scheduler_memory, dashboard_port, env, python",
                )
            };
            let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
            serde_json::from_str(&text).map_err(|error| wrong(&error))?
        }
    };
    let launcher: Box<dyn Launcher> = match (args.launcher, config.ssh) {
        (LauncherName::Ssh, Some(hosts)) => Box::new(Ssh::prepare(hosts)?),
        (LauncherName::Ssh, None) => {
            return Err(
                Error::input("no hosts for ssh").with_hint("--config FILE with {\"ssh\": {\"hosts\": [\"a\"]}}")
            );
        }
        (LauncherName::Cloudera, _) => Box::new(Cloudera::new(config.cloudera)?),
        (LauncherName::Local, _) => Box::new(Local::new(program::this_program()?)?),
    };
    let rule = |bounds: Bounds| Rule::new(bounds.minimum, bounds.maximum, PATIENCE);
    let adapt = config.adapt.map(rule).transpose()?;
    let options = ClusterOptions {
        workers: config.workers,
        cores: config.cores,
        memory_bytes: config.memory_bytes,
        allow_python: config.allow_python,
        log: typed(log),
        ..ClusterOptions::default()
    };
    let socket = folder(&args.name)?.join("socket");
    let _stale = std::fs::remove_file(&socket);
    let cluster = Arc::new(LaunchedCluster::launch(options, launcher)?);
    if let Some(rule) = adapt {
        cluster.adapt(rule, LOOK_INTERVAL)?;
    }
    let listener = UnixListener::bind(&socket)
        .map_err(|error| Error::input(format!("{} can't be served", socket.display())).caused_by(&error))?;
    let said = serde_json::to_string(&kept(&cluster)).unwrap_or_default();
    let _nobody_reads = writeln!(std::io::stdout(), "{said}").and_then(|()| std::io::stdout().flush());
    let end = told_to_end(&socket)?;
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        let mut line = String::new();
        if BufReader::new(&stream).read_line(&mut line).is_err() || end.load(Ordering::Relaxed) {
            break;
        }
        let (answer, is_last) = match serde_json::from_str(&line) {
            Ok(Told::Show) => (answer(Ok(kept(&cluster))), false),
            Ok(Told::Scale(workers)) => {
                cluster.stop_adapting(); // who names a number wants that one
                (answer(cluster.scale(workers).map(|()| kept(&cluster))), false)
            }
            Ok(Told::Adapt(bounds)) => {
                let adapted = rule(bounds).and_then(|rule| cluster.adapt(rule, LOOK_INTERVAL));
                (answer(adapted.map(|()| kept(&cluster))), false)
            }
            Ok(Told::Logs) => (answer(Ok(cluster.logs())), false),
            Ok(Told::Down) => (String::new(), true),
            Err(_) => continue,
        };
        if is_last {
            let _gone = std::fs::remove_file(&socket);
            let stopped = self::answer(stop(cluster));
            let _nobody_reads = stream.write_all(stopped.as_bytes());
            return Ok(());
        }
        let _nobody_reads = stream.write_all(answer.as_bytes());
    }
    let _gone = std::fs::remove_file(&socket);
    stop(cluster)
}

/// Stops a cluster that nobody else holds, once nobody follows its queue.
fn stop(cluster: Arc<LaunchedCluster>) -> Result<()> {
    cluster.stop_adapting();
    Arc::into_inner(cluster).map_or(Ok(()), LaunchedCluster::stop)
}

/// Becomes true when the process is told to end; then a connection to the socket wakes who waits there.
fn told_to_end(socket: &Path) -> Result<Arc<AtomicBool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let ends = Arc::new(AtomicBool::new(false));
    let (flag, socket) = (Arc::clone(&ends), socket.to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::resources("signals can't be caught").caused_by(&error))?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
            terminate.recv().await;
            flag.store(true, Ordering::Relaxed);
            let _wakes = UnixStream::connect(&socket).map(|mut stream| writeln!(stream));
        });
    });
    Ok(ends)
}

fn answer<T: Serialize>(result: Result<T>) -> String {
    let answer: Answer<T> = result.map_err(|error| error.to_string());
    serde_json::to_string(&answer).unwrap_or_default()
}

fn kept(cluster: &LaunchedCluster) -> Kept {
    Kept {
        launcher: cluster.launcher().to_owned(),
        scheduler: cluster.address().to_string(),
        page: cluster.dashboard().map(str::to_owned),
        credentials: cluster.credentials().map(Path::to_owned),
        workers: cluster.names(),
    }
}
