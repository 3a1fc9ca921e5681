//! DD2003: MTUs are sizes that exist, and a network's fits its link.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::context::{About, Context, Told, at};

/// Bytes: IPv6 needs the first, nothing carries more than the last.
const MTU: RangeInclusive<u32> = 1280..=65536;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let mut carried = HashMap::new();
    for link in context.design.network_links.values() {
        in_range(link, link.mtu, told);
        if let Some(network) = &link.default_network {
            carried.insert(network, link.mtu);
        }
    }
    for network in context.design.networks.values() {
        let Some(mtu) = network.mtu else { continue };
        in_range(network, mtu, told);
        if carried.get(&network.name).is_some_and(|link| mtu > *link) {
            told.error(
                [&at(network, &[&"mtu"]) as _],
                format!("MTU must be <= the parent Network Link; for Network {}", network.name),
                "Define a MTU less than or equal to that of the carrying network link.",
            );
        }
    }
}

fn in_range(document: &dyn About, mtu: u32, told: &mut Told) {
    if !MTU.contains(&mtu) {
        told.error(
            [&at(document, &[&"mtu"]) as _],
            format!("MTU must be between {} and {}, value is {mtu}", MTU.start(), MTU.end()),
            "Define a valid MTU. Standard is 1500, Jumbo is 9100.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn mtus_are_rational_and_fit_their_link() {
        for (link, network, expected) in [
            (1500, 1500, &[][..]),
            (1280, 1280, &[]),
            (65536, 65536, &[]),
            (
                1279,
                1280,
                &[
                    "error NetworkLink/l: MTU must be between 1280 and 65536, value is 1279",
                    "error Network/a: MTU must be <=",
                ],
            ),
            (65537, 1500, &["error NetworkLink/l: MTU must be between 1280 and 65536, value is 65537"]),
            (9000, 9001, &["error Network/a: MTU must be <= the parent Network Link; for Network a"]),
            (9000, 700, &["error Network/a: MTU must be between 1280 and 65536, value is 700"]),
        ] {
            let trunking = "trunking: {default_network: a}, allowed_networks: [a, b]";
            let source = document("NetworkLink", "l", &format!("mtu: {link}, {trunking}"))
                + &document("Network", "a", &format!("cidr: 10.0.0.0/24, mtu: {network}"))
                + &document("Network", "b", "cidr: 10.0.1.0/24");
            check(rule, &source, expected);
        }
    }
}
