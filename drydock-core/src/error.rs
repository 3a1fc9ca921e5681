//! May it be tried again? Every public error answers with a [`Disposition`].

use std::error::Error;

use serde::{Deserialize, Serialize};

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// The same call may succeed later.
    Retryable,
    /// The same call will fail again until somebody changes something.
    Permanent,
    /// It was told to stop.
    Cancelled,
    /// The program itself is wrong: a panic, or a state that cannot be.
    Bug,
}

impl Disposition {
    /// The word used in records and on screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retryable => "retryable",
            Self::Permanent => "permanent",
            Self::Cancelled => "cancelled",
            Self::Bug => "bug",
        }
    }
}

/// An error that knows whether it may be tried again.
pub trait Classify: Error {
    /// What to do about it.
    fn disposition(&self) -> Disposition;
}

/// The error and its causes, in one line: `failed to x: because of y: because of z`.
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        // An error that says all its causes itself.
        if text.ends_with(&error_chain(source)) {
            break;
        }
        let part = source.to_string();
        // Some libraries repeat their cause in their own text; say it once.
        if !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Says(&'static str, #[source] Option<Box<Says>>);

    #[test]
    fn each_cause_is_said_once() {
        let chain = |texts: &[&'static str]| {
            let all = texts.iter().rev().fold(None, |cause, text| Some(Box::new(Says(text, cause))));
            error_chain(&*all.unwrap())
        };
        assert_eq!(chain(&["a", "b", "c"]), "a: b: c");
        assert_eq!(chain(&["a: b", "b", "c"]), "a: b: c");
        assert_eq!(chain(&["a: b: c", "a", "b", "c"]), "a: b: c");
    }
}
