//! A YAML document as a tree whose every part knows its place. A tree, because all that is wrong with a document is to be
//! told at once; deserialising into the final types would stop at the first.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{
    Budget, DuplicateKeyPolicy, Error, Location, NonFiniteFloatPolicy, Options, Spanned, UserMessageFormatter,
};

use super::split::Chunk;
use super::{DOCUMENT_VALUES_MAX, KEY_BYTES_MAX};

/// How deep values may be nested, with what aliases nest. The parser recurses: 24 levels of an unoptimised build
/// fit into 1 MiB of stack, and no site needs half of them.
const DEPTH_MAX: usize = 24;

/// A place in a file: line and column, counted from 1.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// A value and where it stands. It has no `Debug`: it may be a password.
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) at: Mark,
}

/// A YAML value. Numbers and truth values keep the text that they were written as.
pub(super) enum Value {
    Null,
    Bool(bool, String),
    /// The number, if it is a whole one that fits.
    Number(Option<i64>, String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One entry of a mapping.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) at: Mark,
    pub(super) value: Node,
}

/// Why a document could not be parsed at all.
pub(super) struct Unreadable {
    pub(super) at: Option<Mark>,
    pub(super) text: String,
    /// It was refused for its size, so the files are hostile, or at least not what they are meant to be.
    pub(super) too_large: bool,
}

/// Parses one document into a tree of at most `values_max` values, keys and what aliases repeat included. Returns the
/// tree, and how many values it has.
pub(super) fn parse(chunk: &Chunk<'_>, values_max: usize) -> Result<(Node, usize), Unreadable> {
    let parsed: Spanned<Raw> = serde_saphyr::from_str_with_options(chunk.text, options(values_max))
        .map_err(|error| unreadable(&error, chunk.lines_before, values_max))?;
    let mut settler = Settler { chunk, count: 0, refused: None };
    let root = settler.node(parsed);
    match settler.refused {
        None => Ok((root, settler.count)),
        Some((at, text)) => Err(Unreadable { at: Some(at), text, too_large: false }),
    }
}

fn options(values_max: usize) -> Options {
    let budget: Option<Budget> = serde_saphyr::budget! {
        max_nodes: values_max,
        max_events: values_max.saturating_mul(3),
        max_depth: DEPTH_MAX,
        max_documents: 2,
    };
    serde_saphyr::options! {
        budget: budget,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: values_max },
        // Doubled keys are kept here, so that each can be told; the last one counts.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // As PyYAML reads the sites of today: 0644 is 420.
        legacy_octal_numbers: true,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        // A quotation of the source could quote a password.
        with_snippet: false,
    }
}

fn unreadable(error: &Error, lines_before: u64, values_max: usize) -> Unreadable {
    let at = error.location().map(|location| mark(location, lines_before));
    let mut error = error.without_snippet();
    while let Error::AliasError { error: cause, .. } = error {
        error = cause;
    }
    let too_large = matches!(
        error,
        Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
            | Error::AliasReplayCounterOverflow { .. }
    );
    let said = message(error);
    // The scanner has a limit of its own, and calls it an error like any other.
    let too_large = too_large || said.contains("recursion limit exceeded");
    let text = if too_large {
        let allowed = if values_max < DOCUMENT_VALUES_MAX {
            format!("the site has {values_max} values left for this document, which may be")
        } else {
            format!("a document may have {values_max} values,")
        };
        format!(
            "{said}; {allowed} nested {DEPTH_MAX} deep, with what its aliases repeat: split it, or write aliases \
             out (nothing after it was read)"
        )
    } else {
        format!("not valid YAML: {said}; look at the indentation and the quotes here and just above")
    };
    Unreadable { at, text, too_large }
}

fn message(error: &Error) -> String {
    use serde_saphyr::MessageFormatter as _;
    UserMessageFormatter.format_message(error).replace(char::is_control, " ")
}

fn mark(location: Location, lines_before: u64) -> Mark {
    Mark { line: location.line() + lines_before, column: location.column() }
}

/// The tree as the parser hands it over: without the text of numbers.
enum Raw {
    Null,
    Bool(bool),
    Int(Option<i64>),
    Float,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(Some(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Int(i64::try_from(value).ok()))
    }

    fn visit_i128<E>(self, _value: i128) -> Result<Raw, E> {
        Ok(Raw::Int(None))
    }

    fn visit_u128<E>(self, _value: u128) -> Result<Raw, E> {
        Ok(Raw::Int(None))
    }

    fn visit_f64<E>(self, _value: f64) -> Result<Raw, E> {
        Ok(Raw::Float)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

/// Turns the parser's tree into ours: places in the file instead of in the document, and the text of numbers.
struct Settler<'c> {
    chunk: &'c Chunk<'c>,
    count: usize,
    /// The first thing that no site may have, and where.
    refused: Option<(Mark, String)>,
}

impl Settler<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        self.count += 1;
        // Where an alias repeats a value, the place to change is where it is defined.
        let location = raw.defined;
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(value) => match self.text(location) {
                // The parser takes a lone `n` for false, as YAML 1.1 says; PyYAML, and so the sites of today, do not.
                letter if letter.len() == 1 => Value::Text(letter),
                text => Value::Bool(value, text),
            },
            Raw::Int(value) => Value::Number(value, self.text(location)),
            Raw::Float => Value::Number(None, self.text(location)),
            Raw::Text(value) => Value::Text(value),
            Raw::List(entries) => Value::List(entries.into_iter().map(|entry| self.node(entry)).collect()),
            Raw::Map(entries) => {
                Value::Map(entries.into_iter().map(|(key, value)| self.entry(key, value)).collect())
            }
        };
        Node { value, at: mark(location, self.chunk.lines_before) }
    }

    fn entry(&mut self, key: Spanned<String>, value: Spanned<Raw>) -> Entry {
        self.count += 1;
        if key.value.contains('\0') {
            self.refuse(key.defined, "a key has a NUL character (`\\0`): remove it".to_owned());
        }
        if key.value.len() > KEY_BYTES_MAX {
            let bytes = key.value.len();
            self.refuse(
                key.defined,
                format!("a key has {bytes} bytes, and may have {KEY_BYTES_MAX}: shorten it"),
            );
        }
        Entry { at: mark(key.defined, self.chunk.lines_before), key: key.value, value: self.node(value) }
    }

    fn refuse(&mut self, at: Location, text: String) {
        let at = mark(at, self.chunk.lines_before);
        self.refused.get_or_insert((at, text));
    }

    fn text(&self, location: Location) -> String {
        let span = location.span();
        let bytes = span.byte_offset().zip(span.byte_len()).and_then(|(offset, len)| {
            let start = usize::try_from(offset).ok()?;
            let end = start.checked_add(usize::try_from(len).ok()?)?;
            self.chunk.text.get(start..end)
        });
        bytes.unwrap_or_default().trim().to_owned()
    }
}
