//! Racks: where servers stand.

use std::net::IpAddr;

use indexmap::IndexMap;

use super::Origin;

/// A `Rack` document.
#[derive(Debug, Clone)]
pub struct Rack {
    /// Its name.
    pub name: String,
    /// Where the document stands.
    pub origin: Origin,
    /// Its switches, by name.
    pub tor_switches: IndexMap<String, TorSwitch>,
    /// Where it stands, in the site's own words: `clli`, `grid` …
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
