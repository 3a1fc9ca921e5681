//! The arrows between the crates, and which libraries must stay out of which crate.
//!
//! core <- {workflow, store, drivers} <- orchestrator <- server: each can be understood, tested and used without what is above
//! it. What only tests need (dev-dependencies) is free.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Problem;
use super::tree::Tree;
use crate::error::Error;

/// What a crate may take from this repository, and what it must not take from outside.
struct Layer {
    name: &'static str,
    may: &'static [&'static str],
    never: &'static [&'static str],
}

const CORE: &str = "drydock-core";
const WORKFLOW: &str = "drydock-workflow";
const STORE: &str = "drydock-store";
const DRIVERS: &str = "drydock-drivers";
const ORCHESTRATOR: &str = "drydock-orchestrator";
const SERVER: &str = "drydock-server";
/// Whoever tests or measures may have it.
const TESTKIT: &str = "drydock-testkit";
const BENCH: &str = "drydock-bench";

/// Words and pure rules know no runtime, no database and no HTTP; the engine no database and no HTTP; and so on upwards.
const LAYERS: [Layer; 10] = [
    Layer { name: CORE, may: &[], never: &["tokio", "tokio-util", "sqlx", "reqwest", "axum"] },
    Layer { name: WORKFLOW, may: &[CORE], never: &["sqlx", "reqwest", "axum"] },
    Layer { name: STORE, may: &[CORE], never: &["reqwest", "axum"] },
    Layer { name: DRIVERS, may: &[CORE], never: &["sqlx"] },
    Layer { name: ORCHESTRATOR, may: &[CORE, WORKFLOW, DRIVERS], never: &["sqlx", "axum"] },
    Layer { name: BENCH, may: &[CORE, WORKFLOW, STORE, TESTKIT], never: &["reqwest", "axum"] },
    Layer { name: SERVER, may: &[CORE, WORKFLOW, STORE, DRIVERS, ORCHESTRATOR, BENCH], never: &[] },
    Layer { name: "drydock", may: &[CORE, WORKFLOW, STORE, DRIVERS, ORCHESTRATOR, SERVER], never: &[] },
    Layer { name: TESTKIT, may: &[], never: &["tokio", "sqlx", "reqwest", "axum"] },
    Layer { name: "xtask", may: &[TESTKIT], never: &[] },
];

/// A crate of the workspace.
#[derive(Debug, Default)]
pub(super) struct Package {
    name: String,
    /// Its manifest, from the root.
    manifest: String,
    /// What it depends on, dev-dependencies excepted.
    dependencies: Vec<String>,
}

/// The crates of the workspace at `root`, as cargo sees them.
pub(super) fn packages(root: &Path) -> Result<Vec<Package>, Error> {
    let output = Command::new(crate::cargo())
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(Error::run("cargo metadata"))?;
    if !output.status.success() {
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        return Err(Error::Failed { program: "cargo metadata".to_owned() });
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    Ok(list(&metadata["packages"]).iter().map(|value| package(root, value)).collect())
}

/// The crates that break the layering.
pub(super) fn check(tree: &Tree, packages: &[Package]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in packages {
        let Some(layer) = LAYERS.iter().find(|layer| layer.name == package.name) else {
            let text = "this crate has no layer: nothing keeps its dependencies in order; give it a line in xtask/src/tidy/layers.rs";
            problems.push(Problem::new(&package.manifest, 1, text));
            continue;
        };
        for dependency in &package.dependencies {
            if let Some(why) = objection(layer, dependency) {
                let line = line_of(tree.get(&package.manifest).unwrap_or_default(), dependency);
                let text = format!("{} must not depend on {dependency}: {why}", package.name);
                problems.push(Problem::new(&package.manifest, line, text));
            }
        }
    }
    problems
}

fn objection(layer: &Layer, dependency: &str) -> Option<&'static str> {
    if LAYERS.iter().any(|other| other.name == dependency) {
        let why = "the arrows point down to drydock-core only; move the code to the layer that has both, or put a trait below";
        return (!layer.may.contains(&dependency)).then_some(why);
    }
    let why = "this layer is to work, and be tested, without it; take a port from drydock-core, or do it a layer above";
    layer.never.contains(&dependency).then_some(why)
}

/// The line of a manifest where `dependency` is named.
fn line_of(manifest: &str, dependency: &str) -> usize {
    let names_it =
        |line: &str| line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    manifest.lines().position(names_it).map_or(1, |index| index + 1)
}

fn package(root: &Path, value: &Value) -> Package {
    let path = Path::new(text(&value["manifest_path"]));
    let path = path.strip_prefix(root).unwrap_or(path);
    let dependencies =
        list(&value["dependencies"]).iter().filter(|dependency| text(&dependency["kind"]) != "dev");
    Package {
        name: text(&value["name"]).to_owned(),
        manifest: path.to_string_lossy().into_owned(),
        dependencies: dependencies.map(|dependency| text(&dependency["name"]).to_owned()).collect(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depends(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml"),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn arrows_that_point_down_are_fine() {
        for (name, on) in [
            (CORE, &["serde"] as &[&str]),
            (STORE, &[CORE, "sqlx"]),
            (DRIVERS, &[CORE, "axum"]),
            (ORCHESTRATOR, &[CORE, WORKFLOW, DRIVERS]),
            (SERVER, &[CORE, WORKFLOW, STORE, DRIVERS, ORCHESTRATOR, "axum"]),
        ] {
            assert_eq!(check(&Tree::default(), &[depends(name, on)]), [], "{name}");
        }
    }

    #[test]
    fn arrows_that_point_up_or_aside_are_problems() {
        for (name, on) in [
            (CORE, WORKFLOW),
            (CORE, "tokio"),
            (WORKFLOW, STORE),
            (STORE, WORKFLOW),
            (DRIVERS, STORE),
            (WORKFLOW, "sqlx"),
            (ORCHESTRATOR, STORE),
            (ORCHESTRATOR, SERVER),
            (SERVER, "drydock"),
        ] {
            assert_eq!(check(&Tree::default(), &[depends(name, &[on])]).len(), 1, "{name} -> {on}");
        }
    }

    #[test]
    fn a_problem_points_to_the_line_of_the_manifest() {
        let tree = Tree::default()
            .with("drydock-core/Cargo.toml", "[dependencies]\ntokio-util = \"1\"\ntokio.workspace = true\n");
        let problems = check(&tree, &[depends(CORE, &["tokio"])]);
        assert_eq!(problems.iter().map(|p| p.line).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn a_crate_without_a_layer_is_a_problem() {
        assert_eq!(check(&Tree::default(), &[depends("drydock-extra", &[])]).len(), 1);
    }

    #[test]
    fn dev_dependencies_are_free() {
        let json = r#"{"name": "a", "manifest_path": "/r/a/Cargo.toml", "dependencies": [
            {"name": "x", "kind": null}, {"name": "y", "kind": "dev"}, {"name": "z", "kind": "build"}]}"#;
        let package = package(Path::new("/r"), &serde_json::from_str(json).unwrap());
        assert_eq!(package.manifest, "a/Cargo.toml");
        assert_eq!(package.dependencies, ["x", "z"]);
    }
}
