//! The process that holds a cluster which stays, and does what later commands say.

use super::config::{Bounds, Config};
use super::{Answer, Kept, Told, folder};
use crate::args::{LauncherName, Level, UpArgs, typed};
use phalanx_cluster::launcher::{Cloudera, Launcher, Local, Ssh};
use phalanx_cluster::{ClusterOptions, LaunchedCluster, Rule};
use phalanx_engine::{Error, Result, program};
use serde::Serialize;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often a cluster that follows its queue looks at it, and at how many looks a worker must not have been needed.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
const PATIENCE: usize = 30;
/// How long workers that were launched may take to join.
const JOIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Holds a cluster until it is told to let it go, or to end.
pub fn keep(args: &UpArgs, log: Level) -> Result<()> {
    let config = args.config.as_deref().map_or_else(|| Ok(Config::default()), Config::read)?.shared(args.launcher);
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
    // Sessions of a platform run before their workers have joined.
    cluster.wait_for_workers(config.workers, JOIN_TIMEOUT)?;
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
                let grown = cluster.scale(workers).and_then(|()| cluster.wait_for_workers(workers, JOIN_TIMEOUT));
                (answer(grown.map(|()| kept(&cluster))), false)
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
        page_command: cluster.dashboard_command(),
        credentials: cluster.credentials().map(Path::to_owned),
        workers: cluster.names(),
    }
}
