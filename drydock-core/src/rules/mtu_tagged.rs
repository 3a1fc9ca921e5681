//! DD5012: frames of a tagged network fit through the link, and through the interface that its own stands on.

use super::context::{Context, Told, at};
use crate::design::{Network, NetworkLink};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for link in context.design.network_links.values() {
        let networks = |name: &String| context.design.networks.get(name);
        let native = link.default_network.as_ref().and_then(networks);
        for network in link.allowed_networks.iter().filter_map(networks) {
            // The default network is that of DD2003.
            if link.default_network.as_ref() != Some(&network.name) {
                fits(link, native.filter(|native| !is_tagged(native)), network, told);
            }
        }
    }
}

fn fits(link: &NetworkLink, native: Option<&Network>, network: &Network, told: &mut Told) {
    let Some(mtu) = network.mtu else { return };
    if mtu > link.mtu {
        told.warning(
            [&at(network, &[&"mtu"]) as _, link as _],
            format!(
                "The MTU {mtu} of Network {} is larger than {} of its NetworkLink {}.",
                network.name, link.mtu, link.name
            ),
            "Raise the MTU of the link, or lower that of the network.",
        );
    } else if let Some((native, below)) =
        native.and_then(|native| Some((native, native.mtu.filter(|below| mtu > *below)?)))
    {
        told.warning(
            [&at(network, &[&"mtu"]) as _, native as _],
            format!(
                "The MTU {mtu} of Network {} is larger than {below} of Network {}, which is untagged on the same NetworkLink {}.",
                network.name, native.name, link.name
            ),
            "A tagged network goes over the interface of the untagged one: raise the MTU of that, or lower that of the tagged one.",
        );
    }
}

fn is_tagged(network: &Network) -> bool {
    network.vlan.is_some_and(|tag| tag != 0)
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn frames_of_tagged_networks_fit() {
        for (link, native, tagged, expected) in [
            (9000, "mtu: 9000", "mtu: 9000", &[][..]),
            (9000, "vlan: '0'", "mtu: 9000", &[]),
            (9000, "vlan: '7', mtu: 1500", "mtu: 9000", &[]),
            (9000, "mtu: 1500", "routedomain: d", &[]),
            (
                1500,
                "mtu: 1500",
                "mtu: 9000",
                &[
                    "warning Network/t NetworkLink/l: The MTU 9000 of Network t is larger than 1500 of its NetworkLink l.",
                ],
            ),
            (
                9000,
                "mtu: 1500",
                "mtu: 1501",
                &[
                    "warning Network/t Network/n: The MTU 1501 of Network t is larger than 1500 of Network n, which",
                ],
            ),
            // The default network itself is another rule's matter.
            (1500, "mtu: 9000", "mtu: 1500", &[]),
        ] {
            let source = document(
                "NetworkLink",
                "l",
                &format!(
                    "mtu: {link}, trunking: {{mode: 802.1q, default_network: n}}, allowed_networks: [n, t, gone]"
                ),
            ) + &document("Network", "n", &format!("cidr: 10.0.0.0/24, {native}"))
                + &document("Network", "t", &format!("cidr: 10.0.1.0/24, vlan: '5', {tagged}"));
            check(rule, &source, expected);
        }
    }
}
