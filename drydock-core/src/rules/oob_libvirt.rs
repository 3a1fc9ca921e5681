//! DD4002: a node that is a virtual machine has a hypervisor that can be reached, and an interface to be known by.

use super::context::{Context, Told};
use crate::design::OobType;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        let oob = &node.settings.oob;
        if oob.kind.value() != Some(&OobType::Libvirt) {
            continue;
        }
        let name = &node.document.name;
        match oob.parameters.get("libvirt_uri").filter(|uri| !uri.is_empty()) {
            None => told.error(
                [node as _],
                format!("OOB parameter libvirt_uri missing for node {name}."),
                "Provide libvirt URI to node hypervisor.",
            ),
            Some(uri) if uri.starts_with("qemu+ssh") => {}
            Some(_) => told.error(
                [node as _],
                "OOB parameter libvirt_uri has invalid scheme.",
                "Only scheme 'qemu+ssh' is supported.",
            ),
        }
        if node.document.boot_mac.is_none() {
            told.error(
                [node as _],
                "libvirt-based node requires defined boot MAC address.",
                "Specify the node's PXE MAC address in metadata.boot_mac",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, node};

    #[test]
    fn a_virtual_machine_has_a_hypervisor_and_a_boot_interface() {
        const MAC: &str = "metadata: {boot_mac: '52:54:00:aa:bb:cc'}";
        for (oob, rest, expected) in [
            ("type: libvirt, libvirt_uri: qemu+ssh://dock@host/system", MAC, &[][..]),
            ("type: manual", "", &[]),
            (
                "type: libvirt",
                MAC,
                &["error BaremetalNode/n1: OOB parameter libvirt_uri missing for node n1."],
            ),
            (
                "type: libvirt, libvirt_uri: qemu+tcp://host/system",
                MAC,
                &["error BaremetalNode/n1: OOB parameter libvirt_uri has invalid scheme."],
            ),
            (
                "type: libvirt, libvirt_uri: qemu+ssh://host/system",
                "",
                &["error BaremetalNode/n1: libvirt-based node requires defined boot MAC address."],
            ),
        ] {
            check(rule, &node(&format!("oob: {{{oob}}}, {rest}")), expected);
        }
    }
}
