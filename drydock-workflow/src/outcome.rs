//! What a step says when it returns.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::Decider;
use drydock_core::{Classify, Disposition, Payload, error_chain};
use serde::Serialize;

/// What a step's body returns. An error says by its [`StepError::disposition`] whether the step is tried again.
pub type StepResult<T> = Result<Outcome<T>, StepError>;

/// What a step has to say when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an outcome is what the engine acts on"]
pub enum Outcome<T> {
    /// The work is done, and this is its output.
    Done(T),
    /// The body is to be run again when something has come. The wait is durable: it costs a row and holds no thread, and a crash does
    /// not lengthen the step's deadline.
    Wait(Wait),
}

/// A wait, made by the constructors of [`Outcome`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    pub(crate) on: WaitOn,
    /// In words, for screens.
    pub(crate) reason: String,
    /// Run the body again after this time, whatever has come.
    pub(crate) at_most: Option<Duration>,
    pub(crate) scratch: Option<Scratch>,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WaitOn {
    /// For [`Wait::at_most`] to pass.
    Time,
    /// For a signal of this name.
    Signal(String),
    /// For the locks of these names, all of them.
    Locks(Vec<String>),
    /// For somebody to say what became of an irreversible step.
    Operator,
}

/// What a step keeps for its next call: JSON, or why it is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scratch {
    Value(Payload),
    Unwritable(String),
}

impl<T> Outcome<T> {
    /// Ask again after `wait`.
    pub fn wait(wait: Duration, reason: impl Into<String>) -> Self {
        Self::Wait(Wait { on: WaitOn::Time, reason: reason.into(), at_most: Some(wait), scratch: None })
    }

    /// Ask again when a signal called `name` has come for the task, which [`StepContext::signal`](crate::StepContext::signal) then gives.
    /// One that came before is taken at once. Each signal is taken by one step, once.
    pub fn signal(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Wait(Wait {
            on: WaitOn::Signal(name.into()),
            reason: reason.into(),
            at_most: None,
            scratch: None,
        })
    }

    /// Ask again when the task holds the locks of all these names. It holds them to its end, over steps and crashes, and no other
    /// task has any of them meanwhile; the oldest task that waits is served first.
    ///
    /// In its next call the body finds with [`has_locks`](crate::StepContext::has_locks) whether it has them.
    /// [`may_have_run`](crate::StepContext::may_have_run) does not tell, since a crash may have come before the wait was stored.
    pub fn locks(names: impl IntoIterator<Item = impl Into<String>>, reason: impl Into<String>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self::Wait(Wait { on: WaitOn::Locks(names), reason: reason.into(), at_most: None, scratch: None })
    }

    pub(crate) fn operator(reason: impl Into<String>) -> Self {
        Self::Wait(Wait { on: WaitOn::Operator, reason: reason.into(), at_most: None, scratch: None })
    }

    /// Ask again after `time` even if what the step waits for has not come.
    pub fn or_after(self, time: Duration) -> Self {
        match self {
            Self::Wait(wait) => Self::Wait(Wait { at_most: Some(time), ..wait }),
            Self::Done(_) => self,
        }
    }

    /// Keeps `value` for the next call of the body, which finds it in [`StepContext::scratch`](crate::StepContext::scratch): a cursor, the
    /// number of an operation under way. It is stored with the wait, so it must hold no secret.
    pub fn keep(self, value: &impl Serialize) -> Self {
        let scratch = match Payload::encode(value) {
            Ok(value) => Scratch::Value(value),
            Err(error) => Scratch::Unwritable(error.to_string()),
        };
        match self {
            Self::Wait(wait) => Self::Wait(Wait { scratch: Some(scratch), ..wait }),
            Self::Done(_) => self,
        }
    }
}

/// Why a step failed, and what may be done about it.
#[derive(Debug, Clone)]
pub struct StepError {
    /// What may be done about it.
    pub disposition: Disposition,
    /// The error and its causes, in one line, without secrets: it is stored and shown.
    pub message: String,
    /// When the next attempt should begin at the earliest, if the other side said so.
    pub retry_after: Option<Duration>,
    /// Who decided: the step itself, unless the engine did.
    pub decided_by: Decider,
    /// The error that it was made of, for code that looks closer. It is not stored: the message says it.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for StepError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Two are the same when what is stored of them is.
impl PartialEq for StepError {
    fn eq(&self, other: &Self) -> bool {
        let Self { disposition, message, retry_after, decided_by, source: _ } = self;
        (disposition, message, retry_after, decided_by)
            == (&other.disposition, &other.message, &other.retry_after, &other.decided_by)
    }
}

impl Eq for StepError {}

impl StepError {
    /// Will fail again until somebody changes something: the step, and with it the task, fails.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self {
            disposition: Disposition::Permanent,
            message: message.into(),
            retry_after: None,
            decided_by: Decider::Step,
            source: None,
        }
    }

    /// May succeed later: tried again as the step's retry policy says.
    pub fn retryable(message: impl Into<String>) -> Self {
        Self {
            disposition: Disposition::Retryable,
            message: message.into(),
            retry_after: None,
            decided_by: Decider::Step,
            source: None,
        }
    }

    /// The step stopped because its task is being cancelled.
    pub fn cancelled() -> Self {
        Self {
            disposition: Disposition::Cancelled,
            message: "stopped because the task was cancelled".to_owned(),
            retry_after: None,
            decided_by: Decider::Step,
            source: None,
        }
    }

    /// A fault that the engine found; nobody tries it again.
    pub(crate) fn bug(message: impl Into<String>) -> Self {
        Self {
            disposition: Disposition::Bug,
            message: message.into(),
            retry_after: None,
            decided_by: Decider::Engine,
            source: None,
        }
    }

    pub(crate) fn by(self, decided_by: Decider) -> Self {
        Self { decided_by, ..self }
    }
}

/// Any error that knows its disposition becomes a step's error with `?`.
impl<E: Classify + Send + Sync + 'static> From<E> for StepError {
    fn from(error: E) -> Self {
        Self {
            disposition: error.disposition(),
            message: error_chain(&error),
            retry_after: None,
            decided_by: Decider::Step,
            source: Some(Arc::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use drydock_core::journal::JournalError;

    use super::*;

    #[test]
    fn a_steps_error_is_an_error_that_keeps_what_it_was_made_of() {
        let error = StepError::from(JournalError::Unavailable("no route to host".into()));
        assert_eq!(error.to_string(), "the database is not available: no route to host");
        let source = error.source().unwrap().downcast_ref::<JournalError>();
        assert!(matches!(source, Some(JournalError::Unavailable(_))));
        assert_eq!(error_chain(&error), error.message, "each cause is said once");
        assert_eq!(error, StepError::retryable(error.message.clone()));
        assert!(StepError::permanent("it fell off").source().is_none());
    }
}
