//! A picture of a site: which node stands in which rack, on which links it is, and what networks these carry.

mod mermaid;
mod svg;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

use super::{BondingMode, EffectiveNode, NetworkLink, NodeAddress, Site, TrunkingMode};

/// What is drawn of a site. Holds nothing that is secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    /// Each kind in the order in which it is drawn: nodes by rack and name, the others by name.
    pub vertices: Vec<Vertex>,
    /// What belongs together.
    pub edges: Vec<Edge>,
}

/// A rack, a node, a link or a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vertex {
    /// Which of them.
    pub kind: VertexKind,
    /// Its name.
    pub name: String,
    /// What else there is to say: a node's full name, a link's bonding, a network's CIDR and VLAN; empty for something
    /// that is named and has no document.
    pub detail: String,
}

/// The kinds of [`Vertex`], from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VertexKind {
    /// Where nodes stand.
    Rack,
    /// A server.
    Node,
    /// A link.
    Link,
    /// A network.
    Network,
}

impl VertexKind {
    /// All of them, from left to right.
    pub const ALL: [Self; 4] = [Self::Rack, Self::Node, Self::Link, Self::Network];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rack => "rack",
            Self::Node => "node",
            Self::Link => "link",
            Self::Network => "network",
        }
    }
}

/// Two things that belong together; `from` stands further left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The index of one in [`Graph::vertices`].
    pub from: usize,
    /// The index of the other.
    pub to: usize,
    /// Why: an interface, an address, whether frames are tagged; empty for a node in its rack.
    pub label: String,
}

impl Graph {
    /// The picture of a site.
    pub fn of(site: &Site) -> Self {
        let design = site.design();
        let mut drawing = Drawing::default();
        for name in design.racks.keys() {
            drawing.add(VertexKind::Rack, name, String::new());
        }
        let mut nodes: Vec<&EffectiveNode> = site.nodes().values().collect();
        nodes.sort_by_key(|node| (node.rack.is_none(), &node.rack, &node.name));
        for node in &nodes {
            drawing.add(VertexKind::Node, node.name.as_str(), node.fqdn.clone());
        }
        for link in design.network_links.values() {
            let bonded = link.bonding.mode != BondingMode::Disabled;
            let detail = if bonded { format!("bond {}", link.bonding.mode.as_str()) } else { String::new() };
            drawing.add(VertexKind::Link, &link.name, detail);
        }
        for network in design.networks.values() {
            let vlan = network.vlan.map(|tag| format!(", VLAN {tag}")).unwrap_or_default();
            drawing.add(VertexKind::Network, &network.name, format!("{}{vlan}", network.cidr));
        }
        for node in nodes {
            drawing.node(node);
        }
        for link in design.network_links.values() {
            drawing.carried(link);
        }
        drawing.graph
    }

    /// The picture in the language of Mermaid, each rack around its nodes.
    pub fn mermaid(&self) -> String {
        mermaid::picture(self)
    }

    /// The picture as an SVG document, in columns.
    pub fn svg(&self) -> String {
        svg::picture(self)
    }

    /// The things of a kind, each with its index.
    fn of_kind(&self, kind: VertexKind) -> impl Iterator<Item = (usize, &Vertex)> {
        self.vertices.iter().enumerate().filter(move |(_, vertex)| vertex.kind == kind)
    }
}

#[derive(Default)]
struct Drawing {
    graph: Graph,
    places: HashMap<(VertexKind, String), usize>,
}

impl Drawing {
    /// The index of a thing, which is added if it is not there.
    fn add(&mut self, kind: VertexKind, name: &str, detail: String) -> usize {
        let vertices = &mut self.graph.vertices;
        *self.places.entry((kind, name.to_owned())).or_insert_with(|| {
            vertices.push(Vertex { kind, name: name.to_owned(), detail });
            vertices.len() - 1
        })
    }

    /// As [`add`](Self::add), of something that is only named here.
    fn named(&mut self, kind: VertexKind, name: &str) -> usize {
        self.add(kind, name, String::new())
    }

    fn edge(&mut self, from: usize, to: usize, label: impl Into<String>) {
        self.graph.edges.push(Edge { from, to, label: label.into() });
    }

    /// A node in its rack, its interfaces on their links, and what it reaches without one, as its BMC.
    fn node(&mut self, node: &EffectiveNode) {
        let place = self.named(VertexKind::Node, node.name.as_str());
        if let Some(rack) = &node.rack {
            let rack = self.named(VertexKind::Rack, rack);
            self.edge(rack, place, "");
        }
        let mut attached = BTreeSet::new();
        for (name, interface) in &node.interfaces {
            attached.extend(&interface.networks);
            if let Some(link) = &interface.device_link {
                let link = self.named(VertexKind::Link, link);
                self.edge(place, link, name);
            } else {
                for network in &interface.networks {
                    let network = self.named(VertexKind::Network, network);
                    self.edge(place, network, name);
                }
            }
        }
        for entry in node.addressing.iter().filter(|entry| !attached.contains(&entry.network)) {
            let network = self.named(VertexKind::Network, &entry.network);
            let address = match entry.address {
                NodeAddress::Dhcp => "dhcp".to_owned(),
                NodeAddress::Static(address) => address.to_string(),
            };
            self.edge(place, network, address);
        }
    }

    /// The networks of a link.
    fn carried(&mut self, link: &NetworkLink) {
        let place = self.named(VertexKind::Link, &link.name);
        let networks: BTreeSet<&String> = link.default_network.iter().chain(&link.allowed_networks).collect();
        for network in networks {
            let is_default = link.default_network.as_ref() == Some(network);
            let label = match link.trunking {
                TrunkingMode::Dot1q if !is_default => "tagged",
                TrunkingMode::Dot1q | TrunkingMode::Disabled => "",
            };
            let network = self.named(VertexKind::Network, network);
            self.edge(place, network, label);
        }
    }
}
