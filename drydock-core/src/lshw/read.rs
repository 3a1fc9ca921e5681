//! Reads the XML of `lshw` as a stream: elements `node` inside each other, each with `businfo` and `logicalname`.
//!
//! Time is linear in the file and memory is no more than what is kept of it. Entities other than the five of XML itself
//! are not expanded, and nothing is ever fetched.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{Device, LSHW_BYTES_MAX, LSHW_DEPTH_MAX, LSHW_DEVICES_MAX, Lshw, LshwError};
use crate::design::Origin;
use crate::ingest::SourceFile;

impl Lshw {
    /// Reads an inventory. Bytes that are no UTF-8, as some serial numbers have them, are passed over.
    pub fn read(file: &SourceFile<'_>) -> Result<Self, LshwError> {
        if file.bytes.len() > LSHW_BYTES_MAX {
            return Err(LshwError::TooLong(file.bytes.len()));
        }
        let text = String::from_utf8_lossy(file.bytes);
        let mut gatherer = Gatherer { file: Origin::file(file.name), ..Gatherer::default() };
        let mut reader = Reader::from_str(&text);
        let mut lines = Lines { text: &text, seen: 0, line: 1 };
        loop {
            let event = reader.read_event();
            let line = lines.of(reader.buffer_position());
            match event.map_err(|_| LshwError::Xml(line))? {
                Event::Start(start) => gatherer.begins(&start, line)?,
                Event::End(_) => gatherer.ends()?,
                Event::Text(text) => gatherer.says(&text.into_inner()),
                Event::CData(text) => gatherer.says(&text.into_inner()),
                Event::GeneralRef(reference) => gatherer.says(&spelt_out(&reference)),
                Event::Eof => return gatherer.finish(),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }
}

/// A reference that XML itself does not know says nothing.
fn spelt_out(reference: &BytesRef<'_>) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        Ok(None) => resolve_predefined_entity(reference).unwrap_or_default().to_owned(),
        Err(_) => String::new(),
    }
}

/// Counts lines up to places that only ever go forward.
struct Lines<'t> {
    text: &'t str,
    seen: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: u64) -> u64 {
        let position = usize::try_from(position).unwrap_or(usize::MAX).min(self.text.len());
        let passed = self.text.as_bytes().get(self.seen..position).unwrap_or_default();
        let breaks = passed.split(|byte| *byte == b'\n').count().saturating_sub(1);
        self.line = self.line.saturating_add(u64::try_from(breaks).unwrap_or(u64::MAX));
        self.seen = self.seen.max(position);
        self.line
    }
}

/// An element that has not ended.
enum Open {
    Node(Node),
    /// `businfo` or `logicalname` of a node.
    Field(Field, String),
    Other,
}

#[derive(Clone, Copy)]
enum Field {
    Businfo,
    LogicalName,
}

/// A `node` as far as it was read.
struct Node {
    /// Its place among all nodes: a device stands before those that are in it, but ends after them.
    place: usize,
    class: String,
    businfo: Option<String>,
    name: Option<String>,
    line: u64,
}

struct Gatherer {
    file: Origin,
    open: Vec<Open>,
    nodes: usize,
    devices: Vec<(usize, Device)>,
}

impl Default for Gatherer {
    fn default() -> Self {
        Self { file: Origin::file(""), open: Vec::new(), nodes: 0, devices: Vec::new() }
    }
}

impl Gatherer {
    fn begins(&mut self, start: &BytesStart<'_>, line: u64) -> Result<(), LshwError> {
        if self.open.len() >= LSHW_DEPTH_MAX {
            return Err(LshwError::TooDeep(line));
        }
        let in_node = matches!(self.open.last(), Some(Open::Node(_)));
        let open = match start.name().0 {
            "node" => {
                self.nodes += 1;
                Open::Node(Node { place: self.nodes, class: class(start), businfo: None, name: None, line })
            }
            "businfo" if in_node => Open::Field(Field::Businfo, String::new()),
            "logicalname" if in_node => Open::Field(Field::LogicalName, String::new()),
            _ => Open::Other,
        };
        self.open.push(open);
        Ok(())
    }

    fn says(&mut self, text: &str) {
        if let Some(Open::Field(_, said)) = self.open.last_mut() {
            said.push_str(text);
        }
    }

    fn ends(&mut self) -> Result<(), LshwError> {
        match self.open.pop() {
            Some(Open::Field(field, said)) => {
                let Some(Open::Node(node)) = self.open.last_mut() else { return Ok(()) };
                let said = said.trim().to_owned();
                // A disk has several names; the first is its own, others may be where it is mounted.
                match field {
                    Field::Businfo => node.businfo.get_or_insert(said),
                    Field::LogicalName => node.name.get_or_insert(said),
                };
            }
            Some(Open::Node(Node { place, class, businfo: Some(businfo), name: Some(name), line })) => {
                if self.devices.len() >= LSHW_DEVICES_MAX {
                    return Err(LshwError::TooMany);
                }
                // Without folders, as in `/dev/sda`.
                let name = name.rsplit('/').next().unwrap_or_default().to_owned();
                let origin = Origin { line, ..self.file.clone() };
                if !name.is_empty() {
                    self.devices.push((place, Device { class, businfo, name, origin }));
                }
            }
            Some(Open::Node(_) | Open::Other) | None => {}
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Lshw, LshwError> {
        if self.nodes == 0 {
            return Err(LshwError::NoNode);
        }
        if !self.open.is_empty() {
            return Err(LshwError::Cut);
        }
        self.devices.sort_unstable_by_key(|(place, _)| *place);
        Ok(Lshw { devices: self.devices.into_iter().map(|(_, device)| device).collect() })
    }
}

/// Attributes are read up to the first that is broken, and not compared with each other.
fn class(start: &BytesStart<'_>) -> String {
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false);
    let class = attributes.map_while(Result::ok).find(|attribute| attribute.key.0 == "class");
    class.map(|attribute| attribute.value.into_owned()).unwrap_or_default()
}
