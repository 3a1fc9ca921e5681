//! Writes down what readers ask for, on a sheet; where a document is read there is none.

use std::cell::RefCell;

use indexmap::IndexMap;

use super::Fields;
use crate::ingest::shape::{Others, Shape, Sheet};
use crate::ingest::tree::{Mark, Value};

impl Fields<'_> {
    /// A mapping without entries that writes down all that is asked of it, and of what is in it.
    pub(in crate::ingest) fn recording() -> (Self, Sheet) {
        let (sheet, at) = (Sheet::default(), Mark { line: 0, column: 0 });
        let (entries, path, asked) = (IndexMap::new(), String::new(), RefCell::default());
        (Self { entries, path, at, asked, sheet: Some(sheet.clone()) }, sheet)
    }

    /// Says of `key`, which is read by hand, what it may be.
    pub(in crate::ingest) fn is(&self, key: &'static str, shape: impl FnOnce() -> Shape) {
        self.asked.borrow_mut().push(key);
        self.asks(key, shape);
    }

    /// Says of all entries that nobody asked for by name, which are read by hand, what they may be.
    pub(in crate::ingest) fn others_are(&self, others: impl FnOnce() -> Others) {
        if let Some(sheet) = &self.sheet {
            sheet.borrow_mut().others = others();
        }
    }

    /// Where it is written down what is asked: a mapping that stands for each of those entries.
    pub(in crate::ingest) fn recorded_entry(&self, others: fn(Shape) -> Others) -> Option<Self> {
        let (entry, sheet) = self.sheet.as_ref().map(|_| Self::recording())?;
        self.others_are(|| others(Shape::Mapping(sheet)));
        Some(entry)
    }

    /// Whether `key`, which must be there, is not.
    pub(in crate::ingest) fn is_missing(&self, key: &'static str) -> bool {
        if let Some(sheet) = &self.sheet {
            sheet.borrow_mut().field(key).required = true;
        }
        self.get(key).is_none()
    }

    /// As [`is_missing`](Self::is_missing), for a list that must not be empty either.
    pub(in crate::ingest) fn is_missing_or_empty(&self, key: &'static str) -> bool {
        let empty =
            self.get(key).is_some_and(|node| matches!(&node.value, Value::List(list) if list.is_empty()));
        if let Some(sheet) = &self.sheet {
            sheet.borrow_mut().field(key).filled = true;
        }
        self.is_missing(key) || empty
    }

    pub(super) fn asks(&self, key: &'static str, shape: impl FnOnce() -> Shape) {
        if let Some(sheet) = &self.sheet {
            sheet.borrow_mut().field(key).shape = shape();
        }
    }

    /// The mapping under `key` where it is written down what is asked; `shape` is what the value may be.
    pub(super) fn nested(&self, key: &'static str, shape: impl FnOnce(Shape) -> Shape) -> Option<Self> {
        let (inner, sheet) = self.sheet.as_ref().map(|_| Self::recording())?;
        self.is(key, || shape(Shape::Mapping(sheet)));
        Some(inner)
    }
}
