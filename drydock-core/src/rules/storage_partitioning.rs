//! DD2002: each disk and each partition is for one thing, and each volume group has something to be on.

use std::collections::BTreeSet;

use super::context::{Context, Told, at};
use crate::design::ResolvedNode;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        devices(node, told);
        volume_groups(node, told);
    }
}

fn devices(node: &ResolvedNode<'_>, told: &mut Told) {
    for (name, device) in &node.settings.storage.devices.set {
        if device.partitions.set.is_empty() == device.volume_group.value().is_none() {
            told.error(
                [&at(node, &[&"storage", &"physical_devices", &name]) as _],
                format!(
                    "Either a volume group OR partitions must be defined for each storage device; on {name} it is {}.",
                    if device.partitions.set.is_empty() { "neither" } else { "both" }
                ),
                "A storage device must be used for exactly one of a volume group physical volume or carved into \
                 partitions.",
            );
        }
        for (partition, settings) in &device.partitions.set {
            if settings.volume_group.value().is_some() && settings.filesystem.value().is_some() {
                told.error(
                    [&at(node, &[&"storage", &"physical_devices", &name, &"partitions", &partition]) as _],
                    format!(
                        "Both a volume group AND file system cannot be defined in a single partition: {partition} on \
                         {name}"
                    ),
                    "A partition can be used for only one of a volume group physical volume or formatted as a \
                     filesystem.",
                );
            }
        }
    }
}

fn volume_groups(node: &ResolvedNode<'_>, told: &mut Told) {
    let storage = &node.settings.storage;
    let mut assigned = BTreeSet::new();
    for device in storage.devices.set.values() {
        assigned.extend(device.volume_group.value());
        assigned
            .extend(device.partitions.set.values().filter_map(|partition| partition.volume_group.value()));
    }
    for name in storage.volume_groups.set.keys().filter(|name| !assigned.contains(name)) {
        told.error(
            [&at(node, &[&"storage", &"volume_groups", &name]) as _],
            format!("Volume group {name} not assigned any physical volumes"),
            "Each volume group should be assigned at least one storage device or partition as a physical volume.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document, node};

    #[test]
    fn disks_and_partitions_are_for_one_thing() {
        const DISK: &str = "error BaremetalNode/n1: Either a volume group OR partitions must be defined";
        const PART: &str = "error BaremetalNode/n1: Both a volume group AND file system cannot be defined";
        const GROUP: &str = "error BaremetalNode/n1: Volume group v not assigned any physical volumes";
        for (devices, expected) in [
            (
                "sda: {partitions: [{name: root, filesystem: {mountpoint: /}}]}, sdb: {volume_group: v}",
                &[][..],
            ),
            ("sda: {partitions: [{name: data, volume_group: v}]}", &[]),
            ("sda: {}, sdb: {volume_group: v}", &[DISK]),
            ("sda: {partitions: [{name: root}], volume_group: v}", &[DISK]),
            ("sda: {partitions: [{name: root, volume_group: v, filesystem: {}}]}", &[PART]),
            ("sda: {volume_group: w}", &[GROUP]),
        ] {
            let storage = format!("storage: {{physical_devices: {{{devices}}}, volume_groups: {{v: {{}}}}}}");
            check(rule, &node(&storage), expected);
        }
    }

    #[test]
    fn the_disk_of_another_node_does_not_count() {
        let other = document(
            "BaremetalNode",
            "a",
            "addressing: [{network: a, address: dhcp}], storage: {physical_devices: {sda: {volume_group: v}}}",
        );
        let source = other + &node("storage: {volume_groups: {v: {}}}");
        check(rule, &source, &["error BaremetalNode/n1: Volume group v not assigned any physical volumes"]);
    }
}
