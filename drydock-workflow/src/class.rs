//! What a step's effect is like: may it be repeated?

use serde::{Deserialize, Serialize};

/// What a step's effect is like, and so what may be done when it may have run before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Running it again does no harm: the body looks for itself, or passes on its idempotency key.
    #[default]
    Replayable,
    /// [`Step::observe`](crate::Step::observe) is asked first whether the effect stands already.
    Observed,
    /// It must never run twice. A durable mark is written before it runs; found after a crash without an end, the step goes to
    /// [`Step::resolve`](crate::Step::resolve), and waits for an operator when that does not know either.
    Irreversible,
}

/// What became of a run whose end nobody saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<T> {
    /// It did its work, and this is its output.
    Done(T),
    /// It had no effect: the step may run.
    NotDone,
    /// It cannot be told: an operator has to.
    Unknown,
}
