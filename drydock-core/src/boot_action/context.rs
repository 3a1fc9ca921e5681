//! What templates know: of the node, and of the action.

use indexmap::IndexMap;

use super::ActionId;
use super::filler::FillJob;
use super::known::{KnownAction, KnownInterface, KnownNetwork, KnownNode, KnownSriov};
use crate::design::{EffectiveNode, NodeAddress, Site};
use crate::{ExposeSecret as _, SecretString};

/// The network name under which a node's primary network is found, whatever its own name.
const PRIMARY: &str = "default";

/// What the templates of one boot action know. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub struct Context<'n> {
    node: KnownNode,
    action: ActionContext<'n>,
}

/// What templates know of the action: how to report what came of it.
#[derive(Debug, Clone, Copy)]
pub struct ActionContext<'n> {
    /// Its id.
    pub id: ActionId,
    /// The node's key, in hex.
    pub key: &'n SecretString,
    /// Where reports go; the id is added to it.
    pub report_url: &'n str,
    /// The design of the deployment.
    pub design_ref: &'n str,
}

impl<'n> Context<'n> {
    /// What is known of a node of the site, and of one of its actions.
    pub fn new(site: &Site, node: &EffectiveNode, action: ActionContext<'n>) -> Self {
        let hostname = node.name.as_str();
        let domain = node.fqdn.strip_prefix(hostname).and_then(|rest| rest.strip_prefix('.'));
        let known = KnownNode {
            hostname: hostname.to_owned(),
            domain: domain.unwrap_or_default().to_owned(),
            tags: node.tags.clone(),
            labels: node.owner_data.clone(),
            network: networks(site, node),
            interfaces: interfaces(node).collect(),
            devices: devices(site, node).collect(),
        };
        Self { node: known, action }
    }

    /// A template with what it knows.
    pub(super) fn job(&self, template: String) -> FillJob {
        let ActionContext { id, key, report_url, design_ref } = self.action;
        let action = KnownAction {
            action_id: id.to_string(),
            action_key: key.expose_secret().to_owned(),
            report_url: report_url.to_owned(),
            design_ref: design_ref.to_owned(),
        };
        FillJob::new(template, self.node.clone(), action)
    }
}

/// The networks on which the node has an address of its own. Networks that have no document are passed over.
fn networks(site: &Site, node: &EffectiveNode) -> IndexMap<String, KnownNetwork> {
    let mut networks = IndexMap::new();
    for addressing in &node.addressing {
        let NodeAddress::Static(ip) = addressing.address else { continue };
        let Some(network) = site.design().networks.get(&addressing.network) else { continue };
        let known = KnownNetwork {
            ip: ip.to_string(),
            cidr: network.cidr.to_string(),
            dns_suffix: network.dns_domain.clone(),
        };
        networks.insert(addressing.network.clone(), known);
    }
    let primary = node.primary_network.as_deref().and_then(|name| networks.get(name)).cloned();
    if let Some(primary) = primary {
        networks.insert(PRIMARY.to_owned(), primary);
    }
    networks
}

/// The aliases of the hardware profile, and what each is called on the server; itself where that is not known.
fn devices(site: &Site, node: &EffectiveNode) -> impl Iterator<Item = (String, String)> {
    let profile = site.design().hardware_profiles.get(&node.hardware_profile);
    let aliases = profile.into_iter().flat_map(|profile| profile.device_aliases.keys());
    aliases.map(|alias| (alias.clone(), node.device_name(alias).to_owned()))
}

fn interfaces(node: &EffectiveNode) -> impl Iterator<Item = (String, KnownInterface)> {
    node.interfaces.iter().map(|(name, interface)| {
        let slaves = interface.slaves.iter().map(|device| node.device_name(device).to_owned());
        let sriov = interface
            .sriov
            .map(|sriov| KnownSriov { vf_count: sriov.vf_count, trustedmode: sriov.trustedmode });
        (name.clone(), KnownInterface { slaves: slaves.collect(), sriov })
    })
}
