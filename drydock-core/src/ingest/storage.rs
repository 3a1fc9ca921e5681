//! Reads the disks of host profiles and servers.

use super::fields::{Fields, Findings};
use super::named::{named, named_list};
use crate::design::{
    DeviceSettings, FilesystemSettings, LogicalVolumeSettings, MapSetting, PartitionSettings, Setting,
    StorageSettings, VolumeGroupSettings,
};

pub(super) fn storage(found: &mut Findings, data: &Fields<'_>) -> StorageSettings {
    let Some(map) = data.map(found, "storage") else { return StorageSettings::default() };
    let devices = map.map(found, "physical_devices");
    let groups = map.map(found, "volume_groups");
    map.warn_of_others(found);
    StorageSettings {
        devices: devices.map(|map| named(found, &map, device)).unwrap_or_default(),
        volume_groups: groups.map(|map| named(found, &map, volume_group)).unwrap_or_default(),
    }
}

fn device(found: &mut Findings, map: &Fields<'_>) -> DeviceSettings {
    let settings = DeviceSettings {
        labels: MapSetting::new(map.text_map(found, "labels")),
        volume_group: map.setting(found, "volume_group"),
        partitions: named_list(found, map, "partitions", partition),
    };
    map.warn_of_others(found);
    settings
}

fn partition(found: &mut Findings, map: &Fields<'_>) -> PartitionSettings {
    let settings = PartitionSettings {
        size: map.setting(found, "size"),
        part_uuid: map.setting(found, "part_uuid"),
        bootable: map.truth(found, "bootable"),
        labels: MapSetting::new(map.text_map(found, "labels")),
        volume_group: map.setting(found, "volume_group"),
        filesystem: filesystem(found, map),
    };
    map.no_others(found);
    settings
}

fn volume_group(found: &mut Findings, map: &Fields<'_>) -> VolumeGroupSettings {
    let settings = VolumeGroupSettings {
        vg_uuid: map.setting(found, "vg_uuid"),
        logical_volumes: named_list(found, map, "logical_volumes", logical_volume),
    };
    map.warn_of_others(found);
    settings
}

fn logical_volume(found: &mut Findings, map: &Fields<'_>) -> LogicalVolumeSettings {
    let settings = LogicalVolumeSettings {
        lv_uuid: map.setting(found, "lv_uuid"),
        size: map.setting(found, "size"),
        filesystem: filesystem(found, map),
    };
    map.warn_of_others(found);
    settings
}

/// The file system on a partition or a logical volume; `filesystem: "!"` takes away what a parent puts there.
fn filesystem(found: &mut Findings, on: &Fields<'_>) -> Setting<FilesystemSettings> {
    let map = match on.map_setting(found, "filesystem") {
        Setting::Inherit => return Setting::Inherit,
        Setting::Unset => return Setting::Unset,
        Setting::Set(map) => map,
    };
    let settings = FilesystemSettings {
        mountpoint: map.setting(found, "mountpoint"),
        fstype: map.setting(found, "fstype"),
        mount_options: map.setting(found, "mount_options"),
        fs_uuid: map.setting(found, "fs_uuid"),
        fs_label: map.setting(found, "fs_label"),
    };
    map.no_others(found);
    Setting::Set(settings)
}
