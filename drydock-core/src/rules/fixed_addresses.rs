//! DD5009: what has a fixed address does not have one that a DHCP server hands out.

use std::net::IpAddr;

use super::context::{Context, Told, at};
use crate::design::{Network, NetworkRange, NodeAddress, RangeKind};

const ADVICE: &str = "Take the address out of the dhcp range, or choose another.";

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for network in context.design.networks.values() {
        let gateways = network.routes.iter().filter_map(|route| route.gateway).map(|it| ("gateway", it));
        let relay = network.dhcp_relay.as_ref().and_then(|relay| relay.self_ip).map(|it| ("DHCP relay", it));
        for (what, address) in gateways.chain(relay) {
            if let Some(range) = handed_out(network, address) {
                let text = format!("The {what} {address} of {} is in the range {range}.", network.name);
                told.error([network as _], text, ADVICE);
            }
        }
    }
    for node in &context.nodes {
        for (index, entry) in node.document.addressing.iter().enumerate() {
            let NodeAddress::Static(address) = entry.address else { continue };
            let Some(network) = context.design.networks.get(&entry.network) else { continue };
            if let Some(range) = handed_out(network, address) {
                let name = &node.document.name;
                let text = format!(
                    "The address {address} of node {name} is in the range {range} of {}.",
                    network.name
                );
                told.error(
                    [&at(node, &[&"addressing", &index, &"address"]) as _, network as _],
                    text,
                    ADVICE,
                );
            }
        }
    }
}

/// The range from which a DHCP server may give this address to somebody.
fn handed_out(network: &Network, address: IpAddr) -> Option<&NetworkRange> {
    network.ranges.iter().find(|range| range.kind == RangeKind::Dhcp && range.contains(address))
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_fixed_address_is_not_handed_out() {
        for (network, address, expected) in [
            ("routes: [{gateway: 10.0.0.9}, {gateway: 10.0.0.21}]", "10.0.0.8", &[][..]),
            (
                "routes: [{gateway: 10.0.0.1}, {gateway: 10.0.0.10}]",
                "dhcp",
                &["error Network/a: The gateway 10.0.0.10 of a is in the range dhcp 10.0.0.10-10.0.0.20."],
            ),
            (
                "routes: [{gateway: 'fd00::15'}]",
                "'fd00::1f'",
                &["error Network/a: The gateway fd00::15 of a is in the range dhcp fd00::10-fd00::1e."],
            ),
            (
                "dhcp_relay: {self_ip: 10.0.0.20, upstream_target: 10.9.0.1}",
                "dhcp",
                &["error Network/a: The DHCP relay 10.0.0.20 of a is in the range dhcp 10.0.0.10-10.0.0.20."],
            ),
            (
                "mtu: 1500",
                "10.0.0.15",
                &[
                    "error BaremetalNode/n1 Network/a: The address 10.0.0.15 of node n1 is in the range dhcp 10.0.0.10",
                ],
            ),
            ("mtu: 1500", "10.0.0.25", &[]),
        ] {
            let ranges = "{type: dhcp, start: 10.0.0.10, end: 10.0.0.20}, {type: static, start: 10.0.0.25, end: 10.0.0.30}, \
                          {type: dhcp, start: 'fd00::10', end: 'fd00::1e'}";
            let source = document(
                "Network",
                "a",
                &format!("cidr: 10.0.0.0/24, ranges: [{ranges}], {network}"),
            ) + &document(
                "BaremetalNode",
                "n1",
                &format!(
                    "addressing: [{{network: a, address: {address}}}, {{network: b, address: 10.0.0.15}}]"
                ),
            );
            check(rule, &source, expected);
        }
    }
}
