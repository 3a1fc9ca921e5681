//! Reads the network interfaces of host profiles and servers.

use super::fields::{Fields, Findings};
use super::named::named;
use super::tree::Value;
use crate::design::{InterfaceSettings, ListSetting, MapSetting, NamedSetting, Setting, SriovSettings};

pub(super) fn interfaces(found: &mut Findings, data: &Fields<'_>) -> NamedSetting<InterfaceSettings> {
    data.map(found, "interfaces").map(|map| named(found, &map, interface)).unwrap_or_default()
}

fn interface(found: &mut Findings, map: &Fields<'_>) -> InterfaceSettings {
    let settings = InterfaceSettings {
        device_link: map.setting(found, "device_link"),
        slaves: ListSetting::new(map.texts(found, "slaves")),
        networks: ListSetting::new(map.texts(found, "networks")),
        labels: MapSetting::new(map.text_map(found, "labels")),
        sriov: sriov(found, map),
    };
    map.warn_of_others(found);
    settings
}

fn sriov(found: &mut Findings, interface: &Fields<'_>) -> Setting<SriovSettings> {
    match interface.get("sriov").map(|node| &node.value) {
        None => return Setting::Inherit,
        Some(Value::Text(text)) if text == "!" => return Setting::Unset,
        Some(_) => {}
    }
    let Some(map) = interface.map(found, "sriov") else { return Setting::Inherit };
    // The schema of v1.0 has one spelling, its code the other.
    let trusted = map.truth(found, "trustedmode");
    let settings = SriovSettings {
        vf_count: map.number(found, "vf_count", u32::MAX),
        trustedmode: trusted.or_else(|| map.truth(found, "trustmode")),
    };
    map.warn_of_others(found);
    Setting::Set(settings)
}
