//! Reads the bodies of `Region`, `Rack` and `HardwareProfile` documents.

use indexmap::IndexMap;

use super::fields::{Fields, Findings};
use crate::design::{BootMode, HardwareProfile, Origin, Rack, Region, TorSwitch};

pub(super) fn region(found: &mut Findings, name: &str, origin: Origin, data: &Fields<'_>) -> Region {
    Region { name: name.to_owned(), origin, authorized_keys: data.texts(found, "authorized_keys") }
}

pub(super) fn rack(found: &mut Findings, name: &str, origin: Origin, data: &Fields<'_>) -> Rack {
    let mut tor_switches = IndexMap::new();
    if let Some(map) = data.map(found, "tor_switches") {
        for (name, node) in map.iter() {
            if let Some(fields) = Fields::of(found, node, &map.path_of(name)) {
                let switch = TorSwitch {
                    mgmt_ip: fields.parsed(found, "mgmt_ip", "an IP address: write one such as 10.0.0.3"),
                    sdn_api_uri: fields.text(found, "sdn_api_uri"),
                };
                tor_switches.insert(name.to_owned(), switch);
            }
        }
    }
    Rack {
        name: name.to_owned(),
        origin,
        tor_switches,
        location: data.text_map(found, "location"),
        local_networks: data.texts(found, "local_networks"),
        labels: data.text_map(found, "labels"),
    }
}

pub(super) fn hardware_profile(
    found: &mut Findings,
    name: &str,
    origin: Origin,
    data: &Fields<'_>,
) -> HardwareProfile {
    HardwareProfile {
        name: name.to_owned(),
        origin,
        vendor: data.text(found, "vendor"),
        generation: data.text(found, "generation"),
        hw_version: data.text(found, "hw_version"),
        bios_version: data.text(found, "bios_version"),
        boot_mode: data.choice(found, "boot_mode", &[("bios", BootMode::Bios), ("uefi", BootMode::Uefi)]),
    }
}
