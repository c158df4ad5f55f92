//! What `cargo metadata` knows of packages.

use crate::command::{cargo, output};
use crate::{Failure, Outcome};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// A package of the resolved tree.
#[derive(Debug, Clone, Default)]
pub struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    /// An SPDX expression.
    pub licence: Option<String>,
    /// Is it a member of this workspace?
    pub member: bool,
    /// Names of what it depends on, for whatever purpose.
    pub dependencies: Vec<String>,
    /// Ids of the packages that its library is compiled on.
    pub compiled_on: Vec<String>,
}

/// All packages that a build on any platform may need.
pub fn packages(root: &Path) -> Outcome<Vec<Package>> {
    let text = output(cargo(root, &["metadata", "--format-version", "1"]))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    parse(&value).ok_or_else(|| Failure::from("cargo metadata has another shape than this program knows"))
}

fn parse(value: &Value) -> Option<Vec<Package>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut compiled_on = HashMap::new();
    for node in value["resolve"]["nodes"].as_array()? {
        let below = node["deps"].as_array()?.iter().filter(|below| is_normal(below)).map(|below| text(&below["pkg"]));
        compiled_on.insert(text(&node["id"])?, below.collect::<Option<Vec<_>>>()?);
    }
    let members: Vec<&str> = value["workspace_members"].as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let mut packages = vec![];
    for package in value["packages"].as_array()? {
        let id = text(&package["id"])?;
        let Some(compiled_on) = compiled_on.remove(&id) else { continue };
        let dependencies = package["dependencies"].as_array()?.iter().map(|dependency| text(&dependency["name"]));
        packages.push(Package {
            name: text(&package["name"])?,
            version: text(&package["version"])?,
            licence: text(&package["license"]),
            member: members.contains(&id.as_str()),
            dependencies: dependencies.collect::<Option<_>>()?,
            compiled_on,
            id,
        });
    }
    Some(packages)
}

/// Is it needed by the library or its build script, and not by its tests alone?
fn is_normal(dependency: &Value) -> bool {
    dependency["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
}

/// `package` and all that its library is compiled on, as `name version`.
pub fn below(packages: &[Package], package: &Package) -> HashSet<String> {
    let by_id: HashMap<&str, &Package> = packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let (mut found, mut next) = (HashSet::new(), vec![package]);
    while let Some(package) = next.pop() {
        if found.insert(format!("{} {}", package.name, package.version)) {
            next.extend(package.compiled_on.iter().filter_map(|id| by_id.get(id.as_str()).copied()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_outside_of_the_resolved_tree_are_left_out() {
        let text = r#"{
            "packages": [
                {"id": "a", "name": "a", "version": "1.0.0", "license": "MIT", "dependencies": [{"name": "b"}]},
                {"id": "b", "name": "b", "version": "2.0.0", "license": null, "dependencies": []},
                {"id": "c", "name": "c", "version": "3.0.0", "license": "X", "dependencies": []}
            ],
            "workspace_members": ["a"],
            "resolve": {"nodes": [
                {"id": "a", "deps": [{"pkg": "b", "dep_kinds": [{"kind": null}]}]},
                {"id": "b", "deps": [{"pkg": "a", "dep_kinds": [{"kind": "dev"}]}]}
            ]}
        }"#;
        let packages = parse(&serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(packages[0].member && !packages[1].member);
        assert_eq!(packages[0].dependencies, ["b"]);
        assert_eq!(packages[1].licence, None);
        assert_eq!(below(&packages, &packages[0]).len(), 2);
        assert_eq!(below(&packages, &packages[1]), HashSet::from([String::from("b 2.0.0")]));
    }
}
