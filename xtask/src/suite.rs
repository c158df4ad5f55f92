//! The phases of `cargo xtask test`.
//!
//! Every phase runs, whatever failed before, so that one run tells everything. Each check counts as one; each test of a
//! test binary counts as one.

use crate::command::{self, cargo};
use crate::python::environment::Environment;
use crate::tally::Tally;
use crate::{Outcome, features, levels, licences, python, words};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Runs all phases; is everything as it should be?
pub fn run(root: &Path) -> bool {
    let mut suite = Suite { tally: Tally::default(), times: vec![] };
    suite.check("format", || command::run(cargo(root, &["fmt", "--all", "--check"])).map(|()| String::new()));
    suite.check("licences", || licences::check(root));
    suite.check("levels", || levels::check(root));
    suite.check("words", || words::check(root));
    suite.check("features", || features::check(root));
    suite.check("lints", || {
        let lint = ["clippy", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];
        command::run(cargo(root, &lint)).map(|()| String::new())
    });
    suite.check("build", || {
        command::run(cargo(root, &["build", "--release", "--workspace", "--bins"])).map(|()| String::new())
    });
    let mut environment = None;
    suite.check("environment", || {
        environment = Some(python::environment::ready(root)?);
        Ok(String::new())
    });
    suite.tests("tests", || tests(root, environment.as_ref()));
    suite.check("extension", || python::extension(root));
    // Without it nothing of Python runs, and the phase has failed.
    if let Some(environment) = environment {
        suite.check("types", || python::types(root, &environment));
        suite.check("coverage", || python::coverage(root, &environment, python::Report::Check));
        suite.tests("python", || python::suites(root, &environment));
    }
    suite.end()
}

struct Suite {
    tally: Tally,
    times: Vec<(&'static str, bool, Duration)>,
}

impl Suite {
    fn check(&mut self, name: &'static str, work: impl FnOnce() -> Outcome<String>) {
        self.tests(name, || {
            let outcome = work();
            let mut tally = Tally::default();
            tally.check(outcome.is_ok());
            match outcome {
                Ok(said) if said.is_empty() => {}
                Ok(said) => println!("{said}"),
                Err(failure) => println!("FAILED: {failure}"),
            }
            tally
        });
    }

    fn tests(&mut self, name: &'static str, work: impl FnOnce() -> Tally) {
        println!("== {name}");
        let start = Instant::now();
        let tally = work();
        self.tally.add(tally);
        self.times.push((name, tally.failed == 0, start.elapsed()));
        let _shown_at_once = std::io::stdout().flush();
    }

    fn end(self) -> bool {
        println!("== phases");
        for (name, passed, time) in &self.times {
            println!("{name:<14} {:<6} {:>7.1} s", if *passed { "ok" } else { "FAILED" }, time.as_secs_f64());
        }
        println!("{}", self.tally);
        self.tally.failed == 0
    }
}

/// Builds and runs every test, also the examples in the documentation; shows cargo's output as it comes. XGBoost is that
/// of the Python suites' environment.
fn tests(root: &Path, environment: Option<&Environment>) -> Tally {
    let mut command = cargo(root, &["test", "--release", "--workspace", "--no-fail-fast"]);
    // Real tables, where a checkout has them beside it; the suites say so where they are absent.
    if let Ok(data) = root.join("../shared/data").canonicalize() {
        command.env("PHALANX_TEST_DATA", data);
    }
    if let Some(environment) = environment {
        command.env("VIRTUAL_ENV", environment.folder());
    }
    let mut tally = Tally::default();
    let child = command.stdout(Stdio::piped()).spawn();
    let ended_well = child.and_then(|mut child| {
        if let Some(output) = child.stdout.take() {
            let mut out = std::io::stdout().lock();
            for line in BufReader::new(output).lines() {
                let line = line?;
                tally.add(Tally::of_line(&line).unwrap_or_default());
                writeln!(out, "{line}")?;
            }
        }
        Ok(child.wait()?.success())
    });
    // A test binary that does not compile, or dies of a signal, prints no result.
    if tally.failed == 0 && !matches!(ended_well, Ok(true)) {
        println!("FAILED: cargo test did not end well");
        tally.check(false);
    }
    tally
}
