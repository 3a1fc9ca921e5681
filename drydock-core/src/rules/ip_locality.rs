//! DD2002: gateways and addresses are inside the networks that they are on.

use std::net::IpAddr;

use ipnet::IpNet;

use super::context::{Context, Told, at};
use crate::design::{Network, NodeAddress, ResolvedNode};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let design = context.design;
    if design.networks.is_empty() {
        told.warning([], "No networks found.", "Site design likely incomplete without defined networks");
    }
    design.networks.values().for_each(|network| gateways(network, told));
    if design.nodes.is_empty() {
        told.warning([], "No baremetal_nodes found.", "Site design likely incomplete without defined nodes.");
    }
    for node in &context.nodes {
        addresses(context, node, told);
    }
}

fn gateways(network: &Network, told: &mut Told) {
    for (index, route) in network.routes.iter().enumerate() {
        match route.gateway {
            None => told.error(
                [&at(network, &[&"routes", &index]) as _],
                format!("No gateway found for route {} of {}.", index + 1, network.name),
                "Define a network-local gateway for the route.",
            ),
            Some(gateway) if network.cidr.contains(&gateway) || is_next_door(network, gateway) => {}
            Some(gateway) => told.error(
                [&at(network, &[&"routes", &index, &"gateway"]) as _],
                format!(
                    "The gateway IP Address {gateway} is not within the defined CIDR: {} of {}.",
                    network.cidr, network.name
                ),
                "Route gateways must reside on the local network. Check gateway IP and CIDR netmask.",
            ),
        }
    }
}

/// A router of IPv6 is reached by its link-local address whatever the network's own addresses are.
fn is_next_door(network: &Network, gateway: IpAddr) -> bool {
    match (network.cidr, gateway) {
        (IpNet::V6(_), IpAddr::V6(gateway)) => gateway.is_unicast_link_local(),
        (IpNet::V6(_), IpAddr::V4(_)) | (IpNet::V4(_), _) => false,
    }
}

fn addresses(context: &Context<'_>, node: &ResolvedNode<'_>, told: &mut Told) {
    for (index, entry) in node.document.addressing.iter().enumerate() {
        let NodeAddress::Static(address) = entry.address else { continue };
        match context.design.networks.get(&entry.network) {
            None => told.error(
                [&at(node, &[&"addressing", &index, &"network"]) as _],
                format!("{} is not a valid network.", entry.network),
                "Define network or correct address definition.",
            ),
            Some(network) if network.cidr.contains(&address) => {}
            Some(network) => told.error(
                [&at(node, &[&"addressing", &index, &"address"]) as _],
                format!(
                    "The IP Address {address} is not within the defined CIDR: {} of {}.",
                    network.cidr, network.name
                ),
                "Define a valid address for this network.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document, node};

    #[test]
    fn gateways_are_on_their_network() {
        const NO_NODES: &str = "warning: No baremetal_nodes found.";
        for (route, expected) in [
            ("{subnet: 0.0.0.0/0, gateway: 10.0.0.1}", &[NO_NODES][..]),
            ("{subnet: 0.0.0.0/0}", &["error Network/a: No gateway found for route 1 of a.", NO_NODES]),
            (
                "{routedomain: d, gateway: 10.0.1.1}",
                &[
                    "error Network/a: The gateway IP Address 10.0.1.1 is not within the defined CIDR: 10.0.0.0/24",
                    NO_NODES,
                ],
            ),
            ("{gateway: 'fd00::1'}", &["error Network/a: The gateway IP Address fd00::1 is not", NO_NODES]),
        ] {
            check(
                rule,
                &document("Network", "a", &format!("cidr: 10.0.0.0/24, routes: [{route}]")),
                expected,
            );
        }
    }

    #[test]
    fn a_gateway_of_ipv6_may_be_link_local() {
        const NO_NODES: &str = "warning: No baremetal_nodes found.";
        for (cidr, gateway, expected) in [
            ("fd00::/64", "fd00::1", &[NO_NODES][..]),
            ("fd00::/64", "fe80::1", &[NO_NODES]),
            (
                "fd00::/64",
                "fd00:0:0:1::1",
                &["error Network/a: The gateway IP Address fd00:0:0:1::1", NO_NODES],
            ),
            ("10.0.0.0/24", "fe80::1", &["error Network/a: The gateway IP Address fe80::1 is not", NO_NODES]),
        ] {
            let body = format!("cidr: '{cidr}', routes: [{{subnet: '::/0', gateway: '{gateway}'}}]");
            check(rule, &document("Network", "a", &body), expected);
        }
    }

    #[test]
    fn addresses_are_on_their_network() {
        let networks =
            document("Network", "a", "cidr: 10.0.0.0/24") + &document("Network", "b", "cidr: 'fd00::/64'");
        for (addresses, expected) in [
            (
                "{network: a, address: 10.0.0.7}, {network: b, address: 'fd00::7'}, {network: c, address: dhcp}",
                &[][..],
            ),
            ("{network: c, address: 10.0.0.7}", &["error BaremetalNode/n1: c is not a valid network."]),
            (
                "{network: a, address: 10.0.1.7}",
                &["error BaremetalNode/n1: The IP Address 10.0.1.7 is not within"],
            ),
        ] {
            let node = document("BaremetalNode", "n1", &format!("addressing: [{addresses}]"));
            check(rule, &(networks.clone() + &node), expected);
        }
        check(rule, &node(""), &["warning: No networks found."]);
    }
}
