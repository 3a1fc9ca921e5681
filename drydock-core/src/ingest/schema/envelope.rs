//! What is around a body, in both forms.

use serde_json::{Map, Value, json};

use super::body;
use super::words::{self, Words};
use crate::ingest::document::recorded;
use crate::ingest::{KEY_BYTES_MAX, Kind};

/// Texts whose first part, up to a `/`, is our own.
const OURS: &str = "^drydock(/|$)";

/// The name of the definition of this kind, as a reference.
pub(super) fn reference(kind: Kind) -> String {
    format!("#/definitions/{}", kind.as_str())
}

/// The definitions of a kind: its documents, their body, their metadata.
pub(super) fn definitions(kind: Kind) -> [(String, Value); 3] {
    let body = body::mapping(&recorded(kind).borrow(), &Words::of_kind(kind), "");
    let (metadata_name, metadata) = metadata(kind);
    [
        (kind.as_str().to_owned(), document(kind, metadata_name)),
        (format!("{}Body", kind.as_str()), body.into()),
        (metadata_name.to_owned(), metadata),
    ]
}

fn document(kind: Kind, metadata: &str) -> Value {
    let (name, about) = (kind.as_str(), words::kind(kind));
    let metadata = json!({"$ref": format!("#/definitions/{metadata}")});
    let body = json!({"$ref": format!("#/definitions/{name}Body")});
    json!({
        "title": name,
        "description": about,
        "type": "object",
        "if": native(),
        "then": {
            "required": ["apiVersion", "kind", "metadata", "spec"],
            "properties": {
                "apiVersion": {"const": "drydock/v1", "description": words::API_VERSION},
                "kind": {"const": name, "description": about},
                "metadata": metadata,
                "spec": body,
            },
        },
        "else": {
            "required": ["schema", "metadata", "data"],
            "properties": {
                "schema": {"const": format!("drydock/{name}/v1"), "description": words::SCHEMA},
                "metadata": metadata,
                "data": body,
            },
        },
    })
}

/// Whether a document is written in the native form; every other one is taken for Deckhand's.
fn native() -> Value {
    json!({
        "type": "object",
        "required": ["apiVersion"],
        "properties": {"apiVersion": {"not": {"type": "null"}}, "schema": {"type": "null"}},
    })
}

/// The metadata of a document. Only its name is read, and may therefore be wrong.
fn metadata(kind: Kind) -> (&'static str, Value) {
    let mut name = json!({
        "type": "string",
        "minLength": 1,
        "maxLength": KEY_BYTES_MAX,
        "description": words::NAME,
    });
    let definition = match kind {
        Kind::BaremetalNode => {
            if let Value::Object(name) = &mut name {
                name.insert("pattern".to_owned(), "^[0-9A-Za-z][0-9A-Za-z_.-]{0,252}$".into());
            }
            "NodeMetadata"
        }
        Kind::Region
        | Kind::NetworkLink
        | Kind::Network
        | Kind::Rack
        | Kind::HardwareProfile
        | Kind::HostProfile
        | Kind::BootAction => "Metadata",
    };
    let mut properties = Map::from_iter([("name".to_owned(), name)]);
    for (key, sentence) in words::DECKHAND {
        properties.insert((*key).to_owned(), json!({"description": sentence}));
    }
    let metadata = json!({
        "description": words::METADATA,
        "type": "object",
        "required": ["name"],
        "properties": properties,
    });
    (definition, metadata)
}

/// The schema that takes a document of any kind, in any form, for what it says it is.
pub(super) fn selecting() -> Value {
    let kinds = Kind::ALL.map(Kind::as_str);
    let schemas = kinds.map(|kind| format!("drydock/{kind}/v1"));
    let foreign = json!({"not": {"type": "string", "pattern": OURS}});
    json!({
        "description": words::DOCUMENT,
        "type": ["object", "null"],
        "properties": {
            "schema": {
                "description": words::SCHEMA,
                "type": ["string", "null"],
                "anyOf": [{"enum": schemas}, foreign],
            },
            "apiVersion": {"description": words::API_VERSION},
            "kind": {"description": words::KIND},
        },
        "if": native(),
        "then": {
            "properties": {"apiVersion": {"type": "string", "anyOf": [{"const": "drydock/v1"}, foreign]}},
            "if": {"properties": {"apiVersion": {"const": "drydock/v1"}}},
            "then": {"required": ["kind"], "properties": {"kind": {"enum": kinds}}},
        },
        "else": {"required": ["schema"], "properties": {"schema": {"type": "string"}}},
        "allOf": Kind::ALL.map(selected),
    })
}

/// A document that says it is of this kind must be.
fn selected(kind: Kind) -> Value {
    let name = kind.as_str();
    json!({
        "if": {
            "type": "object",
            "anyOf": [
                {
                    "required": ["schema"],
                    "properties": {"schema": {"const": format!("drydock/{name}/v1")}},
                },
                {
                    "required": ["apiVersion", "kind"],
                    "properties": {
                        "schema": {"type": "null"},
                        "apiVersion": {"const": "drydock/v1"},
                        "kind": {"const": name},
                    },
                },
            ],
        },
        "then": {"$ref": reference(kind)},
    })
}
