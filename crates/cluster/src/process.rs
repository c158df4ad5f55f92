//! A scheduler or a worker as a whole process: what `phalanx scheduler` and `phalanx worker` do after reading their
//! arguments. One line on standard output when ready; ends at Ctrl-C, at SIGTERM, and with its parent if tied to it.

use crate::scheduler::{Scheduler, SchedulerOptions};
use crate::tie::{parent_ended, told_to_leave};
use crate::worker::{WorkerOptions, work};
use phalanx_engine::host::{self, Permission};
pub use phalanx_engine::program::{set_program, this_program};
use phalanx_engine::{Error, ErrorKind, Result};
use std::ffi::OsString;
use std::future::Future;
use std::io::Write;
use std::os::unix::process::CommandExt;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Does the process end with its parent?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tie {
    /// It stands alone.
    Free,
    /// It ends when its standard input does.
    ToParent,
}

/// Threads that move messages; tasks have their own.
const NETWORK_THREADS: usize = 2;
/// Says that this process replaced a worker that lost its scheduler.
const REJOINING: &str = "PHALANX_REJOINING";

/// Runs a scheduler until it is told to stop, or has been idle for its timeout. `also` starts what goes with it (a status page) and returns what the
/// ready line says of that.
///
/// # Errors
/// It can't start, or its server fails; `Cancelled` after Ctrl-C.
pub fn run_scheduler<A, F>(options: SchedulerOptions, tie: Tie, also: A) -> Result<()>
where
    A: FnOnce(&Scheduler) -> F,
    F: Future<Output = Result<String>>,
{
    block_on(async {
        let end = end_of_process(tie, 1)?;
        let mut scheduler = Scheduler::start(options).await?;
        let more = also(&scheduler).await?;
        say_ready(&format!("scheduler ready at tcp://{}{more}", scheduler.address()));
        let idle = scheduler.idle();
        tokio::select! {
            failed = scheduler.wait() => failed,
            end = end => end,
            () = idle => Ok(()),
        }
    })
}

/// Runs a worker until it is told to stop. At SIGTERM it takes no more tasks, hands over what it holds and ends, as
/// [`work`] says; at a second one, or at Ctrl-C, it ends at once. One that loses its scheduler starts afresh, as a new process image with a
/// new name and folder, and so ends all its tasks at once; it gives up when the scheduler stays away for
/// `death_timeout`. `arguments` are
/// those by which [`this_program`] becomes this worker again.
///
/// # Errors
/// It can't start, or the scheduler is gone for good; `Cancelled` after Ctrl-C. `Unsupported`: it is to run functions
/// of its clients, and this program has no runtime for them.
pub fn run_worker(mut options: WorkerOptions, tie: Tie, arguments: &[OsString]) -> Result<()> {
    if options.allow_python && !host::is_installed() {
        return Err(Error::unsupported("this program has no Python, so it can't run functions of it").with_hint(
            "start the worker from the Python package: python -m phalanx worker tcp://HOST:PORT --allow-python",
        ));
    }
    set_program(this_program()?); // the ranks of gangs are processes of what the worker is one of
    let worker = String::from("of this process");
    host::permit_process(Permission { worker, is_given: options.allow_python });
    if std::env::var_os(REJOINING).is_some() {
        options.connect_timeout = options.death_timeout;
    }
    let mut joined = false;
    let ended = block_on(async {
        let (end, drain) = (end_of_process(tie, 2)?, terminated(1)?);
        let leave = async {
            tokio::select! {
                () = told_to_leave() => {}
                () = drain => {}
            }
        };
        let ready = |ready: &crate::worker::WorkerReady| {
            joined = true;
            say_ready(&format!("worker {} ready at tcp://{}", ready.id, ready.address));
        };
        tokio::select! {
            biased; // told to stop, a worker stops, even if it sees the scheduler go at the same moment
            end = end => end,
            end = work(options, ready, leave) => end,
        }
    });
    match ended {
        Err(error) if joined && error.kind() == ErrorKind::Cluster => {
            tracing::warn!(%error, "starting afresh");
            Err(start_afresh(arguments))
        }
        ended => ended,
    }
}

/// Replaces this process by itself; returns only what went wrong.
fn start_afresh(arguments: &[OsString]) -> Error {
    let command = match this_program() {
        Err(error) => return error,
        Ok(program) => program.into_iter().chain(arguments.iter().cloned()).collect::<Vec<_>>(),
    };
    let Some((program, arguments)) = command.split_first() else {
        return Error::internal("an empty command starts no worker");
    };
    phalanx_engine::gang::reap::end_ranks(); // they would be children of a process that knows nothing of them
    let error = std::process::Command::new(program).args(arguments).env(REJOINING, "1").exec();
    Error::internal("the worker can't start afresh").caused_by(&error)
}

/// Runs `process` to its end. Threads that sleep inside of libraries do not delay it.
fn block_on(process: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(NETWORK_THREADS)
        .thread_name("network")
        .enable_all()
        .build()
        .map_err(|error| Error::resources("threads can't be started").caused_by(&error))?;
    let ended = runtime.block_on(process);
    runtime.shutdown_background();
    ended
}

/// Resolves when the process is to end: at Ctrl-C, at the `terminations`th SIGTERM, or with its parent. Signals are
/// caught from the moment of the call.
fn end_of_process(tie: Tie, terminations: usize) -> Result<impl Future<Output = Result<()>>> {
    let (mut interrupt, terminated) = (caught(SignalKind::interrupt())?, terminated(terminations)?);
    Ok(async move {
        let parent = async {
            match tie {
                Tie::ToParent => parent_ended().await,
                Tie::Free => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => Err(Error::cancelled()),
            () = terminated => Ok(()),
            () = parent => Ok(()),
        }
    })
}

/// Resolves at the `count`th SIGTERM from now.
fn terminated(count: usize) -> Result<impl Future<Output = ()>> {
    let mut terminate = caught(SignalKind::terminate())?;
    Ok(async move {
        for _ in 0..count {
            let _at_any = terminate.recv().await;
        }
    })
}

fn caught(kind: SignalKind) -> Result<Signal> {
    signal(kind).map_err(|error| Error::internal("signals can't be caught").caused_by(&error))
}

fn say_ready(line: &str) {
    let mut output = std::io::stdout().lock();
    let _nobody_reads = writeln!(output, "{line}").and_then(|()| output.flush());
}
