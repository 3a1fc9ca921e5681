//! DD1001: a node has a root partition that an operating system fits on, and a boot partition that kernels fit on.

use super::context::{Context, Told, at};
use crate::design::{PartitionSettings, ResolvedNode, StorageAmount, StorageSize};

const GB: u64 = 1_000_000_000;
const ROOT_BYTES_MIN: u64 = 20 * GB;
const BOOT_BYTES_MIN: u64 = GB;

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        let name = &node.document.name;
        let (mut roots, boots) = (partitions(node, "root").peekable(), partitions(node, "boot"));
        if roots.peek().is_none() {
            told.error(
                [&at(node, &[&"storage"]) as _],
                format!("Root volume has to be set and must be > 20GB on BaremetalNode {name}"),
                "All nodes require a defined root volume at least 20GB in size.",
            );
        }
        roots.for_each(|root| volume(node, root, "Root", ROOT_BYTES_MIN, told));
        boots.for_each(|boot| volume(node, boot, "Boot", BOOT_BYTES_MIN, told));
    }
}

/// The partitions of this name on all disks.
fn partitions<'n>(
    node: &'n ResolvedNode<'_>,
    name: &'n str,
) -> impl Iterator<Item = (&'n String, &'n PartitionSettings)> {
    let disks = node.settings.storage.devices.set.iter();
    disks.filter_map(move |(disk, device)| Some((disk, device.partitions.set.get(name)?)))
}

fn volume(
    node: &ResolvedNode<'_>,
    (disk, partition): (&String, &PartitionSettings),
    which: &str,
    bytes_min: u64,
    told: &mut Told,
) {
    let name = &node.document.name;
    let lower = which.to_lowercase();
    let place = at(node, &[&"storage", &"physical_devices", disk, &"partitions", &lower, &"size"]);
    let size = partition.size.value().and_then(|size| size.parse().ok());
    match size {
        Some(StorageSize { amount: StorageAmount::Bytes(bytes), .. }) if bytes >= bytes_min => {}
        Some(StorageSize { amount: StorageAmount::Bytes(_), .. }) => told.error(
            [&place as _],
            format!("{which} volume must be > {}GB on BaremetalNode {name}", bytes_min / GB),
            format!("Configure a larger {lower} volume."),
        ),
        // Of a disk of unknown size, a percentage may be anything.
        Some(StorageSize { amount: StorageAmount::Percent(_), .. }) | None => told.error(
            [&place as _],
            format!("{which} volume has an invalid size format on BaremetalNode {name}."),
            format!("Use a valid {lower} volume storage specification, such as {}g.", bytes_min / GB),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, node};

    #[test]
    fn root_is_there_and_large_enough_and_so_is_boot() {
        const NO_ROOT: &str = "error BaremetalNode/n1: Root volume has to be set";
        const SMALL_ROOT: &str = "error BaremetalNode/n1: Root volume must be > 20GB on BaremetalNode n1";
        const SMALL_BOOT: &str = "error BaremetalNode/n1: Boot volume must be > 1GB on BaremetalNode n1";
        const ODD_ROOT: &str = "error BaremetalNode/n1: Root volume has an invalid size format";
        const ODD_BOOT: &str = "error BaremetalNode/n1: Boot volume has an invalid size format";
        for (partitions, expected) in [
            ("{name: root, size: 20g}", &[][..]),
            ("{name: root, size: 1t}, {name: boot, size: 1000m}", &[]),
            ("{name: boot, size: 1g}, {name: root, size: '>20g'}", &[]),
            ("", &[NO_ROOT]),
            ("{name: data, size: 20g}", &[NO_ROOT]),
            ("{name: root, size: 19g}, {name: boot, size: 999m}", &[SMALL_ROOT, SMALL_BOOT]),
            ("{name: boot, size: 500m}, {name: root, size: 20g}", &[SMALL_BOOT]),
            ("{name: root, size: 90%}, {name: boot, size: lots}", &[ODD_ROOT, ODD_BOOT]),
            ("{name: root}, {name: boot, size: 1024b}", &[ODD_ROOT, ODD_BOOT]),
        ] {
            let source =
                node(&format!("storage: {{physical_devices: {{sda: {{partitions: [{partitions}]}}}}}}"));
            check(rule, &source, expected);
        }
        check(rule, &node(""), &[NO_ROOT]);
    }
}
