//! What operators ask of tasks, and the trail that it leaves.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// What somebody asked for at some time: to stop a task, to pause it, to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Who asked.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A request to stop a task.
pub type Cancellation = Request;

/// What an operator did to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Asked for its end.
    Cancel,
    /// Held it.
    Pause,
    /// Let it go on.
    Resume,
    /// Brought it back after its end.
    Reopen,
    /// Sent it an order, see [`Signal::ORDER`](super::Signal::ORDER).
    Order,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Cancel, Self::Pause, Self::Resume, Self::Reopen, Self::Order];

    /// The word for it, as stores keep it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Reopen => "reopen",
            Self::Order => "order",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line of a task's audit: committed together with what it tells of, and never changed. A request that is repeated
/// leaves one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Who asked, and when.
    pub request: Request,
    /// For what.
    pub verb: Verb,
    /// What exactly, in words: of an order its name. Empty when the verb says it all.
    pub detail: String,
}
