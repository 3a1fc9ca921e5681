//! DD5004: a node is on its primary network.

use super::context::{Context, Told, at};

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        // That the network exists is asked when the design is resolved.
        let Some(primary) = node.settings.primary_network.value() else { continue };
        let name = &node.document.name;
        if !node.document.addressing.iter().any(|entry| entry.network == *primary) {
            told.warning(
                [&at(node, &[&"primary_network"]) as _],
                format!("Node {name} has no address on its primary network {primary}."),
                "Add an entry for the network to the node's addressing, or name another primary_network.",
            );
        }
        let mut interfaces = node.settings.interfaces.set.values();
        if !interfaces.any(|interface| interface.networks.add.contains(primary)) {
            told.warning(
                [&at(node, &[&"primary_network"]) as _],
                format!("No interface of node {name} is attached to its primary network {primary}."),
                "Add the network to the networks of an interface, or name another primary_network.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_node_is_on_its_primary_network() {
        const ADDRESS: &str = "warning BaremetalNode/n1: Node n1 has no address on its primary network p.";
        const INTERFACE: &str =
            "warning BaremetalNode/n1: No interface of node n1 is attached to its primary network p.";
        for (address, interface, expected) in [
            ("p", "eth0: {networks: [o]}, eth1: {networks: [p]}", &[][..]),
            ("o", "eth0: {networks: [p]}", &[ADDRESS]),
            ("p", "eth0: {networks: [o]}", &[INTERFACE]),
            ("o", "", &[ADDRESS, INTERFACE]),
        ] {
            let body = format!(
                "primary_network: p, addressing: [{{network: {address}, address: dhcp}}], interfaces: {{{interface}}}"
            );
            check(rule, &document("BaremetalNode", "n1", &body), expected);
        }
        let none = "addressing: [{network: o, address: dhcp}]";
        check(rule, &document("BaremetalNode", "n1", none), &[]);
    }
}
