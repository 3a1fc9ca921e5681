//! Reads the bodies of `BootAction` documents.

use indexmap::IndexMap;

use super::fields::{Fields, Findings, quoted, text};
use super::json::json;
use super::tree::{Node, Value};
use crate::design::{Asset, AssetData, AssetKind, BootAction, Origin, Segment};
use crate::node_filter::NodeFilter;

pub(super) fn boot_action(found: &mut Findings, name: &str, origin: Origin, data: &Fields<'_>) -> BootAction {
    let assets = data.maps(found, "assets");
    let action = BootAction {
        name: name.to_owned(),
        origin,
        signaling: data.truth(found, "signaling").unwrap_or(true),
        node_filter: data.get("node_filter").and_then(|node| node_filter(found, data, node)),
        assets: assets.iter().filter_map(|map| asset(found, map)).collect(),
    };
    data.no_others(found);
    action
}

const CRITERIA: [&str; 6] =
    ["filter_type", "node_names", "node_tags", "node_labels", "rack_names", "rack_labels"];

fn node_filter(found: &mut Findings, data: &Fields<'_>, node: &Node) -> Option<NodeFilter> {
    // As v1.0 has it, a key that is not known is refused here, and passed over in a task's filter.
    if let Some(map) = data.map(found, "node_filter") {
        map.known(&["filter_set_type"]);
        for entry in map.maps(found, "filter_set") {
            entry.known(&CRITERIA);
            entry.no_others(found);
        }
        map.no_others(found);
    }
    match NodeFilter::from_json_at(&json(node), &data.path_of("node_filter")) {
        Ok(filter) => Some(filter),
        Err(problems) => {
            for problem in problems {
                found.problem(Some(node.at), &problem.path, problem.text);
            }
            None
        }
    }
}

fn asset(found: &mut Findings, map: &Fields<'_>) -> Option<Asset> {
    const SEGMENTS: [(&str, Segment); 5] = [
        ("base64_encode", Segment::Base64Encode),
        ("base64_decode", Segment::Base64Decode),
        ("utf8_encode", Segment::Utf8Encode),
        ("utf8_decode", Segment::Utf8Decode),
        ("template", Segment::Template),
    ];
    let kinds = [("unit", AssetKind::Unit), ("file", AssetKind::File), ("pkg_list", AssetKind::PkgList)];
    let kind = map.choice(found, "type", &kinds);
    let kind = map.required(found, "type", "file", kind);
    let path = map.text(found, "path");
    if path.as_ref().is_some_and(|path| !path.starts_with('/') || path.len() < 2) {
        map.problem(found, "path", "must be absolute: write one such as /etc/motd");
    }
    let location = map.text(found, "location");
    let location_pipeline = map.choices(found, "location_pipeline", &[("template", Segment::Template)]);
    let data = map.get("data").and_then(|node| content(found, map, node));
    let data_pipeline = map.choices(found, "data_pipeline", &SEGMENTS);
    let permissions = permissions(found, map);
    map.no_others(found);
    Some(Asset { kind: kind?, path, location, location_pipeline, data, data_pipeline, permissions })
}

fn content(found: &mut Findings, asset: &Fields<'_>, node: &Node) -> Option<AssetData> {
    if !matches!(node.value, Value::Map(_)) {
        return asset.text(found, "data").map(AssetData::Text);
    }
    let packages = asset.map(found, "data")?;
    let mut versions = IndexMap::new();
    for (package, node) in packages.iter() {
        let version = match &node.value {
            Value::Null => None,
            _ => text(found, node, &packages.path_of(package)),
        };
        versions.insert(package.to_owned(), version);
    }
    Some(AssetData::Packages(versions))
}

/// The mode of a file, in octal digits.
fn permissions(found: &mut Findings, map: &Fields<'_>) -> Option<u32> {
    const MODE_MAX: u32 = 0o7777;
    let written = map.text(found, "permissions")?;
    let mode = u32::from_str_radix(&written, 8).ok().filter(|mode| written.len() >= 3 && *mode <= MODE_MAX);
    if mode.is_none() {
        let text = format!("{} is not a file mode: write three octal digits such as '644'", quoted(&written));
        map.problem(found, "permissions", text);
    }
    mode
}
