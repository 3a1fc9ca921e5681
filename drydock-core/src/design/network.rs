//! Networks: subnets and what is in them.

use std::net::IpAddr;

use indexmap::IndexMap;
use ipnet::IpNet;

use super::Origin;

/// A `Network` document: one subnet.
#[derive(Debug, Clone)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// The subnet, as written; that no host bits are set is for validation to say.
    pub cidr: IpNet,
    /// The VLAN tag; none for untagged frames.
    pub vlan: Option<u16>,
    /// Bytes; none for that of the link.
    pub mtu: Option<u32>,
    /// The group of networks that route to each other.
    pub routedomain: Option<String>,
    /// Address ranges and what they are for.
    pub ranges: Vec<NetworkRange>,
    /// Routes that hosts on it need.
    pub routes: Vec<Route>,
    /// The domain of hosts whose primary network it is; `local` unless the document says otherwise.
    pub dns_domain: String,
    /// Name servers, as written: separated by commas.
    pub dns_servers: Option<String>,
    /// Where requests for an address go that nobody on this network answers.
    pub dhcp_relay: Option<DhcpRelay>,
    /// Free labels; `noconfig` leaves the network to other hands.
    pub labels: IndexMap<String, String>,
}

/// A part of a network's addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRange {
    /// What it is for.
    pub kind: RangeKind,
    /// The first address.
    pub start: IpAddr,
    /// The last address.
    pub end: IpAddr,
}

/// What a range is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeKind {
    /// Addresses that the site gives to its servers.
    Static,
    /// Addresses that a DHCP server hands out.
    Dhcp,
    /// Addresses that nobody here gives out.
    Reserved,
}

/// A route through a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where it leads; none when `routedomain` says so.
    pub subnet: Option<IpNet>,
    /// It leads to all networks of this route domain.
    pub routedomain: Option<String>,
    /// The next hop. Some sites leave it out; validation says so.
    pub gateway: Option<IpAddr>,
    /// Lower is preferred.
    pub metric: Option<u32>,
}

/// Passes requests for an address on to another network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DhcpRelay {
    /// The relay's address on this network.
    pub self_ip: Option<IpAddr>,
    /// The server that answers.
    pub upstream_target: Option<IpAddr>,
}
