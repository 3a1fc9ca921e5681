//! What editors show of each field. Fields themselves stand nowhere here: the readers say which there are, and a test
//! that each has its sentence, and each sentence its field.

mod boot_action;
mod hardware;
mod host;
mod network;
mod site;

use super::Kind;

/// A path to a field, and its sentence. `[]` stands for the entries of a list, `*` for those of a mapping whose keys the
/// site makes up.
type Table = &'static [(&'static str, &'static str)];

/// The sentences of one kind of document.
pub(super) struct Words(&'static [Table]);

impl Words {
    pub(super) fn of_kind(kind: Kind) -> Self {
        Self(match kind {
            Kind::Region => &[site::REGION],
            Kind::Rack => &[site::RACK],
            Kind::NetworkLink => &[network::LINK],
            Kind::Network => &[network::NETWORK],
            Kind::HardwareProfile => &[hardware::PROFILE],
            Kind::HostProfile => &[host::SETTINGS, host::STORAGE],
            Kind::BaremetalNode => &[host::SETTINGS, host::STORAGE, host::NODE],
            Kind::BootAction => &[boot_action::ACTION, boot_action::FILTER],
        })
    }

    /// The sentence of the field at this path.
    pub(super) fn of(&self, path: &str) -> Option<&'static str> {
        self.all().find(|(known, _)| *known == path).map(|(_, sentence)| sentence)
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0.iter().flat_map(|table| table.iter().copied())
    }
}

pub(super) const DOCUMENT: &str = "A document of a site, in one of two forms: `schema: drydock/<Kind>/v1` with its body \
                                   under `data`, as Deckhand renders it, or `apiVersion: drydock/v1` and `kind` with its \
                                   body under `spec`. Documents of other schemas are passed over.";
pub(super) const SCHEMA: &str = "What the document is: `drydock/<Kind>/v1`, with its body under `data`.";
pub(super) const API_VERSION: &str =
    "`drydock/v1`: the document's kind stands under `kind`, and its body under `spec`.";
pub(super) const KIND: &str = "What the document is.";
pub(super) const METADATA: &str = "What the document is called, and what Deckhand keeps with it.";
pub(super) const NAME: &str =
    "The name by which other documents refer to this one; no other document of its kind has it.";

/// What Deckhand has in a document's metadata. Here it is passed over: documents are read as Deckhand renders them.
pub(super) const DECKHAND: &[(&str, &str)] = &[
    ("schema", "For Deckhand: `metadata/Document/v1`."),
    ("labels", "For Deckhand: by these, layers find the documents that they build on."),
    (
        "layeringDefinition",
        "For Deckhand: the layer of the document, and how it builds on its parent. Rendering ends it.",
    ),
    ("replacement", "For Deckhand: whether the document takes the place of its parent."),
    ("storagePolicy", "For Deckhand: `cleartext` or `encrypted`."),
    ("substitutions", "For Deckhand: values that are taken from other documents. Rendering ends them."),
];

/// What a kind of document is.
pub(super) const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Region => "What the whole site shares: keys, package repositories, tags.",
        Kind::NetworkLink => {
            "A kind of cable: how it is bonded and trunked, and which networks it may carry."
        }
        Kind::Network => "A subnet: its addresses, routes and name servers.",
        Kind::Rack => "Where servers stand, and the switches there.",
        Kind::HardwareProfile => "A model of server: what it is, and names for its devices.",
        Kind::HostProfile => "Settings that servers, and other host profiles, build on.",
        Kind::BaremetalNode => "A server: its addresses, and its settings over those of its host profile.",
        Kind::BootAction => "What servers get when they come up for the first time.",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::super::document::recorded;
    use super::super::super::shape::{Mapping, Others, Shape};
    use super::*;

    /// The paths of all fields below `path`, and of those that nobody said the shape of.
    fn fields(mapping: &Mapping, path: &str, found: &mut BTreeSet<String>, unsaid: &mut Vec<String>) {
        for (key, field) in &mapping.fields {
            let path = if path.is_empty() { (*key).to_owned() } else { format!("{path}.{key}") };
            inside(&field.shape, &path, found, unsaid);
            found.insert(path);
        }
        if let Others::Each { shape, .. } = &mapping.others {
            inside(shape, &format!("{path}.*"), found, unsaid);
        }
    }

    fn inside(shape: &Shape, path: &str, found: &mut BTreeSet<String>, unsaid: &mut Vec<String>) {
        match shape {
            Shape::Unsaid => unsaid.push(path.to_owned()),
            Shape::List(entry) => inside(entry, &format!("{path}[]"), found, unsaid),
            Shape::Mapping(sheet) => fields(&sheet.borrow(), path, found, unsaid),
            Shape::Either(one, other) => {
                inside(one, path, found, unsaid);
                inside(other, path, found, unsaid);
            }
            _ => {}
        }
    }

    #[test]
    fn each_field_has_a_shape_and_a_sentence_and_each_sentence_a_field() {
        for kind in Kind::ALL {
            let (mut found, mut unsaid) = (BTreeSet::new(), Vec::new());
            fields(&recorded(kind).borrow(), "", &mut found, &mut unsaid);
            assert_eq!(unsaid, [""; 0], "{kind:?}");
            let words = Words::of_kind(kind);
            let told: BTreeSet<_> = words.all().map(|(path, _)| path.to_owned()).collect();
            let without: Vec<_> = found.difference(&told).collect();
            let idle: Vec<_> = told.difference(&found).collect();
            assert!(without.is_empty() && idle.is_empty(), "{kind:?}: without {without:#?}, idle {idle:#?}");
            assert_eq!(words.all().count(), told.len(), "{kind:?}: a path stands twice");
        }
    }
}
