//! How far a step is.

use std::fmt;

use crate::{StepKey, Timestamp};

/// How far a step was when it last said so. One per step; a later one replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepProgress {
    /// The step.
    pub step: StepKey,
    /// How far.
    pub figure: Figure,
    /// When this was recorded.
    pub at: Timestamp,
}

/// How much of something is done, for instance 17 of 40 disks. `Display` says it in these words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// So many are done.
    pub done: u64,
    /// Of so many.
    pub total: u64,
    /// What is counted, or what is being done: `disks`. May be empty.
    pub text: String,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.done, self.total)?;
        if self.text.is_empty() { Ok(()) } else { write!(f, " {}", self.text) }
    }
}
