//! What the device aliases of a node come to on the server that it is: from an inventory of the server.

use indexmap::IndexMap;

use super::{DocumentRef, EffectiveNode, HardwareProfile, Origin, Problem, Site};
use crate::NodeName;
use crate::lshw::Lshw;

/// What the operating system of a server calls a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogicalName {
    /// The name: `enp24s0f0`, `sda`.
    pub name: String,
    /// Where the inventory says so.
    pub origin: Origin,
}

impl EffectiveNode {
    /// What the operating system calls the device that a document calls `name`; `name` itself while nobody knows better.
    pub fn device_name<'n>(&'n self, name: &'n str) -> &'n str {
        self.devices.get(name).map_or(name, |known| known.name.as_str())
    }

    /// The devices that the node's interfaces and disks are made of, as its documents call them.
    fn names_of_devices(&self) -> impl Iterator<Item = &str> {
        let slaves = self.interfaces.values().flat_map(|interface| &interface.slaves);
        slaves.chain(self.storage.devices.keys()).map(String::as_str)
    }
}

impl Site {
    /// Learns what the aliases of a node's hardware profile come to, from an inventory of the server; what was known before is forgotten.
    ///
    /// Returns what is not clear about the aliases that the node uses. An alias without a device keeps its own name. A site
    /// that has no such node learns nothing.
    pub fn learn_devices(&mut self, name: &NodeName, lshw: &Lshw) -> Vec<Problem> {
        let Some((learnt, problems)) = self.with_devices(name, lshw) else { return Vec::new() };
        if let Some(node) = self.node_mut(name) {
            *node = learnt;
        }
        problems
    }

    /// The node as [`Site::learn_devices`] makes it, for whoever shares the site with others; `None` where the site has no such node,
    /// or not its hardware profile.
    pub fn with_devices(&self, name: &NodeName, lshw: &Lshw) -> Option<(EffectiveNode, Vec<Problem>)> {
        let node = self.node(name)?;
        let profile = self.design().hardware_profiles.get(&node.hardware_profile)?;
        let (devices, problems) = devices(node, profile, lshw);
        Some((EffectiveNode { devices, ..node.clone() }, problems))
    }

    /// Whether the hardware profile of the node has aliases, which only an inventory of the server tells the devices of.
    pub fn has_aliases(&self, node: &EffectiveNode) -> bool {
        let profile = self.design().hardware_profiles.get(&node.hardware_profile);
        profile.is_some_and(|profile| !profile.device_aliases.is_empty())
    }
}

fn devices(
    node: &EffectiveNode,
    profile: &HardwareProfile,
    lshw: &Lshw,
) -> (IndexMap<String, LogicalName>, Vec<Problem>) {
    let (mut devices, mut problems) = (IndexMap::new(), Vec::new());
    for (name, alias) in &profile.device_aliases {
        let (device, trouble) = lshw.device(alias);
        if let Some(device) = device {
            let known = LogicalName { name: device.name.clone(), origin: device.origin.clone() };
            devices.insert(name.clone(), known);
        }
        if let Some(trouble) = trouble.filter(|_| node.names_of_devices().any(|used| used == name)) {
            problems.push(Problem {
                origin: profile.origin.clone(),
                document: Some(DocumentRef {
                    kind: "HardwareProfile".to_owned(),
                    name: profile.name.clone(),
                }),
                path: format!("device_aliases.{name}"),
                text: trouble.to_string(),
            });
        }
    }
    (devices, problems)
}
