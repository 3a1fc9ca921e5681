//! Whole sites, as an operator writes them: read, resolved, and told what is wrong with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::design::{Design, EffectiveNode, Site};
use drydock_core::ingest::{Ingested, SourceFile, ingest};
use drydock_core::{ExposeSecret, NodeName};

const TWO_RACKS: &str = include_str!("../../tests/fixtures/sites/two-racks.yaml");

fn read(source: &str) -> Ingested {
    ingest(&[SourceFile { name: "site.yaml", bytes: source.as_bytes() }])
        .unwrap_or_else(|problems| panic!("{problems}"))
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

/// What is wrong with a file, one line each.
fn problems_of(source: &[u8]) -> Vec<String> {
    match ingest(&[SourceFile { name: "s", bytes: source }]) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
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
        ["console=ttyS1,115200n8", "quiet=True", "isolcpus=hardwareprofile:cpuset.isolated"]
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

#[test]
fn debug_probe() {
    println!("{:#?}", problems_of(format!("a: {}1{}", "[".repeat(22), "]".repeat(22)).as_bytes()));
    let mut bomb = format!("a0: &a0 {}x{}\n", "[".repeat(18), "]".repeat(18));
    for i in 1..60 {
        bomb.push_str(&format!("a{i}: &a{i} {}*a{}{}\n", "[".repeat(18), i - 1, "]".repeat(18)));
    }
    println!("{:#?}", problems_of(bomb.as_bytes()));
    let mut bomb = format!("a0: &a0 {}x{}\n", "[".repeat(18), "]".repeat(18));
    for i in 1..60 {
        bomb.push_str(&format!("a{i}: &a{i}\n - {}*a{}{}\n", "- ".repeat(18), i - 1, ""));
    }
    println!("{:#?}", problems_of(bomb.as_bytes()));
    println!("{:#?}", problems_of(format!("{}1", "- ".repeat(18)).as_bytes()));
    println!("{:#?}", problems_of(format!("{}1", "? ".repeat(22)).as_bytes()));
    println!("{:#?}", problems_of(format!("{}1", "? ".repeat(2200)).as_bytes()));
}
