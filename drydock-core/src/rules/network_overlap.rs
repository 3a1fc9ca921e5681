//! DD5003: an address belongs to one network, at least among those that route to each other.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::context::{Context, Told, at};
use crate::design::Network;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let mut domains: BTreeMap<Option<&str>, Vec<(IpNet, &Network)>> = BTreeMap::new();
    let mut known: BTreeMap<IpNet, &Network> = BTreeMap::new();
    for network in context.design.networks.values() {
        let cidr = network.cidr.trunc();
        if let Some(other) = known.get(&cidr) {
            told.warning(
                [&at(network, &[&"cidr"]) as _, *other as _],
                format!("Network {} has the CIDR {cidr} of Network {}.", network.name, other.name),
                "Give each network a CIDR of its own: the provisioner tells networks apart by it.",
            );
        } else {
            known.insert(cidr, network);
            domains.entry(network.routedomain.as_deref()).or_default().push((cidr, network));
        }
    }
    for networks in domains.into_values() {
        nested(networks, told);
    }
}

/// Two CIDRs are apart, or one is inside the other: sorted, each comes after those that it is inside of, the narrowest last.
fn nested(mut networks: Vec<(IpNet, &Network)>, told: &mut Told) {
    networks.sort_by_key(|(cidr, _)| (cidr.network(), cidr.prefix_len()));
    let mut around: Vec<(IpNet, &Network)> = Vec::new();
    for (cidr, network) in networks {
        while around.pop_if(|(wide, _)| !wide.contains(&cidr)).is_some() {}
        if let Some((wide, other)) = around.last() {
            told.warning(
                [&at(network, &[&"cidr"]) as _, *other as _],
                format!(
                    "The CIDR {cidr} of Network {} is inside {wide} of Network {}.",
                    network.name, other.name
                ),
                "Give networks that route to each other CIDRs that are apart, or name different route domains.",
            );
        }
        around.push((cidr, network));
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn networks_of_a_route_domain_are_apart() {
        for (networks, expected) in [
            (&["a 10.0.0.0/24 d", "b 10.0.1.0/24 d"][..], &[][..]),
            (&["a 10.0.0.0/16 d", "b 10.0.1.0/24 e"], &[]),
            (&["a fd00::/64 d", "b fd00:0:0:1::/64 d", "c 0.0.0.0/0 d"], &[]),
            (
                &["a 10.0.0.0/16 d", "b 10.0.1.0/24 d"],
                &[
                    "warning Network/b Network/a: The CIDR 10.0.1.0/24 of Network b is inside 10.0.0.0/16 of Network a.",
                ],
            ),
            (
                &["a fd00::/64", "b fd00::/48"],
                &[
                    "warning Network/a Network/b: The CIDR fd00::/64 of Network a is inside fd00::/48 of Network b.",
                ],
            ),
            // The narrowest one around it, also when another was in between.
            (
                &["a 10.0.0.0/8", "b 10.1.0.0/16", "c 10.1.1.0/24", "d 10.2.0.0/16"],
                &[
                    "warning Network/b Network/a: ",
                    "warning Network/c Network/b: ",
                    "warning Network/d Network/a: ",
                ],
            ),
            (
                &["a 10.0.0.0/24 d", "b 10.0.0.7/24 e"],
                &["warning Network/b Network/a: Network b has the CIDR 10.0.0.0/24 of Network a."],
            ),
        ] {
            let mut source = String::new();
            for network in networks {
                let words: Vec<_> = network.split(' ').collect();
                let domain = words.get(2).map(|it| format!(", routedomain: {it}")).unwrap_or_default();
                source += &document("Network", words[0], &format!("cidr: '{}'{domain}", words[1]));
            }
            check(rule, &source, expected);
        }
    }
}
