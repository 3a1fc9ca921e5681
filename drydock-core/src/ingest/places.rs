//! Finds where in a file a value stands, long after it was read: documents are parsed again, but only those that are asked
//! about, so that reading a site need not keep the place of every value.

use std::collections::HashMap;

use super::split::{Chunk, split};
use super::tree::{Mark, Node, Value, parse};
use super::{DOCUMENT_VALUES_MAX, SourceFile};
use crate::design::{Form, Origin};

/// The files that a design was read from.
pub struct Places<'f> {
    files: &'f [SourceFile<'f>],
    /// The files that were looked into, cut into their documents.
    chunks: HashMap<&'f str, Vec<Chunk<'f>>>,
    /// The documents that were asked about; `None` for one that is not there.
    documents: HashMap<Origin, Option<Node>>,
}

impl<'f> Places<'f> {
    /// Of these files, which may be none: then every value stands where its document does.
    pub fn new(files: &'f [SourceFile<'f>]) -> Self {
        Self { files, chunks: HashMap::new(), documents: HashMap::new() }
    }

    /// Where the value is that `keys` lead to in the body of the document at `document`; if it is not there, the
    /// innermost place around it. An entry of a list is known by its text, its `name` or its index.
    pub fn of(&mut self, document: &Origin, keys: &[&str]) -> Origin {
        if !self.documents.contains_key(document) {
            let read = self.read(document);
            self.documents.insert(document.clone(), read);
        }
        let Some(Some(root)) = self.documents.get(document) else { return document.clone() };
        let body = [Form::Deckhand, Form::Native].into_iter().find_map(|form| below(root, form.body_key()));
        let Some((_, mut node)) = body.filter(|_| !keys.is_empty()) else { return document.clone() };
        let mut at = None;
        for key in keys {
            let Some(found) = below(node, key) else { break };
            (at, node) = (Some(found.0), found.1);
        }
        at.map_or_else(
            || document.clone(),
            |Mark { line, column }| Origin { file: document.file.clone(), line, column },
        )
    }

    fn read(&mut self, document: &Origin) -> Option<Node> {
        let file = self.files.iter().find(|file| *file.name == *document.file)?;
        let chunks = self.chunks.entry(file.name).or_insert_with(|| chunks(file.bytes));
        let behind = chunks.partition_point(|chunk| chunk.lines_before < document.line);
        let chunk = chunks.get(behind.checked_sub(1)?)?;
        parse(chunk, DOCUMENT_VALUES_MAX).ok().map(|(root, _)| root)
    }
}

/// The documents of a file; none of one that is no text.
fn chunks(bytes: &[u8]) -> Vec<Chunk<'_>> {
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    text.map(split).unwrap_or_default()
}

/// The entry `key` of a mapping or a list, and where it begins.
fn below<'n>(node: &'n Node, key: &str) -> Option<(Mark, &'n Node)> {
    match &node.value {
        // Of a key that is written twice the last one counts.
        Value::Map(entries) => {
            entries.iter().rev().find(|entry| entry.key == key).map(|entry| (entry.at, &entry.value))
        }
        Value::List(list) => {
            let named = list.iter().find(|entry| is_named(entry, key));
            let found = named.or_else(|| list.get(key.parse::<usize>().ok()?));
            found.map(|entry| (entry.at, entry))
        }
        Value::Null | Value::Bool(..) | Value::Number(..) | Value::Text(_) => None,
    }
}

fn is_named(entry: &Node, name: &str) -> bool {
    match &entry.value {
        Value::Text(text) => text == name,
        Value::Map(_) => below(entry, "name")
            .is_some_and(|(_, node)| matches!(&node.value, Value::Text(text) if text == name)),
        Value::Null | Value::Bool(..) | Value::Number(..) | Value::List(_) => false,
    }
}
