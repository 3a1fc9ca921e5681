//! Whole sites, as an operator writes them: read, resolved, and told what is wrong with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::design::{Design, EffectiveNode, Site};
use drydock_core::ingest::{Ingested, SourceFile, ingest};
use drydock_core::rules::{Platforms, Report, resolve_and_validate};
use drydock_core::{ExposeSecret, NodeName};

const TWO_RACKS: &str = include_str!("../../tests/fixtures/sites/two-racks.yaml");

fn read(source: &str) -> Ingested {
    ingest(&[SourceFile { name: "site.yaml", bytes: source.as_bytes() }]).unwrap()
}

fn design(source: &str) -> Design {
    read(source).design
}

fn site() -> Site {
    Site::new(design(TWO_RACKS)).unwrap()
}

fn node<'s>(site: &'s Site, name: &str) -> &'s EffectiveNode {
    site.node(&NodeName::new(name).unwrap()).unwrap()
}

#[test]
fn two_racks_are_twelve_servers() {
    let ingested = read(TWO_RACKS);
    assert_eq!(ingested.notes, []);
    let site = Site::new(ingested.design).unwrap();
    let names: Vec<_> = site.nodes().keys().map(NodeName::as_str).collect();
    assert_eq!(
        names,
        [
            "r1n01", "r1n02", "r1n03", "r1n04", "r1n05", "r1n06", "r2n01", "r2n02", "r2n03", "r2n04",
            "r2n05", "r2n06"
        ]
    );
    assert_eq!(site.design().racks.len(), 2);
    assert_eq!(site.design().regions.len(), 1);
}

#[test]
fn nothing_is_wrong_with_two_racks() {
    let kernels = ["ga-22.04".to_owned(), "hwe-22.04".to_owned()];
    let platforms = Platforms::from([("jammy".to_owned(), kernels.into())]);
    let (site, report) = resolve_and_validate(design(TWO_RACKS), Some(&platforms));
    let found: Vec<_> = report.findings.iter().map(ToString::to_string).collect();
    assert_eq!((found, report.problems), (Vec::new(), Vec::new()));
    assert_eq!(site.unwrap().nodes().len(), 12);
}

#[test]
fn what_can_be_installed_may_be_asked_later() {
    let (site, report) = resolve_and_validate(design(TWO_RACKS), None);
    let site = site.unwrap();
    let told = |report: &Report| -> Vec<String> {
        report.findings.iter().map(|finding| format!("{} {}", finding.rule.id, finding.text)).collect()
    };
    assert_eq!(told(&report).len(), 1);
    let kernels = ["hwe-22.04".to_owned()];
    let platforms = Platforms::from([("jammy".to_owned(), kernels.into())]);
    let report = report.with_platforms(&site, &platforms);
    // All but the two control nodes ask for another kernel.
    assert_eq!(told(&report), ["DD3001 Platform Validation: invalid kernel ga-22.04"; 10]);
    let (_, at_once) = resolve_and_validate(design(TWO_RACKS), Some(&platforms));
    let lines = |report: &Report| report.findings.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(lines(&report), lines(&at_once));
}

#[test]
fn profiles_reach_a_node_through_their_chain() {
    let site = site();
    let control = node(&site, "r1n01");
    assert_eq!(control.fqdn, "r1n01.yard.example.net");
    assert_eq!(control.rack.as_deref(), Some("rack1"));
    assert_eq!(control.tags, ["control", "yard"]);
    assert_eq!(control.platform.image.as_deref(), Some("jammy"));
    assert_eq!(control.platform.kernel.as_deref(), Some("hwe-22.04"));
    assert_eq!(pairs(&control.platform.kernel_params), ["console=ttyS1,115200n8"]);
    assert_eq!(control.boot_mac.unwrap().to_string(), "52:54:00:01:00:01");

    let compute = node(&site, "r2n06");
    assert_eq!(compute.tags, ["spare", "yard"]);
    assert_eq!(pairs(&compute.owner_data), ["site=yard", "role=compute"]);
    assert_eq!(
        pairs(&compute.platform.kernel_params),
        ["console=ttyS1,115200n8", "quiet=True", "isolcpus=2-15"]
    );
}

#[test]
fn each_bmc_has_its_own_address_and_its_secret_is_not_shown() {
    let site = site();
    let mut addresses: Vec<_> =
        site.nodes().values().map(|node| node.oob.bmc().unwrap().address.to_string()).collect();
    assert_eq!(addresses[0], "127.0.10.1");
    assert_eq!(addresses[11], "127.0.20.6");
    addresses.dedup();
    assert_eq!(addresses.len(), 12);
    for (name, password) in [("r1n01", "harbour-light"), ("r2n06", "foghorn")] {
        let bmc = node(&site, name).oob.bmc().unwrap();
        assert_eq!((bmc.port, bmc.account.as_str()), (Some(6230), "admin"));
        assert_eq!(bmc.credential.expose_secret(), password);
    }
    let shown = format!("{site:?}");
    assert!(shown.contains("r2n06") && !shown.contains("foghorn") && !shown.contains("harbour-light"));
}

fn pairs(map: &indexmap::IndexMap<String, String>) -> Vec<String> {
    map.iter().map(|(key, value)| format!("{key}={value}")).collect()
}

/// A site of one node whose `compute` profile is `profile`, and whose own body adds `node`.
fn small(profile: &str, node: &str) -> String {
    format!(
        "
schema: drydock/HardwareProfile/v1
metadata: {{name: standard}}
data: {{vendor: ACME}}
---
schema: drydock/HostProfile/v1
metadata: {{name: compute}}
data: {profile}
---
schema: drydock/BaremetalNode/v1
metadata: {{name: n1}}
data:
  host_profile: compute
  addressing: [{{network: oob, address: 127.0.0.1}}]
{node}
"
    )
}

/// A further host profile.
fn profile(name: &str, data: &str) -> String {
    format!("---\nschema: drydock/HostProfile/v1\nmetadata: {{name: {name}}}\ndata: {data}\n")
}

const IPMI: &str =
    "{hardware_profile: standard, oob: {type: ipmi, network: oob, account: admin, credential: hidden}}";

fn resolve(source: &str) -> Vec<String> {
    match Site::new(design(source)) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_host_without_a_primary_network_is_in_local() {
    let site = Site::new(design(&small(IPMI, ""))).unwrap();
    let node = node(&site, "n1");
    assert_eq!((node.fqdn.as_str(), node.oob.bmc().unwrap().port), ("n1.local", None));
    assert!(node.tags.is_empty() && node.rack.is_none() && node.boot_mac.is_none());
}

#[test]
fn what_a_node_lacks_is_told_all_at_once() {
    let found = resolve(&small("{oob: {type: ipmi, port: none}}", "  primary_network: nowhere"));
    let expected = [
        "data.hardware_profile: the node has no hardware profile",
        "data.oob.account: out-of-band access of type ipmi needs `oob.account`",
        "data.oob.credential: out-of-band access of type ipmi needs `oob.credential`",
        "data.oob.network: out-of-band access of type ipmi needs `oob.network`",
        "data.oob.port: not a port",
        "data.primary_network: there is no network \"nowhere\"",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (line, expected) in found.iter().zip(expected) {
        assert!(line.starts_with(&format!("site.yaml:10:1: BaremetalNode/n1: {expected}")), "{line}");
    }
    for (node, expected) in [
        ("  oob: {network: other}", "the node has no address on its out-of-band network \"other\""),
        ("  oob: {type: '!'}", "the node has no out-of-band driver"),
        ("  oob: {'!account': x}", "needs `oob.account`"),
        ("  hardware_profile: other", "there is no hardware profile \"other\""),
    ] {
        let found = resolve(&small(IPMI, node));
        assert!(found.len() == 1 && found[0].contains(expected), "{node}: {found:?}");
    }
    assert_eq!(resolve(&small(IPMI, "  oob: {type: manual, '!credential': x}")), [""; 0]);
}

#[test]
fn a_bmc_needs_a_fixed_address() {
    let source = small(IPMI, "").replace("address: 127.0.0.1", "address: dhcp");
    let found = resolve(&source);
    assert!(found.len() == 1 && found[0].contains("has only a dhcp address"), "{found:?}");
}

#[test]
fn broken_chains_are_told_once_with_the_chain() {
    let found = resolve(&small("{host_profile: gone}", ""));
    assert_eq!(
        found,
        [
            "site.yaml:6:1: HostProfile/compute: data.host_profile: there is no host profile \"gone\" (compute -> gone); \
          add that document, or name another profile"
        ]
    );
    let circle = small("{host_profile: a}", "") + &profile("a", "{host_profile: compute}");
    let found = resolve(&circle);
    assert!(found.len() == 1 && found[0].contains("in a circle: a -> compute -> a;"), "{found:?}");

    let lone = small(IPMI, "").replace("host_profile: compute", "host_profile: gone");
    let found = resolve(&lone);
    assert!(
        found.len() == 1 && found[0].contains("BaremetalNode/n1") && found[0].contains("(n1 -> gone)"),
        "{found:?}"
    );
}

#[test]
fn the_path_of_a_problem_is_that_of_the_documents_form() {
    let node = "apiVersion: drydock/v1\nkind: BaremetalNode\nmetadata: {name: n1}\n\
                spec: {addressing: [{network: oob, address: dhcp}], oob: {type: manual}}\n";
    let found = resolve(node);
    assert!(found.len() == 1 && found[0].contains(": spec.hardware_profile: the node has no"), "{found:?}");
    let profile =
        "---\napiVersion: drydock/v1\nkind: HostProfile\nmetadata: {name: p}\nspec: {host_profile: gone}\n";
    let found = resolve(profile);
    assert!(
        found.len() == 1 && found[0].contains("HostProfile/p: spec.host_profile: there is no"),
        "{found:?}"
    );
}

#[test]
fn one_node_can_be_resolved_in_a_broken_design() {
    let source = small(IPMI, "")
        + "---\nschema: drydock/BaremetalNode/v1\nmetadata: {name: n2}\n\
           data: {host_profile: gone, addressing: [{network: oob, address: dhcp}]}\n";
    let design = design(&source);
    let one = |name| design.effective_node(&NodeName::new(name).unwrap());
    assert_eq!(one("n1").unwrap().unwrap().fqdn, "n1.local");
    assert!(one("n3").unwrap().is_none());
    assert_eq!(one("n2").unwrap_err().iter().count(), 1);
}

#[test]
fn long_chains_need_no_stack() {
    let mut source = small("{host_profile: p0}", "");
    for index in 0..5000 {
        let parent =
            if index == 4999 { IPMI.to_owned() } else { format!("{{host_profile: p{}}}", index + 1) };
        source.push_str(&profile(&format!("p{index}"), &parent));
    }
    let site = Site::new(design(&source)).unwrap();
    assert_eq!(node(&site, "n1").oob.bmc().unwrap().account, "admin");
}
