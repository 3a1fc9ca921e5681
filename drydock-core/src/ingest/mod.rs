//! Bytes to documents to [`Design`], telling everything that is wrong at once.
//!
//! Read are YAML documents of the kinds in [`Design`], in either form: `schema: drydock/<Kind>/v1`, `metadata.name` and the
//! body under `data`, as Deckhand renders them; or `apiVersion: drydock/v1`, `kind`, `metadata.name` and the body under
//! `spec`. Documents of other schemas are passed over with a note.
//!
//! A field that no type of [`crate::design`] has is told, with the one that was probably meant: as a problem where v1.0
//! refuses it too, elsewhere as a warning.
//!
//! Input is limited: [`INPUT_BYTES_MAX`], [`DOCUMENT_VALUES_MAX`], [`INPUT_VALUES_MAX`], [`KEY_BYTES_MAX`].

mod baremetal_node;
mod boot_action;
mod document;
mod envelope;
mod fields;
mod findings;
mod hardware_profile;
mod host;
mod host_profile;
mod interface;
mod json;
mod named;
mod nearest;
mod network;
mod network_link;
mod notation;
mod places;
mod rack;
mod region;
pub mod schema;
mod shape;
mod split;
mod storage;
mod tree;

use crate::design::{Design, Note, Origin, Problem, Problems};
use document::Reader;
pub use envelope::{Kind, UnknownKind};
pub(crate) use nearest::did_you_mean;
pub use places::Places;

/// How many bytes all files together may have.
pub const INPUT_BYTES_MAX: usize = 64 << 20;
/// How many values a document may have: mappings, lists, single ones and keys, with what its aliases repeat.
pub const DOCUMENT_VALUES_MAX: usize = 100_000;
/// How many values all files together may have. A server has about 30 of its own; a document counts for at least eight.
pub const INPUT_VALUES_MAX: usize = 8_000_000;
/// How many bytes a key or a document's name may have: they are repeated in what is told.
pub const KEY_BYTES_MAX: usize = 1024;

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
        // The largest file is the one to look at first.
        let largest = files.iter().max_by_key(|file| file.bytes.len());
        let origin = Origin::file(largest.map_or("", |file| file.name));
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
