//! `cargo xtask bench`: the works of the targets table, timed against NumPy, pandas and Dask.
//!
//! Peers are installed by pip into a virtual environment in the target folder. Each round runs every program once, one
//! after the other, so that a machine that slows down slows all of them; what is written are medians over all rounds,
//! with the smallest and the largest time.

mod machine;
mod peers;
mod results;
mod targets;

use crate::Outcome;
use crate::command::{self, cargo};
use peers::Seconds;
use std::path::Path;

const USAGE: &str =
    "usage: cargo xtask bench [--rounds N] [--quick]   (3 rounds; --quick: without what takes a peer minutes)";

/// Builds, installs, measures, and writes `benches/RESULTS.md`.
pub fn run(root: &Path, options: &[&str]) -> Outcome<String> {
    let (mut rounds, mut is_quick) = (3, false);
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match *option {
            "--quick" => is_quick = true,
            "--rounds" => {
                let number = options.next().and_then(|rounds| rounds.parse().ok());
                rounds = number.filter(|rounds| *rounds > 0).ok_or(USAGE)?;
            }
            _ => return Err(USAGE.into()),
        }
    }
    command::run(cargo(root, &["build", "--release", "-p", "phalanx-cli"]))?;
    crate::python::extension(root)?;
    let target = command::target_folder(root);
    let binary = target.join("release").join("phalanx");
    let environment = target.join("peers");
    peers::install(&environment)?;
    let programs = peers::programs(root, &target, &binary, &environment);
    let mut seconds = Seconds::default();
    for round in 0..rounds {
        for program in &programs {
            program.run(round == 0 && !is_quick, &mut seconds)?;
        }
        peers::first_results(&binary, &target, &mut seconds)?;
    }
    let mut versions = vec![];
    for program in &programs {
        versions.extend(program.versions()?);
    }
    let text = results::write(rounds, &machine::describe(), &versions, &seconds);
    let path = root.join("benches").join("RESULTS.md");
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(format!("written: {}", path.display()))
}
