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
