//! Networks: subnets and what is in them.

use std::fmt;
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

impl NetworkRange {
    /// Whether both ends are of one version of IP, and the first address is not behind the last.
    pub fn is_ordered(&self) -> bool {
        self.start.is_ipv4() == self.end.is_ipv4() && self.start <= self.end
    }

    /// Whether an address is in it. In a range that is not ordered there is none.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.is_ordered() && (self.start..=self.end).contains(&address)
    }

    /// Whether some address is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.is_ordered() && other.is_ordered() && (self.contains(other.start) || other.contains(self.start))
    }
}

impl fmt::Display for NetworkRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}-{}", self.kind.as_str(), self.start, self.end)
    }
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

impl RangeKind {
    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Dhcp => "dhcp",
            Self::Reserved => "reserved",
        }
    }
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
