//! A server's disks, with all that is inherited and the defaults filled in.

use indexmap::IndexMap;
use serde::Serialize;

use super::storage::{DeviceSettings, FilesystemSettings, LogicalVolumeSettings, PartitionSettings};
use super::{Setting, StorageSettings, VolumeGroupSettings};

/// Disks and volume groups.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Storage {
    /// Disks by name, or by an alias of the hardware profile.
    #[serde(rename = "physical_devices")]
    pub devices: IndexMap<String, StorageDevice>,
    /// Volume groups by name.
    pub volume_groups: IndexMap<String, VolumeGroup>,
}

/// A disk: for one volume group, or cut into partitions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StorageDevice {
    /// Free labels.
    pub labels: IndexMap<String, String>,
    /// The volume group that the whole disk is for.
    pub volume_group: Option<String>,
    /// What it is cut into, by name.
    pub partitions: IndexMap<String, Partition>,
}

/// A part of a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Partition {
    /// Its size, as [`StorageSize`](super::StorageSize) reads it.
    pub size: Option<String>,
    /// Its UUID.
    pub part_uuid: Option<String>,
    /// Whether the firmware may boot from it; no unless the document says so.
    pub bootable: bool,
    /// Free labels.
    pub labels: IndexMap<String, String>,
    /// The volume group that it is for.
    pub volume_group: Option<String>,
    /// The file system on it.
    pub filesystem: Option<Filesystem>,
}

/// A volume group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VolumeGroup {
    /// Its UUID.
    pub vg_uuid: Option<String>,
    /// Its logical volumes by name.
    pub logical_volumes: IndexMap<String, LogicalVolume>,
}

/// A logical volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogicalVolume {
    /// Its UUID.
    pub lv_uuid: Option<String>,
    /// Its size, as [`StorageSize`](super::StorageSize) reads it.
    pub size: Option<String>,
    /// The file system on it.
    pub filesystem: Option<Filesystem>,
}

/// A file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Filesystem {
    /// Where it is mounted; nowhere without one.
    pub mountpoint: Option<String>,
    /// Its type; `ext4` unless the document says otherwise.
    pub fstype: String,
    /// Options for mounting it; `defaults` unless the document says otherwise.
    pub mount_options: String,
    /// Its UUID.
    pub fs_uuid: Option<String>,
    /// Its label.
    pub fs_label: Option<String>,
}

impl From<StorageSettings> for Storage {
    fn from(settings: StorageSettings) -> Self {
        Self { devices: each(settings.devices.set), volume_groups: each(settings.volume_groups.set) }
    }
}

impl From<DeviceSettings> for StorageDevice {
    fn from(settings: DeviceSettings) -> Self {
        Self {
            labels: settings.labels.set,
            volume_group: settings.volume_group.into_value(),
            partitions: each(settings.partitions.set),
        }
    }
}

impl From<PartitionSettings> for Partition {
    fn from(settings: PartitionSettings) -> Self {
        Self {
            size: settings.size.into_value(),
            part_uuid: settings.part_uuid.into_value(),
            bootable: settings.bootable.unwrap_or_default(),
            labels: settings.labels.set,
            volume_group: settings.volume_group.into_value(),
            filesystem: filesystem(settings.filesystem),
        }
    }
}

impl From<VolumeGroupSettings> for VolumeGroup {
    fn from(settings: VolumeGroupSettings) -> Self {
        Self { vg_uuid: settings.vg_uuid.into_value(), logical_volumes: each(settings.logical_volumes.set) }
    }
}

impl From<LogicalVolumeSettings> for LogicalVolume {
    fn from(settings: LogicalVolumeSettings) -> Self {
        Self {
            lv_uuid: settings.lv_uuid.into_value(),
            size: settings.size.into_value(),
            filesystem: filesystem(settings.filesystem),
        }
    }
}

fn filesystem(settings: Setting<FilesystemSettings>) -> Option<Filesystem> {
    settings.into_value().map(|settings| Filesystem {
        mountpoint: settings.mountpoint.into_value(),
        fstype: settings.fstype.into_value().unwrap_or_else(|| "ext4".to_owned()),
        mount_options: settings.mount_options.into_value().unwrap_or_else(|| "defaults".to_owned()),
        fs_uuid: settings.fs_uuid.into_value(),
        fs_label: settings.fs_label.into_value(),
    })
}

fn each<S, T: From<S>>(settings: IndexMap<String, S>) -> IndexMap<String, T> {
    settings.into_iter().map(|(name, settings)| (name, T::from(settings))).collect()
}
