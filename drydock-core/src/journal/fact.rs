//! Facts: what a step found out about something, kept for whoever asks about it later.

use serde::Serialize;

use super::Subject;
use crate::{Payload, StepKey, Timestamp};

/// Data about a subject, as whoever made it gave it: an inventory of a node, the log of a test.
///
/// ```
/// # use drydock_core::journal::Fact;
/// let neighbours = Fact::about("node", "rack1-n07").by("lldp").text("text/xml", "<lldp/>");
/// let disks = Fact::about("node", "rack1-n07").by("disks").json(&["sda", "sdb"])?;
/// assert_eq!((&*disks.format, disks.data.as_bytes()), (Fact::JSON, &br#"["sda","sdb"]"#[..]));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about.
    pub subject: Subject,
    /// What made the data, for instance `lshw`. A later fact of the same generator about the same subject is the newer one.
    pub generator: String,
    /// How to read the data: a media type, for instance `text/xml`.
    pub format: String,
    /// The data, as it was given: JSON only where `format` says so.
    pub data: Payload,
}

impl Fact {
    /// The format of what [`FactBuilder::json`] makes.
    pub const JSON: &'static str = "application/json";

    /// The longest kind, name, generator or format, in bytes.
    pub const NAME_MAX: usize = 200;

    /// Begins a fact about the `kind` of thing called `name`: `("node", "rack1-n07")`.
    pub fn about(kind: impl Into<String>, name: impl Into<String>) -> FactBuilder {
        FactBuilder { subject: Subject { kind: kind.into(), name: name.into() }, generator: String::new() }
    }

    /// Which of its four names cannot be stored, and why.
    pub fn problem(&self) -> Option<String> {
        let names = [
            ("subject kind", &self.subject.kind),
            ("subject name", &self.subject.name),
            ("generator", &self.generator),
            ("format", &self.format),
        ];
        let most = Self::NAME_MAX;
        names
            .into_iter()
            .find(|(_, name)| name.is_empty() || name.len() > most)
            .map(|(what, name)| format!("the {what} of a fact has {} bytes: give it 1 to {most}", name.len()))
    }
}

/// A fact that wants its generator and its data.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a fact is made by `text`, `json` or `data`"]
pub struct FactBuilder {
    subject: Subject,
    generator: String,
}

impl FactBuilder {
    /// What made the data.
    pub fn by(self, generator: impl Into<String>) -> Self {
        Self { generator: generator.into(), ..self }
    }

    /// The fact, with text in this format.
    pub fn text(self, format: impl Into<String>, text: impl Into<String>) -> Fact {
        self.data(format, text.into().into_bytes())
    }

    /// The fact, with any bytes in this format.
    pub fn data(self, format: impl Into<String>, data: impl Into<Vec<u8>>) -> Fact {
        let Self { subject, generator } = self;
        Fact { subject, generator, format: format.into(), data: Payload::from(data.into()) }
    }

    /// The fact, with `value` as JSON.
    ///
    /// # Errors
    ///
    /// When `value` cannot be written as JSON.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> Result<Fact, serde_json::Error> {
        let Self { subject, generator } = self;
        Ok(Fact { subject, generator, format: Fact::JSON.to_owned(), data: Payload::encode(value)? })
    }
}

/// A fact on record, committed together with the record of the step that found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactRecord {
    /// Its place among the task's facts, from 0.
    pub seq: u32,
    /// The step that found it.
    pub step: StepKey,
    /// The fact.
    pub fact: Fact,
    /// When it was recorded.
    pub at: Timestamp,
}
