//! Reading site documents: what is told about files that are wrong, and where.

use drydock_core::design::{Note, NoteLevel, Site};
use drydock_core::ingest::{Ingested, SourceFile, ingest};
use drydock_core::rules::validate;

const NETWORK: &str = "schema: drydock/Network/v1\nmetadata: {name: n}\ndata: {cidr: 10.0.0.0/24}\n";

fn read(source: &[u8]) -> Result<Ingested, Vec<String>> {
    ingest(&[SourceFile { name: "s", bytes: source }])
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// The problems of a file, each of which must begin as expected.
#[track_caller]
fn check(source: impl AsRef<[u8]>, expected: &[&str]) {
    let found = read(source.as_ref()).err().unwrap_or_default();
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (line, expected) in found.iter().zip(expected) {
        assert!(line.starts_with(expected), "expected {expected:?}, found {line:?}");
    }
}

fn notes(source: &str) -> Vec<Note> {
    read(source.as_bytes()).map(|ingested| ingested.notes).unwrap_or_default()
}

#[test]
fn every_problem_of_every_document_is_told_with_its_place() {
    check(
        "schema: drydock/Network/v1
metadata:
  name: n
data:
  cidr: 10.0.0.1/240
  vlan: 5000
  mtu: much
  ranges:
    - type: fixed
      start: 1.2.3
  routes: 7
---
schema: drydock/BaremetalNode/v1
metadata: {}
data:
  oob:
    type: magic
    credential: 4711
    port: [1]
  metadata:
    tags: compute
    boot_mac: 52:54
  addressing:
    - address: 300.1.1.1
    - {network: a, address: DHCP}
    - network: 7
",
        &[
            "s:5:9: Network/n: data.cidr: \"10.0.0.1/240\" is not a network address",
            "s:6:9: Network/n: data.vlan: must be a whole number from 0 to 4094",
            "s:7:8: Network/n: data.mtu: must be a whole number",
            "s:9:7: Network/n: data.ranges[0].end: is missing: write `end: ",
            "s:9:13: Network/n: data.ranges[0].type: \"fixed\" is not known here: write static or dhcp or reserved",
            "s:10:14: Network/n: data.ranges[0].start: \"1.2.3\" is not an IP address",
            "s:11:11: Network/n: data.routes: must be a list, and is a number",
            "s:14:11: BaremetalNode: metadata.name: the document has no name",
            "s:17:11: BaremetalNode: data.oob.type: \"magic\" is not an out-of-band driver",
            "s:18:17: BaremetalNode: data.oob.credential: must be a text, and is a number; put it in quotes",
            "s:19:11: BaremetalNode: data.oob.port: must be a text, a number or true or false, and is a list",
            "s:21:11: BaremetalNode: data.metadata.tags: must be a list, and is a text",
            "s:22:15: BaremetalNode: data.metadata.boot_mac: \"52:54\" is not a MAC address",
            "s:24:7: BaremetalNode: data.addressing[0].network: is missing",
            "s:24:16: BaremetalNode: data.addressing[0].address: \"300.1.1.1\" is not an IP address",
            "s:26:7: BaremetalNode: data.addressing[2].address: is missing",
            "s:26:16: BaremetalNode: data.addressing[2].network: must be a text, and is a number",
        ],
    );
}

#[test]
fn a_syntax_error_hides_nothing_in_other_documents() {
    check(
        "a: [1, 2\nb: 3\n--- 7\n---\nx: *nope\n---\n'open\n---\nschema: drydock/Network/v1\n",
        &[
            "s:2:2: not valid YAML: ",
            "s:3:5: must be a mapping of keys to values, and is a number",
            "s:5:4: not valid YAML: ",
            "s:7:1: not valid YAML: unclosed quote",
            "s:9:1: Network: metadata: the document has no name",
            "s:9:1: Network: data: is missing",
        ],
    );
}

#[test]
fn envelopes_that_are_not_known_are_told() {
    for (source, expected) in [
        ("metadata: {name: n}", "s:1:1: schema: is missing: write `schema: drydock/<Kind>/v1`"),
        ("schema: [a]", "s:1:9: schema: must be a text, and is a list"),
        (
            "schema: drydock/Server/v1\nmetadata: {name: n}",
            "s:1:9: drydock/Server/v1/n: schema: there is no kind \"Server\"; the kinds are Region, ",
        ),
        ("schema: drydock/Rack/v2", "s:1:9: drydock/Rack/v2: schema: \"drydock/Rack/v2\" is not known"),
        (
            "schema: drydock/BootActoin/v1",
            "s:1:9: drydock/BootActoin/v1: schema: there is no kind \"BootActoin\": did you mean `BootAction`?; the",
        ),
        (
            "apiVersion: drydock/v2\nkind: Rack",
            "s:1:13: drydock/v2: apiVersion: \"drydock/v2\" is not known: write",
        ),
        ("apiVersion: drydock/v1", "s:1:1: kind: is missing: write `kind: <Kind>`"),
        ("apiVersion: drydock/v1\nkind: Server", "s:2:7: Server: kind: there is no kind \"Server\""),
        (
            "apiVersion: drydock/v1\nkind: Rack\nmetadata: {name: r}\ndata: {}",
            "s:1:1: Rack/r: spec: is missing: write `spec:` with the body of the document under it",
        ),
        (
            "schema: drydock/BaremetalNode/v1\nmetadata: {name: a b}\ndata: {addressing: [{network: a, address: dhcp}]}",
            "s:1:1: BaremetalNode/a b: metadata.name: node name \"a b\" has a character",
        ),
        (
            "schema: drydock/BaremetalNode/v1\nmetadata: {name: a}\ndata: {host_profile: b}",
            "s:3:7: BaremetalNode/a: data.addressing: a node needs at least one address",
        ),
        (
            "schema: drydock/NetworkLink/v1\nmetadata: {name: a}\ndata: {bonding: {mode: lacp}, allowed_networks: []}",
            "s:3:24: NetworkLink/a: data.bonding.mode: \"lacp\" is not known here: write disabled or 802.3ad",
        ),
    ] {
        check(source, &[expected]);
    }
}

#[test]
fn a_name_is_taken_once_per_kind_over_all_files() {
    let rack = NETWORK.replace("Network", "Rack").replace("cidr: 10.0.0.0/24", "");
    let files = [
        SourceFile { name: "a", bytes: NETWORK.as_bytes() },
        SourceFile { name: "b", bytes: rack.as_bytes() },
        SourceFile { name: "c", bytes: NETWORK.as_bytes() },
    ];
    assert!(ingest(&files[..2]).is_ok());
    let problems = ingest(&files).map(|_| ()).map_err(|problems| problems.to_string());
    assert_eq!(
        problems,
        Err("c:1:1: Network/n: metadata.name: there is another Network of this name at a:1:1: \
             give one of them another name, or drop it"
            .to_owned())
    );
}

#[test]
fn other_documents_are_passed_over_with_a_note() {
    let source = format!(
        "{NETWORK}---\napiVersion: promenade/v1\nkind: Genesis\nmetadata: {{name: hello}}\nspec: {{}}\n\
         ---\nschema: promenade/Docker/v1\nmetadata: {{name: docker}}\n---\n# nothing\n---\n"
    );
    let notes = notes(&source);
    let shown: Vec<_> = notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "s:5:1: promenade/v1/hello: passed over: not a document that is read here",
            "s:10:1: promenade/Docker/v1/docker: passed over: not a document that is read here"
        ]
    );
    assert!(notes.iter().all(|note| note.level == NoteLevel::Info));
}

#[test]
fn the_last_of_doubled_keys_counts_with_a_warning() {
    let source = NETWORK.replace("data: {", "data: {cidr: 10.9.0.0/16, ");
    let ingested = read(source.as_bytes());
    let ingested = ingested.as_ref();
    assert_eq!(
        ingested.map(|found| found.design.networks["n"].cidr.to_string()),
        Ok("10.0.0.0/24".to_owned())
    );
    let shown: Vec<_> = ingested.iter().flat_map(|found| &found.notes).map(ToString::to_string).collect();
    assert_eq!(
        shown,
        ["s:3:27: Network/n: data.cidr: the key is written twice; this one counts, drop the other"]
    );
}

#[test]
fn values_are_kept_as_they_were_written() {
    let source = "schema: drydock/HostProfile/v1
metadata: {name: p}
data:
  oob: {type: ipmi, port: 0623, flag: yes, ratio: 1.10}
  platform: {kernel_params: {quiet: true, nosmt: off, hugepages: 0300, '!x': }}
  metadata: {owner_data: {version: 1.10, managed: true, '!old': null}, tags: [\"!a\", b]}
";
    let ingested = read(source.as_bytes());
    let Ok(Ingested { design, .. }) = &ingested else { unreachable!("{ingested:?}") };
    let settings = &design.host_profiles["p"].settings;
    let shown = |map: &indexmap::IndexMap<String, String>| -> Vec<String> {
        map.iter().map(|(key, value)| format!("{key}={value}")).collect()
    };
    assert_eq!(shown(&settings.oob.parameters.0), ["port=0623", "flag=yes", "ratio=1.10"]);
    assert_eq!(shown(&settings.platform.kernel_params.set), ["quiet=True", "nosmt=False", "hugepages=0300"]);
    assert_eq!(shown(&settings.metadata.owner_data.set), ["version=1.10", "managed=true"]);
    assert!(settings.metadata.owner_data.remove.contains("old"));
    assert!(settings.platform.kernel_params.remove.contains("x"));
    assert!(settings.metadata.tags.remove.contains("a"));
}

#[test]
fn anchors_aliases_and_merge_keys_work_within_a_document() {
    let source = "schema: drydock/Rack/v1
metadata: {name: r}
data:
  tor_switches:
    a: &switch {mgmt_ip: 192.0.2.1, sdn_api_uri: x}
    b: {<<: *switch, mgmt_ip: 192.0.2.2}
";
    let ingested = read(source.as_bytes());
    let Ok(Ingested { design, .. }) = &ingested else { unreachable!("{ingested:?}") };
    let second = &design.racks["r"].tor_switches["b"];
    assert_eq!(second.mgmt_ip, "192.0.2.2".parse().ok());
    assert_eq!(second.sdn_api_uri.as_deref(), Some("x"));
    check(source.replace("192.0.2.1", "x"), &["s:5:26: Rack/r: data.tor_switches.a.mgmt_ip: \"x\" is not"]);
}

#[test]
fn ipv6_is_read_wherever_ipv4_is() {
    let source = "schema: drydock/Network/v1
metadata: {name: n}
data:
  cidr: fd00:30::/64
  ranges: [{type: dhcp, start: 'fd00:30::100', end: 'fd00:30::1ff'}]
  routes: [{subnet: '::/0', gateway: 'fe80::1'}, {subnet: 'fd00:31::/48', gateway: 'FD00:30:0::1'}]
  dhcp_relay: {self_ip: 'fd00:30::4', upstream_target: 'fd00:31::5'}
---
schema: drydock/Rack/v1
metadata: {name: r}
data: {tor_switches: {a: {mgmt_ip: 'fd00:9::2'}}}
---
schema: drydock/HardwareProfile/v1
metadata: {name: standard}
data: {vendor: ACME}
---
schema: drydock/BaremetalNode/v1
metadata: {name: n1}
data:
  hardware_profile: standard
  oob: {type: ipmi, network: n, account: a, credential: b}
  addressing: [{network: n, address: 'fd00:30::21'}]
  storage:
    physical_devices: {sda: {partitions: [{name: root, size: 40g, filesystem: {mountpoint: /}}]}}
";
    let Ok(Ingested { design, .. }) = read(source.as_bytes()) else {
        unreachable!("{:?}", read(source.as_bytes()))
    };
    let network = &design.networks["n"];
    assert_eq!(network.cidr.to_string(), "fd00:30::/64");
    assert_eq!(network.ranges[0].to_string(), "dhcp fd00:30::100-fd00:30::1ff");
    let gateways: Vec<_> =
        network.routes.iter().map(|route| route.gateway.map(|it| it.to_string())).collect();
    assert_eq!(gateways, [Some("fe80::1".to_owned()), Some("fd00:30::1".to_owned())]);
    let relay = network.dhcp_relay.as_ref().and_then(|relay| relay.self_ip.zip(relay.upstream_target));
    assert_eq!(relay, "fd00:30::4".parse().ok().zip("fd00:31::5".parse().ok()));
    assert_eq!(design.racks["r"].tor_switches["a"].mgmt_ip, "fd00:9::2".parse().ok());
    let errors: Vec<_> = validate(&design, None).errors().map(ToString::to_string).collect();
    assert_eq!(errors, [""; 0]);
    let site = Site::new(design).ok();
    let node = site.as_ref().and_then(|site| site.nodes().values().next());
    assert_eq!(node.and_then(|node| node.oob.bmc()).map(|bmc| bmc.address), "fd00:30::21".parse().ok());
}

#[test]
fn hostile_files_are_refused_and_cost_little() {
    let mut aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        let below = vec![format!("*a{}", level - 1); 9].join(",");
        aliases = format!("{aliases}a{level}: &a{level} [{below}]\n");
    }
    check(&aliases, &["s:6:10: YAML document too large or too complex"]);
    // Nothing after it is worth a look.
    check(format!("{aliases}---\n").repeat(200), &["s:6:10: YAML document too large or too complex"]);

    let text = "x".repeat(1 << 20);
    check(format!("a: &a {text}\nb: [{}]\n", "*a, ".repeat(500)), &["s:2:253: YAML document too large"]);
    check(
        "[".repeat(100_000),
        &["s:1:256: recursion limit exceeded; a document may have 100000 values, nested 24 deep"],
    );
    check("- ".repeat(100), &["s:1:49: YAML document too large"]);
    check(b"a: 1\nb: \xff", &["s:2: the file is not UTF-8"]);
    assert_eq!(read("--- x\n".repeat(5000).as_bytes()).err().unwrap_or_default().len(), 1000);
}

#[test]
fn a_secret_is_in_no_problem() {
    for credential in [
        "[hush]",
        "{hush: hush}",
        "&hush",
        "*hush",
        "'hush",
        "!!int hush",
        "!!float hush",
        "hush: hush",
        "\"hush\\q\"",
    ] {
        let source = format!(
            "schema: drydock/HostProfile/v1\nmetadata: {{name: p}}\ndata:\n  oob:\n    credential: {credential}\n"
        );
        let found = read(source.as_bytes()).err().unwrap_or_default().join("\n");
        assert!(!found.contains("hush"), "{credential}: {found}");
    }
}

#[test]
fn a_byte_order_mark_and_dos_line_ends_are_read() {
    let source = format!("\u{feff}{}", NETWORK.replace('\n', "\r\n"));
    assert!(read(source.as_bytes()).is_ok());
    assert!(read(b"").is_ok());
}

/// Any line of a site may be lost, doubled or spoiled: reading ends with an answer, and the answer shows no secret.
#[test]
fn no_spoiled_line_brings_reading_down_or_shows_the_secret() {
    let source = include_str!("../../tests/fixtures/sites/two-racks.yaml");
    let first_node = source.find("  name: r1n02").unwrap_or(source.len());
    let lines: Vec<&str> = source[..first_node].lines().skip(90).collect();
    assert!(lines.iter().any(|line| line.contains("credential: harbour-light")));
    for spoiled in 0..lines.len() {
        for replacement in ["", "  - [", "\t\"", "  <<: *x", "    ? {a: b}"] {
            let changed: Vec<_> = lines
                .iter()
                .enumerate()
                .map(|(index, line)| if index == spoiled { replacement } else { line })
                .collect();
            let answer = format!("{:?}", read(changed.join("\n").as_bytes()));
            assert!(!answer.contains("harbour"), "line {spoiled} as {replacement:?}: {answer}");
        }
    }
}

proptest::proptest! {
    /// Whatever the bytes, there is an answer, and every problem has a place.
    #[test]
    fn any_text_has_an_answer(text in "[-a-z0-9:{}\\[\\]&*!|>'\"%#?,. \n\t\u{e9}]{0,120}") {
        let source = format!("schema: drydock/BaremetalNode/v1\nmetadata: {{name: a}}\ndata:\n  {text}");
        for problem in read(source.as_bytes()).err().unwrap_or_default() {
            proptest::prop_assert!(problem.starts_with("s:"), "{}", problem);
        }
    }
}
