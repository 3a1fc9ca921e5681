//! `drydock demo`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use drydock_drivers::emulator::{Effect, EffectKind, MaasStatus};

use crate::program::{Ended, Running, drydock, eventually, text};

fn demo(folder: &Path, speed: &str) -> Running {
    Running::start(drydock(&["demo", "--folder", text(folder), "--speed", speed]))
}

/// The folder of the only run in the demo's folder.
fn run_folder(folder: &Path) -> PathBuf {
    let runs =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let runs: Vec<_> = runs.collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}

/// All twelve are deployed, once each, and their power was left alone from then on.
fn assert_deployed_once(folder: &Path) {
    let mut machines = BTreeMap::<String, Vec<EffectKind>>::new();
    for line in std::fs::read_to_string(run_folder(folder).join("effects.jsonl")).unwrap().lines() {
        let effect: Effect = serde_json::from_str(line).unwrap();
        machines.entry(effect.machine).or_default().push(effect.effect);
    }
    assert_eq!(machines.len(), 12);
    for (name, effects) in machines {
        let begun: Vec<usize> = (0..effects.len())
            .filter(|place| effects[*place] == EffectKind::Requested(MaasStatus::Deploying))
            .collect();
        assert_eq!(begun.len(), 1, "{name} was not deployed once: {effects:?}");
        assert_eq!(effects.last(), Some(&EffectKind::Reached(MaasStatus::Deployed)), "{name}: {effects:?}");
        let touched = effects[begun[0]..].iter().any(|effect| matches!(effect, EffectKind::Power(_)));
        assert!(!touched, "{name}: its power was touched after its installation began: {effects:?}");
    }
}

fn assert_all_deployed(ended: &Ended) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (_, table) = ended.stdout.split_once("NODE   RESULT   STEPS  TIME\n").unwrap();
    let successes = table.lines().filter(|line| line.contains("  success  15 ")).count();
    assert_eq!(successes, 12, "{table}");
    let again = format!("\n  {} demo ", env!("CARGO_BIN_EXE_drydock"));
    assert!(table.contains("What to try next:") && table.contains(&again), "{table}");
}

#[test]
fn it_deploys_two_racks_and_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let ended = demo(folder.path(), "50ms").end();
    assert_all_deployed(&ended);
    assert_deployed_once(folder.path());
    assert!(!run_folder(folder.path()).join("emulator.json").exists(), "the emulator was not told to end");
}

#[test]
fn on_a_terminal_there_are_bars() {
    let folder = tempfile::tempdir().unwrap();
    // util-linux's `script` gives the program a terminal, and passes its exit code on.
    let mut command = Command::new("script");
    let program = env!("CARGO_BIN_EXE_drydock");
    let line = format!("{program} demo --folder {} --speed 50ms", text(folder.path()));
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env("TERM", "xterm");
    let ended = Running::start(command).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for part in ["\u{2501}", "9/9", "6/6", "deploy_nodes: install every server", "What to try next:"] {
        assert!(ended.stdout.contains(part), "no {part:?} in {ended:?}");
    }
}

#[test]
fn killed_while_it_deploys_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = demo(folder.path(), "400ms");
    first.line("await_deployed");
    first.kill();
    let ended = demo(folder.path(), "400ms").end();
    for text in [
        "going on with it",
        "prepare_nodes: done already (success)",
        "resuming deploy_nodes",
        " of 6 steps done, goes on at ",
    ] {
        assert!(ended.stdout.contains(text), "no {text:?} in {ended:?}");
    }
    assert_all_deployed(&ended);
    assert_deployed_once(folder.path());
}

#[test]
fn killed_while_it_prepares_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = demo(folder.path(), "400ms");
    first.line("power_o");
    first.kill();
    let ended = demo(folder.path(), "400ms").end();
    assert!(ended.stdout.contains("resuming prepare_nodes"), "{ended:?}");
    assert_all_deployed(&ended);
    assert_deployed_once(folder.path());
}

#[test]
fn stopped_by_a_signal_it_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = demo(folder.path(), "400ms");
    first.line("prepare_nodes r1n01");
    first.signal("INT");
    let ended = first.end();
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert!(ended.stdout.contains("drydock demo` goes on"), "{ended:?}");
    assert_all_deployed(&demo(folder.path(), "400ms").end());
    assert_deployed_once(folder.path());
}

#[test]
fn without_its_servers_it_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = demo(folder.path(), "400ms");
    first.line("prepare_nodes r1n01");
    first.kill();
    let lost = run_folder(folder.path());
    std::fs::remove_file(lost.join("emulator.json")).unwrap();
    let ended = demo(folder.path(), "50ms").end();
    assert!(ended.stdout.contains("beginning anew"), "{ended:?}");
    assert_all_deployed(&ended);
    assert_ne!(run_folder(folder.path()), lost);
}

#[test]
fn one_folder_has_one_demo() {
    let folder = tempfile::tempdir().unwrap();
    // Slow enough to be there as long as the second waits for its end.
    let mut first = demo(folder.path(), "1m");
    first.line("verify_site");
    let second = demo(folder.path(), "1m").end();
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("--folder"), "{second:?}");
}

#[test]
fn a_demo_that_cannot_begin_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let demos = folder.path().join("demos");
    assert_all_deployed(&demo(&demos, "50ms").end());
    let last = run_folder(&demos);
    let no_database = folder.path().join("no.db");
    std::fs::write(&no_database, "not a database, but long enough to be looked at as one".repeat(40))
        .unwrap();
    let mut command = drydock(&["demo", "--database", text(&no_database), "--folder"]);
    command.arg(&demos);
    let ended = Running::start(command).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("cannot use the database"), "{ended:?}");
    assert_eq!(run_folder(&demos), last, "the last demo stays to be looked at");
    assert!(!last.join("emulator.json").exists(), "an emulator was started");
}

#[test]
fn kept_servers_can_be_worked_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = drydock(&["demo", "--keep", "--speed", "50ms", "--folder"]);
    command.arg(folder.path());
    let ended = Running::start(command).end();
    assert_all_deployed(&ended);
    let run = run_folder(folder.path());
    let running: serde_json::Value =
        serde_json::from_slice(&std::fs::read(run.join("emulator.json")).unwrap()).unwrap();
    let maas = running["maas_url"].as_str().unwrap();
    assert!(ended.stdout.contains(&format!("--maas-url {maas}")), "{ended:?}");
    let address = maas.strip_prefix("http://").unwrap().strip_suffix("/MAAS").unwrap();
    assert!(std::net::TcpStream::connect(address).is_ok());
    std::fs::remove_file(run.join("emulator.json")).unwrap();
    eventually("the end of the emulator", || std::net::TcpStream::connect(address).is_err());
}
