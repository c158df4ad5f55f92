//! Every build of this workspace selects the same features of what is heavy and of what lies below it.
//!
//! Cargo unites the features of the packages that one command builds. If `cargo run -- demo` and `cargo test` united
//! other sets, each would compile its own DataFusion: a quarter of an hour. `crates/features` names the union; this
//! check says what is missing there.

use crate::Outcome;
use crate::command::{cargo, output};
use crate::metadata::{self, Package};
use std::collections::{BTreeSet, HashSet};
use std::path::Path;

/// What takes minutes.
const HEAVY: &[&str] = &["datafusion", "datafusion-proto", "ballista-core", "ballista-executor", "ballista-scheduler"];

/// Compares each member's own build with the build of the workspace, with its tests and without. Build scripts count:
/// a crate is compiled again if what its build script is compiled on has other features.
pub fn check(root: &Path) -> Outcome<String> {
    let whole = selected(root, &["--workspace", "-e", "normal,build,dev"])?;
    let packages = metadata::packages(root)?;
    let members = packages.iter().filter(|package| package.member);
    let (mut missing, mut compared) = (vec![], 0);
    for package in members {
        let heavy = heavy_of(&packages, package);
        // The list itself is never built alone.
        if heavy.is_empty() || package.name == "phalanx-features" {
            continue;
        }
        compared += 1;
        for edges in ["normal,build", "normal,build,dev"] {
            let own = selected(root, &["-p", &package.name, "-e", edges])?;
            let others = own.difference(&whole).filter(|selection| heavy.contains(&name(selection)));
            missing.extend(others.map(|selection| difference(&package.name, selection, &whole)));
        }
    }
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        Ok(format!("{compared} crates select the same features as the workspace"))
    } else {
        Err(format!("these would be compiled twice; name their features in crates/features:\n{}", missing.join("\n")))
    }
}

/// The heavy packages that `package` is compiled on, and all below those.
fn heavy_of(packages: &[Package], package: &Package) -> HashSet<String> {
    let own = metadata::below(packages, package);
    packages
        .iter()
        .filter(|heavy| HEAVY.contains(&heavy.name.as_str()))
        .filter(|heavy| own.contains(&format!("{} {}", heavy.name, heavy.version)))
        .flat_map(|heavy| metadata::below(packages, heavy))
        .collect()
}

/// A package, its version and its features, as `cargo tree` prints them: `serde v1.0.0 [default,std]`.
type Selection = String;

fn selected(root: &Path, arguments: &[&str]) -> Outcome<BTreeSet<Selection>> {
    let mut command = cargo(root, &["tree", "--prefix", "none", "--format", "{p} [{f}]"]);
    command.args(arguments);
    Ok(parse(&output(command)?))
}

fn parse(tree: &str) -> BTreeSet<Selection> {
    tree.lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty() && !line.contains("/crates/") && !line.contains("/xtask"))
        .map(str::to_owned)
        .collect()
}

fn difference(package: &str, selection: &str, whole: &BTreeSet<Selection>) -> String {
    let others: Vec<&str> = whole.iter().filter(|other| name(other) == name(selection)).map(String::as_str).collect();
    format!("  {package} builds {selection}\n    the workspace builds {}", others.join(" and "))
}

/// `name version`.
fn name(selection: &str) -> String {
    let package = selection.split(" [").next().unwrap_or(selection);
    package.split(" (").next().unwrap_or(package).replacen(" v", " ", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_crates_and_repetitions_are_left_out_and_a_difference_is_named() {
        let whole = parse(
            "phalanx v0.1.0 (/somewhere/crates/phalanx) []\nserde v1.0.0 [default,std]\nserde v1.0.0 [default,std] (*)\n",
        );
        assert_eq!(whole.len(), 1);
        let own = parse("serde v1.0.0 [std]");
        let missing: Vec<String> = own.difference(&whole).map(|it| difference("phalanx", it, &whole)).collect();
        assert_eq!(
            missing,
            ["  phalanx builds serde v1.0.0 [std]\n    the workspace builds serde v1.0.0 [default,std]"]
        );
    }
}
