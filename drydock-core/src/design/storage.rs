//! What documents say of a server's disks: partitions, volume groups, logical volumes, file systems.

use serde::Serialize;

use super::{MapSetting, NamedSetting, Overlay, Setting};

/// Disks and volume groups.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StorageSettings {
    /// The document's `physical_devices`: disks by name, or by an alias of the hardware profile.
    #[serde(rename = "physical_devices")]
    pub devices: NamedSetting<DeviceSettings>,
    /// Volume groups by name.
    pub volume_groups: NamedSetting<VolumeGroupSettings>,
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DeviceSettings {
    /// Free labels.
    pub labels: MapSetting,
    /// The volume group that the whole disk is for.
    pub volume_group: Setting<String>,
    /// What it is cut into, otherwise.
    pub partitions: NamedSetting<PartitionSettings>,
}

/// A part of a disk.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PartitionSettings {
    /// Its size, as [`StorageSize`](super::StorageSize) reads it.
    pub size: Setting<String>,
    /// Its UUID.
    pub part_uuid: Setting<String>,
    /// Whether the firmware may boot from it.
    pub bootable: Option<bool>,
    /// Free labels.
    pub labels: MapSetting,
    /// The volume group that it is for.
    pub volume_group: Setting<String>,
    /// The file system on it, otherwise.
    pub filesystem: Setting<FilesystemSettings>,
}

/// A volume group.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct VolumeGroupSettings {
    /// Its UUID.
    pub vg_uuid: Setting<String>,
    /// Its logical volumes by name.
    pub logical_volumes: NamedSetting<LogicalVolumeSettings>,
}

/// A logical volume.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LogicalVolumeSettings {
    /// Its UUID.
    pub lv_uuid: Setting<String>,
    /// Its size, as [`StorageSize`](super::StorageSize) reads it.
    pub size: Setting<String>,
    /// The file system on it.
    pub filesystem: Setting<FilesystemSettings>,
}

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FilesystemSettings {
    /// Where it is mounted.
    pub mountpoint: Setting<String>,
    /// Its type, such as `ext4`.
    pub fstype: Setting<String>,
    /// Options for mounting it.
    pub mount_options: Setting<String>,
    /// Its UUID.
    pub fs_uuid: Setting<String>,
    /// Its label.
    pub fs_label: Setting<String>,
}

impl Overlay for StorageSettings {
    fn over(&self, parent: &Self) -> Self {
        Self {
            devices: self.devices.over(&parent.devices),
            volume_groups: self.volume_groups.over(&parent.volume_groups),
        }
    }
}

impl Overlay for DeviceSettings {
    fn over(&self, parent: &Self) -> Self {
        Self {
            labels: self.labels.over(&parent.labels),
            volume_group: self.volume_group.over(&parent.volume_group),
            partitions: self.partitions.over(&parent.partitions),
        }
    }
}

impl Overlay for PartitionSettings {
    fn over(&self, parent: &Self) -> Self {
        Self {
            size: self.size.over(&parent.size),
            part_uuid: self.part_uuid.over(&parent.part_uuid),
            bootable: self.bootable.or(parent.bootable),
            labels: self.labels.over(&parent.labels),
            volume_group: self.volume_group.over(&parent.volume_group),
            filesystem: filesystem_over(&self.filesystem, &parent.filesystem),
        }
    }
}

impl Overlay for VolumeGroupSettings {
    fn over(&self, parent: &Self) -> Self {
        Self {
            vg_uuid: self.vg_uuid.over(&parent.vg_uuid),
            logical_volumes: self.logical_volumes.over(&parent.logical_volumes),
        }
    }
}

impl Overlay for LogicalVolumeSettings {
    fn over(&self, parent: &Self) -> Self {
        Self {
            lv_uuid: self.lv_uuid.over(&parent.lv_uuid),
            size: self.size.over(&parent.size),
            filesystem: filesystem_over(&self.filesystem, &parent.filesystem),
        }
    }
}

fn filesystem_over(
    own: &Setting<FilesystemSettings>,
    parent: &Setting<FilesystemSettings>,
) -> Setting<FilesystemSettings> {
    match (own, parent) {
        (Setting::Set(own), Setting::Set(parent)) => Setting::Set(FilesystemSettings {
            mountpoint: own.mountpoint.over(&parent.mountpoint),
            fstype: own.fstype.over(&parent.fstype),
            mount_options: own.mount_options.over(&parent.mount_options),
            fs_uuid: own.fs_uuid.over(&parent.fs_uuid),
            fs_label: own.fs_label.over(&parent.fs_label),
        }),
        (own, parent) => own.over(parent),
    }
}
