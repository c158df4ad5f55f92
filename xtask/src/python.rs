//! The Python package: its suites, its types and its report of what is covered.
//!
//! All of it runs in a virtual environment in the target folder ([`environment`]), on the package in `python/` and the
//! extension that cargo builds in the profile and with the features of everything else, so that nothing is compiled
//! twice.

pub mod environment;

use crate::command::{self, cargo};
use crate::tally::Tally;
use crate::{Failure, Outcome};
use environment::Environment;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// A test that computes as long as this does not end.
const TEST_SECONDS_MAX: &str = "300";
/// Suites run in this many processes; more would start a cluster for each on machines with few cores.
const PROCESSES: &str = "2";

/// `cargo xtask python ARGUMENTS`: pytest with these arguments.
pub fn run(root: &Path, arguments: &[&str]) -> bool {
    match prepare(root) {
        Ok(environment) => {
            let mut command = pytest(root, &environment);
            if arguments.is_empty() {
                command.arg("python/tests");
            }
            let tally = count(command.args(arguments));
            println!("{tally}");
            tally.failed == 0
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            false
        }
    }
}

/// The environment and the extension.
pub fn prepare(root: &Path) -> Outcome<Environment> {
    let environment = environment::ready(root)?;
    extension(root)?;
    Ok(environment)
}

/// Builds the extension module and puts it into the package.
pub fn extension(root: &Path) -> Outcome<String> {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};

    command::run(cargo(root, &["build", "--release", "-p", "phalanx-python"]))?;
    let built = command::target_folder(root).join("release").join(format!("{DLL_PREFIX}_phalanx{DLL_SUFFIX}"));
    let package = root.join("python").join("phalanx");
    let (new, place) = (package.join(".new.abi3.so"), package.join("_phalanx.abi3.so"));
    // A copy beside it and a rename: a Python that has loaded the old one keeps the old one.
    std::fs::copy(&built, &new).map_err(|error| format!("{}: {error}", built.display()))?;
    std::fs::rename(&new, &place).map_err(|error| format!("{}: {error}", place.display()))?;
    Ok(String::new())
}

/// Runs all suites: in two processes what does not measure time, and then, alone, what does.
pub fn suites(root: &Path, environment: &Environment) -> Tally {
    let mut tally = Tally::default();
    let shared = ["-n", PROCESSES, "--dist", "loadgroup", "-m", "not alone", "python/tests"];
    tally.add(count(pytest(root, environment).args(shared)));
    tally.add(count(pytest(root, environment).args(["-m", "alone", "python/tests"])));
    tally
}

fn pytest(root: &Path, environment: &Environment) -> Command {
    let mut command = environment.python(root);
    command.args(["-m", "pytest", "--timeout", TEST_SECONDS_MAX, "-rfE"]);
    // Real tables, where a checkout has them beside it; the suites say so where they are absent.
    if let Ok(data) = root.join("../shared/data").canonicalize() {
        command.env("PHALANX_TEST_DATA", data);
    }
    command
}

/// Shows what pytest says as it comes, and counts.
fn count(command: &mut Command) -> Tally {
    let mut tally = None;
    let ended_well = command.stdout(Stdio::piped()).spawn().and_then(|mut child| {
        if let Some(output) = child.stdout.take() {
            let mut out = std::io::stdout().lock();
            for line in BufReader::new(output).split(b'\n') {
                let line = line?;
                let line = String::from_utf8_lossy(&line);
                tally = Tally::of_pytest(&line).or(tally);
                writeln!(out, "{line}")?;
            }
        }
        Ok(child.wait()?.success())
    });
    let mut tally = tally.unwrap_or_default();
    // What dies, or finds no test, prints no count, or one that looks well.
    if tally.failed == 0 && !matches!(ended_well, Ok(true)) {
        println!("FAILED: {} did not end well", command::describe(command));
        tally.check(false);
    }
    tally
}

/// Types: mypy's strict rules over the package, and the extension's stubs held against the extension.
pub fn types(root: &Path, environment: &Environment) -> Outcome<String> {
    let cache = command::target_folder(root).join("mypy");
    let mut command = environment.python(root);
    command.args(["-m", "mypy", "--no-error-summary", "--cache-dir"]).arg(&cache);
    let typed = command::run(command);
    let mut command = environment.python(root);
    command.args(["-m", "mypy.stubtest", "--concise", "phalanx._phalanx"]);
    command.args(["--mypy-config-file", "pyproject.toml"]);
    let stubs = command::run(command);
    let mut command = environment.python(root);
    command.args(["xtask/python/stubs.py", "--check"]);
    let complete = command::run(command);
    let failures: Vec<Failure> = [typed, stubs, complete].into_iter().filter_map(Result::err).collect();
    if failures.is_empty() { Ok(String::new()) } else { Err(failures.join("\n")) }
}

/// Writes the extension's stubs, from what the extension says of itself.
pub fn stubs(root: &Path, environment: &Environment) -> Outcome<String> {
    let mut command = environment.python(root);
    command.arg("xtask/python/stubs.py");
    Ok(command::output(command)?.trim_end().to_owned())
}

/// What to do with the report of covered names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// Write it.
    Write,
    /// Fail if the file states more than is true.
    Check,
}

/// `docs/api-coverage.md`, from the installed peers.
pub fn coverage(root: &Path, environment: &Environment, report: Report) -> Outcome<String> {
    let mut command = environment.python(root);
    command.arg("xtask/python/coverage_api.py");
    if report == Report::Check {
        command.arg("--check");
    }
    Ok(command::output(command)?.trim_end().to_owned())
}
