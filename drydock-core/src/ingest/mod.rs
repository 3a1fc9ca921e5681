//! Bytes to documents to [`Design`], telling everything that is wrong at once.
//!
//! Read are Deckhand-style YAML documents of the kinds in [`Design`]: `schema: drydock/<Kind>/v1`, `metadata.name`, and
//! the body under `data`. Documents of other schemas, boot actions among them, are passed over with a note.
//!
//! Fields that the types of [`crate::design`] do not have (storage, interfaces, device aliases, repositories …) are
//! accepted without a look at them, so that a complete site can be read. A misspelt optional field is therefore not told.
//!
//! Input is limited: [`INPUT_BYTES_MAX`], [`DOCUMENT_VALUES_MAX`], [`INPUT_VALUES_MAX`].

mod document;
mod fields;
mod host;
mod network;
mod place;
mod split;
mod tree;

use crate::design::{Design, Note, Origin, Problem, Problems};
use document::Reader;

/// How many bytes all files together may have.
pub const INPUT_BYTES_MAX: usize = 64 << 20;
/// How many values a document may have: mappings, lists, single ones and keys, with what its aliases repeat.
pub const DOCUMENT_VALUES_MAX: usize = 100_000;
/// How many values all files together may have. A server has about 30 of its own.
pub const INPUT_VALUES_MAX: usize = 8_000_000;

/// One file, already read.
#[derive(Debug, Clone, Copy)]
pub struct SourceFile<'a> {
    /// What problems call it.
    pub name: &'a str,
    /// Its content, which is to be UTF-8.
    pub bytes: &'a [u8],
}

/// What reading found, when nothing was wrong.
#[derive(Debug, Clone)]
pub struct Ingested {
    /// The documents.
    pub design: Design,
    /// What else there is to say.
    pub notes: Vec<Note>,
}

/// Reads all files of a site into one design.
///
/// Fails with all problems of all files: text that is no YAML, unknown kinds, missing or mistyped fields, words and
/// addresses that are none, and names that are used twice.
pub fn ingest(files: &[SourceFile<'_>]) -> Result<Ingested, Problems> {
    let bytes: usize = files.iter().map(|file| file.bytes.len()).fold(0, usize::saturating_add);
    if bytes > INPUT_BYTES_MAX {
        let origin = Origin::file(files.first().map_or("", |file| file.name));
        let text = format!("the site has {bytes} bytes, and may have {INPUT_BYTES_MAX}: leave files out");
        return Err(Problem { origin, document: None, path: String::new(), text }.into());
    }
    let mut reader = Reader::new(INPUT_VALUES_MAX);
    for file in files {
        reader.file(file);
    }
    let (design, problems, notes) = reader.finish();
    Problems::unless_none(problems, Ingested { design, notes })
}
