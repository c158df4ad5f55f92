//! Running the binary.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The binary with these arguments, separated by spaces. Nothing of our own environment changes what it prints.
pub fn phalanx(arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phalanx"));
    command.args(arguments.split_whitespace()).env_remove("RUST_BACKTRACE").env_remove("RUST_LOG");
    command.stdin(Stdio::null());
    command
}

/// Runs to the end.
pub fn run(arguments: &str) -> Ended {
    end(phalanx(arguments))
}

/// Runs `command` to the end.
pub fn end(mut command: Command) -> Ended {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Exit code and standard error are exactly these, and nothing is on standard output.
pub fn check_error(arguments: &str, code: i32, err: &str) {
    let ended = run(arguments);
    assert_eq!(ended.err, err, "phalanx {arguments}");
    assert_eq!(ended.code, Some(code), "phalanx {arguments}");
    assert_eq!(ended.out, "", "phalanx {arguments}");
}

/// A process that is killed, should a test fail before it has ended.
pub struct Running(pub Child);

impl Running {
    /// Starts the binary and returns it with its first line.
    pub fn start(command: Command) -> (Self, String) {
        let (child, [line]) = Self::start_with_lines(command);
        (child, line)
    }
    /// Starts the binary and returns it with its first lines.
    pub fn start_with_lines<const N: usize>(mut command: Command) -> (Self, [String; N]) {
        let mut child = Self(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut output = BufReader::new(child.0.stdout.take().unwrap());
        let line = std::array::from_fn(|_| {
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            line
        });
        // Keeps the pipe open, so that what else is printed does not end the process.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        (child, line)
    }
    /// Sends a signal, as `kill -SIGNAL` does.
    pub fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success());
    }
    /// Waits for the end; the exit code and the time that it took.
    pub fn wait(&mut self) -> (Option<i32>, Duration) {
        let start = Instant::now();
        (self.0.wait().unwrap().code(), start.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Processes whose environment says that they belong to the test `tag`.
pub fn processes(tag: &str) -> Vec<String> {
    let belongs = |process: &Path| std::fs::read(process.join("environ")).is_ok_and(|text| contains(&text, tag));
    let mut found = vec![];
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let process = entry.path();
        let command = std::fs::read(process.join("cmdline")).unwrap_or_default();
        // The ended ones that nobody has waited for have no command line.
        if belongs(&process) && !command.is_empty() {
            found.push(String::from_utf8_lossy(&command).replace('\0', " "));
        }
    }
    found
}

fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window == part.as_bytes())
}
