//! Who imports whom: the floors of the house.

use crate::workspace;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// A crate and the crates of ours that it may import. A new edge is a change of its own, with its
/// own argument.
const GRAPH: &[(&str, &[&str])] = &[
    ("landspout-loop", &[]),
    ("landspout-router", &[]),
    ("landspout-handler", &[]),
    ("landspout-websocket", &[]),
    ("landspout-server", &["landspout-handler"]),
    ("landspout-client", &["landspout-handler", "landspout-websocket"]),
    ("landspout-web", &["landspout-handler", "landspout-router", "landspout-websocket"]),
    (
        "landspout",
        &[
            "landspout-client",
            "landspout-handler",
            "landspout-loop",
            "landspout-router",
            "landspout-server",
            "landspout-web",
            "landspout-websocket",
        ],
    ),
    ("chat", &["landspout"]),
    ("landspout-cli", &["landspout", "landspout-client"]),
    ("lookout", &["landspout"]),
    ("landspout-tests", &["landspout"]),
];

#[test]
fn crates_import_lower_floors_only() {
    let expected: BTreeMap<String, BTreeSet<String>> = GRAPH
        .iter()
        .map(|(name, imports)| {
            ((*name).to_owned(), imports.iter().map(|&import| import.to_owned()).collect())
        })
        .collect();
    assert_eq!(imports(), expected);
}

/// What `cargo metadata` says of each member: its dependencies of every kind among the members.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace::root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |package: &Value| package["name"].as_str().unwrap().to_owned();
    let members: BTreeSet<String> = packages.iter().map(name).collect();
    let ours = |package: &Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter().map(name);
        dependencies.filter(|name| members.contains(name)).collect()
    };
    packages.iter().map(|package| (name(package), ours(package))).collect()
}
