//! Where each value of a node comes from: the documents of its chain are laid over each other once more, from the root
//! profile to the node, and it is kept which of them said what.

use std::collections::HashMap;

use serde_json::Value;

use super::{DocumentRef, EffectiveNode, HostSettings, Network, NodeAddress, Origin, Site, leaves};
use crate::NodeName;
use crate::ingest::Places;

/// A value of a node, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The field: `platform.kernel_params.console`.
    pub path: String,
    /// A text, a number, or true or false. Never a secret.
    pub value: Value,
    /// The document that says it, then the one that this refers to. Empty where no document says it: a default.
    pub from: Vec<Source>,
}

/// A place in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The document.
    pub document: DocumentRef,
    /// Where in its file the value stands, or what is around it.
    pub origin: Origin,
}

/// Every value of a node with where it comes from; `None` if the site has no such node.
///
/// Where the files that the site was read from are among those of `places`, each value has its line, otherwise that of
/// its document.
pub fn explain(site: &Site, name: &NodeName, places: &mut Places<'_>) -> Option<Vec<Explained>> {
    let node = site.node(name)?;
    let layers = layers(site, name)?;
    let said = said_by(&layers);
    let mut explainer = Explainer { site, node: layers.last()?, layers: &layers, said, places };
    let explained = leaves(&site.tree(node)).into_iter().map(|leaf| {
        let from = explainer.sources(&leaf.keys);
        Explained { path: leaf.path, value: leaf.value, from }
    });
    Some(explained.collect())
}

/// A document of a node's chain.
struct Layer<'s> {
    document: DocumentRef,
    origin: &'s Origin,
    settings: &'s HostSettings,
}

/// The documents of a node's chain, the root profile first and the node last.
fn layers<'s>(site: &'s Site, name: &NodeName) -> Option<Vec<Layer<'s>>> {
    let design = site.design();
    let node = design.nodes.get(name)?;
    let document = DocumentRef { kind: "BaremetalNode".to_owned(), name: name.as_str().to_owned() };
    let mut layers = vec![Layer { document, origin: &node.origin, settings: &node.settings }];
    let mut next = node.settings.host_profile.as_deref();
    // A site is resolved, so the chain ends.
    while let Some(profile) = next.and_then(|name| design.host_profiles.get(name)) {
        let document = DocumentRef { kind: "HostProfile".to_owned(), name: profile.name.clone() };
        layers.push(Layer { document, origin: &profile.origin, settings: &profile.settings });
        next = profile.settings.host_profile.as_deref();
    }
    layers.reverse();
    Some(layers)
}

type SaidBy = HashMap<Vec<String>, usize>;

/// Which layer said each value that is left when all are laid over each other, and so is no longer said by one whose
/// value was taken away in between.
fn said_by(layers: &[Layer<'_>]) -> SaidBy {
    let mut below = HostSettings::default();
    let mut said = SaidBy::new();
    for (index, layer) in layers.iter().enumerate() {
        let own: SaidBy = leaves(&layer.settings.tree()).into_iter().map(|leaf| (leaf.keys, index)).collect();
        let merged = layer.settings.over(&below);
        let here = leaves(&merged.tree()).into_iter().filter_map(|leaf| {
            let by = own.get(&leaf.keys).or_else(|| said.get(&leaf.keys)).copied()?;
            Some((leaf.keys, by))
        });
        said = here.collect();
        below = merged;
    }
    said
}

struct Explainer<'e, 'f> {
    site: &'e Site,
    node: &'e Layer<'e>,
    layers: &'e [Layer<'e>],
    said: SaidBy,
    places: &'e mut Places<'f>,
}

impl<'e> Explainer<'e, '_> {
    fn sources(&mut self, keys: &[String]) -> Vec<Source> {
        let words: Vec<&str> = keys.iter().map(String::as_str).collect();
        match words[..] {
            ["name"] => vec![self.of_node(&[])],
            ["addressing", ..] | ["metadata", "boot_mac"] => vec![self.of_node(&words)],
            ["oob", "address"] => self.oob_address(),
            ["fqdn"] => self.fqdn(),
            ["kernel_command_line"] => self.command_line(),
            ["devices", alias] => self.device(alias),
            ["routes", index, field] => self.route(index, field),
            ["platform", "kernel_params", _] => {
                self.said(&words).into_iter().chain(self.referred(keys)).collect()
            }
            _ => self.said(&words).into_iter().collect(),
        }
    }

    /// What the chain says.
    fn said(&mut self, words: &[&str]) -> Option<Source> {
        let keys: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let layer = self.layers.get(*self.said.get(&keys)?)?;
        Some(self.source(layer.document.clone(), layer.origin, words))
    }

    fn of_node(&mut self, words: &[&str]) -> Source {
        self.source(self.node.document.clone(), self.node.origin, words)
    }

    fn source(&mut self, document: DocumentRef, origin: &Origin, words: &[&str]) -> Source {
        Source { document, origin: self.places.of(origin, words) }
    }

    /// The entry of the node's addresses that stands on the out-of-band network.
    fn oob_address(&mut self) -> Vec<Source> {
        let Some(node) = self.effective() else { return Vec::new() };
        let wanted = node.oob.bmc().map(|bmc| NodeAddress::Static(bmc.address));
        let index = node.addressing.iter().position(|entry| Some(entry.address) == wanted);
        let index = index.unwrap_or_default().to_string();
        let network = self.said(&["oob", "network"]);
        std::iter::once(self.of_node(&["addressing", &index, "address"])).chain(network).collect()
    }

    /// The primary network and its domain; without one, the name is all there is.
    fn fqdn(&mut self) -> Vec<Source> {
        let Some(primary) = self.said(&["primary_network"]) else { return vec![self.of_node(&[])] };
        let name = self.layers.iter().rev().find_map(|layer| layer.settings.primary_network.value());
        let network = name.and_then(|name| self.site.design().networks.get(name));
        let network = network.map(|network| self.of_network(network, &["dns", "domain"]));
        std::iter::once(primary).chain(network).collect()
    }

    /// Each document that has a share in the parameters.
    fn command_line(&mut self) -> Vec<Source> {
        let of_params = self
            .said
            .iter()
            .filter(|(keys, _)| keys.starts_with(&["platform".to_owned(), "kernel_params".to_owned()]));
        let mut indices: Vec<usize> = of_params.map(|(_, index)| *index).collect();
        indices.sort_unstable_by(|one, other| other.cmp(one));
        indices.dedup();
        let layers: Vec<&Layer<'_>> =
            indices.into_iter().filter_map(|index| self.layers.get(index)).collect();
        let words = ["platform", "kernel_params"];
        layers.into_iter().map(|layer| self.source(layer.document.clone(), layer.origin, &words)).collect()
    }

    /// The alias, and where the inventory names its device.
    fn device(&mut self, alias: &str) -> Vec<Source> {
        let Some(node) = self.effective() else { return Vec::new() };
        let profile = self.site.design().hardware_profiles.get(&node.hardware_profile);
        let profile = profile.map(|profile| {
            let document = DocumentRef { kind: "HardwareProfile".to_owned(), name: profile.name.clone() };
            self.source(document, &profile.origin, &["device_aliases", alias])
        });
        let inventory = node.devices.get(alias).map(|known| Source {
            document: DocumentRef { kind: "lshw".to_owned(), name: String::new() },
            origin: known.origin.clone(),
        });
        profile.into_iter().chain(inventory).collect()
    }

    /// The network that has the route; where it leads there by a route domain, also the network that it leads to.
    fn route(&mut self, index: &str, field: &str) -> Vec<Source> {
        let Some(node) = self.effective() else { return Vec::new() };
        let routes = self.site.routes(node);
        let Some(route) = index.parse().ok().and_then(|index: usize| routes.get(index)) else {
            return Vec::new();
        };
        let entry = route.entry.to_string();
        let words = match (field, route.member) {
            ("network", _) => vec![],
            ("subnet", Some(_)) => vec!["routes", &entry, "routedomain"],
            (field, _) => vec!["routes", &entry, field],
        };
        let of_network = self.of_network(route.network, &words);
        let of_member = route.member.filter(|_| field == "subnet").map(|it| self.of_network(it, &["cidr"]));
        std::iter::once(of_network).chain(of_member).collect()
    }

    fn of_network(&mut self, network: &Network, words: &[&str]) -> Source {
        let document = DocumentRef { kind: "Network".to_owned(), name: network.name.clone() };
        self.source(document, &network.origin, words)
    }

    fn effective(&self) -> Option<&'e EffectiveNode> {
        self.site.node(&NodeName::new(&self.node.document.name).ok()?)
    }

    /// Where in the hardware profile a kernel parameter's value is, if it refers to it.
    fn referred(&mut self, keys: &[String]) -> Option<Source> {
        let layer = self.layers.get(*self.said.get(keys)?)?;
        let written = layer.settings.platform.kernel_params.set.get(keys.last()?)?;
        let reference = written.strip_prefix("hardwareprofile:")?;
        let name = self.layers.iter().rev().find_map(|layer| layer.settings.hardware_profile.value())?;
        let profile = self.site.design().hardware_profiles.get(name)?;
        let document = DocumentRef { kind: "HardwareProfile".to_owned(), name: profile.name.clone() };
        let words = match (reference.strip_prefix("cpuset."), reference.strip_prefix("hugepages.")) {
            (Some(set), _) => vec!["cpu_sets", set],
            (None, Some(rest)) => {
                let (set, field) = rest.rsplit_once('.')?;
                vec!["hugepages", set, field]
            }
            (None, None) => return None,
        };
        Some(self.source(document, &profile.origin, &words))
    }
}
