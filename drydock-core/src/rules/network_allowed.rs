//! DD1007: a network crosses one link, and an interface carries what its link allows.

use std::collections::BTreeMap;

use super::context::{Context, Told, at};
use crate::design::{InterfaceSettings, NetworkLink, ResolvedNode};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let mut carriers: BTreeMap<&str, &NetworkLink> = BTreeMap::new();
    for link in context.design.network_links.values() {
        for network in &link.allowed_networks {
            let carrier = *carriers.entry(network).or_insert(link);
            if carrier.name != link.name {
                told.error(
                    [&at(link, &[&"allowed_networks", &network]) as _, carrier as _],
                    format!(
                        "Allowed network {network} duplicated on NetworkLink {} and NetworkLink {}",
                        carrier.name, link.name
                    ),
                    "Each network is only allowed to cross a single network link.",
                );
            }
        }
    }
    for node in &context.nodes {
        for (name, interface) in &node.settings.interfaces.set {
            attached(context, node, name, interface, told);
        }
    }
}

fn attached(
    context: &Context<'_>,
    node: &ResolvedNode<'_>,
    name: &str,
    interface: &InterfaceSettings,
    told: &mut Told,
) {
    const DEFINE: &str = "Define the network link attached to this interface.";
    let Some(link) = interface.device_link.value() else {
        told.error(
            [&at(node, &[&"interfaces", &name]) as _],
            format!("Interface {name} names no network link."),
            DEFINE,
        );
        return;
    };
    let Some(link) = context.design.network_links.get(link) else {
        let text = format!("Interface {name} connected to undefined network link {link}.");
        told.error([&at(node, &[&"interfaces", &name, &"device_link"]) as _], text, DEFINE);
        return;
    };
    for network in interface.networks.add.iter().filter(|network| !link.allowed_networks.contains(network)) {
        told.error(
            [&at(node, &[&"interfaces", &name, &"networks", &network]) as _],
            format!("Interface {name} attached to network {network} not allowed on interface link"),
            "Interfaces can only be attached to networks allowed on the network link connected to the interface.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document, node};

    #[test]
    fn a_network_crosses_one_link() {
        let link = |name, networks| document("NetworkLink", name, &format!("allowed_networks: [{networks}]"));
        check(rule, &(link("l", "a, b") + &link("m", "c")), &[]);
        check(
            rule,
            &(link("l", "a, b") + &link("m", "b, c") + &link("n", "b")),
            &[
                "error NetworkLink/m NetworkLink/l: Allowed network b duplicated on NetworkLink l and NetworkLink m",
                "error NetworkLink/n NetworkLink/l: Allowed network b duplicated on NetworkLink l and NetworkLink n",
            ],
        );
        check(rule, &link("l", "a, a"), &[]);
    }

    #[test]
    fn an_interface_carries_what_its_link_allows() {
        for (interface, expected) in [
            ("device_link: l, networks: [a]", &[][..]),
            ("device_link: l", &[]),
            (
                "device_link: l, networks: [a, x]",
                &[
                    "error BaremetalNode/n1: Interface eth attached to network x not allowed on interface link",
                ],
            ),
            (
                "device_link: x, networks: [a]",
                &["error BaremetalNode/n1: Interface eth connected to undefined network link x."],
            ),
            ("networks: [a]", &["error BaremetalNode/n1: Interface eth names no network link."]),
        ] {
            let link = document("NetworkLink", "l", "allowed_networks: [a, b]");
            check(rule, &(link + &node(&format!("interfaces: {{eth: {{{interface}}}}}"))), expected);
        }
    }
}
