//! DD5005: the devices that interfaces and disks are made of are aliases of the hardware profile, or names as kernels
//! give them.

use std::fmt::Display;

use super::context::{Context, Told, at};
use crate::design::{HardwareProfile, ResolvedNode};
use crate::ingest::did_you_mean;
use crate::lshw::check_pattern;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for profile in context.design.hardware_profiles.values() {
        without_a_place(profile, told);
    }
    for node in &context.nodes {
        // That the profile exists is asked when the design is resolved.
        let profile = node.settings.hardware_profile.value();
        let Some(profile) = profile.and_then(|name| context.design.hardware_profiles.get(name)) else {
            continue;
        };
        devices(node, profile, told);
    }
}

fn without_a_place(profile: &HardwareProfile, told: &mut Told) {
    for (name, alias) in &profile.device_aliases {
        if let Some(Err(trouble)) = alias.address.as_deref().map(check_pattern) {
            told.warning(
                [&at(profile, &[&"device_aliases", &name, &"address"]) as _],
                format!("The address of the device alias {name} is of no use: {trouble}."),
                "Correct the pattern after regexp:.",
            );
        }
        if alias.address.is_none() || alias.bus_type.is_none() {
            told.warning(
                [&at(profile, &[&"device_aliases", &name]) as _],
                format!("The device alias {name} does not say where the device is."),
                "Write the address of the device, and its bus_type.",
            );
        }
    }
}

fn devices(node: &ResolvedNode<'_>, profile: &HardwareProfile, told: &mut Told) {
    let settings = &node.settings;
    let unknown = |name: &str| !profile.device_aliases.contains_key(name);
    for (interface, made_of) in &settings.interfaces.set {
        // An interface may be made of another one of the node.
        let odd = |name: &&String| {
            unknown(name) && !is_interface(name) && !settings.interfaces.set.contains_key(name.as_str())
        };
        for name in made_of.slaves.add.iter().filter(odd) {
            let keys: &[&dyn Display] = &[&"interfaces", interface, &"slaves", name];
            tell(node, profile, (&format!("Interface {interface}"), keys), name, told);
        }
    }
    for name in settings.storage.devices.set.keys().filter(|name| unknown(name) && !is_disk(name)) {
        let keys: &[&dyn Display] = &[&"storage", &"physical_devices", name];
        tell(node, profile, ("The storage", keys), name, told);
    }
}

/// `what` names a device that nobody knows, at these keys of the node.
fn tell(
    node: &ResolvedNode<'_>,
    profile: &HardwareProfile,
    (what, keys): (&str, &[&dyn Display]),
    name: &str,
    told: &mut Told,
) {
    let known: Vec<_> = profile.device_aliases.keys().map(String::as_str).collect();
    told.warning(
        [&at(node, keys) as _, profile as _],
        format!(
            "{what} names the device {name}, which is no alias of HardwareProfile {} and no name that a kernel gives.",
            profile.name
        ),
        format!("Add the alias to the hardware profile, or correct the name{}", did_you_mean(name, &known)),
    );
}

/// `eth0`, `eno1`, `enp24s0f1`, `ib0`, `wlp2s0`, `bond0`: a known beginning, and a number somewhere.
fn is_interface(name: &str) -> bool {
    const BEGINNINGS: [&str; 5] = ["en", "eth", "ib", "wl", "bond"];
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        && name.bytes().any(|byte| byte.is_ascii_digit())
}

/// `sda`, `vdb`, `nvme0n1`, `mmcblk0`, `md0`, with `/dev/` before it or not; any path below `/dev/disk/`.
fn is_disk(name: &str) -> bool {
    const LETTERED: [&str; 4] = ["sd", "vd", "hd", "xvd"];
    const NUMBERED: [&str; 6] = ["nvme", "mmcblk", "md", "dm-", "pmem", "nbd"];
    let name = name.strip_prefix("/dev/").unwrap_or(name);
    let after = |beginning: &&str| name.strip_prefix(*beginning).unwrap_or_default();
    let letters = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_lowercase());
    name.starts_with("disk/")
        || LETTERED.iter().map(after).any(letters)
        || NUMBERED.iter().map(after).any(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{check as rule, is_disk, is_interface};
    use crate::rules::testing::{check, document, node};

    #[test]
    fn devices_are_aliases_or_names_of_kernels() {
        const TEXT: &str = "which is no alias of HardwareProfile h and no name that a kernel gives.";
        let nobody = |what: &str, name: &str| {
            format!("warning BaremetalNode/n1 HardwareProfile/h: {what} names the device {name}, {TEXT}")
        };
        for (interface, disk, expected) in [
            ("nic1, eno2", "bootdisk", vec![]),
            ("nic1, nci2", "bootdisk", vec![nobody("Interface b", "nci2")]),
            ("nic1", "boot_disk", vec![nobody("The storage", "boot_disk")]),
            ("c", "sda", vec![]),
        ] {
            let aliases = "nic1: {address: '0000:18:00.0', bus_type: pci}, bootdisk: {address: '2:0.0.0', bus_type: scsi}";
            let source = document("HardwareProfile", "h", &format!("device_aliases: {{{aliases}}}"))
                + &node(&format!(
                    "hardware_profile: h, interfaces: {{b: {{slaves: [{interface}]}}, c: {{slaves: [eth0]}}}}, \
                     storage: {{physical_devices: {{{disk}: {{volume_group: v}}}}}}"
                ));
            check(rule, &source, &expected.iter().map(String::as_str).collect::<Vec<_>>());
        }
        for (alias, expected) in [
            ("address: x, bus_type: pci", &[][..]),
            (
                "address: x",
                &["warning HardwareProfile/h: The device alias a does not say where the device is."],
            ),
            ("address: 'regexp:0000:(18|19):00', bus_type: pci", &[]),
            (
                "address: 'regexp:0000:(18', bus_type: pci",
                &[
                    "warning HardwareProfile/h: The address of the device alias a is of no use: the pattern cannot be read: unclosed group.",
                ],
            ),
            ("bus_type: pci", &["warning HardwareProfile/h: The device alias a does not say"]),
        ] {
            check(
                rule,
                &document("HardwareProfile", "h", &format!("device_aliases: {{a: {{{alias}}}}}")),
                expected,
            );
        }
    }

    #[test]
    fn names_of_kernels_are_known() {
        for name in ["eth0", "eno1", "enp24s0f1", "enx525400aabbcc", "ib0", "wlp2s0", "bond0"] {
            assert!(is_interface(name), "{name}");
        }
        for name in ["nic1", "eth", "prim_nic01", "", "1"] {
            assert!(!is_interface(name), "{name}");
        }
        for name in ["sda", "/dev/sdaa", "vdb", "xvda", "nvme0n1", "md0", "dm-1", "/dev/disk/by-id/wwn-0x1"] {
            assert!(is_disk(name), "{name}");
        }
        for name in ["bootdisk", "sd", "sda1", "nvme", "", "sdé", "/dev/"] {
            assert!(!is_disk(name), "{name}");
        }
    }
}
