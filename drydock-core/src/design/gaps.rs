//! What a node must have and may turn out to lack.

use std::net::IpAddr;

use super::{
    BaremetalNode, Bmc, Design, DocumentRef, EffectiveOob, HostSettings, NodeAddress, OobType, Problem,
};

/// The domain of a host without a primary network, as v1.0 has it.
const DEFAULT_DOMAIN: &str = "local";

/// The parts of a node that may turn out to be missing, and what was said where one is.
pub(super) struct Found {
    pub(super) hardware_profile: Option<String>,
    pub(super) fqdn: Option<String>,
    pub(super) oob: Option<EffectiveOob>,
    /// What is wrong, and what no rule of [`rules`](crate::rules) tells.
    pub(super) problems: Vec<Problem>,
    /// What is wrong, and what a rule tells too.
    pub(super) told_by_rules: Vec<Problem>,
}

/// Looks for what the node must have; `settings` are those over all its profiles.
pub(super) fn look(design: &Design, node: &BaremetalNode, settings: &HostSettings) -> Found {
    let mut gaps = Gaps { node, problems: Vec::new(), told_by_rules: Vec::new() };
    let hardware_profile = gaps.hardware_profile(design, settings);
    let fqdn = gaps.fqdn(design, settings);
    let oob = gaps.oob(settings);
    let Gaps { problems, told_by_rules, .. } = gaps;
    Found { hardware_profile, fqdn, oob, problems, told_by_rules }
}

/// The name that a node has without a primary network, or with one that does not exist.
pub(super) fn local_name(node: &BaremetalNode) -> String {
    format!("{}.{DEFAULT_DOMAIN}", node.name)
}

/// Resolves the parts of a node. Each returns `None` after it has said why.
struct Gaps<'d> {
    node: &'d BaremetalNode,
    problems: Vec<Problem>,
    told_by_rules: Vec<Problem>,
}

impl Gaps<'_> {
    fn missing(&mut self, path: &str, text: String) {
        let problem = self.problem(path, text);
        self.problems.push(problem);
    }

    /// As [`missing`](Self::missing), for what makes a BMC of this type unreachable.
    fn missing_for(&mut self, kind: OobType, path: &str, text: String) {
        let problem = self.problem(path, text);
        if kind == OobType::Ipmi { self.told_by_rules.push(problem) } else { self.problems.push(problem) }
    }

    fn problem(&self, path: &str, text: String) -> Problem {
        Problem {
            origin: self.node.origin.clone(),
            document: Some(DocumentRef {
                kind: "BaremetalNode".to_owned(),
                name: self.node.name.as_str().to_owned(),
            }),
            path: format!("{}.{path}", self.node.form.body_key()),
            text,
        }
    }

    fn hardware_profile(&mut self, design: &Design, settings: &HostSettings) -> Option<String> {
        let Some(name) = settings.hardware_profile.value() else {
            self.missing(
                "hardware_profile",
                "the node has no hardware profile: set `hardware_profile` here or in a host profile"
                    .to_owned(),
            );
            return None;
        };
        if !design.hardware_profiles.contains_key(name) {
            self.missing(
                "hardware_profile",
                format!("there is no hardware profile {name:?}; add that document, or name another"),
            );
            return None;
        }
        Some(name.clone())
    }

    fn fqdn(&mut self, design: &Design, settings: &HostSettings) -> Option<String> {
        let domain = match settings.primary_network.value().map(|name| (name, design.networks.get(name))) {
            None => DEFAULT_DOMAIN,
            Some((_, Some(network))) => network.dns_domain.as_str(),
            Some((name, None)) => {
                self.missing(
                    "primary_network",
                    format!("there is no network {name:?}; add that document, or name another"),
                );
                return None;
            }
        };
        Some(format!("{}.{domain}", self.node.name))
    }

    fn oob(&mut self, settings: &HostSettings) -> Option<EffectiveOob> {
        let parameters = || settings.oob.parameters.clone();
        match settings.oob.kind.value() {
            Some(OobType::Ipmi) => self.bmc(settings, OobType::Ipmi).map(EffectiveOob::Ipmi),
            Some(OobType::Redfish) => self.bmc(settings, OobType::Redfish).map(EffectiveOob::Redfish),
            Some(OobType::Libvirt) => Some(EffectiveOob::Libvirt { parameters: parameters() }),
            Some(OobType::Manual) => Some(EffectiveOob::Manual),
            None => {
                self.missing(
                    "oob.type",
                    "the node has no out-of-band driver: set `oob.type` here or in a host profile \
                     (`manual` where a person presses the button)"
                        .to_owned(),
                );
                None
            }
        }
    }

    fn bmc(&mut self, settings: &HostSettings, kind: OobType) -> Option<Bmc> {
        let oob = &settings.oob;
        let account = self.needed(oob.account.clone(), kind, "account");
        let credential = self.needed(oob.credential.clone(), kind, "credential");
        let network = self.needed(oob.network.as_deref(), kind, "network");
        let address = network.and_then(|network| self.address_on(network, kind));
        let port = match oob.parameters.get("port") {
            None => Some(None),
            Some(text) => self.port(text).map(Some),
        };
        Some(Bmc {
            address: address?,
            port: port?,
            account: account?,
            credential: credential?,
            parameters: oob.parameters.clone(),
        })
    }

    fn needed<T>(&mut self, value: Option<T>, kind: OobType, key: &str) -> Option<T> {
        if value.is_none() {
            self.missing_for(
                kind,
                &format!("oob.{key}"),
                format!(
                    "out-of-band access of type {kind} needs `oob.{key}`: set it here or in a host profile"
                ),
            );
        }
        value
    }

    fn address_on(&mut self, network: &str, kind: OobType) -> Option<IpAddr> {
        let mut on_network = self.node.addressing.iter().filter(|entry| entry.network == network).peekable();
        let nothing_there = on_network.peek().is_none();
        let found = on_network.find_map(|entry| match entry.address {
            NodeAddress::Static(address) => Some(address),
            NodeAddress::Dhcp => None,
        });
        if found.is_none() {
            let why = if nothing_there { "has no address" } else { "has only a dhcp address" };
            self.missing_for(
                kind,
                "addressing",
                format!(
                    "the node {why} on its out-of-band network {network:?}, where type {kind} looks for its BMC; \
                     add an entry with `network: {network}` and the BMC's IP address"
                ),
            );
        }
        found
    }

    fn port(&mut self, text: &str) -> Option<u16> {
        let port = text.parse::<u16>().ok().filter(|port| *port > 0);
        if port.is_none() {
            self.missing("oob.port", "not a port: write a number from 1 to 65535".to_owned());
        }
        port
    }
}
