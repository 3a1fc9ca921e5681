//! What host profiles and servers have in common: the settings that are inherited.

use super::{
    InterfaceSettings, ListSetting, MapSetting, NamedSetting, Oob, Overlay as _, Setting, StorageSettings,
};

/// The settings that are inherited: node over host profile over its host profile.
#[derive(Debug, Clone, Default)]
pub struct HostSettings {
    /// The parent profile.
    pub host_profile: Option<String>,
    /// The hardware profile.
    pub hardware_profile: Setting<String>,
    /// The network whose domain and gateway the host takes.
    pub primary_network: Setting<String>,
    /// How to reach the server when it is off.
    pub oob: Oob,
    /// Its network interfaces, by name.
    pub interfaces: NamedSetting<InterfaceSettings>,
    /// Its disks and what is on them.
    pub storage: StorageSettings,
    /// The operating system.
    pub platform: Platform,
    /// What the site knows about the server.
    pub metadata: Metadata,
}

impl HostSettings {
    /// These settings laid over those of the parent, which must be resolved themselves.
    #[must_use = "the merged settings are new ones"]
    pub fn over(&self, parent: &Self) -> Self {
        Self {
            host_profile: self.host_profile.clone(),
            hardware_profile: self.hardware_profile.over(&parent.hardware_profile),
            primary_network: self.primary_network.over(&parent.primary_network),
            oob: self.oob.over(&parent.oob),
            interfaces: self.interfaces.over(&parent.interfaces),
            storage: self.storage.over(&parent.storage),
            platform: Platform {
                image: self.platform.image.over(&parent.platform.image),
                kernel: self.platform.kernel.over(&parent.platform.kernel),
                kernel_params: self.platform.kernel_params.over(&parent.platform.kernel_params),
            },
            metadata: Metadata {
                tags: self.metadata.tags.over(&parent.metadata.tags),
                owner_data: self.metadata.owner_data.over(&parent.metadata.owner_data),
                rack: self.metadata.rack.over(&parent.metadata.rack),
            },
        }
    }
}

/// The operating system of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Platform {
    /// The image's name, such as `jammy`.
    pub image: Setting<String>,
    /// The kernel's name, such as `ga-22.04`.
    pub kernel: Setting<String>,
    /// Kernel parameters. A plain `true` in the document is the text `True`, as v1.0 has it.
    pub kernel_params: MapSetting,
}

/// What the site knows about a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// Free tags.
    pub tags: ListSetting,
    /// Free labels.
    pub owner_data: MapSetting,
    /// The rack that it stands in.
    pub rack: Setting<String>,
}
