//! Reads the bodies of `HardwareProfile` documents.

use indexmap::IndexMap;

use super::fields::{Fields, Findings};
use crate::design::{BootMode, BootstrapProtocol, DeviceAlias, HardwareProfile, Hugepages, Origin};

pub(super) fn hardware_profile(
    found: &mut Findings,
    name: &str,
    origin: Origin,
    data: &Fields<'_>,
) -> HardwareProfile {
    let protocols =
        [("pxe", BootstrapProtocol::Pxe), ("usb", BootstrapProtocol::Usb), ("hdd", BootstrapProtocol::Hdd)];
    let profile = HardwareProfile {
        name: name.to_owned(),
        origin,
        vendor: data.text(found, "vendor"),
        generation: data.text(found, "generation"),
        hw_version: data.text(found, "hw_version"),
        bios_version: data.text(found, "bios_version"),
        boot_mode: data.choice(found, "boot_mode", &[("bios", BootMode::Bios), ("uefi", BootMode::Uefi)]),
        bootstrap_protocol: data.choice(found, "bootstrap_protocol", &protocols),
        pxe_interface: data.number(found, "pxe_interface", u32::MAX),
        device_aliases: by_name(found, data, "device_aliases", device_alias),
        cpu_sets: data.text_map(found, "cpu_sets"),
        hugepages: by_name(found, data, "hugepages", hugepages),
    };
    data.no_others(found);
    profile
}

fn by_name<T>(
    found: &mut Findings,
    data: &Fields<'_>,
    key: &'static str,
    read: fn(&mut Findings, &Fields<'_>) -> T,
) -> IndexMap<String, T> {
    let mut things = IndexMap::new();
    let Some(map) = data.map(found, key) else { return things };
    for (name, fields) in map.other_maps(found) {
        things.insert(name.to_owned(), read(found, &fields));
        fields.warn_of_others(found);
    }
    things
}

fn device_alias(found: &mut Findings, map: &Fields<'_>) -> DeviceAlias {
    DeviceAlias {
        address: map.text(found, "address"),
        bus_type: map.text(found, "bus_type"),
        dev_type: map.text(found, "dev_type"),
    }
}

fn hugepages(found: &mut Findings, map: &Fields<'_>) -> Hugepages {
    Hugepages { size: map.text(found, "size"), count: map.number(found, "count", u32::MAX) }
}
