//! Nodes and what documents say of them as trees of JSON, under the names that documents use: for showing, comparing and
//! explaining. No tree holds a secret; [`NOT_SHOWN`] stands for it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::{
    Addressing, EffectiveNode, EffectiveOob, HostSettings, ListSetting, MapSetting, NamedSetting,
    NodeAddress, Parameters, Setting,
};

/// Stands where a secret is, or a parameter of a driver that may be one.
pub const NOT_SHOWN: &str = "(not shown)";

/// A single value of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The keys that lead to it. An entry of a list of texts has that text for a key, and any other entry its index.
    pub keys: Vec<String>,
    /// The same for people: `interfaces.pxe.slaves[0]`.
    pub path: String,
    /// A text, a number, or true or false.
    pub value: Value,
}

/// The single values of a tree, in its order; nulls are left out.
pub fn leaves(tree: &Value) -> Vec<Leaf> {
    let mut found = Vec::new();
    gather(tree, &mut Vec::new(), "", &mut found);
    found
}

fn gather(tree: &Value, keys: &mut Vec<String>, path: &str, found: &mut Vec<Leaf>) {
    match tree {
        Value::Null => {}
        Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                keys.push(key.clone());
                gather(value, keys, &path, found);
                keys.pop();
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                keys.push(value.as_str().map_or_else(|| index.to_string(), str::to_owned));
                gather(value, keys, &format!("{path}[{index}]"), found);
                keys.pop();
            }
        }
        value @ (Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
            found.push(Leaf { keys: keys.clone(), path: path.to_owned(), value: value.clone() });
        }
    }
}

impl EffectiveNode {
    /// The node as a tree without its secrets: what `drydock design show` prints.
    pub fn tree(&self) -> Value {
        json!({
            "name": self.name.as_str(),
            "fqdn": self.fqdn,
            "hardware_profile": self.hardware_profile,
            "primary_network": self.primary_network,
            "oob": self.oob.tree(),
            "addressing": self.addressing.iter().map(addressing).collect::<Vec<_>>(),
            "interfaces": tree(&self.interfaces),
            "storage": tree(&self.storage),
            "devices": self.devices.iter().map(|(alias, known)| (alias, &known.name)).collect::<BTreeMap<_, _>>(),
            "platform": {
                "image": self.platform.image,
                "kernel": self.platform.kernel,
                "kernel_params": tree(&self.platform.kernel_params),
            },
            "kernel_command_line": self.platform.kernel_command_line(),
            "metadata": {
                "rack": self.rack,
                "boot_mac": self.boot_mac.map(|mac| mac.to_string()),
                "tags": self.tags,
                "owner_data": tree(&self.owner_data),
            },
        })
    }
}

impl EffectiveOob {
    fn tree(&self) -> Value {
        let mut oob = match self {
            Self::Ipmi(bmc) | Self::Redfish(bmc) => {
                let mut oob = parameters(&bmc.parameters);
                oob.insert("address".to_owned(), bmc.address.to_string().into());
                oob.insert("account".to_owned(), bmc.account.as_str().into());
                oob.insert("credential".to_owned(), NOT_SHOWN.into());
                oob
            }
            Self::Libvirt { parameters: given } => parameters(given),
            Self::Manual => Map::new(),
        };
        oob.insert("type".to_owned(), self.kind().as_str().into());
        Value::Object(oob)
    }
}

impl HostSettings {
    /// What these settings say themselves, as the same tree as [`EffectiveNode::tree`]; other things are null.
    pub(super) fn tree(&self) -> Value {
        let mut oob = parameters(&self.oob.parameters);
        oob.insert("type".to_owned(), json!(self.oob.kind.value().map(|kind| kind.as_str())));
        oob.insert("network".to_owned(), json!(self.oob.network));
        oob.insert("account".to_owned(), json!(self.oob.account));
        oob.insert("credential".to_owned(), json!(self.oob.credential.as_ref().map(|_| NOT_SHOWN)));
        json!({
            "hardware_profile": tree(&self.hardware_profile),
            "primary_network": tree(&self.primary_network),
            "oob": oob,
            "interfaces": tree(&self.interfaces),
            "storage": tree(&self.storage),
            "platform": {
                "image": tree(&self.platform.image),
                "kernel": tree(&self.platform.kernel),
                "kernel_params": tree(&self.platform.kernel_params),
            },
            "metadata": {
                "rack": tree(&self.metadata.rack),
                "tags": tree(&self.metadata.tags),
                "owner_data": tree(&self.metadata.owner_data),
            },
        })
    }
}

/// A driver's parameters, of which only the port is known to be no secret.
fn parameters(Parameters(given): &Parameters) -> Map<String, Value> {
    let shown = |key: &str, value: &str| if key == "port" { value.to_owned() } else { NOT_SHOWN.to_owned() };
    given.iter().map(|(key, value)| (key.clone(), shown(key, value).into())).collect()
}

fn addressing(entry: &Addressing) -> Value {
    let address = match entry.address {
        NodeAddress::Dhcp => "dhcp".to_owned(),
        NodeAddress::Static(address) => address.to_string(),
    };
    json!({"network": entry.network, "address": address})
}

/// A value of maps with texts for keys, lists and single values always has a tree.
pub(super) fn tree(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

impl<T: Serialize> Serialize for Setting<T> {
    /// As its value, or null.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl Serialize for ListSetting {
    /// As what it adds.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.add.serialize(serializer)
    }
}

impl Serialize for MapSetting {
    /// As what it sets.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.set)
    }
}

impl<T: Serialize> Serialize for NamedSetting<T> {
    /// As what it sets.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(&self.set)
    }
}
