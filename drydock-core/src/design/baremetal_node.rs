//! Servers.

use std::net::IpAddr;

use super::{Form, HostSettings, MacAddress, Origin};
use crate::NodeName;

/// A `BaremetalNode` document: one server.
#[derive(Debug, Clone)]
pub struct BaremetalNode {
    /// Its name, which is its host name too.
    pub name: NodeName,
    /// Where the document stands.
    pub origin: Origin,
    /// How the document is written.
    pub form: Form,
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
