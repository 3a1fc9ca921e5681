//! The envelope: which kind a document is, what it is called, and where its body goes.

use std::collections::{BTreeMap, btree_map};

use super::fields::{Fields, Findings, quoted};
use super::split::{Chunk, split};
use super::tree::{Mark, Node, Value, parse};
use super::{DOCUMENT_VALUES_MAX, SourceFile, host, network, place};
use crate::NodeName;
use crate::design::{BaremetalNode, Design, DocumentRef, HostProfile, Note, NoteLevel, Origin, Problem};

/// The kinds that are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Region,
    NetworkLink,
    Network,
    Rack,
    HardwareProfile,
    HostProfile,
    BaremetalNode,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Region,
        Self::NetworkLink,
        Self::Network,
        Self::Rack,
        Self::HardwareProfile,
        Self::HostProfile,
        Self::BaremetalNode,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Region => "Region",
            Self::NetworkLink => "NetworkLink",
            Self::Network => "Network",
            Self::Rack => "Rack",
            Self::HardwareProfile => "HardwareProfile",
            Self::HostProfile => "HostProfile",
            Self::BaremetalNode => "BaremetalNode",
        }
    }
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
            if self.refused {
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
                self.values_left = self.values_left.saturating_sub(count);
                self.document(&root);
            }
            Err(unreadable) => {
                // How far the parser came is not known; only aliases let a small text be a lot of work.
                let spent = if chunk.text.contains('*') { values_max } else { 0 };
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
        let Some(kind) = kind(&mut self.found, &envelope) else { return };
        self.found.document =
            Some(DocumentRef { kind: kind.as_str().to_owned(), name: quiet_name(&envelope) });
        let name = name(&mut self.found, &envelope);
        let data = envelope.map(&mut self.found, "data");
        if envelope.get("data").is_none() {
            let text = "is missing: write `data:` with the body of the document under it";
            envelope.problem(&mut self.found, "data", text);
        }
        if let Some(data) = data {
            // A body without a name is read for its problems, and kept nowhere.
            self.body(kind, &name.unwrap_or_default(), self.found.origin(Some(root.at)), &data);
        }
    }

    /// Reads the body and keeps the document, if it has a name that is not taken.
    fn body(&mut self, kind: Kind, name: &str, origin: Origin, data: &Fields<'_>) {
        let at = Mark { line: origin.line, column: origin.column };
        let (design, found) = (&mut self.design, &mut self.found);
        let earlier = match kind {
            Kind::Region => {
                keep(&mut design.regions, name, place::region(found, name, origin, data), |it| &it.origin)
            }
            Kind::Rack => {
                keep(&mut design.racks, name, place::rack(found, name, origin, data), |it| &it.origin)
            }
            Kind::NetworkLink => {
                keep(&mut design.network_links, name, network::link(found, name, origin, data), |it| {
                    &it.origin
                })
            }
            Kind::Network => network::network(found, name, origin, data)
                .and_then(|network| keep(&mut design.networks, name, network, |it| &it.origin)),
            Kind::HardwareProfile => {
                let profile = place::hardware_profile(found, name, origin, data);
                keep(&mut design.hardware_profiles, name, profile, |it| &it.origin)
            }
            Kind::HostProfile => {
                let (settings, _) = host::settings(found, data);
                let profile = HostProfile { name: name.to_owned(), origin, settings };
                keep(&mut design.host_profiles, name, profile, |it| &it.origin)
            }
            Kind::BaremetalNode => self.node(name, origin, data),
        };
        if let Some(earlier) = earlier {
            let text = format!(
                "there is another {} of this name at {earlier}: give one of them another name, or drop it",
                kind.as_str()
            );
            self.found.problem(Some(at), "metadata.name", text);
        }
    }

    fn node(&mut self, name: &str, origin: Origin, data: &Fields<'_>) -> Option<Origin> {
        let found = &mut self.found;
        let (settings, boot_mac) = host::settings(found, data);
        let addressing = host::addressing(found, data);
        if name.is_empty() {
            return None;
        }
        match NodeName::new(name) {
            Ok(name) => {
                let node = BaremetalNode { name: name.clone(), origin, settings, addressing, boot_mac };
                keep_as(&mut self.design.nodes, name, node, |it| &it.origin)
            }
            Err(problem) => {
                let text = format!(
                    "{problem}: use letters, digits, `-`, `_` and `.`, beginning with a letter or digit"
                );
                found.problem(Some(Mark { line: origin.line, column: origin.column }), "metadata.name", text);
                None
            }
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

/// The document's kind; none if it is not to be read, which is noted, or unknown, which is told.
fn kind(found: &mut Findings, envelope: &Fields<'_>) -> Option<Kind> {
    if envelope.get("schema").is_none() && envelope.get("apiVersion").is_some() {
        let text = "documents with `apiVersion` and `spec` are not read: write `schema: drydock/<Kind>/v1`, \
                    and the body under `data`";
        envelope.problem(found, "apiVersion", text);
        return None;
    }
    let schema = envelope.text(found, "schema");
    let schema = envelope.required(found, "schema", "drydock/<Kind>/v1", schema)?;
    let sorted = sort(&schema);
    if let Sorted::Kind(kind) = sorted {
        return Some(kind);
    }
    found.document = Some(DocumentRef { name: quiet_name(envelope), kind: schema });
    if let Sorted::Unknown(why) = sorted {
        envelope.problem(found, "schema", why);
    } else {
        found.note(NoteLevel::Info, envelope.at(), "", "passed over: not a document that is read here");
    }
    None
}

/// The document's name.
fn name(found: &mut Findings, envelope: &Fields<'_>) -> Option<String> {
    const ADVICE: &str = "the document has no name: write `name: <name>` under `metadata`";
    if envelope.get("metadata").is_none() {
        envelope.problem(found, "metadata", ADVICE);
    }
    let metadata = envelope.map(found, "metadata")?;
    match metadata.get("name").map(|node| &node.value) {
        None => metadata.problem(found, "name", ADVICE),
        Some(Value::Text(text)) if text.is_empty() => metadata.problem(found, "name", ADVICE),
        Some(_) => return metadata.text(found, "name"),
    }
    None
}

enum Sorted {
    Kind(Kind),
    PassedOver,
    Unknown(String),
}

fn sort(schema: &str) -> Sorted {
    let mut parts = schema.split('/');
    if parts.next() != Some("drydock") {
        return Sorted::PassedOver;
    }
    let (kind, version) = (parts.next().unwrap_or_default(), parts.next());
    if version != Some("v1") || parts.next().is_some() {
        return Sorted::Unknown(format!("{} is not known: write `drydock/<Kind>/v1`", quoted(schema)));
    }
    if kind == "BootAction" {
        return Sorted::PassedOver;
    }
    let found = Kind::ALL.into_iter().find(|known| known.as_str() == kind);
    found.map_or_else(
        || {
            let known = Kind::ALL.map(Kind::as_str).join(", ");
            Sorted::Unknown(format!(
                "there is no kind {}: the kinds are {known} and BootAction",
                quoted(kind)
            ))
        },
        Sorted::Kind,
    )
}

/// The document's name, if it has one, for problems and notes; what is wrong with it is told elsewhere.
fn quiet_name(envelope: &Fields<'_>) -> String {
    let Some(Value::Map(metadata)) = envelope.get("metadata").map(|node| &node.value) else {
        return String::new();
    };
    let name = metadata.iter().rev().find(|entry| entry.key == "name").map(|entry| &entry.value.value);
    match name {
        Some(Value::Text(name)) => name.clone(),
        _ => String::new(),
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
