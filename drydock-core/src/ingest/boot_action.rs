//! Reads the bodies of `BootAction` documents.

use indexmap::IndexMap;

use super::fields::{Fields, Findings, quoted, text};
use super::json::json;
use super::shape::{Others, Shape};
use super::tree::Value;
use crate::design::{Asset, AssetData, AssetKind, BootAction, Origin, Segment};
use crate::node_filter::NodeFilter;

pub(super) fn boot_action(found: &mut Findings, name: &str, origin: Origin, data: &Fields<'_>) -> BootAction {
    let assets = data.maps(found, "assets");
    let action = BootAction {
        name: name.to_owned(),
        origin,
        signaling: data.truth(found, "signaling").unwrap_or(true),
        node_filter: node_filter(found, data),
        assets: assets.iter().filter_map(|map| asset(found, map)).collect(),
    };
    data.no_others(found);
    action
}

fn node_filter(found: &mut Findings, data: &Fields<'_>) -> Option<NodeFilter> {
    // As v1.0 has it, a key that is not known is refused here, and passed over in a task's filter.
    if let Some(map) = data.map(found, "node_filter") {
        combine(&map, "filter_set_type");
        for entry in map.maps(found, "filter_set") {
            combine(&entry, "filter_type");
            for key in ["node_names", "node_tags", "rack_names"] {
                entry.is(key, || Shape::list(Shape::Text));
            }
            for key in ["node_labels", "rack_labels"] {
                entry.is(key, || Shape::entries(Others::each(Shape::Single)));
            }
            entry.no_others(found);
        }
        // Told below.
        let _empty = map.is_missing_or_empty("filter_set");
        map.no_others(found);
    }
    let node = data.get("node_filter")?;
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

/// How parts of a filter make a whole; what is wrong with it is told by the filter's own reader.
fn combine(map: &Fields<'_>, key: &'static str) {
    map.is(key, || Shape::words(NodeFilter::COMBINED.into_iter()));
    let _missing = map.is_missing(key);
}

fn asset(found: &mut Findings, map: &Fields<'_>) -> Option<Asset> {
    let kind = map.choice(found, "type", &AssetKind::ALL.map(|kind| (kind.as_str(), kind)));
    let kind = map.required(found, "type", "file", kind);
    let path = map.text(found, "path");
    if path.as_ref().is_some_and(|path| !path.starts_with('/') || path.len() < 2) {
        map.problem(found, "path", "must be absolute: write one such as /etc/motd");
    }
    map.is("path", || Shape::Pattern(r"^/[\s\S]"));
    let location = map.text(found, "location");
    let location_pipeline =
        map.choices(found, "location_pipeline", &[(Segment::Template.as_str(), Segment::Template)]);
    let data = content(found, map);
    let data_pipeline =
        map.choices(found, "data_pipeline", &Segment::ALL.map(|segment| (segment.as_str(), segment)));
    let permissions = permissions(found, map);
    map.no_others(found);
    Some(Asset { kind: kind?, path, location, location_pipeline, data, data_pipeline, permissions })
}

fn content(found: &mut Findings, asset: &Fields<'_>) -> Option<AssetData> {
    asset.is("data", || Shape::Text.or(Shape::entries(Others::each(Shape::Text.or(Shape::Null)))));
    let node = asset.get("data")?;
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
    let written = map.text(found, "permissions");
    map.is("permissions", || Shape::Pattern("^0*[0-7]{3,4}$"));
    let written = written?;
    let octal = written.len() >= 3 && written.bytes().all(|digit| matches!(digit, b'0'..=b'7'));
    let mode = u32::from_str_radix(&written, 8).ok().filter(|mode| octal && *mode <= MODE_MAX);
    if mode.is_none() {
        let text = format!("{} is not a file mode: write three octal digits such as '644'", quoted(&written));
        map.problem(found, "permissions", text);
    }
    mode
}
