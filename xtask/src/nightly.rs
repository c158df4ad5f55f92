//! `cargo xtask nightly`: what takes longer than the tests may, and `docs/nightly.md`, its last results.

use crate::Outcome;
use crate::command::{self, cargo};
use crate::python::environment::{self, Environment};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const USAGE: &str = "usage: cargo xtask nightly [--seed N] [STEP …]   (all steps by default; the others' results stay)";

/// Runs of chaos in all.
const CHAOS_RUNS: &str = "200";
/// Suites while workers die.
const SUITES: &str = "150";
/// Forged inputs of each kind.
const FUZZ_RUNS: &str = "20000";

/// The steps by name, with what they are.
const STEPS: [(&str, &str); 5] = [
    (
        "chaos",
        "200 seeded runs: workers, the scheduler and clients killed, stopped, slow, cut off; disks full and slow; clocks that jump; a tenth as many trainings",
    ),
    ("suites", "150 suites of arrays, frames and learning, while a worker dies or leaves each second"),
    ("demo", "the demo on three workers, of which one is killed in each step"),
    ("fuzz", "20,000 forged inputs of each kind"),
    ("load", "the tables of docs/reliability.md at full sizes"),
];

const BEGIN: &str = "# The last nightly run\n\nWritten by `cargo xtask nightly`; do not edit. What each step is stands in \
                     `xtask/src/nightly.rs`.\n\n| step | what | result | minutes |\n|---|---|---|---|\n";

/// Runs steps and writes the page.
pub fn run(root: &Path, options: &[&str]) -> Outcome<String> {
    let (mut seed, mut wanted) = (String::from("2"), vec![]);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--seed" => seed = options.next().filter(|text| text.parse::<u64>().is_ok()).ok_or(USAGE)?.to_string(),
            step if STEPS.iter().any(|(name, _)| *name == step) => wanted.push(step),
            _ => return Err(USAGE.into()),
        }
    }
    let environment = environment::ready(root)?;
    let path = root.join("docs").join("nightly.md");
    let mut failed = vec![];
    for (step, what) in STEPS.iter().filter(|(step, _)| wanted.is_empty() || wanted.contains(step)) {
        eprintln!("{step}: {what}");
        let began = Instant::now();
        let result = one(root, &environment, step, &seed);
        let minutes = began.elapsed().as_secs_f64() / 60.0;
        let text = match &result {
            Ok(text) => text.clone(),
            Err(error) => format!("**failed**: {error}"),
        };
        eprintln!("{step}: {text}");
        if result.is_err() {
            failed.push(*step);
        }
        // After each step: one that ends the machine leaves the others' results.
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        let row = format!("| {step} | {what} | {} | {minutes:.1} |\n", text.replace('\n', "<br>").replace('|', "·"));
        std::fs::write(&path, page(&old, step, &row)).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    if failed.is_empty() { Ok(format!("written: {}", path.display())) } else { Err(format!("failed: {failed:?}")) }
}

/// The page with the `row` of `step`, and the `old` rows of the others.
fn page(old: &str, step: &str, row: &str) -> String {
    let begins = |line: &str, name: &str| line.starts_with(&format!("| {name} |"));
    let rows = STEPS.iter().map(|(name, what)| match *name == step {
        true => row.to_owned(),
        false => old
            .lines()
            .find(|line| begins(line, name))
            .map_or_else(|| format!("| {name} | {what} | not run yet | |\n"), |line| format!("{line}\n")),
    });
    format!("{BEGIN}{}", rows.collect::<String>())
}

/// What a step says at its end. XGBoost is that of the Python suites' environment.
fn one(root: &Path, environment: &Environment, step: &str, seed: &str) -> Outcome<String> {
    let cargo = |arguments: &[&str]| {
        let mut command = cargo(root, arguments);
        command.env("VIRTUAL_ENV", environment.folder());
        command
    };
    let tests = ["run", "--release", "-p", "phalanx-tests", "--bin"];
    match step {
        "chaos" => {
            let text = said(cargo(&[&tests[..], &["chaos", "--", "all", CHAOS_RUNS, seed]].concat()))?;
            Ok(lines(&text, |line| line.starts_with("| ")))
        }
        "suites" => {
            let mut command = cargo(&["test", "--release", "-p", "phalanx-tests", "--", "harmed::"]);
            command.env("CHAOS_SUITES", SUITES).env("CHAOS_SEED", seed);
            Ok(lines(&said(command)?, |line| line.contains(" runs of ")))
        }
        "demo" => {
            let folder = command::target_folder(root).join("nightly");
            std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            let mut command =
                cargo(&["run", "--release", "-p", "phalanx-cli", "--", "demo", "--workers", "3", "--kill", "--out"]);
            command.arg(&folder);
            let last =
                said(command)?.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
            Ok(last)
        }
        "fuzz" => {
            let mut command = cargo(&["test", "--release", "-p", "phalanx-tests", "--", "fuzz::"]);
            command.env("FUZZ_SEED", seed).env("FUZZ_RUNS", FUZZ_RUNS);
            Ok(lines(&said(command)?, |line| line.starts_with("test result")))
        }
        _ => {
            said(cargo(&[&tests[..], &["load", "--", "write"]].concat()))?;
            Ok(String::from("see [reliability.md](reliability.md)"))
        }
    }
}

fn lines(text: &str, is_wanted: impl Fn(&str) -> bool) -> String {
    let wanted: Vec<&str> = text.lines().map(str::trim).filter(|line| is_wanted(line)).collect();
    wanted.join("\n")
}

/// What a command prints, which is shown as well. An error has its last lines.
fn said(mut command: Command) -> Outcome<String> {
    use std::io::{BufRead, BufReader};
    let name = command::describe(&command);
    let cant = |error: std::io::Error| format!("{name}: {error}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(cant)?;
    let mut text = String::new();
    for line in BufReader::new(child.stdout.take().ok_or("a child without output")?).lines() {
        let line = line.map_err(cant)?;
        eprintln!("  {line}");
        text.push_str(&line);
        text.push('\n');
    }
    let status = child.wait().map_err(cant)?;
    if status.success() {
        return Ok(text);
    }
    let last: Vec<&str> = text.lines().rev().take(20).collect();
    Err(format!("{status}: {}", last.into_iter().rev().collect::<Vec<_>>().join("\n")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_leaves_the_rows_of_the_others() {
        let first = page("", "fuzz", "| fuzz | x | fine | 1.0 |\n");
        assert!(first.contains("| fuzz | x | fine |") && first.contains("| demo |") && first.contains("not run yet"));
        let second = page(&first, "demo", "| demo | y | good | 2.0 |\n");
        assert!(second.contains("| fuzz | x | fine |") && second.contains("| demo | y | good |"));
        assert_eq!(second.lines().count(), first.lines().count());
    }
}
