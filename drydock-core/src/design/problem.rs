//! What is wrong with a site, and where: one form for everything that reading and resolving it can find,
//! so that a person gets all of it at once, each with the place to change.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::{Classify, Disposition};

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The name that the caller gave the file.
    pub file: Arc<str>,
    /// Counted from 1; 0 when the whole file is meant.
    pub line: u64,
    /// In characters, counted from 1; 0 when the whole line is meant.
    pub column: u64,
}

impl Origin {
    /// A whole file.
    pub fn file(name: &str) -> Self {
        Self { file: name.into(), line: 0, column: 0 }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.line > 0 && self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

/// Which document of a site: `BaremetalNode/r1n01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentRef {
    /// The kind as its `schema` says it; the whole `schema` for a document that is not Drydock's own.
    pub kind: String,
    /// `metadata.name`; empty when the document has none.
    pub name: String,
}

impl fmt::Display for DocumentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name.as_str() {
            "" => f.write_str(&self.kind),
            name => write!(f, "{}/{name}", self.kind),
        }
    }
}

/// One thing that is wrong with a site, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where it stands.
    pub origin: Origin,
    /// The document, when it is known.
    pub document: Option<DocumentRef>,
    /// The field, as `data.addressing[0].address`; empty when the whole document is meant.
    pub path: String,
    /// What is wrong and what to do. Never holds a secret.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_located(f, &self.origin, self.document.as_ref(), &self.path, &self.text)
    }
}

impl Error for Problem {}

/// All that is wrong with a site, sorted by place within each file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `Ok(value)` when nothing is wrong.
    pub(crate) fn unless_none<T>(found: Vec<Problem>, value: T) -> Result<T, Self> {
        if found.is_empty() { Ok(value) } else { Err(Self(found)) }
    }

    /// These, if there are any.
    pub fn of(found: Vec<Problem>) -> Option<Self> {
        (!found.is_empty()).then_some(Self(found))
    }

    /// The problems, one by one.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }

    /// The problems as a list.
    pub fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Problems {
    /// One problem to a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl Error for Problems {}

impl Classify for Problems {
    fn disposition(&self) -> Disposition {
        Disposition::Permanent
    }
}

/// How much a [`Note`] should be minded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteLevel {
    /// Good to know.
    Info,
    /// Probably not what was meant.
    Warning,
}

/// Something about a site that is worth saying and does not make it wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How much to mind it.
    pub level: NoteLevel,
    /// Where it stands.
    pub origin: Origin,
    /// The document, when it is known.
    pub document: Option<DocumentRef>,
    /// The field; empty when the whole document is meant.
    pub path: String,
    /// What there is to say. Never holds a secret.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_located(f, &self.origin, self.document.as_ref(), &self.path, &self.text)
    }
}

fn write_located(
    f: &mut fmt::Formatter<'_>,
    origin: &Origin,
    document: Option<&DocumentRef>,
    path: &str,
    text: &str,
) -> fmt::Result {
    let mut line = format!("{origin}: ");
    if let Some(document) = document {
        line.push_str(&document.to_string());
        line.push_str(": ");
    }
    if !path.is_empty() {
        line.push_str(path);
        line.push_str(": ");
    }
    line.push_str(text);
    // Names and keys come from the file; they must not break a log line or move a terminal's cursor.
    f.write_str(&line.replace(char::is_control, " "))
}
