//! Pictures of sites.

use super::*;
use crate::ingest::{SourceFile, ingest};

const TWO_RACKS: &str = include_str!("../../../../tests/fixtures/sites/two-racks.yaml");

fn graph(source: &str) -> Graph {
    let files = [SourceFile { name: "s", bytes: source.as_bytes() }];
    Graph::of(&Site::new(ingest(&files).unwrap().design).unwrap())
}

/// A site of one node, in a rack that has no document, with two networks on one trunk.
const SMALL: &str = "\
schema: drydock/HardwareProfile/v1
metadata: {name: h}
data: {}
---
schema: drydock/NetworkLink/v1
metadata: {name: trunk}
data: {bonding: {mode: 802.3ad}, trunking: {mode: 802.1q, default_network: pxe}, allowed_networks: [pxe, data]}
---
schema: drydock/Network/v1
metadata: {name: pxe}
data: {cidr: 10.1.0.0/24}
---
schema: drydock/Network/v1
metadata: {name: data}
data: {cidr: 10.2.0.0/24, vlan: 7}
---
schema: drydock/BaremetalNode/v1
metadata: {name: n1}
data:
  hardware_profile: h
  oob: {type: manual}
  interfaces: {bond0: {device_link: trunk, networks: [pxe, data]}}
  addressing: [{network: pxe, address: dhcp}, {network: 'a \"<b>#', address: 10.9.0.1}]
  metadata: {rack: r1}
";

#[test]
fn a_small_site_for_mermaid() {
    assert_eq!(
        graph(SMALL).mermaid(),
        "flowchart LR\n  \
         subgraph v4[\"r1\"]\n    v0[\"n1<br/>n1.local\"]\n  end\n  \
         v1{{\"trunk<br/>bond 802.3ad\"}}\n  \
         v2([\"data<br/>10.2.0.0/24, VLAN 7\"])\n  v3([\"pxe<br/>10.1.0.0/24\"])\n  v5([\"a #quot;#lt;b#gt;#35;\"])\n  \
         v0 ---|\"bond0\"| v1\n  v0 ---|\"10.9.0.1\"| v5\n  v1 ---|\"tagged\"| v2\n  v1 --- v3\n"
    );
}

#[test]
fn a_small_site_as_svg() {
    let svg = graph(SMALL).svg();
    assert!(
        svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1268\" height=\"192\""),
        "{svg}"
    );
    assert_eq!(svg.matches("<g>").count(), 6);
    assert_eq!(svg.matches("<path ").count(), 5);
    // The node is alone in the second column, so it stands in the middle of the three rows.
    assert!(svg.contains("<rect class=\"node\" x=\"364\" y=\"78\""), "{svg}");
    assert!(svg.contains("<path d=\"M224 96C309 96 279 96 364 96\"><title></title></path>"), "{svg}");
    assert!(svg.contains("<title>network a &quot;&lt;b&gt;#</title>"), "{svg}");
    assert!(svg.ends_with("</svg>\n"));
}

#[test]
fn boxes_do_not_overlap_and_a_picture_is_always_the_same() {
    let two_racks = graph(TWO_RACKS);
    let kinds = VertexKind::ALL.map(|kind| two_racks.of_kind(kind).count());
    assert_eq!(kinds, [2, 12, 3, 3]);
    // Twelve nodes in racks, two interfaces each and a BMC, and a network on each link.
    assert_eq!(two_racks.edges.len(), 12 * 4 + 3);
    let svg = two_racks.svg();
    let boxes =
        svg.lines().filter_map(|line| line.split_once(" x=\"")?.1.split_once(" width").map(|(at, _)| at));
    assert_eq!(boxes.collect::<BTreeSet<_>>().len(), two_racks.vertices.len());
    assert_eq!(graph(TWO_RACKS).svg(), two_racks.svg());
    for picture in [two_racks.svg(), two_racks.mermaid()] {
        assert!(!picture.contains("harbour-light") && !picture.contains("foghorn"), "{picture}");
    }
    assert_eq!(Graph::default().mermaid(), "flowchart LR\n");
    assert!(Graph::default().svg().contains("height=\"48\""));
}
