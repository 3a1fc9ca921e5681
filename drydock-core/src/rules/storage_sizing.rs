//! DD2003: sizes can be read, and percentages of a disk or a volume group leave something over.

use super::context::{Context, Told, at};
use crate::design::{ResolvedNode, Setting, StorageAmount, StorageSize};

/// Hundredths that may be given away at most.
const PERCENT_MAX: i64 = 99;
/// Partitions whose size another rule looks at.
const LOOKED_AT: [&str; 2] = ["root", "boot"];

pub(super) fn check(context: &Context<'_>, told: &mut Told) {
    for node in &context.nodes {
        let storage = &node.settings.storage;
        for (device, settings) in &storage.devices.set {
            let mut sum = Sum::new(node, told, ["physical_devices", device]);
            for (name, partition) in &settings.partitions.set {
                let subject = format!("Storage partition {name} on device {device}");
                sum.add(&subject, &partition.size, LOOKED_AT.contains(&name.as_str()));
            }
            sum.finish(&format!("Cumulative partition sizes on device {device} is greater than 99%."));
        }
        for (group, settings) in &storage.volume_groups.set {
            let mut sum = Sum::new(node, told, ["volume_groups", group]);
            for (name, volume) in &settings.logical_volumes.set {
                sum.add(&format!("Logical Volume {name} of volume group {group}"), &volume.size, false);
            }
            sum.finish(&format!(
                "Cumulative logical volume size is greater than 99% in volume group {group}"
            ));
        }
    }
}

/// The percentages of one disk or volume group.
struct Sum<'s> {
    node: &'s ResolvedNode<'s>,
    told: &'s mut Told,
    /// Where it stands in the storage.
    keys: [&'s str; 2],
    percent: i64,
}

impl<'s> Sum<'s> {
    fn new(node: &'s ResolvedNode<'s>, told: &'s mut Told, keys: [&'s str; 2]) -> Self {
        Self { node, told, keys, percent: 0 }
    }

    fn add(&mut self, subject: &str, size: &Setting<String>, told_elsewhere: bool) {
        match size.value().map(|size| size.parse::<StorageSize>()) {
            Some(Ok(StorageSize { amount: StorageAmount::Percent(percent), .. })) => {
                if percent < 0 {
                    self.error(format!("{subject} size is < 0"), "A size must be a positive number.");
                }
                self.percent = self.percent.saturating_add(percent);
            }
            Some(Ok(StorageSize { amount: StorageAmount::Bytes(_), .. })) => {}
            Some(Err(_)) | None if told_elsewhere => {}
            Some(Err(invalid)) => self.error(format!("{subject} size is {invalid}"), "Write a valid size."),
            None => self.error(
                format!("{subject} has no size"),
                "Write its size: a number and m, g or t such as 20g, or a percentage such as 60%.",
            ),
        }
    }

    fn finish(mut self, text: &str) {
        if self.percent > PERCENT_MAX {
            self.error(text.to_owned(), "Percentage-based sizes must sum to less than 100%.");
        }
    }

    fn error(&mut self, text: String, advice: &str) {
        let [list, name] = &self.keys;
        self.told.error([&at(self.node, &[&"storage", list, name]) as _], text, advice);
    }
}

#[cfg(test)]
mod tests {
    use super::check as rule;
    use crate::rules::testing::{check, node};

    #[test]
    fn percentages_of_a_disk_leave_something_over() {
        const MUCH: &str =
            "error BaremetalNode/n1: Cumulative partition sizes on device sda is greater than 99%.";
        for (sizes, expected) in [
            (["60%", "39%"], &[][..]),
            (["20g", "'>50%'"], &[]),
            (["60%", "40%"], &[MUCH]),
            (["60%", "'>60%'"], &[MUCH]),
            (["-1%", "9m"], &["error BaremetalNode/n1: Storage partition p0 on device sda size is < 0"]),
            (
                ["1g", "lots"],
                &["error BaremetalNode/n1: Storage partition p1 on device sda size is not a size"],
            ),
            (["1g", ""], &["error BaremetalNode/n1: Storage partition p1 on device sda has no size"]),
            (["9000000000000000000%", "9000000000000000000%"], &[MUCH]),
        ] {
            let [one, two] = sizes;
            let partitions = format!("{{name: p0, size: {one}}}, {{name: p1, size: {two}}}");
            check(
                rule,
                &node(&format!("storage: {{physical_devices: {{sda: {{partitions: [{partitions}]}}}}}}")),
                expected,
            );
        }
    }

    #[test]
    fn each_volume_group_has_a_sum_of_its_own() {
        let groups = |one: &str, two: &str| {
            let group = |size: &str| {
                format!("{{logical_volumes: [{{name: a, size: {size}}}, {{name: b, size: 30%}}]}}")
            };
            let devices = "physical_devices: {sda: {volume_group: v}, sdb: {volume_group: w}}";
            node(&format!("storage: {{{devices}, volume_groups: {{v: {}, w: {}}}}}", group(one), group(two)))
        };
        check(rule, &groups("60%", "60%"), &[]);
        check(
            rule,
            &groups("60%", "70%"),
            &["error BaremetalNode/n1: Cumulative logical volume size is greater than 99% in volume group w"],
        );
        check(
            rule,
            &groups("-77%", "500m"),
            &["error BaremetalNode/n1: Logical Volume a of volume group v size is < 0"],
        );
    }
}
