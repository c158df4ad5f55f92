//! A process that we start: it says a line when it is ready, what it writes is kept, and it is ended in order.

use parking_lot::Mutex;
use phalanx_engine::{Error, Result};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::{Duration, Instant};

/// What a process said before it died is waited for so long.
const SAID_TIMEOUT: Duration = Duration::from_millis(500);
/// The latest lines that a process wrote.
pub type Lines = Arc<Mutex<VecDeque<String>>>;
/// So many lines of each process are kept.
const LINES_MAX: usize = 1000;
/// So many are told of one that does not start.
const LAST_LINES: usize = 12;

/// A process that has not said yet that it is ready. Dropping it ends it.
#[derive(Debug)]
pub struct Starting {
    child: Option<Child>,
    /// Its command, for people.
    line: String,
    ready: Receiver<std::io::Result<String>>,
    lines: Lines,
    all_is_said: Receiver<()>,
}

/// A process that is ready, its line, and what it writes.
#[derive(Debug)]
pub struct Ready {
    pub child: Child,
    pub line: String,
    pub lines: Lines,
}

impl Starting {
    /// Starts a process.
    ///
    /// # Errors
    /// `Resources`: it does not start.
    pub fn begin(mut command: Command) -> Result<Self> {
        // The pipe to its standard input is held by `Child`: its end tells that we are gone.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C at the terminal reaches us, and we stop the children in order.
        command.process_group(0);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
        let mut child =
            command.spawn().map_err(|error| Error::resources(format!("{line} does not start")).caused_by(&error))?;
        let (Some(output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(Error::internal("a child has no output"));
        };
        let lines = Lines::default();
        let (said, all_is_said) = std::sync::mpsc::channel();
        keep_lines(errors, Arc::clone(&lines), said);
        let (sender, ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(output);
            let mut line = String::new();
            let _gone = sender.send(lines.read_line(&mut line).map(|_| line.clone()));
            while matches!(lines.read_line(&mut line), Ok(1..)) {
                line.clear(); // nothing that a child prints later may block it
            }
        });
        Ok(Self { child: Some(child), line, ready, lines, all_is_said })
    }

    /// Waits until it says that it is ready.
    ///
    /// # Errors
    /// `Resources`: it ends before, or says nothing within the timeout.
    pub fn ready(mut self, timeout: Duration) -> Result<Ready> {
        let said = self.ready.recv_timeout(timeout);
        match (said, self.child.take()) {
            (Ok(Ok(line)), Some(child)) if !line.trim().is_empty() => {
                Ok(Ready { child, line, lines: Arc::clone(&self.lines) })
            }
            (_, Some(mut child)) => {
                let status = ended(&mut child);
                let _all_is_passed_on = self.all_is_said.recv_timeout(SAID_TIMEOUT);
                let error = Error::resources(format!("{} did not become ready: {status}", self.line));
                let said = last_words(&self.lines.lock());
                Err(match said.is_empty() {
                    true => error.with_hint("it wrote nothing: run the command yourself to see why"),
                    false => error.caused_by(&std::io::Error::other(said)),
                })
            }
            (_, None) => Err(Error::internal("a process is waited for twice")),
        }
    }
}

/// The latest lines that a process wrote, which mostly say why it ended.
fn last_words(lines: &VecDeque<String>) -> String {
    let skipped = lines.len().saturating_sub(LAST_LINES);
    lines.iter().skip(skipped).map(String::as_str).collect::<Vec<_>>().join("\n").trim().to_owned()
}

impl Drop for Starting {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _status = ended(&mut child);
        }
    }
}

/// Kills a process and waits for it; how it ended.
fn ended(child: &mut Child) -> String {
    let _dead = child.kill();
    child.wait().map(|status| status.to_string()).unwrap_or_default()
}

/// Ends processes: they are told (by the end of their standard input, and those of this machine by SIGTERM), waited for,
/// and killed if they take longer than `timeout`.
pub fn end_all(mut children: Vec<Child>, are_local: bool, timeout: Duration) {
    for child in &mut children {
        // A worker that is told to terminate would hand over what it holds first; without its parent it ends.
        drop(child.stdin.take());
        if are_local {
            terminate(child.id());
        }
    }
    let deadline = Instant::now() + timeout;
    for child in &mut children {
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
        let _status = ended(child);
    }
}

/// Passes on to our standard error what a process writes to its own, and keeps the latest of it.
fn keep_lines(output: impl std::io::Read + Send + 'static, lines: Lines, ended: Sender<()>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n').map_while(std::result::Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            let _nobody_reads = writeln!(std::io::stderr(), "{line}");
            let mut lines = lines.lock();
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(line);
        }
        drop(ended);
    });
}

/// Asks a process to end.
#[expect(unsafe_code, reason = "sending a signal to a child of ours has no safe form in the standard library")]
fn terminate(process: u32) {
    // SAFETY: `kill` takes plain numbers; the process is a child that we have not reaped, so the id is still its own.
    unsafe {
        libc::kill(process as libc::pid_t, libc::SIGTERM);
    }
}
