//! DD2004: a link that carries several networks tags their frames, and one that does not has one untagged network.

use super::context::{Context, Told, at};
use crate::design::TrunkingMode;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for link in context.design.network_links.values() {
        let untrunked = link.trunking == TrunkingMode::Disabled;
        if untrunked && link.allowed_networks.len() > 1 {
            told.error(
                [&at(link, &[&"allowed_networks"]) as _],
                "If there is more than 1 allowed network, trunking mode must be enabled",
                "Reduce the allowed network list to 1 or enable trunking on the link.",
            );
        }
        let Some(default) = &link.default_network else {
            if untrunked {
                told.error(
                    [&at(link, &[&"trunking"]) as _],
                    "Trunking mode is disabled, a trunking default_network must be defined",
                    "Non-trunked links must have a native network defined.",
                );
            }
            continue;
        };
        match context.design.networks.get(default) {
            None => told.error(
                [&at(link, &[&"trunking", &"default_network"]) as _],
                format!("The default network {default} of NetworkLink {} is not defined.", link.name),
                "Define the network, or name another as default_network.",
            ),
            Some(network) if untrunked && network.vlan.is_some_and(|tag| tag != 0) => told.error(
                [&at(network, &[&"vlan"]) as _, link as _],
                "Network link native network has a defined VLAN tag.",
                "Tagged network not allowed on non-trunked network links.",
            ),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_link_without_trunking_has_one_untagged_network() {
        for (link, expected) in [
            ("trunking: {mode: disabled, default_network: a}, allowed_networks: [a]", &[][..]),
            ("trunking: {mode: 802.1q, default_network: a}, allowed_networks: [a, t]", &[]),
            ("trunking: {mode: 802.1q}, allowed_networks: [a, t]", &[]),
            ("trunking: {mode: 802.1q, default_network: t}, allowed_networks: [t]", &[]),
            (
                "trunking: {mode: disabled, default_network: a}, allowed_networks: [a, t]",
                &["error NetworkLink/l: If there is more than 1 allowed network"],
            ),
            (
                "allowed_networks: [a]",
                &["error NetworkLink/l: Trunking mode is disabled, a trunking default_network"],
            ),
            (
                "trunking: {default_network: t}, allowed_networks: [t]",
                &["error Network/t NetworkLink/l: Network link native network has a defined VLAN tag."],
            ),
            (
                "trunking: {mode: 802.1q, default_network: x}, allowed_networks: [a]",
                &["error NetworkLink/l: The default network x of NetworkLink l is not defined."],
            ),
        ] {
            let source = document("NetworkLink", "l", link)
                + &document("Network", "a", "cidr: 10.0.0.0/24")
                + &document("Network", "t", "cidr: 10.0.1.0/24, vlan: '100'");
            check(rule, &source, expected);
        }
    }
}
