//! A part of a document as JSON, for readers that the API has too.

use serde_json::{Map, Value as Json};

use super::tree::{Node, Value};

/// Keys whose entries are single values that count as the text that they were written as.
const LABELS: [&str; 2] = ["node_labels", "rack_labels"];

pub(super) fn json(node: &Node) -> Json {
    convert(node, false)
}

fn convert(node: &Node, as_text: bool) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(_, text) | Value::Number(_, text) if as_text => Json::String(text.clone()),
        Value::Bool(truth, _) => Json::Bool(*truth),
        Value::Number(Some(number), _) => Json::from(*number),
        // A number that JSON may not have is not wanted as one anywhere either.
        Value::Number(None, _) => Json::from(0),
        Value::Text(text) => Json::String(text.clone()),
        Value::List(list) => Json::Array(list.iter().map(|entry| convert(entry, as_text)).collect()),
        Value::Map(entries) => {
            let mut map = Map::new();
            for entry in entries {
                let as_text = LABELS.contains(&entry.key.as_str());
                map.insert(entry.key.clone(), convert_entry(&entry.value, as_text));
            }
            Json::Object(map)
        }
    }
}

/// The entries of `node_labels` are texts; those of the maps around it need not be.
fn convert_entry(node: &Node, as_text: bool) -> Json {
    match &node.value {
        Value::Map(entries) if as_text => {
            let labels = entries.iter().map(|entry| (entry.key.clone(), convert(&entry.value, true)));
            Json::Object(labels.collect())
        }
        _ => convert(node, false),
    }
}
