//! Reads the bodies of `Network` and `NetworkLink` documents.

use super::fields::{Fields, Findings};
use crate::design::{
    BondingMode, Network, NetworkLink, NetworkRange, Origin, RangeKind, Route, TrunkingMode,
};

const CIDR: &str = "a network address: write one such as 10.0.0.0/24";
const ADDRESS: &str = "an IP address: write one such as 10.0.0.3";

/// The domain of networks that name none, as v1.0 has it.
const DEFAULT_DOMAIN: &str = "local";
/// The MTU of links that name none, in bytes, as v1.0 has it.
const DEFAULT_MTU: u32 = 1500;
/// The largest VLAN tag (IEEE 802.1Q: 12 bits, 4095 reserved).
const VLAN_MAX: u32 = 4094;
/// No link carries more; which sizes make sense is for validation to say.
const MTU_MAX: u32 = 1 << 24;

pub(super) fn network(
    found: &mut Findings,
    name: &str,
    origin: Origin,
    data: &Fields<'_>,
) -> Option<Network> {
    let cidr = data.parsed(found, "cidr", CIDR);
    let cidr = data.required(found, "cidr", "10.0.0.0/24", cidr);
    let dns = data.map(found, "dns");
    let dns = dns.as_ref();
    let network = Network {
        name: name.to_owned(),
        origin,
        cidr: cidr.unwrap_or_default(),
        vlan: data.number(found, "vlan", VLAN_MAX).and_then(|tag| u16::try_from(tag).ok()),
        mtu: data.number(found, "mtu", MTU_MAX),
        routedomain: data.text(found, "routedomain"),
        ranges: data.maps(found, "ranges").iter().filter_map(|map| range(found, map)).collect(),
        routes: data.maps(found, "routes").iter().map(|map| route(found, map)).collect(),
        dns_domain: dns
            .and_then(|map| map.text(found, "domain"))
            .unwrap_or_else(|| DEFAULT_DOMAIN.to_owned()),
        dns_servers: dns.and_then(|map| map.text(found, "servers")),
        labels: data.text_map(found, "labels"),
    };
    cidr.map(|_| network)
}

fn range(found: &mut Findings, map: &Fields<'_>) -> Option<NetworkRange> {
    let words = [("static", RangeKind::Static), ("dhcp", RangeKind::Dhcp), ("reserved", RangeKind::Reserved)];
    let kind = map.choice(found, "type", &words);
    let kind = map.required(found, "type", "static", kind);
    let start = map.parsed(found, "start", ADDRESS);
    let start = map.required(found, "start", "10.0.0.10", start);
    let end = map.parsed(found, "end", ADDRESS);
    let end = map.required(found, "end", "10.0.0.99", end);
    Some(NetworkRange { kind: kind?, start: start?, end: end? })
}

fn route(found: &mut Findings, map: &Fields<'_>) -> Route {
    Route {
        subnet: map.parsed(found, "subnet", CIDR),
        routedomain: map.text(found, "routedomain"),
        gateway: map.parsed(found, "gateway", ADDRESS),
        metric: map.number(found, "metric", u32::MAX),
    }
}

pub(super) fn link(found: &mut Findings, name: &str, origin: Origin, data: &Fields<'_>) -> NetworkLink {
    if data.get("allowed_networks").is_none() {
        data.problem(
            found,
            "allowed_networks",
            "is missing: write the list of the networks that the link may carry",
        );
    }
    let bonding = [
        ("disabled", BondingMode::Disabled),
        ("802.3ad", BondingMode::Lacp),
        ("balance-rr", BondingMode::BalanceRr),
        ("active-backup", BondingMode::ActiveBackup),
    ];
    let trunking = [("disabled", TrunkingMode::Disabled), ("802.1q", TrunkingMode::Dot1q)];
    let bonding_map = data.map(found, "bonding");
    let trunking_map = data.map(found, "trunking");
    NetworkLink {
        name: name.to_owned(),
        origin,
        bonding: bonding_map.and_then(|map| map.choice(found, "mode", &bonding)).unwrap_or_default(),
        mtu: data.number(found, "mtu", MTU_MAX).unwrap_or(DEFAULT_MTU),
        trunking: trunking_map
            .as_ref()
            .and_then(|map| map.choice(found, "mode", &trunking))
            .unwrap_or_default(),
        default_network: trunking_map.as_ref().and_then(|map| map.text(found, "default_network")),
        allowed_networks: data.texts(found, "allowed_networks"),
        labels: data.text_map(found, "labels"),
    }
}
