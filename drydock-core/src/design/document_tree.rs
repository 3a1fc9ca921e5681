//! Documents as trees that can be compared: what may be shown, and beside it what may not.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::tree::{NOT_SHOWN, tree};
use super::{
    Asset, AssetData, BootAction, EffectiveNode, EffectiveOob, HardwareProfile, Network, NetworkLink, Rack,
    Region, Repository,
};
use crate::{ExposeSecret as _, SecretString};

/// A document.
pub(super) struct Tree {
    /// What may be shown; [`NOT_SHOWN`] stands for the rest.
    pub(super) shown: Value,
    /// The rest, by the keys that lead to it.
    pub(super) hidden: BTreeMap<Vec<String>, SecretString>,
}

impl Tree {
    fn of(shown: Value) -> Self {
        Self { shown, hidden: BTreeMap::new() }
    }

    /// Keeps a value that is compared and never shown.
    pub(super) fn hide(&mut self, keys: &[&str], secret: &str) {
        let mut place = &mut self.shown;
        for key in keys {
            // An index is for a list that is there.
            let index = key.strip_prefix('[').and_then(|key| key.strip_suffix(']')?.parse::<usize>().ok());
            place = match index {
                Some(index) => match place.get_mut(index) {
                    Some(entry) => entry,
                    None => return,
                },
                None => match place {
                    Value::Object(map) => map.entry(*key).or_insert(Value::Null),
                    _ => return,
                },
            };
            if place.is_null() {
                *place = json!({});
            }
        }
        *place = NOT_SHOWN.into();
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        self.hidden.insert(keys, SecretString::from(secret));
    }

    pub(super) fn of_node(node: &EffectiveNode) -> Self {
        let mut tree = Self::of(node.tree());
        let parameters = match &node.oob {
            EffectiveOob::Ipmi(bmc) | EffectiveOob::Redfish(bmc) => {
                tree.hide(&["oob", "credential"], bmc.credential.expose_secret());
                Some(&bmc.parameters)
            }
            EffectiveOob::Libvirt { parameters } => Some(parameters),
            EffectiveOob::Manual => None,
        };
        for (key, value) in parameters.into_iter().flat_map(|parameters| &parameters.0) {
            if key != "port" {
                tree.hide(&["oob", key], value);
            }
        }
        tree
    }

    pub(super) fn of_region(region: &Region) -> Self {
        let tags =
            region.tag_definitions.iter().map(|it| json!({"tag": it.tag, "definition": it.definition}));
        let repositories = region.repositories.listed.iter().map(|(name, it)| (name.clone(), repository(it)));
        let mut tree = Self::of(json!({
            "tag_definitions": tags.collect::<Vec<_>>(),
            "authorized_keys": region.authorized_keys,
            "repositories": repositories.collect::<BTreeMap<_, _>>(),
            "remove_unlisted": region.repositories.remove_unlisted,
        }));
        for (name, repository) in &region.repositories.listed {
            // An address may have a user and a password in it, and so may an option.
            tree.hide(&["repositories", name, "url"], &repository.url);
            for (key, value) in &repository.options {
                tree.hide(&["repositories", name, "options", key], value);
            }
        }
        tree
    }

    pub(super) fn of_rack(rack: &Rack) -> Self {
        let switches =
            rack.tor_switches.iter().map(|(name, it)| (name.clone(), json!({"mgmt_ip": it.mgmt_ip})));
        let mut tree = Self::of(json!({
            "tor_switches": switches.collect::<BTreeMap<_, _>>(),
            "location": rack.location,
            "local_networks": rack.local_networks,
            "labels": rack.labels,
        }));
        for (name, switch) in &rack.tor_switches {
            if let Some(uri) = &switch.sdn_api_uri {
                tree.hide(&["tor_switches", name, "sdn_api_uri"], uri);
            }
        }
        tree
    }

    pub(super) fn of_link(link: &NetworkLink) -> Self {
        let tagged = match link.trunking {
            super::TrunkingMode::Disabled => "disabled",
            super::TrunkingMode::Dot1q => "802.1q",
        };
        Self::of(json!({
            "bonding": {
                "mode": link.bonding.mode.as_str(),
                "hash": link.bonding.xmit_hash(),
                "peer_rate": link.bonding.lacp_rate(),
                "mon_rate": link.bonding.mon_rate_ms(),
                "up_delay": link.bonding.up_delay_ms(),
                "down_delay": link.bonding.down_delay_ms(),
            },
            "mtu": link.mtu,
            "linkspeed": link.linkspeed,
            "trunking": {"mode": tagged, "default_network": link.default_network},
            "allowed_networks": link.allowed_networks,
            "labels": link.labels,
        }))
    }

    pub(super) fn of_network(network: &Network) -> Self {
        let ranges = network.ranges.iter();
        let ranges = ranges.map(|it| json!({"type": it.kind.as_str(), "start": it.start, "end": it.end}));
        let routes = network.routes.iter().map(|it| {
            json!({
                "subnet": it.subnet, "routedomain": it.routedomain, "gateway": it.gateway, "metric": it.metric,
            })
        });
        let relay = network.dhcp_relay.as_ref();
        let relay = relay.map(|it| json!({"self_ip": it.self_ip, "upstream_target": it.upstream_target}));
        Self::of(json!({
            "cidr": network.cidr,
            "vlan": network.vlan,
            "mtu": network.mtu,
            "routedomain": network.routedomain,
            "ranges": ranges.collect::<Vec<_>>(),
            "routes": routes.collect::<Vec<_>>(),
            "dns": {"domain": network.dns_domain, "servers": network.dns_servers},
            "dhcp_relay": relay,
            "labels": network.labels,
        }))
    }

    pub(super) fn of_hardware_profile(profile: &HardwareProfile) -> Self {
        use super::{BootMode, BootstrapProtocol};
        let aliases = profile.device_aliases.iter().map(|(name, it)| {
            let alias = json!({"address": it.address, "bus_type": it.bus_type, "dev_type": it.dev_type});
            (name.clone(), alias)
        });
        let pages = profile.hugepages.iter();
        let pages = pages.map(|(name, it)| (name.clone(), json!({"size": it.size, "count": it.count})));
        Self::of(json!({
            "vendor": profile.vendor,
            "generation": profile.generation,
            "hw_version": profile.hw_version,
            "bios_version": profile.bios_version,
            "boot_mode": profile.boot_mode.map(|mode| match mode {
                BootMode::Bios => "bios",
                BootMode::Uefi => "uefi",
            }),
            "bootstrap_protocol": profile.bootstrap_protocol.map(|protocol| match protocol {
                BootstrapProtocol::Pxe => "pxe",
                BootstrapProtocol::Usb => "usb",
                BootstrapProtocol::Hdd => "hdd",
            }),
            "pxe_interface": profile.pxe_interface,
            "device_aliases": aliases.collect::<BTreeMap<_, _>>(),
            "cpu_sets": profile.cpu_sets,
            "hugepages": pages.collect::<BTreeMap<_, _>>(),
        }))
    }

    pub(super) fn of_boot_action(action: &BootAction) -> Self {
        let mut shown = Self::of(json!({
            "signaling": action.signaling,
            "node_filter": tree(&action.node_filter),
            "assets": action.assets.iter().map(asset).collect::<Vec<_>>(),
        }));
        for (index, asset) in action.assets.iter().enumerate() {
            let index = format!("[{index}]");
            if let Some(location) = &asset.location {
                shown.hide(&["assets", &index, "location"], location);
            }
            if let Some(AssetData::Text(text)) = &asset.data {
                shown.hide(&["assets", &index, "data"], text);
            }
        }
        shown
    }
}

fn repository(repository: &Repository) -> Value {
    let kind = match repository.kind {
        super::RepositoryKind::Apt => "apt",
        super::RepositoryKind::Rpm => "rpm",
    };
    json!({
        "type": kind,
        "distributions": repository.distributions,
        "subrepos": repository.subrepos,
        "components": repository.components,
        "gpgkey": repository.gpgkey,
        "arches": repository.arches,
    })
}

/// An asset, without its content if that is a text, and without its location.
fn asset(asset: &Asset) -> Value {
    let words = |pipeline: &[super::Segment]| pipeline.iter().map(|it| it.as_str()).collect::<Vec<_>>();
    let packages = match &asset.data {
        Some(AssetData::Packages(packages)) => packages
            .iter()
            .map(|(name, version)| (name.clone(), version.as_deref().unwrap_or("any version")))
            .collect(),
        Some(AssetData::Text(_)) | None => BTreeMap::new(),
    };
    json!({
        "type": asset.kind.as_str(),
        "path": asset.path,
        "location_pipeline": words(&asset.location_pipeline),
        "data_pipeline": words(&asset.data_pipeline),
        "packages": packages,
        "permissions": asset.permissions.map(|bits| format!("{bits:o}")),
    })
}
