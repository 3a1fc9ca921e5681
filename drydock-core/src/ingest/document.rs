//! Documents one by one: each is read as what its envelope says it is, and kept under its name.

use std::collections::{BTreeMap, btree_map};

use super::baremetal_node::baremetal_node;
use super::boot_action::boot_action;
use super::envelope::{Kind, kind, name, quiet_name};
use super::fields::{Fields, Findings};
use super::hardware_profile::hardware_profile;
use super::host_profile::host_profile;
use super::network::network;
use super::network_link::link;
use super::rack::rack;
use super::region::region;
use super::shape::Sheet;
use super::split::{Chunk, split};
use super::tree::{Mark, Node, Value, parse};
use super::{DOCUMENT_VALUES_MAX, SourceFile};
use crate::design::{Design, DocumentRef, Form, Note, Origin, Problem};

/// How many values a document counts for, however few it has: each has a cost of its own.
const DOCUMENT_VALUES_MIN: usize = 8;

/// What is asked of the body of a document of this kind: the same reader goes through it.
pub(super) fn recorded(kind: Kind) -> Sheet {
    let (body, sheet) = Fields::recording();
    Reader::new(0).body(kind, Name { text: "", form: Form::Native }, Origin::file(""), &body);
    sheet
}

/// What a document is called, and how it is written.
#[derive(Clone, Copy)]
struct Name<'n> {
    text: &'n str,
    form: Form,
}

/// Reads files one after the other into one design.
pub(super) struct Reader {
    design: Design,
    found: Findings,
    /// How many values may be read in all, and how many of them are left.
    values_max: usize,
    values_left: usize,
    /// Something was too large: nothing more is read.
    refused: bool,
}

impl Reader {
    pub(super) fn new(values_max: usize) -> Self {
        let found = Findings { file: "".into(), document: None, problems: Vec::new(), notes: Vec::new() };
        Self { design: Design::default(), found, values_max, values_left: values_max, refused: false }
    }

    pub(super) fn finish(self) -> (Design, Vec<Problem>, Vec<Note>) {
        (self.design, self.found.problems, self.found.notes)
    }

    /// Reads a file. Its problems are put in the order of its lines.
    pub(super) fn file(&mut self, file: &SourceFile<'_>) {
        let before = self.found.problems.len();
        self.documents(file);
        if let Some(of_this_file) = self.found.problems.get_mut(before..) {
            of_this_file.sort_by_key(|problem| (problem.origin.line, problem.origin.column));
        }
    }

    fn documents(&mut self, file: &SourceFile<'_>) {
        self.found.file = file.name.into();
        self.found.document = None;
        // A byte order mark says nothing in UTF-8.
        let bytes = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file.bytes);
        let source = match std::str::from_utf8(bytes) {
            Ok(source) => source,
            Err(problem) => {
                let good = bytes.get(..problem.valid_up_to()).unwrap_or_default();
                let line = good.split(|byte| *byte == b'\n').fold(0, |line, _| line + 1);
                let at = Some(Mark { line, column: 0 });
                self.found.problem(at, "", "the file is not UTF-8: save it in that encoding");
                return;
            }
        };
        for chunk in split(source) {
            if self.refused || self.found.is_full() {
                return;
            }
            self.found.document = None;
            self.chunk(&chunk);
        }
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) {
        let values_max = self.values_left.min(DOCUMENT_VALUES_MAX);
        if values_max == 0 {
            let at = Some(Mark { line: chunk.lines_before + 1, column: 0 });
            let text = format!("the site has more than {} values: leave documents out", self.values_max);
            self.found.problem(at, "", text);
            self.refused = true;
            return;
        }
        match parse(chunk, values_max) {
            Ok((root, count)) => {
                self.values_left = self.values_left.saturating_sub(count.max(DOCUMENT_VALUES_MIN));
                self.document(&root);
            }
            Err(unreadable) => {
                // How far the parser came is not known; only aliases let a small text be a lot of work.
                let spent = if chunk.text.contains('*') { values_max } else { DOCUMENT_VALUES_MIN };
                self.values_left = self.values_left.saturating_sub(spent);
                self.refused = unreadable.too_large;
                self.found.problem(unreadable.at, "", unreadable.text);
            }
        }
    }

    fn document(&mut self, root: &Node) {
        if matches!(root.value, Value::Null) {
            return;
        }
        let Some(envelope) = Fields::of(&mut self.found, root, "") else { return };
        let Some((kind, form)) = kind(&mut self.found, &envelope) else { return };
        let body = form.body_key();
        self.found.document =
            Some(DocumentRef { kind: kind.as_str().to_owned(), name: quiet_name(&envelope) });
        let name = name(&mut self.found, &envelope);
        let data = envelope.map(&mut self.found, body);
        if envelope.get(body).is_none() {
            let text = format!("is missing: write `{body}:` with the body of the document under it");
            envelope.problem(&mut self.found, body, text);
        }
        if let Some(data) = data {
            // A body without a name is read for its problems, and kept nowhere.
            let name = Name { text: &name.unwrap_or_default(), form };
            self.body(kind, name, self.found.origin(Some(root.at)), &data);
        }
    }

    /// Reads the body and keeps the document, if it has a name that is not taken.
    fn body(&mut self, kind: Kind, name: Name<'_>, origin: Origin, data: &Fields<'_>) {
        let Name { text: name, form } = name;
        let at = Mark { line: origin.line, column: origin.column };
        let (design, found) = (&mut self.design, &mut self.found);
        let earlier = match kind {
            Kind::Region => {
                keep(&mut design.regions, name, region(found, name, origin, data), |it| &it.origin)
            }
            Kind::Rack => keep(&mut design.racks, name, rack(found, name, origin, data), |it| &it.origin),
            Kind::NetworkLink => {
                keep(&mut design.network_links, name, link(found, name, origin, data), |it| &it.origin)
            }
            Kind::Network => network(found, name, origin, data)
                .and_then(|network| keep(&mut design.networks, name, network, |it| &it.origin)),
            Kind::HardwareProfile => {
                let profile = hardware_profile(found, name, origin, data);
                keep(&mut design.hardware_profiles, name, profile, |it| &it.origin)
            }
            Kind::HostProfile => {
                let profile = host_profile(found, name, (origin, form), data);
                keep(&mut design.host_profiles, name, profile, |it| &it.origin)
            }
            Kind::BaremetalNode => baremetal_node(found, name, (origin, form), data)
                .and_then(|node| keep_as(&mut design.nodes, node.name.clone(), node, |it| &it.origin)),
            Kind::BootAction => {
                let action = boot_action(found, name, origin, data);
                keep(&mut design.boot_actions, name, action, |it| &it.origin)
            }
        };
        if let Some(earlier) = earlier {
            let text = format!(
                "there is another {} of this name at {earlier}: give one of them another name, or drop it",
                kind.as_str()
            );
            self.found.problem(Some(at), "metadata.name", text);
        }
    }
}

type ByName<T> = BTreeMap<String, T>;

fn keep<T>(kept: &mut ByName<T>, name: &str, document: T, origin: fn(&T) -> &Origin) -> Option<Origin> {
    // A document without a name has been told, and has no place.
    if name.is_empty() { None } else { keep_as(kept, name.to_owned(), document, origin) }
}

/// Keeps the document, or says where the earlier one of that name stands.
fn keep_as<K: Ord, T>(
    kept: &mut BTreeMap<K, T>,
    name: K,
    document: T,
    origin: fn(&T) -> &Origin,
) -> Option<Origin> {
    match kept.entry(name) {
        btree_map::Entry::Vacant(place) => {
            place.insert(document);
            None
        }
        btree_map::Entry::Occupied(earlier) => Some(origin(earlier.get()).clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_documents_together_have_a_limit() {
        let rack = |name| format!("---\nschema: drydock/Rack/v1\nmetadata: {{name: {name}}}\ndata: {{}}\n");
        let broken = "a: &x 1\nb: [*x\n";
        for (source, values_max, expected) in [
            // A rack has nine values: the document, its schema, its metadata with a name, its body, and four keys.
            (rack("r1") + &rack("r2"), 18, None),
            (rack("r1") + &rack("r2") + &rack("r3"), 18, Some(9)),
            ("---\n".repeat(100) + &rack("r1"), 18, None),
            ("--- [\n".repeat(3), 16, Some(3)),
            (broken.to_owned() + &rack("r1"), 1000, Some(3)),
        ] {
            let mut reader = Reader::new(values_max);
            reader.file(&SourceFile { name: "s", bytes: source.as_bytes() });
            let (_, problems, _) = reader.finish();
            let refused = problems.iter().find(|problem| problem.text.contains("the site has more than"));
            assert_eq!(refused.map(|problem| problem.origin.line), expected, "{problems:#?}");
        }
    }
}
