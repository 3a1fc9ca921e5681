//! What changes between two designs, as `drydock design diff` tells it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::design::{Change, Site, diff};
use drydock_core::ingest::{SourceFile, ingest};

const TWO_RACKS: &str = include_str!("../../tests/fixtures/sites/two-racks.yaml");
const EVERY_FIELD: &str = include_str!("documents/every-field.yaml");

fn site(source: &str) -> Site {
    let files = [SourceFile { name: "s", bytes: source.as_bytes() }];
    Site::new(ingest(&files).unwrap().design).unwrap()
}

/// What changes in two-racks when `old` is replaced by `new`, a line for each document and field.
fn changes(old: &str, new: &str) -> Vec<String> {
    assert!(TWO_RACKS.contains(old), "{old}");
    changes_between(TWO_RACKS, &TWO_RACKS.replacen(old, new, 1))
}

fn changes_between(old: &str, new: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for change in diff(&site(old), &site(new)) {
        match change.change {
            Change::Added => lines.push(format!("+ {}", change.document)),
            Change::Removed => lines.push(format!("- {}", change.document)),
            Change::Changed(fields) => {
                for field in fields {
                    let shown = |value: Option<serde_json::Value>| {
                        value.map_or_else(|| "nothing".to_owned(), |it| it.to_string())
                    };
                    let (old, new) = (shown(field.old), shown(field.new));
                    lines.push(format!("~ {} {}: {old} -> {new}", change.document, field.path));
                }
            }
        }
    }
    lines
}

#[test]
fn nothing_changes_between_a_design_and_itself() {
    for source in [TWO_RACKS, EVERY_FIELD] {
        assert_eq!(changes_between(source, source), [""; 0]);
    }
}

#[test]
fn a_profile_changes_the_nodes_that_inherit_it() {
    assert_eq!(
        changes("    kernel: hwe-22.04", "    kernel: hwe-24.04"),
        [
            "~ BaremetalNode/r1n01 platform.kernel: \"hwe-22.04\" -> \"hwe-24.04\"",
            "~ BaremetalNode/r2n01 platform.kernel: \"hwe-22.04\" -> \"hwe-24.04\"",
        ]
    );
    // A profile that says the same in other words changes nothing.
    let repeated = "    kernel: hwe-22.04\n    image: jammy";
    assert_eq!(changes("    kernel: hwe-22.04", repeated), [""; 0]);
}

#[test]
fn each_kind_of_change_is_told() {
    for (old, new, expected) in [
        (
            "tags: [spare, \"!compute\"]",
            "tags: [spare]",
            &[
                "~ BaremetalNode/r2n06 metadata.tags: [\"spare\",\"yard\"] -> [\"spare\",\"compute\",\"yard\"]",
            ][..],
        ),
        (
            "address: 10.30.0.46}",
            "address: 10.30.0.47}",
            &["~ BaremetalNode/r2n06 addressing[2].address: \"10.30.0.46\" -> \"10.30.0.47\""],
        ),
        (
            "    tags: [spare",
            "    owner_data: {new.one: x}\n    tags: [spare",
            &["~ BaremetalNode/r2n06 metadata.owner_data.new.one: nothing -> \"x\""],
        ),
        ("  name: r2n06", "  name: r2n07", &["- BaremetalNode/r2n06", "+ BaremetalNode/r2n07"]),
        ("labels: {row: b}", "labels: {}", &["~ Rack/rack2 labels.row: \"b\" -> nothing"]),
        ("  mtu: 9000\n  trunking", "  mtu: 8000\n  trunking", &["~ NetworkLink/mgmt mtu: 9000 -> 8000"]),
        (
            "end: 10.20.0.199",
            "end: 10.20.0.198",
            &["~ Network/pxe ranges[0].end: \"10.20.0.199\" -> \"10.20.0.198\""],
        ),
        (
            "bios_version: \"2.60\"",
            "bios_version: \"2.61\"",
            &["~ HardwareProfile/standard bios_version: \"2.60\" -> \"2.61\""],
        ),
        (
            "{chrony: null}",
            "{chrony: \"4.2\"}",
            &["~ BootAction/time assets[0].packages.chrony: \"any version\" -> \"4.2\""],
        ),
    ] {
        assert_eq!(changes(old, new), expected, "{old} -> {new}");
    }
}

#[test]
fn that_a_secret_changes_is_told_and_not_what_it_is() {
    assert_eq!(
        changes("credential: foghorn ", "credential: bell "),
        ["~ BaremetalNode/r2n06 oob.credential: \"(not shown)\" -> \"(not shown)\""]
    );
    let parameter =
        |value: &str| TWO_RACKS.replace("    port: 6230 ", &format!("    port: 6230\n    token: {value} "));
    let lines = changes_between(&parameter("one"), &parameter("two"));
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[0], "~ BaremetalNode/r1n01 oob.token: \"(not shown)\" -> \"(not shown)\"");
    assert!(changes("    port: 6230 ", "    port: 6231 ")[0].ends_with("oob.port: \"6230\" -> \"6231\""));
    let switch = |uri: &str| {
        let switches = format!("tor_switches: {{s: {{sdn_api_uri: {uri}}}}}\n  labels: {{row: b}}");
        TWO_RACKS.replace("labels: {row: b}", &switches)
    };
    assert_eq!(
        changes_between(&switch("http://u:a@s"), &switch("http://u:b@s")),
        ["~ Rack/rack2 tor_switches.s.sdn_api_uri: \"(not shown)\" -> \"(not shown)\""]
    );
}
