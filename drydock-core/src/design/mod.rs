//! The declarative design of a site: its documents as types, inheritance, and what each node comes to in the end.
//!
//! [`ingest`](crate::ingest::ingest) makes a [`Design`] from files; [`Site::new`] resolves it.
//! Host profiles are laid over each other as the Airship Drydock v1.0 documents mean it: [`HostSettings::over`].

mod effective;
mod host;
mod inherit;
mod mac;
mod network;
mod place;
mod problem;
mod setting;
mod site;

use std::collections::BTreeMap;

pub use effective::{Bmc, EffectiveNode, EffectiveOob, EffectivePlatform};
pub use host::{
    Addressing, BaremetalNode, HostProfile, HostSettings, Metadata, NodeAddress, Oob, OobType, Parameters,
    Platform, UnknownOobType,
};
pub use mac::{InvalidMacAddress, MacAddress};
pub use network::{BondingMode, Network, NetworkLink, NetworkRange, RangeKind, Route, TrunkingMode};
pub use place::{BootMode, HardwareProfile, Rack, Region, TorSwitch};
pub use problem::{DocumentRef, Note, NoteLevel, Origin, Problem, Problems};
pub use setting::{ListSetting, MapSetting, Setting};
pub use site::Site;

use crate::NodeName;

/// The documents of a site, as written: each kind by name.
#[derive(Debug, Clone, Default)]
pub struct Design {
    /// The regions; a site has one.
    pub regions: BTreeMap<String, Region>,
    /// The racks.
    pub racks: BTreeMap<String, Rack>,
    /// The network links.
    pub network_links: BTreeMap<String, NetworkLink>,
    /// The networks.
    pub networks: BTreeMap<String, Network>,
    /// The models of server.
    pub hardware_profiles: BTreeMap<String, HardwareProfile>,
    /// The host profiles.
    pub host_profiles: BTreeMap<String, HostProfile>,
    /// The servers.
    pub nodes: BTreeMap<NodeName, BaremetalNode>,
}
