//! What templates know: of the node, and of the action.

use indexmap::IndexMap;
use minijinja::Value;

use super::ActionId;
use crate::design::{EffectiveNode, NodeAddress, Site};
use crate::{ExposeSecret as _, SecretString};

/// The network name under which a node's primary network is found, whatever its own name.
const PRIMARY: &str = "default";

/// What the templates of one boot action know. `Debug` does not show the key.
#[derive(Debug, Clone)]
pub struct Context<'n> {
    node: Value,
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
        let labels = node.owner_data.iter().map(|(label, value)| (label.as_str(), value.as_str()));
        let node = [
            ("hostname", Value::from(hostname)),
            ("domain", Value::from(domain.unwrap_or_default())),
            ("tags", node.tags.iter().map(String::as_str).collect()),
            ("labels", Value::from_pairs(labels)),
            ("network", Value::from_pairs(networks(site, node))),
            ("interfaces", Value::from_pairs(interfaces(node))),
            ("devices", Value::from_pairs(devices(site, node))),
        ];
        Self { node: Value::from_pairs(node), action }
    }

    pub(super) const fn key(&self) -> &SecretString {
        self.action.key
    }

    /// As a template sees it.
    pub(super) fn value(&self) -> Value {
        let ActionContext { id, key, report_url, design_ref } = self.action;
        let action = [
            ("action_id", id.to_string()),
            ("action_key", key.expose_secret().to_owned()),
            ("report_url", report_url.to_owned()),
            ("design_ref", design_ref.to_owned()),
        ];
        Value::from_pairs([("node", self.node.clone()), ("action", Value::from_pairs(action))])
    }
}

/// The networks on which the node has an address of its own. Networks that have no document are passed over.
fn networks<'n>(site: &Site, node: &'n EffectiveNode) -> IndexMap<&'n str, Value> {
    let mut networks = IndexMap::new();
    for addressing in &node.addressing {
        let NodeAddress::Static(ip) = addressing.address else { continue };
        let Some(network) = site.design().networks.get(&addressing.network) else { continue };
        let known = [
            ("ip", ip.to_string()),
            ("cidr", network.cidr.to_string()),
            ("dns_suffix", network.dns_domain.clone()),
        ];
        networks.insert(addressing.network.as_str(), Value::from_pairs(known));
    }
    let primary = node.primary_network.as_deref().and_then(|name| networks.get(name)).cloned();
    if let Some(primary) = primary {
        networks.insert(PRIMARY, primary);
    }
    networks
}

/// The aliases of the hardware profile, and what each is called on the server; itself where that is not known.
fn devices<'n>(site: &'n Site, node: &'n EffectiveNode) -> impl Iterator<Item = (&'n str, Value)> {
    let profile = site.design().hardware_profiles.get(&node.hardware_profile);
    let aliases = profile.into_iter().flat_map(|profile| profile.device_aliases.keys());
    aliases.map(|alias| (alias.as_str(), Value::from(node.device_name(alias))))
}

/// What virtual functions are like is known only where there are some, as in v1.0.
fn interfaces(node: &EffectiveNode) -> impl Iterator<Item = (&str, Value)> {
    node.interfaces.iter().map(|(name, interface)| {
        let slaves = interface.slaves.iter().map(|device| node.device_name(device));
        let mut known =
            vec![("slaves", slaves.collect::<Value>()), ("sriov", Value::from(interface.sriov.is_some()))];
        if let Some(sriov) = interface.sriov {
            known.push(("vf_count", Value::from(sriov.vf_count)));
            known.push(("trustedmode", Value::from(sriov.trustedmode)));
        }
        (name.as_str(), Value::from_pairs(known))
    })
}
