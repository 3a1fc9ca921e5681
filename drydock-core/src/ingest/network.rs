//! Reads the bodies of `Network` documents.

use super::fields::{Fields, Findings};
use crate::design::{DhcpRelay, Network, NetworkRange, Origin, RangeKind, Route};

const CIDR: &str = "a network address: write one such as 10.0.0.0/24";
pub(super) const ADDRESS: &str = "an IP address: write one such as 10.0.0.3";

/// The domain of networks that name none, as v1.0 has it.
const DEFAULT_DOMAIN: &str = "local";
/// The largest VLAN tag (IEEE 802.1Q: 12 bits, 4095 reserved).
const VLAN_MAX: u32 = 4094;
/// No link carries more; which sizes make sense is for validation to say.
pub(super) const MTU_MAX: u32 = 1 << 24;

pub(super) fn network(
    found: &mut Findings,
    name: &str,
    origin: Origin,
    data: &Fields<'_>,
) -> Option<Network> {
    let cidr = data.parsed(found, "cidr", CIDR);
    let cidr = data.required(found, "cidr", "10.0.0.0/24", cidr);
    let (dns_domain, dns_servers) = data.map(found, "dns").map(|map| dns(found, &map)).unwrap_or_default();
    let network = Network {
        name: name.to_owned(),
        origin,
        cidr: cidr.unwrap_or_default(),
        vlan: data.number(found, "vlan", VLAN_MAX).and_then(|tag| u16::try_from(tag).ok()),
        mtu: data.number(found, "mtu", MTU_MAX),
        routedomain: data.text(found, "routedomain"),
        ranges: data.maps(found, "ranges").iter().filter_map(|map| range(found, map)).collect(),
        routes: data.maps(found, "routes").iter().map(|map| route(found, map)).collect(),
        dns_domain: dns_domain.unwrap_or_else(|| DEFAULT_DOMAIN.to_owned()),
        dns_servers,
        dhcp_relay: data.map(found, "dhcp_relay").map(|map| dhcp_relay(found, &map)),
        labels: data.text_map(found, "labels"),
    };
    data.no_others(found);
    cidr.map(|_| network)
}

fn dns(found: &mut Findings, map: &Fields<'_>) -> (Option<String>, Option<String>) {
    let dns = (map.text(found, "domain"), map.text(found, "servers"));
    map.no_others(found);
    dns
}

fn dhcp_relay(found: &mut Findings, map: &Fields<'_>) -> DhcpRelay {
    let relay = DhcpRelay {
        self_ip: map.parsed(found, "self_ip", ADDRESS),
        upstream_target: map.parsed(found, "upstream_target", ADDRESS),
    };
    map.no_others(found);
    relay
}

fn range(found: &mut Findings, map: &Fields<'_>) -> Option<NetworkRange> {
    let words = [("static", RangeKind::Static), ("dhcp", RangeKind::Dhcp), ("reserved", RangeKind::Reserved)];
    let kind = map.choice(found, "type", &words);
    let kind = map.required(found, "type", "static", kind);
    let start = map.parsed(found, "start", ADDRESS);
    let start = map.required(found, "start", "10.0.0.10", start);
    let end = map.parsed(found, "end", ADDRESS);
    let end = map.required(found, "end", "10.0.0.99", end);
    map.no_others(found);
    Some(NetworkRange { kind: kind?, start: start?, end: end? })
}

fn route(found: &mut Findings, map: &Fields<'_>) -> Route {
    let route = Route {
        subnet: map.parsed(found, "subnet", CIDR),
        routedomain: map.text(found, "routedomain"),
        gateway: map.parsed(found, "gateway", ADDRESS),
        metric: map.number(found, "metric", u32::MAX),
    };
    map.no_others(found);
    route
}
