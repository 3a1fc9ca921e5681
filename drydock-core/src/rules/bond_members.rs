//! DD5011: a bond joins several devices, and several devices are bonded.

use super::context::{Context, Told, at};
use crate::design::BondingMode;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        for (name, interface) in &node.settings.interfaces.set {
            let link = interface.device_link.value();
            let Some(link) = link.and_then(|link| context.design.network_links.get(link)) else { continue };
            let (mode, devices) = (link.bonding.mode, interface.slaves.add.len());
            if mode == BondingMode::Disabled && devices > 1 {
                told.warning(
                    [&at(node, &[&"interfaces", &name, &"slaves"]) as _, link as _],
                    format!(
                        "Interface {name} has {devices} slaves, and its link {} does not bond.",
                        link.name
                    ),
                    "Set a bonding mode on the link, or leave one slave.",
                );
            } else if mode != BondingMode::Disabled && devices < 2 {
                let slaves = if devices == 0 { "no slave" } else { "one slave" };
                told.warning(
                    [&at(node, &[&"interfaces", &name, &"slaves"]) as _, link as _],
                    format!("Interface {name} is a bond ({}) with {slaves}.", mode.as_str()),
                    "Add the other devices to the slaves, or disable bonding on the link.",
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document, node};

    #[test]
    fn a_bond_joins_several_devices() {
        for (mode, interface, expected) in [
            ("802.3ad", "device_link: l, slaves: [a, b]", &[][..]),
            ("disabled", "device_link: l, slaves: [a]", &[]),
            ("disabled", "device_link: l", &[]),
            ("802.3ad", "device_link: x, slaves: [a]", &[]),
            ("802.3ad", "slaves: [a]", &[]),
            (
                "802.3ad",
                "device_link: l, slaves: [a]",
                &["warning BaremetalNode/n1 NetworkLink/l: Interface i is a bond (802.3ad) with one slave."],
            ),
            (
                "active-backup",
                "device_link: l",
                &[
                    "warning BaremetalNode/n1 NetworkLink/l: Interface i is a bond (active-backup) with no slave.",
                ],
            ),
            (
                "disabled",
                "device_link: l, slaves: [a, b]",
                &[
                    "warning BaremetalNode/n1 NetworkLink/l: Interface i has 2 slaves, and its link l does not bond.",
                ],
            ),
        ] {
            let link =
                document("NetworkLink", "l", &format!("bonding: {{mode: {mode}}}, allowed_networks: []"));
            check(rule, &(link + &node(&format!("interfaces: {{i: {{{interface}}}}}"))), expected);
        }
    }
}
