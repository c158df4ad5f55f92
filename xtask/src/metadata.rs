//! What `cargo metadata` knows of packages.

use crate::command::{cargo, output};
use crate::{Failure, Outcome};
use serde_json::Value;
use std::path::Path;

/// A package of the resolved tree.
#[derive(Debug, Clone, Default)]
pub struct Package {
    pub name: String,
    pub version: String,
    /// An SPDX expression.
    pub licence: Option<String>,
    /// Is it a member of this workspace?
    pub member: bool,
    /// Names of what it depends on, for whatever purpose.
    pub dependencies: Vec<String>,
}

/// All packages that a build on any platform may need.
pub fn packages(root: &Path) -> Outcome<Vec<Package>> {
    let text = output(cargo(root, &["metadata", "--format-version", "1"]))?;
    let value: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    parse(&value).ok_or_else(|| Failure::from("cargo metadata has another shape than this program knows"))
}

fn parse(value: &Value) -> Option<Vec<Package>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let resolved: Vec<&str> =
        value["resolve"]["nodes"].as_array()?.iter().map(|node| node["id"].as_str()).collect::<Option<_>>()?;
    let members: Vec<&str> = value["workspace_members"].as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    value["packages"]
        .as_array()?
        .iter()
        .filter(|package| package["id"].as_str().is_some_and(|id| resolved.contains(&id)))
        .map(|package| {
            Some(Package {
                name: text(&package["name"])?,
                version: text(&package["version"])?,
                licence: text(&package["license"]),
                member: members.contains(&package["id"].as_str()?),
                dependencies: package["dependencies"]
                    .as_array()?
                    .iter()
                    .map(|dependency| text(&dependency["name"]))
                    .collect::<Option<_>>()?,
            })
        })
        .collect()
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
            "resolve": {"nodes": [{"id": "a"}, {"id": "b"}]}
        }"#;
        let packages = parse(&serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(packages.iter().map(|package| package.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert!(packages[0].member && !packages[1].member);
        assert_eq!(packages[0].dependencies, ["b"]);
        assert_eq!(packages[1].licence, None);
    }
}
