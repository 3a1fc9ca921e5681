//! DD5007: the MAC address that a node boots from is that of one interface, and of no other node.

use std::collections::HashMap;

use super::context::{Context, Told, at};

/// The bit of the first octet that makes an address one of a group (IEEE 802, the I/G bit).
const GROUP: u8 = 1;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    let mut owners = HashMap::new();
    for node in &context.nodes {
        let Some(mac) = node.document.boot_mac else { continue };
        let octets = mac.octets();
        if octets == [0; 6] || octets[0] & GROUP != 0 {
            told.warning(
                [&at(node, &[&"metadata", &"boot_mac"]) as _],
                format!("The boot MAC address {mac} is that of no interface."),
                "Write the MAC address of the interface that the node boots from.",
            );
        }
        let owner = *owners.entry(mac).or_insert(node);
        if !std::ptr::eq(owner, node) {
            // The provisioner finds a machine by it: one server would be installed as the other.
            told.error(
                [&at(node, &[&"metadata", &"boot_mac"]) as _, owner as _],
                format!("Duplicate boot MAC address found: {mac}"),
                "Write each node's own MAC address.",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document};

    #[test]
    fn a_boot_mac_is_that_of_one_interface() {
        for (macs, expected) in [
            (&["52:54:00:00:00:01", "52:54:00:00:00:02"][..], &[][..]),
            (
                &["52:54:00:aa:00:01", "52:54:00:00:00:02", "52-54-00-AA-00-01"],
                &[
                    "error BaremetalNode/n2 BaremetalNode/n0: Duplicate boot MAC address found: 52:54:00:aa:00:01",
                ],
            ),
            (
                &["00:00:00:00:00:00"],
                &[
                    "warning BaremetalNode/n0: The boot MAC address 00:00:00:00:00:00 is that of no interface.",
                ],
            ),
            (
                &["33:33:00:00:00:01"],
                &[
                    "warning BaremetalNode/n0: The boot MAC address 33:33:00:00:00:01 is that of no interface.",
                ],
            ),
        ] {
            let mut source = String::new();
            for (index, mac) in macs.iter().enumerate() {
                let body =
                    format!("addressing: [{{network: a, address: dhcp}}], metadata: {{boot_mac: '{mac}'}}");
                source += &document("BaremetalNode", &format!("n{index}"), &body);
            }
            check(rule, &source, expected);
        }
    }
}
