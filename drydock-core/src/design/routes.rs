//! The routes that hosts on a network need: those that its document spells out, and those that its route domains stand for.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{Design, EffectiveNode, Network, Site};

/// A route that can be used: it says where it leads, and over what.
#[derive(Debug, Clone, Copy)]
pub struct EffectiveRoute<'d> {
    /// The network that has it.
    pub network: &'d Network,
    /// Which of the network's `routes` says so, counted from 0.
    pub entry: usize,
    /// The network that it leads to, where the entry names a route domain that this one is in.
    pub member: Option<&'d Network>,
    /// Where it leads.
    pub subnet: IpNet,
    /// The next hop.
    pub gateway: IpAddr,
    /// Lower is preferred.
    pub metric: Option<u32>,
}

impl Design {
    /// The routes of a network: first those whose subnet is written, in the document's order; then, for each entry that
    /// names a route domain, one over its gateway to each network of the domain, in the order of names.
    ///
    /// By a route domain none leads to the network itself, to a subnet to which another route leads, or to a network of
    /// the other version of IP than the gateway. An entry without a gateway makes none.
    pub fn routes<'d>(&'d self, network: &'d Network) -> Vec<EffectiveRoute<'d>> {
        let mut routes = Vec::new();
        let mut reached = BTreeSet::from([network.cidr.trunc()]);
        for (entry, route) in network.routes.iter().enumerate() {
            if let (Some(subnet), Some(gateway)) = (route.subnet, route.gateway) {
                reached.insert(subnet.trunc());
                let metric = route.metric;
                routes.push(EffectiveRoute { network, entry, member: None, subnet, gateway, metric });
            }
        }
        for (entry, route) in network.routes.iter().enumerate() {
            let (Some(domain), Some(gateway)) = (&route.routedomain, route.gateway) else { continue };
            for member in self.networks.values().filter(|it| it.routedomain.as_ref() == Some(domain)) {
                let subnet = member.cidr.trunc();
                if subnet.addr().is_ipv4() == gateway.is_ipv4() && reached.insert(subnet) {
                    let (member, metric) = (Some(member), route.metric);
                    routes.push(EffectiveRoute { network, entry, member, subnet, gateway, metric });
                }
            }
        }
        routes
    }
}

impl Site {
    /// The routes that a node needs: those of the networks that its interfaces are attached to, each network once.
    pub fn routes(&self, node: &EffectiveNode) -> Vec<EffectiveRoute<'_>> {
        let mut seen = BTreeSet::new();
        let names = node.interfaces.values().flat_map(|interface| &interface.networks);
        let names = names.filter(|name| seen.insert(name.as_str()));
        let networks = names.filter_map(|name| self.design().networks.get(name));
        networks.flat_map(|network| self.design().routes(network)).collect()
    }

    /// A node as a tree without its secrets, with what other documents mean for it: its routes.
    pub fn tree(&self, node: &EffectiveNode) -> Value {
        let mut tree = node.tree();
        let routes = self.routes(node).into_iter().map(|route| {
            let EffectiveRoute { network, subnet, gateway, metric, .. } = route;
            json!({"network": network.name, "subnet": subnet, "gateway": gateway, "metric": metric})
        });
        let routes: Vec<Value> = routes.collect();
        if let Value::Object(fields) = &mut tree {
            fields.insert("routes".to_owned(), routes.into());
        }
        tree
    }
}
