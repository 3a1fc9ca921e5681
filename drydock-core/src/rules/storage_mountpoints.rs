//! DD2004: no two file systems of a node are mounted in the same place.

use std::collections::BTreeSet;

use super::context::{Context, Told};
use crate::design::{FilesystemSettings, ResolvedNode, Setting};

/// Written for file systems that are not mounted anywhere.
const NOWHERE: &str = "none";

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        let mut taken = BTreeSet::new();
        let mut doubled = BTreeSet::new();
        for place in filesystems(node).filter_map(|filesystem| filesystem.mountpoint.value()) {
            if place != NOWHERE && !taken.insert(place) {
                doubled.insert(place);
            }
        }
        for place in doubled {
            told.error(
                [node as _],
                format!("Mountpoint {place:?} already exists"),
                "Please use unique mountpoints.",
            );
        }
    }
}

/// All file systems of a node, on partitions and logical volumes.
fn filesystems<'n>(node: &'n ResolvedNode<'_>) -> impl Iterator<Item = &'n FilesystemSettings> {
    let storage = &node.settings.storage;
    let partitions = storage.devices.set.values().flat_map(|device| device.partitions.set.values());
    let volumes = storage.volume_groups.set.values().flat_map(|group| group.logical_volumes.set.values());
    partitions
        .map(|partition| &partition.filesystem)
        .chain(volumes.map(|volume| &volume.filesystem))
        .filter_map(Setting::value)
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, document, node};

    /// Two partitions and a logical volume with these mountpoints.
    fn storage(one: &str, two: &str, volume: &str) -> String {
        let part = |name: &str, place: &str| format!("{{name: {name}, filesystem: {{mountpoint: {place}}}}}");
        let (one, two, volume) = (part("a", one), part("b", two), part("c", volume));
        format!(
            "storage: {{physical_devices: {{sda: {{partitions: [{one}, {two}]}}}}, \
             volume_groups: {{v: {{logical_volumes: [{volume}]}}}}}}"
        )
    }

    #[test]
    fn a_place_is_taken_once() {
        const LOG: &str = "error BaremetalNode/n1: Mountpoint \"/var/log\" already exists";
        for (body, expected) in [
            (storage("/", "/boot", "/var/log"), &[][..]),
            (storage("none", "none", ""), &[]),
            (storage("/var/log", "/var/log", "/"), &[LOG]),
            (storage("/", "/var/log", "/var/log"), &[LOG]),
            (storage("/var/log", "/var/log", "/var/log"), &[LOG]),
        ] {
            check(rule, &node(&body), expected);
        }
    }

    #[test]
    fn every_node_is_looked_at() {
        let body = storage("/", "/", "/opt");
        let other =
            document("BaremetalNode", "n0", &format!("addressing: [{{network: a, address: dhcp}}], {body}"));
        check(
            rule,
            &(other + &node(&body)),
            &[
                "error BaremetalNode/n0: Mountpoint \"/\" already exists",
                "error BaremetalNode/n1: Mountpoint \"/\" already exists",
            ],
        );
    }
}
