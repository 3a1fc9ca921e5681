//! Conditions: what a step says about whether another is to run.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Whether a step that hangs on it runs. As JSON: `true`, or the reason as a string; `false` is a closed gate too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    /// It runs.
    Open,
    /// It is skipped, for this reason.
    Closed(String),
}

impl Gate {
    /// Closed, for this reason.
    pub fn closed(reason: impl Into<String>) -> Self {
        Self::Closed(reason.into())
    }
}

impl Serialize for Gate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Open => serializer.serialize_bool(true),
            Self::Closed(reason) => serializer.serialize_str(reason),
        }
    }
}

impl<'de> Deserialize<'de> for Gate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Gate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false, or the reason for which a step is skipped")
            }

            fn visit_bool<E>(self, open: bool) -> Result<Gate, E> {
                Ok(if open { Gate::Open } else { Gate::closed("the condition does not hold") })
            }

            fn visit_str<E>(self, reason: &str) -> Result<Gate, E> {
                Ok(Gate::closed(reason))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What a condition may be: a `bool` or a [`Gate`].
#[diagnostic::on_unimplemented(
    message = "a condition is a `bool` or a `Gate`, not `{Self}`",
    note = "let an earlier step give one of these, and pass its handle to `when`"
)]
pub trait Condition: sealed::Sealed {}

impl Condition for bool {}
impl Condition for Gate {}

mod sealed {
    /// Keeps the engine's reading of conditions complete.
    pub trait Sealed {}
    impl Sealed for bool {}
    impl Sealed for super::Gate {}
}
