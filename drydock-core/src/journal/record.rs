//! What is recorded of a task's steps. Records are past tense and never change, but for the wait of a step that waits again,
//! which is in a file of its own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Disposition, Payload, StepKey, Timestamp};

/// Why a step, or a task, failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What may be done about it.
    pub disposition: Disposition,
    /// The error and its causes, in one line.
    pub message: String,
    /// Who decided that it failed. What was stored before this was kept is the step's own word.
    #[serde(default, skip_serializing_if = "Decider::is_step")]
    pub decided_by: Decider,
}

impl Failure {
    /// A failure by the step's own word.
    pub fn new(disposition: Disposition, message: impl Into<String>) -> Self {
        Self { disposition, message: message.into(), decided_by: Decider::Step }
    }

    /// The same, decided by somebody else.
    #[must_use]
    pub fn decided_by(self, decided_by: Decider) -> Self {
        Self { decided_by, ..self }
    }
}

/// Who decided that an attempt failed, and what follows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The step's own code: its error says whether to try again.
    #[default]
    Step,
    /// The time that one attempt may take.
    Timeout,
    /// The time that all attempts together may take.
    Deadline,
    /// The retry policy: there are no attempts left.
    Attempts,
    /// The engine: a panic, an output that is too long, something that the store refuses.
    Engine,
    /// Somebody, by name.
    Operator(String),
}

impl Decider {
    const fn is_step(&self) -> bool {
        matches!(self, Self::Step)
    }
}

impl fmt::Display for Decider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step => f.write_str("the step"),
            Self::Timeout => f.write_str("the step's timeout"),
            Self::Deadline => f.write_str("the step's deadline"),
            Self::Attempts => f.write_str("the retry policy"),
            Self::Engine => f.write_str("the engine"),
            Self::Operator(name) => write!(f, "operator {name}"),
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEnd {
    /// It did its work; the output feeds the steps after it.
    Done(Payload),
    /// It will not be tried again.
    Failed(Failure),
    /// There was nothing for it to do, for this reason. Its output is `null`.
    Skipped(String),
}

/// The durable record that a step ended. There is exactly one for each ended step of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The step.
    pub step: StepKey,
    /// The attempt that ended it, from 1.
    pub attempt: u32,
    /// How it ended.
    pub end: StepEnd,
    /// When that attempt began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// A failed attempt after which the step was, or will be, tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptRecord {
    /// The step.
    pub step: StepKey,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Why it failed.
    pub failure: Failure,
    /// When the attempt began.
    pub started_at: Timestamp,
    /// When it failed.
    pub ended_at: Timestamp,
    /// When the next attempt may begin.
    pub retry_at: Timestamp,
    /// When the step must have ended, over all its attempts.
    pub deadline: Option<Timestamp>,
}

/// What a message is about: a node, a network, a boot action …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its kind, for instance `node`.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A line for the user, committed together with the record of the step that said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its place among the task's messages, from 0.
    pub seq: u32,
    /// Whether it tells of an error.
    pub error: bool,
    /// The text.
    pub text: String,
    /// What it is about; the task itself when absent.
    pub subject: Option<Subject>,
    /// When it was said.
    pub at: Timestamp,
}
