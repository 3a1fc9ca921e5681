//! What reading a file has found so far.

use std::sync::Arc;

use super::tree::Mark;
use crate::design::{DocumentRef, Note, NoteLevel, Origin, Problem};

/// More problems or notes than this help nobody, and would let a hostile file fill the memory.
const TOLD_MAX: usize = 1000;

/// Where problems and notes of one file go.
pub(super) struct Findings {
    pub(super) file: Arc<str>,
    /// The document in hand.
    pub(super) document: Option<DocumentRef>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<Note>,
}

impl Findings {
    /// Nothing more would be told.
    pub(super) const fn is_full(&self) -> bool {
        self.problems.len() >= TOLD_MAX
    }

    pub(super) fn origin(&self, at: Option<Mark>) -> Origin {
        let Mark { line, column } = at.unwrap_or(Mark { line: 0, column: 0 });
        Origin { file: self.file.clone(), line, column }
    }

    pub(super) fn problem(&mut self, at: Option<Mark>, path: &str, text: impl Into<String>) {
        if !self.is_full() {
            let (origin, document) = (self.origin(at), self.document.clone());
            self.problems.push(Problem { origin, document, path: path.to_owned(), text: text.into() });
        }
    }

    pub(super) fn note(&mut self, level: NoteLevel, at: Mark, path: &str, text: impl Into<String>) {
        if self.notes.len() < TOLD_MAX {
            let (origin, document) = (self.origin(Some(at)), self.document.clone());
            self.notes.push(Note { level, origin, document, path: path.to_owned(), text: text.into() });
        }
    }
}
