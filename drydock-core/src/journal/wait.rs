//! What is recorded of a step that has not ended: that it waits, and how far it is.

use serde::{Deserialize, Serialize};

use crate::{Payload, StepKey, Timestamp};

/// What a waiting step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// For the time `until`.
    Timer,
    /// For all child tasks that the step started.
    Children,
    /// For a signal.
    Signal,
    /// For locks, which other tasks hold.
    Lock,
    /// For an operator: the step must not run twice, and was found begun and not ended.
    Operator,
    /// For its turn: as many steps as are allowed at once are under way.
    Limit,
    /// For an instance that offers its executor.
    Executor,
}

/// A step that waits: asked again at `until`, it goes on with the same attempt. One per step; waiting again replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitRecord {
    /// The step.
    pub step: StepKey,
    /// The attempt that waits, from 1.
    pub attempt: u32,
    /// What it waits for.
    pub kind: WaitKind,
    /// The names of what it waits for: of signals, locks, limits or executors. Empty for timers and children.
    pub on: Vec<String>,
    /// In words, for `explain` and for screens.
    pub reason: String,
    /// When the attempt first began.
    pub since: Timestamp,
    /// When it is asked again at the latest; `None` when only what it waits for ends the wait.
    pub until: Option<Timestamp>,
    /// When the step must have ended, over all its attempts. Unchanged by a crash.
    pub deadline: Option<Timestamp>,
    /// What the step keeps for the next time that it is asked.
    pub scratch: Option<Payload>,
}

/// A named note that a step made on its way, durable before it goes on: one disk of forty is done, or the act that must not
/// be repeated begins. The first of each name in a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The step.
    pub step: StepKey,
    /// Its name, unique in the step.
    pub name: String,
    /// What was noted.
    pub value: Payload,
    /// When.
    pub at: Timestamp,
}
