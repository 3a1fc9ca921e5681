//! What host profiles and nodes have in common, and the two of them.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use indexmap::IndexMap;

use super::{ListSetting, MacAddress, MapSetting, Origin, Setting};
use crate::{NodeName, SecretString};

/// A `HostProfile` document: settings that nodes, and other profiles, inherit.
#[derive(Debug, Clone)]
pub struct HostProfile {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// Its own settings, without those of its parents.
    pub settings: HostSettings,
}

/// A `BaremetalNode` document: one server.
#[derive(Debug, Clone)]
pub struct BaremetalNode {
    /// Its name, which is its host name too.
    pub name: NodeName,
    /// Where the document stands.
    pub origin: Origin,
    /// Its own settings, without those of its profiles.
    pub settings: HostSettings,
    /// Its address on each network, in the document's order.
    pub addressing: Vec<Addressing>,
    /// The interface that it boots from.
    pub boot_mac: Option<MacAddress>,
}

/// One address of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressing {
    /// The network's name.
    pub network: String,
    /// The address on it.
    pub address: NodeAddress,
}

/// How a node gets an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeAddress {
    /// Whatever the network's DHCP server says.
    Dhcp,
    /// Always this one.
    Static(IpAddr),
}

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

/// Out-of-band access. Except for `kind`, its fields are the entries of one map, and are inherited as such.
#[derive(Debug, Clone, Default)]
pub struct Oob {
    /// The document's `type`: which driver.
    pub kind: Setting<OobType>,
    /// The network that the BMC's address is on.
    pub network: Option<String>,
    /// The BMC's user.
    pub account: Option<String>,
    /// The BMC's password.
    pub credential: Option<SecretString>,
    /// Everything else, for the driver: `port`, `libvirt_uri` …
    pub parameters: Parameters,
    /// Keys that this document takes away from its parents.
    pub remove: BTreeSet<String>,
}

impl Oob {
    fn over(&self, parent: &Self) -> Self {
        let kept = |key: &str| !self.remove.contains(key);
        let mut parameters = parent.parameters.clone();
        parameters.0.retain(|key, _| kept(key));
        parameters.0.extend(self.parameters.0.clone());
        Self {
            kind: self.kind.over(&parent.kind),
            network: self.network.clone().or_else(|| parent.network.clone().filter(|_| kept("network"))),
            account: self.account.clone().or_else(|| parent.account.clone().filter(|_| kept("account"))),
            credential: self
                .credential
                .clone()
                .or_else(|| parent.credential.clone().filter(|_| kept("credential"))),
            parameters,
            remove: BTreeSet::new(),
        }
    }
}

/// Further parameters of an out-of-band driver. `Debug` shows the keys only: a value may hold a password.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Parameters(pub IndexMap<String, String>);

impl Parameters {
    /// The value of a parameter.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Which out-of-band driver speaks to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OobType {
    /// IPMI 2.0 over the network.
    Ipmi,
    /// Redfish.
    Redfish,
    /// A virtual machine under libvirt.
    Libvirt,
    /// A person.
    Manual,
}

impl OobType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ipmi, Self::Redfish, Self::Libvirt, Self::Manual];

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipmi => "ipmi",
            Self::Redfish => "redfish",
            Self::Libvirt => "libvirt",
            Self::Manual => "manual",
        }
    }
}

impl fmt::Display for OobType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no out-of-band driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an out-of-band driver: write ipmi, redfish, libvirt or manual")]
pub struct UnknownOobType;

impl FromStr for OobType {
    type Err = UnknownOobType;

    fn from_str(text: &str) -> Result<Self, UnknownOobType> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownOobType)
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
