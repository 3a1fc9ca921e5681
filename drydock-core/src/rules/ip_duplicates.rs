//! DD2005: no two servers, and no two places on one, have the same address.

use std::collections::HashMap;

use super::context::{Context, Told, at};
use crate::design::NodeAddress;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    if context.design.nodes.is_empty() {
        told.warning(
            [],
            "No BaremetalNodes Found.",
            "Site design unlikely complete with no defined baremetal nodes.",
        );
    }
    let mut owners = HashMap::new();
    for node in &context.nodes {
        for (index, entry) in node.document.addressing.iter().enumerate() {
            let NodeAddress::Static(address) = entry.address else { continue };
            let owner = *owners.entry(address).or_insert((node, entry));
            if !std::ptr::eq(owner.1, entry) {
                told.error(
                    [&at(node, &[&"addressing", &index, &"address"]) as _, owner.0 as _],
                    format!("Duplicate IP Address Found: {address}"),
                    "Select unique IP addresses for each node.",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn an_address_belongs_to_one_node_once() {
        let node = |name, one, two| {
            let body =
                format!("addressing: [{{network: a, address: {one}}}, {{network: b, address: {two}}}]");
            document("BaremetalNode", name, &body)
        };
        for (source, expected) in [
            (node("n1", "10.0.0.1", "dhcp") + &node("n2", "10.0.0.2", "dhcp"), &[][..]),
            (
                node("n1", "10.0.0.1", "10.0.0.2") + &node("n2", "10.0.0.3", "10.0.0.2"),
                &["error BaremetalNode/n2 BaremetalNode/n1: Duplicate IP Address Found: 10.0.0.2"],
            ),
            (
                node("n1", "10.0.0.1", "10.0.0.1"),
                &["error BaremetalNode/n1 BaremetalNode/n1: Duplicate IP Address Found: 10.0.0.1"],
            ),
            (
                node("n1", "'fd00::1'", "'fd00:0::1'"),
                &["error BaremetalNode/n1 BaremetalNode/n1: Duplicate IP Address Found: fd00::1"],
            ),
            (String::new(), &["warning: No BaremetalNodes Found."]),
        ] {
            check(rule, &source, expected);
        }
    }
}
