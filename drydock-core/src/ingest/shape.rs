//! What readers ask of documents, written down while they run. A reader is the only place that says which fields there
//! are; a schema is made of what it asked for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Where it is written down what is asked of one mapping.
pub(super) type Sheet = Rc<RefCell<Mapping>>;

/// What is asked of a mapping.
#[derive(Default)]
pub(super) struct Mapping {
    pub(super) fields: BTreeMap<&'static str, Field>,
    pub(super) others: Others,
}

impl Mapping {
    /// What is known of a field; from now on it is one.
    pub(super) fn field(&mut self, key: &'static str) -> &mut Field {
        self.fields.entry(key).or_default()
    }
}

/// What is asked of a field.
#[derive(Default)]
pub(super) struct Field {
    pub(super) shape: Shape,
    /// It must be there, and not be null.
    pub(super) required: bool,
    /// It is a list that must have an entry.
    pub(super) filled: bool,
}

/// What becomes of the entries of a mapping that are not asked for by name.
#[derive(Default)]
pub(super) enum Others {
    /// Nobody looks at them.
    #[default]
    Ignored,
    /// They are told as warnings.
    Warned,
    /// They are told as problems.
    Refused,
    /// Each is read as this; with `removable`, `!name` takes `name` away, whatever its value is.
    Each { shape: Box<Shape>, removable: bool },
}

impl Others {
    pub(super) fn each(shape: Shape) -> Self {
        Self::Each { shape: Box::new(shape), removable: false }
    }

    pub(super) fn removable(shape: Shape) -> Self {
        Self::Each { shape: Box::new(shape), removable: true }
    }
}

/// What a value may be.
#[derive(Default)]
pub(super) enum Shape {
    /// It was asked for, and nobody has said yet what it may be.
    #[default]
    Unsaid,
    Null,
    Truth,
    Text,
    /// A text that this regular expression matches.
    Pattern(&'static str),
    /// One of these texts.
    Words(Vec<&'static str>),
    /// A whole number, also as a text.
    Number {
        max: u32,
    },
    /// A text, a number, or true or false.
    Single,
    List(Box<Self>),
    Mapping(Sheet),
    Either(Box<Self>, Box<Self>),
}

impl Shape {
    pub(super) fn words(words: impl Iterator<Item = &'static str>) -> Self {
        Self::Words(words.collect())
    }

    pub(super) fn list(of: Self) -> Self {
        Self::List(Box::new(of))
    }

    /// A mapping whose keys anybody makes up.
    pub(super) fn entries(others: Others) -> Self {
        Self::Mapping(Rc::new(RefCell::new(Mapping { others, ..Mapping::default() })))
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self::Either(Box::new(self), Box::new(other))
    }
}
