//! What is sent to a task from outside.

use crate::{Payload, SignalId, StepKey, Timestamp};

/// A message to a task. It may come before or after a step waits for it, and is taken by exactly one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Its id, chosen by whoever sends it; it makes sending repeatable.
    pub id: SignalId,
    /// The name under which a step waits for it.
    pub name: String,
    /// What it says.
    pub payload: Payload,
    /// Who sent it.
    pub sender: String,
    /// When it was sent.
    pub at: Timestamp,
    /// The step that took it.
    pub taken_by: Option<StepKey>,
}

impl Signal {
    /// How the names of operators' orders begin; steps wait for other names. The rest of the name says what is ordered.
    pub const ORDER: &str = "order:";

    /// What is ordered, when it is an operator's order.
    pub fn order(&self) -> Option<&str> {
        self.name.strip_prefix(Self::ORDER)
    }
}
