//! DD5010: a DHCP relay stands on its network, and reaches the server that it passes requests to.

use std::net::IpAddr;

use super::context::{Context, Told, at};
use crate::design::Network;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for network in context.design.networks.values() {
        let Some(relay) = &network.dhcp_relay else { continue };
        let (name, cidr) = (&network.name, network.cidr);
        if let Some(own) = relay.self_ip.filter(|own| !cidr.contains(own)) {
            told.warning(
                [&at(network, &[&"dhcp_relay", &"self_ip"]) as _],
                format!("The DHCP relay {own} is not within the defined CIDR: {cidr} of {name}."),
                "A relay hears only its own network: give it an address on it.",
            );
        }
        let Some(target) = relay.upstream_target else {
            told.warning(
                [&at(network, &[&"dhcp_relay"]) as _],
                format!("The DHCP relay of {name} has no upstream_target."),
                "Write the address of the DHCP server that answers, or drop the relay.",
            );
            continue;
        };
        if cidr.contains(&target) {
            told.warning(
                [&at(network, &[&"dhcp_relay", &"upstream_target"]) as _],
                format!("The upstream_target {target} of the DHCP relay is on {name} itself."),
                "A DHCP server on the network needs no relay: drop it, or correct the target.",
            );
        } else if !is_reached(context, network, target) {
            told.warning(
                [&at(network, &[&"dhcp_relay", &"upstream_target"]) as _],
                format!("The upstream_target {target} of the DHCP relay of {name} is on no network, and no route leads there."),
                "Define the network of the DHCP server, or a route to it.",
            );
        }
    }
}

/// Whether an address is on a network of the design, or a route of this one leads there.
fn is_reached(context: &Context<'_>, from: &Network, target: IpAddr) -> bool {
    let mut routes = from.routes.iter().filter_map(|route| route.subnet);
    context.design.networks.values().any(|network| network.cidr.contains(&target))
        || routes.any(|subnet| subnet.contains(&target))
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_relay_reaches_a_server() {
        for (relay, expected) in [
            ("{self_ip: 10.0.0.4, upstream_target: 10.1.0.5}", &[][..]),
            ("{upstream_target: 10.2.0.5}", &[]),
            ("{self_ip: 10.0.0.4, upstream_target: 'fd00::5'}", &[]),
            ("{self_ip: 10.0.0.4}", &["warning Network/a: The DHCP relay of a has no upstream_target."]),
            (
                "{self_ip: 10.1.0.4, upstream_target: 10.0.0.5}",
                &[
                    "warning Network/a: The DHCP relay 10.1.0.4 is not within the defined CIDR: 10.0.0.0/24 of a.",
                    "warning Network/a: The upstream_target 10.0.0.5 of the DHCP relay is on a itself.",
                ],
            ),
            (
                "{self_ip: 10.0.0.4, upstream_target: 10.3.0.5}",
                &["warning Network/a: The upstream_target 10.3.0.5 of the DHCP relay of a is on no network"],
            ),
        ] {
            let routes = "routes: [{subnet: 10.2.0.0/16, gateway: 10.0.0.1}]";
            let source =
                document("Network", "a", &format!("cidr: 10.0.0.0/24, {routes}, dhcp_relay: {relay}"))
                    + &document("Network", "b", "cidr: 10.1.0.0/24")
                    + &document("Network", "c", "cidr: 'fd00::/64'");
            check(rule, &source, expected);
        }
    }
}
