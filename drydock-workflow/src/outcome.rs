//! What a step says when it returns.

use std::time::Duration;

use drydock_core::journal::Decider;
use drydock_core::{Classify, Disposition, error_chain};

/// What a step's body returns. An error says by its [`StepError::disposition`] whether the step is tried again.
pub type StepResult<T> = Result<Outcome<T>, StepError>;

/// What a step has to say when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an outcome is what the engine acts on"]
pub enum Outcome<T> {
    /// The work is done, and this is its output.
    Done(T),
    /// Ask again after `wait`. The wait is durable: it holds no thread, and a crash does not lengthen the step's deadline.
    Wait {
        /// How long until the body is run again.
        wait: Duration,
        /// For what, in words.
        reason: String,
    },
}

impl<T> Outcome<T> {
    /// Ask again after `wait`.
    pub fn wait(wait: Duration, reason: impl Into<String>) -> Self {
        Self::Wait { wait, reason: reason.into() }
    }
}

/// Why a step failed, and what may be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepError {
    /// What may be done about it.
    pub disposition: Disposition,
    /// The error and its causes, in one line, without secrets: it is stored and shown.
    pub message: String,
    /// When the next attempt should begin at the earliest, if the other side said so.
    pub retry_after: Option<Duration>,
    /// Who decided: the step itself, unless the engine did.
    pub decided_by: Decider,
}

impl StepError {
    /// Will fail again until somebody changes something: the step, and with it the task, fails.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            disposition: Disposition::Permanent,
            message: message.into(),
            retry_after: None,
            decided_by: Decider::Step,
        }
    }

    /// May succeed later: tried again as the step's retry policy says.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self {
            disposition: Disposition::Retryable,
            message: message.into(),
            retry_after: None,
            decided_by: Decider::Step,
        }
    }

    /// The step stopped because its task is being cancelled.
    pub fn cancelled() -> Self {
        Self {
            disposition: Disposition::Cancelled,
            message: "stopped because the task was cancelled".to_owned(),
            retry_after: None,
            decided_by: Decider::Step,
        }
    }

    /// A fault that the engine found; nobody tries it again.
    pub(crate) fn bug(message: impl Into<String>) -> Self {
        Self {
            disposition: Disposition::Bug,
            message: message.into(),
            retry_after: None,
            decided_by: Decider::Engine,
        }
    }

    pub(crate) fn by(self, decided_by: Decider) -> Self {
        Self { decided_by, ..self }
    }
}

/// Any error that knows its disposition becomes a step's error with `?`.
impl<E: Classify + 'static> From<E> for StepError {
    fn from(error: E) -> Self {
        Self {
            disposition: error.disposition(),
            message: error_chain(&error),
            retry_after: None,
            decided_by: Decider::Step,
        }
    }
}
