//! Reads the network interfaces of host profiles and servers.

use super::fields::{Fields, Findings};
use super::named::named;
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
    let map = match interface.map_setting(found, "sriov") {
        Setting::Inherit => return Setting::Inherit,
        Setting::Unset => return Setting::Unset,
        Setting::Set(map) => map,
    };
    // The schema of v1.0 has one spelling, its code the other.
    let (trusted, also) = (map.truth(found, "trustedmode"), map.truth(found, "trustmode"));
    let settings =
        SriovSettings { vf_count: map.number(found, "vf_count", u32::MAX), trustedmode: trusted.or(also) };
    map.warn_of_others(found);
    Setting::Set(settings)
}
