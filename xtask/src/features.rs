//! Every build of this workspace selects the same features of what it shares.
//!
//! Cargo unites the features of the packages that one command builds. If `cargo run -- demo` and `cargo test` united
//! other sets, each would compile its own DataFusion: a quarter of an hour. `crates/features` names the union; this
//! check says what is missing there.

use crate::command::{cargo, output};
use crate::metadata;
use crate::{Outcome, metadata::Package};
use std::collections::BTreeSet;
use std::path::Path;

/// Compares each member's own build with the build of the workspace, with its tests and without. Build scripts and
/// procedural macros have builds of their own, small ones, and are left out.
pub fn check(root: &Path) -> Outcome<String> {
    let whole = selected(root, &["--workspace", "-e", "no-build,no-proc-macro"])?;
    let packages = metadata::packages(root)?;
    let heavy: Vec<&Package> = packages
        .iter()
        .filter(|package| package.member && package.dependencies.iter().any(|name| name == "phalanx-engine"))
        .collect();
    let mut missing = vec![];
    for package in &heavy {
        let built = selected(root, &["-p", &package.name, "-e", "no-build,no-proc-macro,no-dev"])?;
        let tested = selected(root, &["-p", &package.name, "-e", "no-build,no-proc-macro"])?;
        // What only tests need has nothing heavy on top of it.
        let names: BTreeSet<&str> = built.iter().map(|selection| name(selection)).collect();
        let tested = tested.iter().filter(|selection| names.contains(name(selection)));
        let others = built.iter().chain(tested).filter(|selection| !whole.contains(*selection));
        missing.extend(others.map(|selection| difference(&package.name, selection, &whole)));
    }
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        Ok(format!("{} crates select the same features as the workspace", heavy.len()))
    } else {
        Err(format!("these would be compiled twice; name their features in crates/features:\n{}", missing.join("\n")))
    }
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

/// Package and version.
fn name(selection: &str) -> &str {
    selection.split(" [").next().unwrap_or(selection)
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
