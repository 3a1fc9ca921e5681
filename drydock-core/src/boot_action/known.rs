//! What templates know, as plain data: it can be handed to another process and is the same there, in the same order.

use indexmap::IndexMap;
use minijinja::Value;
use serde::{Deserialize, Serialize};

/// What is known of a node.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownNode {
    pub(super) hostname: String,
    pub(super) domain: String,
    pub(super) tags: Vec<String>,
    pub(super) labels: IndexMap<String, String>,
    pub(super) network: IndexMap<String, KnownNetwork>,
    pub(super) interfaces: IndexMap<String, KnownInterface>,
    pub(super) devices: IndexMap<String, String>,
}

/// What is known of a network on which the node has an address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownNetwork {
    pub(super) ip: String,
    pub(super) cidr: String,
    pub(super) dns_suffix: String,
}

/// What is known of an interface.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownInterface {
    pub(super) slaves: Vec<String>,
    pub(super) sriov: Option<KnownSriov>,
}

/// What is known of an interface's virtual functions.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownSriov {
    pub(super) vf_count: u32,
    pub(super) trustedmode: bool,
}

/// What is known of the action. It has no `Debug`: it holds the node's key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownAction {
    pub(super) action_id: String,
    pub(super) action_key: String,
    pub(super) report_url: String,
    pub(super) design_ref: String,
}

impl KnownNode {
    /// As a template sees it.
    pub(super) fn value(&self) -> Value {
        let labels = self.labels.iter().map(|(label, value)| (label.as_str(), value.as_str()));
        let networks = self.network.iter().map(|(name, network)| (name.as_str(), network.value()));
        let interfaces = self.interfaces.iter().map(|(name, interface)| (name.as_str(), interface.value()));
        let devices = self.devices.iter().map(|(alias, name)| (alias.as_str(), name.as_str()));
        Value::from_pairs([
            ("hostname", Value::from(self.hostname.as_str())),
            ("domain", Value::from(self.domain.as_str())),
            ("tags", texts(&self.tags)),
            ("labels", Value::from_pairs(labels)),
            ("network", Value::from_pairs(networks)),
            ("interfaces", Value::from_pairs(interfaces)),
            ("devices", Value::from_pairs(devices)),
        ])
    }
}

impl KnownNetwork {
    fn value(&self) -> Value {
        let Self { ip, cidr, dns_suffix } = self;
        Value::from_pairs([("ip", ip.as_str()), ("cidr", cidr), ("dns_suffix", dns_suffix)])
    }
}

impl KnownInterface {
    /// What virtual functions are like is known only where there are some, as in v1.0.
    fn value(&self) -> Value {
        let mut known = vec![("slaves", texts(&self.slaves)), ("sriov", Value::from(self.sriov.is_some()))];
        if let Some(sriov) = &self.sriov {
            known.push(("vf_count", Value::from(sriov.vf_count)));
            known.push(("trustedmode", Value::from(sriov.trustedmode)));
        }
        Value::from_pairs(known)
    }
}

impl KnownAction {
    /// As a template sees it.
    pub(super) fn value(&self) -> Value {
        let Self { action_id, action_key, report_url, design_ref } = self;
        Value::from_pairs([
            ("action_id", action_id.as_str()),
            ("action_key", action_key),
            ("report_url", report_url),
            ("design_ref", design_ref),
        ])
    }
}

fn texts(list: &[String]) -> Value {
    list.iter().map(String::as_str).collect()
}
