//! Reads the bodies of `Rack` documents.

use indexmap::IndexMap;

use super::fields::{Fields, Findings};
use super::network::ADDRESS;
use crate::design::{Origin, Rack, TorSwitch};

pub(super) fn rack(found: &mut Findings, name: &str, origin: Origin, data: &Fields<'_>) -> Rack {
    let mut tor_switches = IndexMap::new();
    if let Some(map) = data.map(found, "tor_switches") {
        for (name, fields) in map.other_maps(found) {
            let switch = TorSwitch {
                mgmt_ip: fields.parsed(found, "mgmt_ip", ADDRESS),
                sdn_api_uri: fields.text(found, "sdn_api_uri"),
            };
            fields.warn_of_others(found);
            tor_switches.insert(name.to_owned(), switch);
        }
    }
    let rack = Rack {
        name: name.to_owned(),
        origin,
        tor_switches,
        location: data.text_map(found, "location"),
        local_networks: data.texts(found, "local_networks"),
        labels: data.text_map(found, "labels"),
    };
    data.no_others(found);
    rack
}
