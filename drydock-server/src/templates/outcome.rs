//! What came of a template, on its way from the process that filled it in.

use drydock_core::boot_action::RenderProblem;
use serde::{Deserialize, Serialize};

/// What came of a template. It has no `Debug`: it may hold a key.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Outcome {
    /// The text.
    Filled(String),
    /// It, or the template, has more bytes than there may be.
    TooLong(usize),
    /// The template is wrong.
    Wrong(String),
}

impl Outcome {
    pub(super) fn of(filled: Result<String, RenderProblem>) -> Self {
        match filled {
            Ok(text) => Self::Filled(text),
            Err(RenderProblem::TooLong(most)) => Self::TooLong(most),
            // Others than this are not of templates; their text is the same.
            Err(problem) => Self::Wrong(problem.to_string()),
        }
    }

    pub(super) fn into_result(self) -> Result<String, RenderProblem> {
        match self {
            Self::Filled(text) => Ok(text),
            Self::TooLong(most) => Err(RenderProblem::TooLong(most)),
            Self::Wrong(text) => Err(RenderProblem::Template(text)),
        }
    }
}
