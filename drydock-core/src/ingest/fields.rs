//! Reads typed fields out of a document's tree, and goes on after a mistake: each reader returns what it can, and
//! tells the rest.
//!
//! The same calls write down what a reader asks for, where that is wanted: [`recording`] is what schemas are made of.
//!
//! [`recording`]: Fields::recording

mod recording;

use std::cell::RefCell;

use indexmap::IndexMap;

pub(super) use super::findings::Findings;
use super::nearest::did_you_mean;
use super::notation::Notation;
use super::shape::{Others, Shape, Sheet};
use super::tree::{Entry, Mark, Node, Value};
use crate::design::{NoteLevel, Setting};

/// A mapping in hand, and the path to it.
pub(super) struct Fields<'n> {
    entries: IndexMap<&'n str, &'n Node>,
    path: String,
    at: Mark,
    /// The keys that were asked for, there or not: what is known of the mapping.
    asked: RefCell<Vec<&'static str>>,
    /// Where it is written down what is asked; none where a document is read.
    sheet: Option<Sheet>,
}

impl<'n> Fields<'n> {
    /// The mapping `node`. Of a key that is written twice the last one counts, with a warning.
    pub(super) fn of(found: &mut Findings, node: &'n Node, path: &str) -> Option<Self> {
        match &node.value {
            Value::Map(list) => {
                let (entries, asked) = (unique(found, list, path), RefCell::default());
                Some(Self { entries, path: path.to_owned(), at: node.at, asked, sheet: None })
            }
            other => {
                found.problem(
                    Some(node.at),
                    path,
                    format!("must be a mapping of keys to values, and is {}", kind(other)),
                );
                None
            }
        }
    }

    /// Where the mapping begins.
    pub(super) const fn at(&self) -> Mark {
        self.at
    }

    /// The path of the entry `key`.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The value of `key`; none when it is absent or null.
    pub(super) fn get(&self, key: &'static str) -> Option<&'n Node> {
        self.asked.borrow_mut().push(key);
        if let Some(sheet) = &self.sheet {
            sheet.borrow_mut().field(key);
        }
        self.entries.get(key).copied().filter(|node| !matches!(node.value, Value::Null))
    }

    /// Every key with its value, nulls included.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'n str, &'n Node)> {
        self.entries.iter().map(|(key, node)| (*key, *node))
    }

    /// Makes keys known that somebody else reads.
    pub(super) fn known(&self, keys: &[&'static str]) {
        self.asked.borrow_mut().extend(keys);
    }

    /// Tells each key that nobody asked for: it is none that is known here, and would have no effect.
    pub(super) fn no_others(&self, found: &mut Findings) {
        self.others_are(|| Others::Refused);
        for (key, node) in self.others() {
            let text =
                format!("is not known here, and has no effect{}", did_you_mean(key, &self.asked.borrow()));
            found.problem(Some(node.at), &self.path_of(key), text);
        }
    }

    /// As [`no_others`](Self::no_others), as a warning: for mappings in which v1.0 lets anything stand.
    pub(super) fn warn_of_others(&self, found: &mut Findings) {
        self.others_are(|| Others::Warned);
        for (key, node) in self.others() {
            let text =
                format!("is not known here, and has no effect{}", did_you_mean(key, &self.asked.borrow()));
            found.note(NoteLevel::Warning, node.at, &self.path_of(key), text);
        }
    }

    /// The entries that nobody asked for, nulls included.
    pub(super) fn others(&self) -> Vec<(&'n str, &'n Node)> {
        let asked = self.asked.borrow();
        self.iter().filter(|(key, _)| !asked.contains(key)).collect()
    }

    /// Tells a problem with the value of `key`.
    pub(super) fn problem(&self, found: &mut Findings, key: &str, text: impl Into<String>) {
        let at = self.entries.get(key).map_or(self.at, |node| node.at);
        found.problem(Some(at), &self.path_of(key), text);
    }

    /// Tells that `key` is missing, unless `value` is there or something wrong with it has been told.
    pub(super) fn required<T>(
        &self,
        found: &mut Findings,
        key: &'static str,
        example: &str,
        value: Option<T>,
    ) -> Option<T> {
        if self.is_missing(key) && value.is_none() {
            found.problem(Some(self.at), &self.path_of(key), format!("is missing: write `{key}: {example}`"));
        }
        value
    }

    /// A text.
    pub(super) fn text(&self, found: &mut Findings, key: &'static str) -> Option<String> {
        self.asks(key, || Shape::Text);
        text(found, self.get(key)?, &self.path_of(key))
    }

    /// A text that may be taken away with `!`.
    pub(super) fn setting(&self, found: &mut Findings, key: &'static str) -> Setting<String> {
        match self.text(found, key) {
            None => Setting::Inherit,
            Some(text) if text == "!" => Setting::Unset,
            Some(text) => Setting::Set(text),
        }
    }

    /// True or false.
    pub(super) fn truth(&self, found: &mut Findings, key: &'static str) -> Option<bool> {
        self.asks(key, || Shape::Truth);
        let node = self.get(key)?;
        if let Value::Bool(truth, _) = node.value {
            return Some(truth);
        }
        self.problem(found, key, format!("must be true or false, and is {}", kind(&node.value)));
        None
    }

    /// A text that is a `T`. `what` completes "`x` is not …".
    pub(super) fn parsed<T: Notation>(
        &self,
        found: &mut Findings,
        key: &'static str,
        what: &str,
    ) -> Option<T> {
        let text = self.text(found, key);
        self.asks(key, || Shape::Pattern(T::PATTERN));
        let text = text?;
        let parsed = text.trim().parse().ok();
        if parsed.is_none() {
            self.problem(found, key, format!("{} is not {what}", quoted(&text)));
        }
        parsed
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(
        &self,
        found: &mut Findings,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        self.asks(key, || Shape::words(words.iter().map(|(word, _)| *word)));
        let node = self.get(key)?;
        // `802.3ad` is a text, but `off` and `1` are not: look at what was written.
        let written = match &node.value {
            Value::Text(text) | Value::Bool(_, text) | Value::Number(_, text) => text.as_str(),
            other @ (Value::Null | Value::List(_) | Value::Map(_)) => kind(other),
        };
        let choice = words.iter().find(|(word, _)| *word == written).map(|(_, value)| *value);
        if choice.is_none() {
            self.problem(found, key, unknown_word(written, words));
        }
        choice
    }

    /// A list of some of a few words.
    pub(super) fn choices<T: Copy>(
        &self,
        found: &mut Findings,
        key: &'static str,
        words: &[(&'static str, T)],
    ) -> Vec<T> {
        self.asks(key, || Shape::list(Shape::words(words.iter().map(|(word, _)| *word))));
        let mut choices = Vec::new();
        for (path, node) in self.list(found, key) {
            let Some(written) = text(found, node, &path) else { continue };
            match words.iter().find(|(word, _)| *word == written) {
                Some((_, choice)) => choices.push(*choice),
                None => found.problem(Some(node.at), &path, unknown_word(&written, words)),
            }
        }
        choices
    }

    /// A whole number of at most `max`, also when it is written as a text.
    pub(super) fn number(&self, found: &mut Findings, key: &'static str, max: u32) -> Option<u32> {
        self.asks(key, || Shape::Number { max });
        let node = self.get(key)?;
        let number = match &node.value {
            Value::Number(number, _) => *number,
            Value::Text(text) => text.trim().parse().ok(),
            Value::Null | Value::Bool(..) | Value::List(_) | Value::Map(_) => None,
        };
        let number = number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= max);
        if number.is_none() {
            self.problem(found, key, format!("must be a whole number from 0 to {max}"));
        }
        number
    }

    /// The entries of a list, each with its path; none when it is absent.
    fn list(&self, found: &mut Findings, key: &'static str) -> Vec<(String, &'n Node)> {
        let path = self.path_of(key);
        match self.get(key).map(|node| (&node.value, node.at)) {
            None => Vec::new(),
            Some((Value::List(list), _)) => {
                list.iter().enumerate().map(|(index, node)| (format!("{path}[{index}]"), node)).collect()
            }
            Some((other, at)) => {
                found.problem(Some(at), &path, format!("must be a list, and is {}", kind(other)));
                Vec::new()
            }
        }
    }

    /// A list of texts.
    pub(super) fn texts(&self, found: &mut Findings, key: &'static str) -> Vec<String> {
        self.asks(key, || Shape::list(Shape::Text));
        self.list(found, key).into_iter().filter_map(|(path, node)| text(found, node, &path)).collect()
    }

    /// A list of mappings.
    pub(super) fn maps(&self, found: &mut Findings, key: &'static str) -> Vec<Self> {
        if let Some(entry) = self.nested(key, Shape::list) {
            return vec![entry];
        }
        self.list(found, key).into_iter().filter_map(|(path, node)| Self::of(found, node, &path)).collect()
    }

    /// A mapping.
    pub(super) fn map(&self, found: &mut Findings, key: &'static str) -> Option<Self> {
        let recorded = self.nested(key, |mapping| mapping);
        recorded.or_else(|| Self::of(found, self.get(key)?, &self.path_of(key)))
    }

    /// A mapping that may be taken away with `!`.
    pub(super) fn map_setting(&self, found: &mut Findings, key: &'static str) -> Setting<Self> {
        if let Some(recorded) = self.nested(key, |mapping| mapping.or(Shape::Pattern("^!$"))) {
            return Setting::Set(recorded);
        }
        match self.get(key).map(|node| &node.value) {
            None => Setting::Inherit,
            Some(Value::Text(text)) if text == "!" => Setting::Unset,
            Some(_) => self.map(found, key).map_or(Setting::Inherit, Setting::Set),
        }
    }

    /// The entries that nobody asked for by name, each of which is a mapping.
    pub(super) fn other_maps(&self, found: &mut Findings) -> Vec<(&'n str, Self)> {
        if let Some(entry) = self.recorded_entry(Others::each) {
            return vec![("", entry)];
        }
        let entries = self.others().into_iter();
        entries.filter_map(|(name, node)| Some((name, Self::of(found, node, &self.path_of(name))?))).collect()
    }

    /// A mapping of keys to single values, each as the text that was written.
    pub(super) fn text_map(&self, found: &mut Findings, key: &'static str) -> IndexMap<String, String> {
        self.text_map_by(found, key, written)
    }

    /// As [`text_map`](Self::text_map), with the values that `read` makes of them.
    pub(super) fn text_map_by(
        &self,
        found: &mut Findings,
        key: &'static str,
        read: fn(&mut Findings, &Node, &str) -> Option<String>,
    ) -> IndexMap<String, String> {
        let Some(map) = self.map(found, key) else { return IndexMap::new() };
        map.others_are(|| Others::removable(Shape::Single));
        let mut texts = IndexMap::new();
        for (key, node) in map.iter() {
            // Of `!key`, which takes a parent's entry away, only the key matters.
            let read =
                if key.starts_with('!') { Some(String::new()) } else { read(found, node, &map.path_of(key)) };
            texts.extend(read.map(|value| (key.to_owned(), value)));
        }
        texts
    }
}

/// A text. A number or truth value is refused, as the schemas of v1.0 do; quotes show what was meant.
pub(super) fn text(found: &mut Findings, node: &Node, path: &str) -> Option<String> {
    match &node.value {
        Value::Text(text) => Some(text.clone()),
        other => {
            let advice = match other {
                Value::Bool(..) | Value::Number(..) => "; put it in quotes",
                Value::Null | Value::Text(_) | Value::List(_) | Value::Map(_) => "",
            };
            found.problem(Some(node.at), path, format!("must be a text, and is {}{advice}", kind(other)));
            None
        }
    }
}

/// A single value of any type, as it was written.
pub(super) fn written(found: &mut Findings, node: &Node, path: &str) -> Option<String> {
    match &node.value {
        Value::Text(text) | Value::Bool(_, text) | Value::Number(_, text) => Some(text.clone()),
        other @ (Value::Null | Value::List(_) | Value::Map(_)) => {
            found.problem(
                Some(node.at),
                path,
                format!("must be a text, a number or true or false, and is {}", kind(other)),
            );
            None
        }
    }
}

fn unknown_word<T>(written: &str, words: &[(&'static str, T)]) -> String {
    let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
    format!("{} is not known here: write {}", quoted(written), known.join(" or "))
}

/// A text in quotes, cut where it grows long.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 80;
    let cut: String = text.chars().take(SHOWN_MAX).collect();
    let more = if cut.len() < text.len() { "..." } else { "" };
    format!("{cut:?}{more}")
}

fn unique<'n>(found: &mut Findings, list: &'n [Entry], path: &str) -> IndexMap<&'n str, &'n Node> {
    let mut entries = IndexMap::with_capacity(list.len());
    for entry in list {
        if entries.insert(entry.key.as_str(), &entry.value).is_some() {
            let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
            found.note(
                NoteLevel::Warning,
                entry.at,
                &path,
                "the key is written twice; this one counts, drop the other",
            );
        }
    }
    entries
}

/// What a value is, in a sentence. Never the value itself: it may be a password.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(..) => "true or false",
        Value::Number(..) => "a number",
        Value::Text(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a mapping",
    }
}
