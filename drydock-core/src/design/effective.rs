//! What a node comes to: its own settings over those of its profiles, with references resolved and gaps refused.

use std::net::IpAddr;

use indexmap::IndexMap;

use super::gaps::{Found, look};
use super::{
    Addressing, BaremetalNode, Design, HostSettings, Interface, LogicalName, MacAddress, OobType, Parameters,
    Problem, Storage, kernel,
};
use crate::{NodeName, SecretString};

/// A node, ready to be worked on. It holds a credential, so it has no serialised form.
#[derive(Debug, Clone)]
pub struct EffectiveNode {
    /// Its name.
    pub name: NodeName,
    /// Its name and the domain of its primary network; `<name>.local` without one.
    pub fqdn: String,
    /// The interface that it boots from.
    pub boot_mac: Option<MacAddress>,
    /// The rack that it stands in. There need not be a `Rack` document of that name.
    pub rack: Option<String>,
    /// Its tags, those of the node first, then those of its profiles.
    pub tags: Vec<String>,
    /// Its labels.
    pub owner_data: IndexMap<String, String>,
    /// Its hardware profile, which exists.
    pub hardware_profile: String,
    /// The network whose domain and gateway it takes, which exists.
    pub primary_network: Option<String>,
    /// Its addresses, in the document's order.
    pub addressing: Vec<Addressing>,
    /// Its network interfaces, by name.
    pub interfaces: IndexMap<String, Interface>,
    /// Its disks and what is on them.
    pub storage: Storage,
    /// What its operating system calls the devices that the hardware profile has aliases for; empty until an inventory of
    /// the server says so: [`Site::learn_devices`](super::Site::learn_devices).
    pub devices: IndexMap<String, LogicalName>,
    /// The operating system that it gets.
    pub platform: EffectivePlatform,
    /// How to reach it when it is off.
    pub oob: EffectiveOob,
}

/// The operating system of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectivePlatform {
    /// The image's name; none for the provisioner's default.
    pub image: Option<String>,
    /// The kernel's name; none for the image's default.
    pub kernel: Option<String>,
    /// Kernel parameters, with references to the hardware profile (`hardwareprofile:...`) replaced by what they mean.
    /// One that leads nowhere is as written. `True` stands for a parameter without a value.
    pub kernel_params: IndexMap<String, String>,
}

impl EffectivePlatform {
    /// The kernel parameters as one line, as a boot loader passes them.
    pub fn kernel_command_line(&self) -> String {
        kernel::command_line(&self.kernel_params)
    }
}

/// How a node is reached when it is off.
#[derive(Debug, Clone)]
pub enum EffectiveOob {
    /// IPMI 2.0 over the network.
    Ipmi(Bmc),
    /// Redfish.
    Redfish(Bmc),
    /// A virtual machine under libvirt.
    Libvirt {
        /// For the driver: `libvirt_uri` …
        parameters: Parameters,
    },
    /// A person.
    Manual,
}

impl EffectiveOob {
    /// Which driver.
    pub const fn kind(&self) -> OobType {
        match self {
            Self::Ipmi(_) => OobType::Ipmi,
            Self::Redfish(_) => OobType::Redfish,
            Self::Libvirt { .. } => OobType::Libvirt,
            Self::Manual => OobType::Manual,
        }
    }

    /// The BMC, where there is one.
    pub const fn bmc(&self) -> Option<&Bmc> {
        match self {
            Self::Ipmi(bmc) | Self::Redfish(bmc) => Some(bmc),
            Self::Libvirt { .. } | Self::Manual => None,
        }
    }
}

/// A baseboard management controller. `Debug` shows neither the credential nor the values of parameters.
#[derive(Debug, Clone)]
pub struct Bmc {
    /// The node's address on the network `oob.network`.
    pub address: IpAddr,
    /// The parameter `port`; none for the protocol's own.
    pub port: Option<u16>,
    /// Its user.
    pub account: String,
    /// The user's password.
    pub credential: SecretString,
    /// The other parameters, for the driver.
    pub parameters: Parameters,
}

/// Resolves a node whose settings are already laid over those of its profiles.
pub(super) fn effective_node(
    design: &Design,
    node: &BaremetalNode,
    settings: HostSettings,
) -> Result<EffectiveNode, Vec<Problem>> {
    let found = look(design, node, &settings);
    effective(design, node, settings, found)
}

/// As [`effective_node`], of a node that has been looked at.
pub(super) fn effective(
    design: &Design,
    node: &BaremetalNode,
    settings: HostSettings,
    mut found: Found,
) -> Result<EffectiveNode, Vec<Problem>> {
    let (Some(hardware_profile), Some(fqdn), Some(oob)) = (found.hardware_profile, found.fqdn, found.oob)
    else {
        found.problems.append(&mut found.told_by_rules);
        return Err(found.problems);
    };
    let params = settings.platform.kernel_params.set;
    let kernel_params = kernel::resolved(params, design.hardware_profiles.get(&hardware_profile));
    Ok(EffectiveNode {
        name: node.name.clone(),
        fqdn,
        boot_mac: node.boot_mac,
        rack: settings.metadata.rack.into_value(),
        tags: settings.metadata.tags.add,
        owner_data: settings.metadata.owner_data.set,
        hardware_profile,
        primary_network: settings.primary_network.into_value(),
        addressing: node.addressing.clone(),
        interfaces: settings
            .interfaces
            .set
            .into_iter()
            .map(|(name, interface)| (name, Interface::from(interface)))
            .collect(),
        storage: Storage::from(settings.storage),
        devices: IndexMap::new(),
        platform: EffectivePlatform {
            image: settings.platform.image.into_value(),
            kernel: settings.platform.kernel.into_value(),
            kernel_params,
        },
        oob,
    })
}
