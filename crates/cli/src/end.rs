//! How the program ends: with what code, after which clean-up, saying what.
//!
//! Whatever happens (an error, a panic, Ctrl-C, SIGTERM), processes that we started are stopped and folders that we
//! made are removed before we are gone. This is the one place that prints errors.

use crate::progress;
use phalanx_engine::{Error, ErrorKind};
use std::io;
use std::panic::PanicHookInfo;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{oneshot, watch};

/// Something failed.
const FAILED: u8 = 1;
/// Interrupted, as shells count it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;
/// Work that has not ended this long after an interruption is left to the end of the process.
const STOP_TIMEOUT: Duration = Duration::from_millis(1700);

const REPORT_HINT: &str = "this is a bug: please report it, with what you typed, at \
                           https://github.com/phalanx-data/phalanx/issues";

/// Why a command did not come to its usual end.
#[derive(Debug)]
pub enum End {
    /// It failed.
    Error(Box<Error>),
    /// Nobody reads our output any more, as in `phalanx demo | head -1`.
    OutputClosed,
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Error(Box::new(error))
    }
}

impl From<io::Error> for End {
    /// Of writing to standard output; other places make an [`Error`] that names the object.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Error::resources("standard output can't be written").caused_by(&error).into(),
        }
    }
}

/// What a command returns.
pub type Outcome<T = ()> = Result<T, End>;

/// Tells work that it is interrupted, and gives it a runtime for what goes on beside it.
#[derive(Clone, Debug)]
pub struct Interrupt {
    flag: watch::Receiver<bool>,
    handle: Handle,
}

impl Interrupt {
    /// The runtime beside the work.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
    /// Fails as cancelled if the work is interrupted.
    ///
    /// # Errors
    /// `Cancelled`.
    pub fn check(&self) -> phalanx_engine::Result<()> {
        if *self.flag.borrow() { Err(Error::cancelled()) } else { Ok(()) }
    }
    /// Resolves when the work is interrupted.
    pub async fn wait(&mut self) {
        // The sender lives as long as the program.
        let _interrupted = self.flag.wait_for(|interrupted| *interrupted).await;
    }
}

/// Runs a command, on a thread of its own; it hears of Ctrl-C and SIGTERM through [`Interrupt`].
pub fn run(work: impl FnOnce(Interrupt) -> Outcome + Send + 'static) -> u8 {
    let code = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(until_end(work));
            runtime.shutdown_background();
            code
        }
        Err(error) => failed(&Error::resources("threads can't be started").caused_by(&error)),
    };
    clean_up();
    code
}

/// Says what is wrong with what was typed, or what was asked for (`--help`, `--version`).
pub fn of_arguments(error: &clap::Error) -> u8 {
    let _nobody_reads = error.print();
    u8::try_from(error.exit_code()).unwrap_or(FAILED)
}

/// The exit code of a service that has ended by itself.
pub fn of_service(result: phalanx_engine::Result<()>) -> u8 {
    result.map_or_else(|error| failed(&error), |()| 0)
}

async fn until_end(work: impl FnOnce(Interrupt) -> Outcome + Send + 'static) -> u8 {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => return failed(&Error::resources("signals can't be received").caused_by(&error)),
    };
    let (interrupt, flag) = watch::channel(false);
    let (done, mut ended) = oneshot::channel();
    let for_work = Interrupt { flag, handle: Handle::current() };
    let thread = std::thread::Builder::new().name(String::from("command")).spawn(move || {
        let _gone = done.send(work(for_work));
    });
    if let Err(error) = thread {
        return failed(&Error::resources("a thread can't be started").caused_by(&error));
    }
    tokio::select! {
        biased;
        outcome = &mut ended => return match outcome {
            Ok(Ok(()) | Err(End::OutputClosed)) => 0,
            Ok(Err(End::Error(error))) => failed(&error),
            Err(_panicked) => FAILED, // the hook has said it
        },
        () = signals.next() => {}
    }
    // The work cancels its jobs and stops its processes; a second signal does not wait for that.
    interrupt.send_replace(true);
    tokio::select! {
        _stopped = tokio::time::timeout(STOP_TIMEOUT, ended) => {}
        () = signals.next() => {}
    }
    INTERRUPTED
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

type CleanUp = Box<dyn FnOnce() + Send>;
static AT_EXIT: Mutex<Vec<CleanUp>> = Mutex::new(vec![]);

/// Runs `work` when the program ends, however it ends; what was added last comes first.
///
/// Owners clean up when they are dropped; this is for what a thread that can't be interrupted still holds.
pub fn at_exit(work: impl FnOnce() + Send + 'static) {
    AT_EXIT.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(work));
}

fn clean_up() {
    let mut work = std::mem::take(&mut *AT_EXIT.lock().unwrap_or_else(PoisonError::into_inner));
    while let Some(work) = work.pop() {
        work();
    }
}

/// Prints the error; returns the exit code.
fn failed(error: &Error) -> u8 {
    if error.kind() == ErrorKind::Cancelled {
        return INTERRUPTED; // whoever interrupted us knows
    }
    progress::line_above_bars(&explain(error));
    FAILED
}

/// An error as people read it: what happened, why, and what to do next.
fn explain(error: &Error) -> String {
    let is_bug = error.kind() == ErrorKind::Internal;
    let mut text = progress::bold_red("error:");
    text.push(' ');
    if is_bug {
        text.push_str("internal error: ");
    }
    text.push_str(&indented(error.message()));
    if let Some(place) = error.place() {
        text.push_str(&format!(" (stage {}, partition {}, worker {})", place.stage, place.partition, place.worker));
    }
    let hint = error.hint().or(is_bug.then_some(REPORT_HINT));
    for cause in error.causes() {
        // The hint of a cause that is ours too is told once, at the end.
        let cause: Vec<&str> = cause
            .lines()
            .filter(|line| line.trim().strip_prefix("hint: ").is_none_or(|said| Some(said) != hint))
            .collect();
        text.push_str("\n  because: ");
        text.push_str(&indented(&cause.join("\n")));
    }
    if let Some(hint) = hint {
        text.push_str("\nhint: ");
        text.push_str(&indented(hint));
    }
    text
}

fn indented(text: &str) -> String {
    text.trim().replace('\n', "\n    ")
}

/// A panic is a bug; it is said in one line, and with a backtrace only to those who asked for one.
pub fn catch_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let what = phalanx_engine::local::panic_text(panic.payload());
        let place = panic.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
        progress::line_above_bars(&format!("internal error: {what}{place}; {REPORT_HINT}"));
        if std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0") {
            progress::line_above_bars(&std::backtrace::Backtrace::force_capture().to_string());
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use phalanx_engine::error::Place;

    #[test]
    fn an_error_is_what_why_and_what_next() {
        let place = Place { stage: 2, partition: 5, worker: "w1".into() };
        let cause = io::Error::other("the disk\nis full");
        let error = Error::data("column \"x\" is missing").caused_by(&cause).at(place).with_hint("name one of a, b");
        let expected = "\
error: column \"x\" is missing (stage 2, partition 5, worker w1)
  because: the disk
    is full
hint: name one of a, b";
        assert_eq!(explain(&error), expected);
    }

    #[test]
    fn a_hint_is_told_once() {
        let cause = io::Error::other("a model begins with {\nhint: save_model writes one");
        let error = Error::data("it can't be read").caused_by(&cause).with_hint("save_model writes one");
        assert_eq!(
            explain(&error),
            "error: it can't be read\n  because: a model begins with {\nhint: save_model writes one"
        );
    }

    #[test]
    fn a_bug_asks_for_a_report() {
        let text = explain(&Error::internal("one and one is three"));
        assert!(text.starts_with("error: internal error: one and one is three\nhint: this is a bug: please report it"));
    }

    #[test]
    fn a_closed_output_is_no_error() {
        assert!(matches!(End::from(io::Error::from(io::ErrorKind::BrokenPipe)), End::OutputClosed));
        assert!(matches!(End::from(io::Error::other("disk full")), End::Error(_)));
    }
}
