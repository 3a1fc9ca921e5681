//! Regions, racks and hardware: what servers stand in and are made of.

use std::net::IpAddr;

use indexmap::IndexMap;

use super::Origin;

/// A `Region` document: what holds for the whole site.
#[derive(Debug, Clone)]
pub struct Region {
    /// Its name, which is the site's.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// SSH public keys that may log in to deployed servers.
    pub authorized_keys: Vec<String>,
}

/// A `Rack` document.
#[derive(Debug, Clone)]
pub struct Rack {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// Its switches, by name.
    pub tor_switches: IndexMap<String, TorSwitch>,
    /// Where it stands, in the site's own words.
    pub location: IndexMap<String, String>,
    /// Networks that exist in this rack only.
    pub local_networks: Vec<String>,
    /// Free labels; a node filter's `rack_labels` look at them.
    pub labels: IndexMap<String, String>,
}

/// A top-of-rack switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TorSwitch {
    /// Its management address.
    pub mgmt_ip: Option<IpAddr>,
    /// Where its controller listens.
    pub sdn_api_uri: Option<String>,
}

/// A `HardwareProfile` document: a model of server.
#[derive(Debug, Clone)]
pub struct HardwareProfile {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// Who makes it.
    pub vendor: Option<String>,
    /// The maker's generation.
    pub generation: Option<String>,
    /// The maker's version.
    pub hw_version: Option<String>,
    /// The firmware it should have.
    pub bios_version: Option<String>,
    /// How its firmware boots.
    pub boot_mode: Option<BootMode>,
}

/// How a server's firmware boots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootMode {
    /// Legacy BIOS.
    Bios,
    /// UEFI.
    Uefi,
}
