//! `drydock emulate`.

use std::process::Command;

use crate::program::{Running, drydock, eventually, run, site, text};

fn ipmitool(port: u16, verb: &str) -> String {
    let port = port.to_string();
    let output = Command::new("ipmitool")
        .args(["-I", "lanplus", "-H", "127.0.10.1", "-p", &port, "-U", "admin", "-P", "harbour-light"])
        .args(["chassis", "power", verb])
        .output()
        .unwrap_or_else(|error| panic!("cannot run ipmitool; install the Debian package ipmitool: {error}"));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_is_ready_serves_real_clients_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let (site, port) = site(folder.path());
    let effects = folder.path().join("effects.jsonl");
    let args =
        ["emulate", "--site", text(&site), "--maas-listen", "127.0.0.1:0", "--effects", text(&effects)];
    let mut emulator = Running::start(drydock(&args));
    assert!(emulator.line("maas:").starts_with("maas: http://127.0.0.1:"));
    assert_eq!(emulator.line("effects:"), format!("effects: {}", text(&effects)));
    emulator.line("ready");
    assert_eq!(ipmitool(port, "status").trim(), "Chassis Power is off");
    ipmitool(port, "on");
    assert_eq!(ipmitool(port, "status").trim(), "Chassis Power is on");
    let log = std::fs::read_to_string(&effects).unwrap();
    let effect: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&effect["machine"], &effect["kind"], &effect["value"]),
        (&"r1n01".into(), &"power".into(), &"on".into())
    );
    emulator.signal("TERM");
    assert_eq!(emulator.end().code, Some(0));
}

#[test]
fn it_ends_when_its_run_file_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let run_file = folder.path().join("run.json");
    let args = ["emulate", "--site", text(&site), "--maas-listen", "127.0.0.1:0", "--format", "json"];
    let mut command = drydock(&args);
    command.arg("--run-file").arg(&run_file);
    let mut emulator = Running::start(command);
    let ready: serde_json::Value = serde_json::from_str(&emulator.line("ready")).unwrap();
    assert_eq!(ready["bmcs"].as_array().unwrap().len(), 12);
    eventually("the run file", || run_file.exists());
    let running: serde_json::Value = serde_json::from_slice(&std::fs::read(&run_file).unwrap()).unwrap();
    assert_eq!(running["maas_url"], ready["maas_url"]);
    std::fs::remove_file(&run_file).unwrap();
    assert_eq!(emulator.end().code, Some(0));
}

#[test]
fn only_loopback_addresses_are_played() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let elsewhere = std::fs::read_to_string(&site).unwrap().replace("127.0.10.1}", "192.0.2.1}");
    std::fs::write(&site, elsewhere).unwrap();
    let ended = run(&["emulate", "--site", text(&site), "--maas-listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("r1n01 has its BMC at 192.0.2.1"), "{ended:?}");
}

#[test]
fn the_maas_listens_on_loopback_addresses_only() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let ended = run(&["emulate", "--site", text(&site), "--maas-listen", "0.0.0.0:0"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("0.0.0.0:0 can be reached from other machines"), "{ended:?}");
}

#[test]
fn a_site_without_nodes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("empty.yaml");
    std::fs::write(&site, "").unwrap();
    let ended = run(&["emulate", "--site", text(&site), "--maas-listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("it has no node"), "{ended:?}");
}
