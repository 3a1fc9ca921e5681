//! Help, wrong usage, and readers that go away.

use std::process::Stdio;

use crate::program::{Running, drydock, run, site, text};

#[test]
fn every_command_teaches_by_examples() {
    for command in [
        "bench",
        "demo",
        "serve",
        "emulate",
        "events",
        "migrate",
        "design validate",
        "design show",
        "design diff",
        "design graph",
        "design render",
        "design schema",
        "node filter",
        "task create",
        "task list",
        "task show",
        "task watch",
        "task cancel",
    ] {
        let mut args: Vec<&str> = command.split(' ').collect();
        args.push("--help");
        let help = run(&args);
        assert_eq!(help.code, Some(0), "{command}");
        assert!(help.stdout.contains(&format!("Usage: drydock {command}")), "{command}: {}", help.stdout);
        let (_, examples) =
            help.stdout.split_once("Example").unwrap_or_else(|| panic!("{command} has no example"));
        assert!(examples.contains(&format!("drydock {command}")), "{command}: {examples}");
    }
}

#[test]
fn the_first_help_tells_the_exit_codes() {
    let help = run(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Exit codes:") && help.stdout.contains("drydock demo"), "{}", help.stdout);
}

#[test]
fn wrong_usage_is_2() {
    for args in [
        &[][..],
        &["fly"],
        &["task", "create", "deploy_node", "--design", "x"],
        &["design", "validate"],
        &["design", "schema", "Server"],
        &["emulate", "--site", "x", "--speed", "2"],
        &["task", "list", "--server", "not a url"],
        &["task", "list", "--limit", "0"],
        &["task", "show", ""],
        &["serve", "--database", "mysql://x"],
        &["serve", "--database", "memory:", "--maas-url", "http://127.0.0.1:1/MAAS"],
    ] {
        let ended = run(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {ended:?}");
        assert!(!ended.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let mut command = drydock(&["design", "validate", text(&site)]);
    // A pipe whose other end is closed before the program begins.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn no_colours_and_no_debug_text_where_nobody_looks() {
    let ended = Running::start(drydock(&["task", "list", "--server", "http://127.0.0.1:1"])).end();
    assert_eq!(ended.code, Some(3));
    assert!(ended.stderr.starts_with("error: cannot reach the server at http://127.0.0.1:1"), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    for sign in ["\x1b", " { ", "Some("] {
        assert!(!ended.stderr.contains(sign), "{ended:?}");
    }
}
