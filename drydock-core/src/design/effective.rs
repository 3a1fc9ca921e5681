//! What a node comes to: its own settings over those of its profiles, with references resolved and gaps refused.

use std::net::IpAddr;

use indexmap::IndexMap;

use super::{
    Addressing, BaremetalNode, Design, DocumentRef, HostSettings, MacAddress, NodeAddress, OobType,
    Parameters, Problem,
};
use crate::{NodeName, SecretString};

/// The domain of a host without a primary network, as v1.0 has it.
const DEFAULT_DOMAIN: &str = "local";

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
    /// Kernel parameters. References to the hardware profile (`hardwareprofile:...`) are as written.
    pub kernel_params: IndexMap<String, String>,
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
    let mut gaps = Gaps { node, problems: Vec::new() };
    let hardware_profile = gaps.hardware_profile(design, &settings);
    let fqdn = gaps.fqdn(design, &settings);
    let oob = gaps.oob(&settings);
    let (Some(hardware_profile), Some(fqdn), Some(oob)) = (hardware_profile, fqdn, oob) else {
        return Err(gaps.problems);
    };
    Ok(EffectiveNode {
        name: node.name.clone(),
        fqdn,
        boot_mac: node.boot_mac,
        rack: settings.metadata.rack.value().cloned(),
        tags: settings.metadata.tags.add,
        owner_data: settings.metadata.owner_data.set,
        hardware_profile,
        primary_network: settings.primary_network.value().cloned(),
        addressing: node.addressing.clone(),
        platform: EffectivePlatform {
            image: settings.platform.image.value().cloned(),
            kernel: settings.platform.kernel.value().cloned(),
            kernel_params: settings.platform.kernel_params.set,
        },
        oob,
    })
}

/// Resolves the parts of a node that may turn out to be missing. Each returns `None` after it has said why.
struct Gaps<'d> {
    node: &'d BaremetalNode,
    problems: Vec<Problem>,
}

impl Gaps<'_> {
    fn missing(&mut self, path: &str, text: String) {
        self.problems.push(Problem {
            origin: self.node.origin.clone(),
            document: Some(DocumentRef {
                kind: "BaremetalNode".to_owned(),
                name: self.node.name.as_str().to_owned(),
            }),
            path: format!("data.{path}"),
            text,
        });
    }

    fn hardware_profile(&mut self, design: &Design, settings: &HostSettings) -> Option<String> {
        let Some(name) = settings.hardware_profile.value() else {
            self.missing(
                "hardware_profile",
                "the node has no hardware profile: set `hardware_profile` here or in a host profile"
                    .to_owned(),
            );
            return None;
        };
        if !design.hardware_profiles.contains_key(name) {
            self.missing(
                "hardware_profile",
                format!("there is no hardware profile {name:?}; add that document, or name another"),
            );
            return None;
        }
        Some(name.clone())
    }

    fn fqdn(&mut self, design: &Design, settings: &HostSettings) -> Option<String> {
        let domain = match settings.primary_network.value().map(|name| (name, design.networks.get(name))) {
            None => DEFAULT_DOMAIN,
            Some((_, Some(network))) => network.dns_domain.as_str(),
            Some((name, None)) => {
                self.missing(
                    "primary_network",
                    format!("there is no network {name:?}; add that document, or name another"),
                );
                return None;
            }
        };
        Some(format!("{}.{domain}", self.node.name))
    }

    fn oob(&mut self, settings: &HostSettings) -> Option<EffectiveOob> {
        let parameters = || settings.oob.parameters.clone();
        match settings.oob.kind.value() {
            Some(OobType::Ipmi) => self.bmc(settings, OobType::Ipmi).map(EffectiveOob::Ipmi),
            Some(OobType::Redfish) => self.bmc(settings, OobType::Redfish).map(EffectiveOob::Redfish),
            Some(OobType::Libvirt) => Some(EffectiveOob::Libvirt { parameters: parameters() }),
            Some(OobType::Manual) => Some(EffectiveOob::Manual),
            None => {
                self.missing(
                    "oob.type",
                    "the node has no out-of-band driver: set `oob.type` here or in a host profile \
                     (`manual` where a person presses the button)"
                        .to_owned(),
                );
                None
            }
        }
    }

    fn bmc(&mut self, settings: &HostSettings, kind: OobType) -> Option<Bmc> {
        let oob = &settings.oob;
        let account = self.needed(oob.account.clone(), kind, "account");
        let credential = self.needed(oob.credential.clone(), kind, "credential");
        let network = self.needed(oob.network.as_deref(), kind, "network");
        let address = network.and_then(|network| self.address_on(network, kind));
        let port = match oob.parameters.get("port") {
            None => Some(None),
            Some(text) => self.port(text).map(Some),
        };
        Some(Bmc {
            address: address?,
            port: port?,
            account: account?,
            credential: credential?,
            parameters: oob.parameters.clone(),
        })
    }

    fn needed<T>(&mut self, value: Option<T>, kind: OobType, key: &str) -> Option<T> {
        if value.is_none() {
            self.missing(
                &format!("oob.{key}"),
                format!(
                    "out-of-band access of type {kind} needs `oob.{key}`: set it here or in a host profile"
                ),
            );
        }
        value
    }

    fn address_on(&mut self, network: &str, kind: OobType) -> Option<IpAddr> {
        let mut on_network = self.node.addressing.iter().filter(|entry| entry.network == network).peekable();
        let nothing_there = on_network.peek().is_none();
        let found = on_network.find_map(|entry| match entry.address {
            NodeAddress::Static(address) => Some(address),
            NodeAddress::Dhcp => None,
        });
        if found.is_none() {
            let why = if nothing_there { "has no address" } else { "has only a dhcp address" };
            self.missing(
                "addressing",
                format!(
                    "the node {why} on its out-of-band network {network:?}, where type {kind} looks for its BMC; \
                     add an entry with `network: {network}` and the BMC's IP address"
                ),
            );
        }
        found
    }

    fn port(&mut self, text: &str) -> Option<u16> {
        let port = text.parse::<u16>().ok().filter(|port| *port > 0);
        if port.is_none() {
            self.missing("oob.port", "not a port: write a number from 1 to 65535".to_owned());
        }
        port
    }
}
