//! Invariant 1: a crate of ours depends on crates of lower levels alone, also for its tests.

use crate::Outcome;
use crate::metadata::{self, Package};
use std::path::Path;

/// The table of ARCHITECTURE.md.
const LEVELS: &[(&str, u8)] = &[
    ("phalanx-features", 0),
    ("phalanx-chunk", 0),
    ("phalanx-engine", 1),
    ("phalanx-array", 2),
    ("phalanx-frame", 2),
    ("phalanx-cluster", 2),
    ("phalanx-learn", 3),
    ("phalanx-dashboard", 3),
    ("phalanx-boost", 3),
    ("phalanx-serve", 4),
    ("phalanx", 4),
    ("phalanx-cli", 5),
    // The Python package is the command too, so it stands on the command line.
    ("phalanx-python", 6),
    // Suites that cross crates.
    ("phalanx-tests", 6),
    // The chores are no part of the product; nothing of ours may be below them, or they would compile DataFusion.
    ("xtask", 0),
];

/// Checks the workspace.
pub fn check(root: &Path) -> Outcome<String> {
    let packages = metadata::packages(root)?;
    let members: Vec<&Package> = packages.iter().filter(|package| package.member).collect();
    let broken: Vec<String> = members.iter().flat_map(|package| violations(package, &members)).collect();
    if broken.is_empty() {
        Ok(format!("{} crates, each on lower levels alone", members.len()))
    } else {
        Err(format!("a crate may depend on lower levels alone (xtask/src/levels.rs):\n  {}", broken.join("\n  ")))
    }
}

fn violations(package: &Package, members: &[&Package]) -> Vec<String> {
    let Some(own) = level(&package.name) else {
        return vec![format!("{} has no level in the table", package.name)];
    };
    package
        .dependencies
        .iter()
        .filter(|name| members.iter().any(|member| member.name == **name))
        .filter_map(|name| {
            let theirs = level(name)?;
            (theirs >= own).then(|| format!("{} (level {own}) depends on {name} (level {theirs})", package.name))
        })
        .collect()
}

fn level(name: &str) -> Option<u8> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.into(),
            member: true,
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn a_dependency_on_the_same_or_a_higher_level_is_found() {
        let array = package("phalanx-array", &["phalanx-engine", "phalanx-frame", "phalanx-learn", "serde"]);
        let others = ["phalanx-engine", "phalanx-frame", "phalanx-learn"].map(|name| package(name, &[]));
        let members: Vec<&Package> = others.iter().chain([&array]).collect();
        assert_eq!(
            violations(&array, &members),
            [
                "phalanx-array (level 2) depends on phalanx-frame (level 2)",
                "phalanx-array (level 2) depends on phalanx-learn (level 3)",
            ]
        );
        assert!(violations(&others[0], &members).is_empty());
    }

    #[test]
    fn a_crate_without_a_level_is_found() {
        let new = package("phalanx-new", &[]);
        assert_eq!(violations(&new, &[&new]), ["phalanx-new has no level in the table"]);
    }
}
