//! The envelope: in which of the two forms a document is written, which kind it is, and what it is called.

use std::str::FromStr;

use super::KEY_BYTES_MAX;
use super::fields::{Fields, Findings, quoted};
use super::nearest::did_you_mean;
use super::tree::Value;
use crate::design::{DocumentRef, Form, NoteLevel};

/// How many letters of a kind that is not known are told.
const KIND_SHOWN_MAX: usize = 80;

/// The kinds of documents that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the whole site shares.
    Region,
    /// A cable, and which networks it carries.
    NetworkLink,
    /// A subnet.
    Network,
    /// Where servers stand.
    Rack,
    /// A model of server.
    HardwareProfile,
    /// Settings that servers share.
    HostProfile,
    /// A server.
    BaremetalNode,
    /// What a server does when it comes up first.
    BootAction,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Region,
        Self::NetworkLink,
        Self::Network,
        Self::Rack,
        Self::HardwareProfile,
        Self::HostProfile,
        Self::BaremetalNode,
        Self::BootAction,
    ];

    /// The word in documents.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "Region",
            Self::NetworkLink => "NetworkLink",
            Self::Network => "Network",
            Self::Rack => "Rack",
            Self::HardwareProfile => "HardwareProfile",
            Self::HostProfile => "HostProfile",
            Self::BaremetalNode => "BaremetalNode",
            Self::BootAction => "BootAction",
        }
    }
}

/// A document's kind, and the form that it is written in; none if it is not to be read, which is noted, or unknown, which
/// is told.
pub(super) fn kind(found: &mut Findings, envelope: &Fields<'_>) -> Option<(Kind, Form)> {
    let form = match envelope.get("schema") {
        None if envelope.get("apiVersion").is_some() => Form::Native,
        _ => Form::Deckhand,
    };
    match form {
        Form::Deckhand => {
            let schema = envelope.text(found, "schema");
            let schema = envelope.required(found, "schema", "drydock/<Kind>/v1", schema)?;
            let sorted = sort_schema(&schema);
            told(found, envelope, "schema", schema, sorted).map(|kind| (kind, form))
        }
        Form::Native => {
            let version = envelope.text(found, "apiVersion")?;
            let (namespace, rest) = version.split_once('/').unwrap_or((version.as_str(), ""));
            if namespace != "drydock" {
                return told(found, envelope, "apiVersion", version, Sorted::PassedOver)
                    .map(|kind| (kind, form));
            }
            if rest != "v1" {
                let why = format!("{} is not known: write `drydock/v1`", quoted(&version));
                return told(found, envelope, "apiVersion", version, Sorted::Unknown(why))
                    .map(|kind| (kind, form));
            }
            let word = envelope.text(found, "kind");
            let word = envelope.required(found, "kind", "<Kind>", word)?;
            let sorted = sort_kind(&word);
            told(found, envelope, "kind", word, sorted).map(|kind| (kind, form))
        }
    }
}

fn told(
    found: &mut Findings,
    envelope: &Fields<'_>,
    key: &str,
    written: String,
    sorted: Sorted,
) -> Option<Kind> {
    if let Sorted::Kind(kind) = sorted {
        return Some(kind);
    }
    let kind = written.chars().take(KIND_SHOWN_MAX).collect();
    found.document = Some(DocumentRef { name: quiet_name(envelope), kind });
    if let Sorted::Unknown(why) = sorted {
        envelope.problem(found, key, why);
    } else {
        found.note(NoteLevel::Info, envelope.at(), "", "passed over: not a document that is read here");
    }
    None
}

enum Sorted {
    Kind(Kind),
    PassedOver,
    Unknown(String),
}

fn sort_schema(schema: &str) -> Sorted {
    let mut parts = schema.split('/');
    if parts.next() != Some("drydock") {
        return Sorted::PassedOver;
    }
    let (kind, version) = (parts.next().unwrap_or_default(), parts.next());
    if version != Some("v1") || parts.next().is_some() {
        return Sorted::Unknown(format!("{} is not known: write `drydock/<Kind>/v1`", quoted(schema)));
    }
    sort_kind(kind)
}

fn sort_kind(kind: &str) -> Sorted {
    kind.parse().map_or_else(|unknown: UnknownKind| Sorted::Unknown(unknown.to_string()), Sorted::Kind)
}

/// A word that names no kind of document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no kind {written}{meant}; the kinds are {known}", known = Kind::ALL.map(Kind::as_str).join(", "))]
pub struct UnknownKind {
    /// In quotes, cut where it grows long.
    written: String,
    meant: String,
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        let unknown = || {
            let meant = did_you_mean(word, &Self::ALL.map(Self::as_str));
            UnknownKind { written: quoted(word), meant }
        };
        Self::ALL.into_iter().find(|kind| kind.as_str() == word).ok_or_else(unknown)
    }
}

/// The document's name.
pub(super) fn name(found: &mut Findings, envelope: &Fields<'_>) -> Option<String> {
    const ADVICE: &str = "the document has no name: write `name: <name>` under `metadata`";
    if envelope.get("metadata").is_none() {
        envelope.problem(found, "metadata", ADVICE);
    }
    let metadata = envelope.map(found, "metadata")?;
    match metadata.get("name").map(|node| &node.value) {
        None => metadata.problem(found, "name", ADVICE),
        Some(Value::Text(text)) if text.is_empty() => metadata.problem(found, "name", ADVICE),
        Some(Value::Text(text)) if text.len() > KEY_BYTES_MAX => {
            let bytes = text.len();
            metadata.problem(
                found,
                "name",
                format!("has {bytes} bytes, and may have {KEY_BYTES_MAX}: shorten it"),
            );
        }
        Some(_) => return metadata.text(found, "name"),
    }
    None
}

/// The document's name, if it has one, for problems and notes; what is wrong with it is told elsewhere.
pub(super) fn quiet_name(envelope: &Fields<'_>) -> String {
    let Some(Value::Map(metadata)) = envelope.get("metadata").map(|node| &node.value) else {
        return String::new();
    };
    let name = metadata.iter().rev().find(|entry| entry.key == "name").map(|entry| &entry.value.value);
    match name {
        Some(Value::Text(name)) if name.len() <= KEY_BYTES_MAX => name.clone(),
        _ => String::new(),
    }
}
