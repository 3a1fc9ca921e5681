//! Reads what host profiles and servers have in common.

use super::fields::{Fields, Findings, quoted, written};
use super::interface::interfaces;
use super::shape::{Others, Shape};
use super::storage::storage;
use super::tree::{Node, Value};
use crate::SecretString;
use crate::design::{
    HostSettings, ListSetting, MacAddress, MapSetting, Metadata, Oob, OobType, Parameters, Platform, Setting,
};

/// What nodes and profiles have in common: the settings, and the boot interface, which is not inherited.
pub(super) fn settings(found: &mut Findings, data: &Fields<'_>) -> (HostSettings, Option<MacAddress>) {
    let (metadata, boot_mac) =
        data.map(found, "metadata").map(|map| metadata(found, &map)).unwrap_or_default();
    let settings = HostSettings {
        host_profile: data.text(found, "host_profile"),
        hardware_profile: data.setting(found, "hardware_profile"),
        primary_network: data.setting(found, "primary_network"),
        oob: data.map(found, "oob").map(|map| oob(found, &map)).unwrap_or_default(),
        interfaces: interfaces(found, data),
        storage: storage(found, data),
        platform: data.map(found, "platform").map(|map| platform(found, &map)).unwrap_or_default(),
        metadata,
    };
    (settings, boot_mac)
}

fn oob(found: &mut Findings, map: &Fields<'_>) -> Oob {
    let kind = match map.text(found, "type").as_deref() {
        None => Setting::Inherit,
        Some("!") => Setting::Unset,
        Some(word) => match word.parse() {
            Ok(kind) => Setting::Set(kind),
            Err(problem) => {
                map.problem(found, "type", format!("{} is {problem}", quoted(word)));
                Setting::Inherit
            }
        },
    };
    map.is("type", || Shape::words(OobType::ALL.map(OobType::as_str).into_iter().chain(["!"])));
    let mut oob = Oob {
        kind,
        network: map.text(found, "network"),
        account: map.text(found, "account"),
        credential: map.text(found, "credential").map(SecretString::from),
        ..Oob::default()
    };
    map.others_are(|| Others::removable(Shape::Single.or(Shape::Null)));
    for (key, node) in map.others() {
        if key.starts_with('!') {
            oob.remove.insert(key.trim_start_matches('!').to_owned());
        } else if !matches!(node.value, Value::Null) {
            let Parameters(parameters) = &mut oob.parameters;
            parameters.extend(written(found, node, &map.path_of(key)).map(|value| (key.to_owned(), value)));
        }
    }
    oob
}

fn platform(found: &mut Findings, map: &Fields<'_>) -> Platform {
    let platform = Platform {
        image: map.setting(found, "image"),
        kernel: map.setting(found, "kernel"),
        kernel_params: MapSetting::new(map.text_map_by(found, "kernel_params", kernel_param)),
    };
    map.no_others(found);
    platform
}

/// A kernel parameter as v1.0 keeps it: a truth value becomes `True` or `False`; `True` stands for a bare flag.
fn kernel_param(found: &mut Findings, node: &Node, path: &str) -> Option<String> {
    match &node.value {
        Value::Bool(true, _) => Some("True".to_owned()),
        Value::Bool(false, _) => Some("False".to_owned()),
        Value::Null | Value::Number(..) | Value::Text(_) | Value::List(_) | Value::Map(_) => {
            written(found, node, path)
        }
    }
}

fn metadata(found: &mut Findings, map: &Fields<'_>) -> (Metadata, Option<MacAddress>) {
    let boot_mac = map.parsed(
        found,
        "boot_mac",
        "a MAC address: write six pairs of hexadecimal digits such as 52:54:00:aa:bb:cc",
    );
    let metadata = Metadata {
        tags: ListSetting::new(map.texts(found, "tags")),
        owner_data: MapSetting::new(map.text_map(found, "owner_data")),
        rack: map.setting(found, "rack"),
    };
    map.no_others(found);
    (metadata, boot_mac)
}
