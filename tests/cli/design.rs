//! `drydock design validate`.

use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{run, site, text};

/// A node that names no hardware profile and no way to reach it.
const BARE_NODE: &str = "\
schema: drydock/BaremetalNode/v1
metadata:
  name: n1
data:
  host_profile: nowhere
";

fn file(folder: &TempDir, name: &str, content: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

#[test]
fn a_good_design_is_0() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let ended = run(&["design", "validate", text(&site)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with("valid: 12 nodes, 2 racks, 3 networks, 3 host profiles\n"), "{ended:?}");
    let ended = run(&["design", "validate", "--format", "json", text(&site)]);
    let status: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&status["status"], &status["code"]), (&json!("Success"), &json!(200)));
}

#[test]
fn a_bad_design_is_1_and_all_its_problems_are_placed() {
    let folder = tempfile::tempdir().unwrap();
    let one =
        file(&folder, "one.yaml", "schema: drydock/Rack/v1\nmetadata: {name: 3x}\ndata: {location: 7}\n");
    let two = file(&folder, "two.yaml", "schema: drydock/Nothing/v1\nmetadata: {name: x}\ndata: {}\n");
    let ended = run(&["design", "validate", text(&one), text(&two)]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains(&format!("{}:3:", text(&one))), "{ended:?}");
    assert!(ended.stdout.contains(&format!("{}:1:", text(&two))), "{ended:?}");
    assert!(ended.stdout.lines().last().unwrap().ends_with("not valid: 2 problems"), "{ended:?}");
}

#[test]
fn a_bad_design_as_the_v1_document() {
    let folder = tempfile::tempdir().unwrap();
    let node = file(&folder, "node.yaml", BARE_NODE);
    let ended = run(&["design", "validate", "--format", "json", text(&node)]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let status: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(status["kind"], "Status");
    assert_eq!(status["apiVersion"], "v1.0");
    assert_eq!(status["status"], "Failure");
    assert_eq!(status["code"], 400);
    assert_eq!(status["reason"], "See detail messages.");
    let messages = status["details"]["messageList"].as_array().unwrap();
    assert_eq!(status["details"]["errorCount"], messages.len());
    assert_eq!(messages[0]["kind"], "ValidationMessage");
    assert_eq!(messages[0]["documents"], json!([{"schema": "drydock/BaremetalNode/v1", "name": "n1"}]));
    assert!(messages[0]["diagnostic"].as_str().unwrap().starts_with(text(&node)), "{}", messages[0]);
}

#[test]
fn what_a_rule_finds_is_told_with_its_page_and_without_excerpts_in_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let network = "schema: drydock/Network/v1\nmetadata: {name: a}\n\
                   data: {cidr: 10.0.0.0/24, ranges: [{type: dhcp, start: 10.0.1.1, end: 10.0.1.2}]}\n";
    let network = file(&folder, "network.yaml", network);
    let ended = run(&["design", "validate", text(&network)]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let line = ended.stdout.lines().find(|line| line.contains("Network/a: DD5001 Range Locality: ")).unwrap();
    assert!(line.starts_with(&format!("{}:3:36: ", text(&network))), "{line}");
    assert!(line.ends_with("(docs/rules/DD5001-range-locality.md)"), "{line}");
    assert!(!ended.stdout.contains('^') && !ended.stdout.contains('\u{1b}'), "{ended:?}");
}

#[test]
fn a_design_without_nodes_is_valid_with_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let empty = file(&folder, "empty.yaml", "");
    let ended = run(&["design", "validate", text(&empty)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.starts_with("warning: ") && ended.stdout.contains("No baremetal_nodes found."),
        "{ended:?}"
    );
}

#[test]
fn what_is_no_regular_file_is_not_read() {
    let ended = run(&["design", "validate", "/dev/zero"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("/dev/zero: it is no regular file"), "{ended:?}");
}

#[test]
fn files_that_cannot_be_read_are_2_and_all_named() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let ended = run(&["design", "validate", "no/one.yaml", text(&site), "no/two.yaml"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.contains("no/one.yaml") && ended.stderr.contains("no/two.yaml"), "{ended:?}");
}
