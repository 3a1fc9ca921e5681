//! `drydock design show`.

use serde_json::Value;

use crate::program::{run, site, text};

#[test]
fn a_node_is_shown_with_where_its_values_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let ended = run(&["design", "show", "r2n06", "--design", text(&site)]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let row = |output: &str, field: &str| {
        let row = output.lines().find(|line| line.split_whitespace().next() == Some(field)).unwrap();
        row.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row(&ended.stdout, "fqdn"), "fqdn r2n06.yard.example.net");
    assert_eq!(row(&ended.stdout, "oob.credential"), "oob.credential (not shown)");
    let ended = run(&["design", "show", "r2n06", "--design", text(&site), "--explain"]);
    let kernel = row(&ended.stdout, "platform.kernel");
    let from = format!("platform.kernel ga-22.04 HostProfile/base {}:", text(&site));
    assert!(kernel.starts_with(&from), "{ended:?}");
    assert!(!ended.stdout.contains("foghorn"), "{ended:?}");
}

#[test]
fn a_node_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let ended = run(&["design", "show", "r1n01", "--design", text(&site), "--explain", "--format", "json"]);
    let shown: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(shown["node"]["platform"]["kernel"], "hwe-22.04");
    let values = shown["values"].as_array().unwrap();
    let tag = values.iter().find(|value| value["path"] == "metadata.tags[0]").unwrap();
    assert_eq!((&tag["value"], &tag["from"][0]["kind"]), (&"control".into(), &"HostProfile".into()));
    let source = std::fs::read_to_string(&site).unwrap();
    let line = usize::try_from(tag["from"][0]["line"].as_u64().unwrap()).unwrap();
    assert_eq!(source.lines().nth(line - 1).unwrap().trim(), "tags: [control]");
}

#[test]
fn what_cannot_be_shown_is_told_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let broken = folder.path().join("broken.yaml");
    std::fs::write(&broken, "schema: drydock/Rack/v2\n").unwrap();
    for (node, design, code, said) in [
        ("r9n99", text(&site), 1, "the design has no node r9n99"),
        ("r1n01", text(&broken), 1, "the design is not valid"),
        ("r1n01", "no/such.yaml", 2, "no/such.yaml"),
        ("", text(&site), 2, "NODE"),
    ] {
        let ended = run(&["design", "show", node, "--design", design]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{node} {design}: {ended:?}");
        assert!(ended.stderr.contains(said), "{ended:?}");
    }
}

const LSHW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/lshw/r1n01.xml");

#[test]
fn aliases_have_the_names_that_an_inventory_has_for_their_devices() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let shown =
        |words: &[&str]| run(&[&["design", "show", "r1n01", "--design", text(&site)], words].concat());
    let rows = |output: &str| -> Vec<String> {
        let rows = output.lines().filter(|line| line.starts_with("devices."));
        rows.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    };
    assert_eq!(rows(&shown(&[]).stdout), [""; 0]);
    let ended = shown(&["--lshw", LSHW]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(
        rows(&ended.stdout),
        ["devices.bootdisk sda", "devices.nic1 enp24s0f0", "devices.nic2 enp24s0f1"]
    );
    let ended = shown(&["--lshw", LSHW, "--explain"]);
    let inventory = std::fs::read_to_string(LSHW).unwrap();
    let line = inventory.lines().position(|line| line.contains("id=\"disk\"")).unwrap() + 1;
    assert!(rows(&ended.stdout)[0].ends_with(&format!(" -> lshw {LSHW}:{line}")), "{ended:?}");

    // The node is shown in any case; that an alias has no device is told afterwards.
    let other = folder.path().join("other.xml");
    std::fs::write(&other, inventory.replace("0000:18:00.1", "0000:19:00.0")).unwrap();
    let ended = shown(&["--lshw", text(&other), "--format", "json"]);
    let node: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&node["node"]["devices"]["nic1"], &node["node"]["devices"]["nic2"]),
        (&"enp24s0f0".into(), &Value::Null)
    );
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended
            .stderr
            .contains("HardwareProfile/standard: device_aliases.nic2: the server has no device there"),
        "{ended:?}"
    );

    for (file, said) in
        [(text(&site), "give the output of `lshw -xml`"), ("no/such.xml", "cannot read no/such.xml")]
    {
        let ended = shown(&["--lshw", file]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
        assert!(ended.stderr.contains(said), "{ended:?}");
    }
}

#[test]
fn templates_see_the_names_of_devices() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(folder.path());
    let action = folder.path().join("action.yaml");
    let asset = "{type: file, path: /etc/nics, data: '{{ node.interfaces.pxe.slaves[0] }} {{ node.devices.bootdisk }}', \
                 data_pipeline: [utf8_decode, template]}";
    std::fs::write(
        &action,
        format!("schema: drydock/BootAction/v1\nmetadata: {{name: nics}}\ndata: {{assets: [{asset}]}}\n"),
    )
    .unwrap();
    let words = ["design", "render", "r1n01", "nics", "--design", text(&site), "--design", text(&action)];
    let ended = run(&words);
    assert!(ended.code == Some(0) && ended.stdout.contains("\nnic1 bootdisk\n"), "{ended:?}");
    let ended = run(&[&words[..], &["--lshw", LSHW]].concat());
    assert!(ended.code == Some(0) && ended.stdout.contains("\nenp24s0f0 sda\n"), "{ended:?}");
}
