//! The declarative design of a site: its documents as types, inheritance, and what each node comes to in the end.
//!
//! [`ingest`](crate::ingest::ingest) makes a [`Design`] from files; [`Site::new`] resolves it.
//! Host profiles are laid over each other as the Airship Drydock v1.0 documents mean it: [`HostSettings::over`].

mod baremetal_node;
mod boot_action;
mod devices;
mod diff;
mod disks;
mod document_tree;
mod effective;
mod explain;
mod form;
mod gaps;
mod graph;
mod hardware_profile;
mod host;
mod host_profile;
mod inherit;
mod interface;
mod kernel;
mod mac;
mod named;
mod network;
mod network_link;
mod oob;
mod problem;
mod rack;
mod region;
mod routes;
mod setting;
mod site;
mod size;
mod storage;
mod tree;

use std::collections::BTreeMap;

pub use baremetal_node::{Addressing, BaremetalNode, NodeAddress};
pub use boot_action::{Asset, AssetData, AssetKind, BootAction, Segment};
pub use devices::LogicalName;
pub use diff::{Change, DocumentChange, FieldChange, diff};
pub use disks::{Filesystem, LogicalVolume, Partition, Storage, StorageDevice, VolumeGroup};
pub use effective::{Bmc, EffectiveNode, EffectiveOob, EffectivePlatform};
pub use explain::{Explained, Source, explain};
pub use form::Form;
pub use graph::{Edge, Graph, Vertex, VertexKind};
pub use hardware_profile::{BootMode, BootstrapProtocol, DeviceAlias, HardwareProfile, Hugepages};
pub use host::{HostSettings, Metadata, Platform};
pub use host_profile::HostProfile;
pub use interface::{Interface, InterfaceSettings, Sriov, SriovSettings};
pub use mac::{InvalidMacAddress, MacAddress};
pub use named::{NamedSetting, Overlay};
pub use network::{DhcpRelay, Network, NetworkRange, RangeKind, Route};
pub use network_link::{Bonding, BondingMode, NetworkLink, TrunkingMode};
pub use oob::{Oob, OobType, Parameters, UnknownOobType};
pub use problem::{DocumentRef, Note, NoteLevel, Origin, Problem, Problems};
pub use rack::{Rack, TorSwitch};
pub use region::{Region, Repositories, Repository, RepositoryKind, TagDefinition, TagDefinitionKind};
pub use routes::EffectiveRoute;
pub use setting::{ListSetting, MapSetting, Setting};
pub use site::Site;
pub(crate) use site::{Resolution, ResolvedNode};
pub use size::{InvalidStorageSize, StorageAmount, StorageSize};
pub use storage::{
    DeviceSettings, FilesystemSettings, LogicalVolumeSettings, PartitionSettings, StorageSettings,
    VolumeGroupSettings,
};
pub use tree::{Leaf, NOT_SHOWN, leaves};

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
    /// The boot actions.
    pub boot_actions: BTreeMap<String, BootAction>,
}
