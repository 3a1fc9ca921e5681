//! The routes of networks and nodes, with what route domains stand for.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use drydock_core::NodeName;
use drydock_core::design::{Design, EffectiveRoute, Site, explain};
use drydock_core::ingest::{Places, SourceFile, ingest};

fn design(source: &str) -> Design {
    ingest(&[SourceFile { name: "s", bytes: source.as_bytes() }]).unwrap().design
}

/// A network; `body` is what follows its `cidr`.
fn network(name: &str, cidr: &str, body: &str) -> String {
    format!("---\nschema: drydock/Network/v1\nmetadata: {{name: {name}}}\ndata: {{cidr: '{cidr}'{body}}}\n")
}

fn shown(routes: &[EffectiveRoute<'_>]) -> Vec<String> {
    let routes = routes.iter().map(|route| {
        let EffectiveRoute { network, entry, member, subnet, gateway, metric } = route;
        let member = member.map(|member| format!(" ({})", member.name)).unwrap_or_default();
        let metric = metric.map(|metric| format!(" metric {metric}")).unwrap_or_default();
        format!("{}[{entry}] {subnet}{member} over {gateway}{metric}", network.name)
    });
    routes.collect()
}

/// Three networks in the domain `d`, one in `e`, and `a`, whose routes are these.
fn routes_of_a(routes: &str) -> Vec<String> {
    let source = network("a", "10.0.0.0/24", &format!(", routedomain: d, routes: [{routes}]"))
        + &network("b", "10.0.1.0/24", ", routedomain: d")
        + &network("c", "10.0.2.7/24", ", routedomain: d")
        + &network("f", "fd00::/64", ", routedomain: d")
        + &network("x", "10.0.9.0/24", ", routedomain: e");
    let design = design(&source);
    shown(&design.routes(&design.networks["a"]))
}

#[test]
fn a_route_domain_is_a_route_to_each_of_its_networks() {
    for (routes, expected) in [
        ("", &[][..]),
        (
            "{routedomain: d, gateway: 10.0.0.1, metric: 10}",
            &["a[0] 10.0.1.0/24 (b) over 10.0.0.1 metric 10", "a[0] 10.0.2.0/24 (c) over 10.0.0.1 metric 10"],
        ),
        ("{routedomain: d, gateway: 'fe80::1'}", &["a[0] fd00::/64 (f) over fe80::1"]),
        // A domain that the network is not in, and one that nobody is in.
        ("{routedomain: e, gateway: 10.0.0.1}", &["a[0] 10.0.9.0/24 (x) over 10.0.0.1"]),
        ("{routedomain: g, gateway: 10.0.0.1}", &[]),
        // What is written comes first, and stands for its subnet.
        (
            "{routedomain: d, gateway: 10.0.0.1}, {subnet: 10.0.2.0/24, gateway: 10.0.0.2, metric: 5}",
            &["a[1] 10.0.2.0/24 over 10.0.0.2 metric 5", "a[0] 10.0.1.0/24 (b) over 10.0.0.1"],
        ),
        (
            "{subnet: 0.0.0.0/0, routedomain: d, gateway: 10.0.0.1}",
            &[
                "a[0] 0.0.0.0/0 over 10.0.0.1",
                "a[0] 10.0.1.0/24 (b) over 10.0.0.1",
                "a[0] 10.0.2.0/24 (c) over 10.0.0.1",
            ],
        ),
        // The first entry that names a domain has it.
        (
            "{routedomain: e, gateway: 10.0.0.1}, {routedomain: e, gateway: 10.0.0.2}",
            &["a[0] 10.0.9.0/24 (x) over 10.0.0.1"],
        ),
        // The rules say what is wrong with these.
        ("{routedomain: d}, {gateway: 10.0.0.1}, {subnet: 10.1.0.0/16}", &[]),
    ] {
        assert_eq!(routes_of_a(routes), expected, "{routes}");
    }
}

const NODE: &str = "---
schema: drydock/HardwareProfile/v1
metadata: {name: standard}
data: {}
---
schema: drydock/BaremetalNode/v1
metadata: {name: n1}
data:
  hardware_profile: standard
  oob: {type: manual}
  addressing: [{network: a, address: 10.0.0.7}, {network: oob, address: 10.9.0.7}]
  interfaces:
    one: {slaves: [eno1], networks: [a, unknown]}
    two: {slaves: [eno2], networks: [b, a]}
";

fn site() -> String {
    network("a", "10.0.0.0/24", ", routedomain: d, routes: [{routedomain: d, gateway: 10.0.0.1, metric: 7}]")
        + &network("b", "10.0.1.0/24", ", routedomain: d, routes: [{subnet: 0.0.0.0/0, gateway: 10.0.1.1}]")
        + &network("oob", "10.9.0.0/24", ", routes: [{subnet: 10.8.0.0/24, gateway: 10.9.0.1}]")
        + NODE
}

#[test]
fn a_node_has_the_routes_of_the_networks_that_it_is_attached_to() {
    let site = Site::new(design(&site())).unwrap();
    let node = site.node(&NodeName::new("n1").unwrap()).unwrap();
    for _ in 0..2 {
        assert_eq!(
            shown(&site.routes(node)),
            ["a[0] 10.0.1.0/24 (b) over 10.0.0.1 metric 7", "b[0] 0.0.0.0/0 over 10.0.1.1"]
        );
    }
    assert_eq!(
        site.tree(node)["routes"],
        serde_json::json!([
            {"network": "a", "subnet": "10.0.1.0/24", "gateway": "10.0.0.1", "metric": 7},
            {"network": "b", "subnet": "0.0.0.0/0", "gateway": "10.0.1.1", "metric": null},
        ])
    );
}

#[test]
fn a_route_says_where_it_comes_from() {
    let source = site();
    let files = [SourceFile { name: "s", bytes: source.as_bytes() }];
    let site = Site::new(design(&source)).unwrap();
    let explained = explain(&site, &NodeName::new("n1").unwrap(), &mut Places::new(&files)).unwrap();
    for (path, expected) in [
        ("routes[0].network", "a <- Network/a s:2:1"),
        ("routes[0].subnet", "10.0.1.0/24 <- Network/a s:4:55, Network/b s:8:8"),
        ("routes[0].gateway", "10.0.0.1 <- Network/a s:4:71"),
        ("routes[0].metric", "7 <- Network/a s:4:90"),
        ("routes[1].subnet", "0.0.0.0/0 <- Network/b s:8:55"),
    ] {
        let found = explained.iter().find(|it| it.path == path).unwrap();
        let from: Vec<_> = found.from.iter().map(|it| format!("{} {}", it.document, it.origin)).collect();
        let value = found.value.as_str().map_or_else(|| found.value.to_string(), str::to_owned);
        assert_eq!(format!("{value} <- {}", from.join(", ")), expected, "{path}");
    }
}
