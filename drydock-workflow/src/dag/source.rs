//! What feeds a step: where values come from, and how they are put together.

use drydock_core::StepName;
use serde::{Deserialize, Serialize};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The task's input.
    TaskInput,
    /// A step's output.
    Step(StepName),
    /// A step's output, `null` when it did not end well: for finally steps.
    Maybe(StepName),
    /// `null`.
    Null,
}

impl Source {
    /// The step that must have ended before the value is there.
    pub const fn step(&self) -> Option<&StepName> {
        match self {
            Self::Step(name) => Some(name),
            Self::TaskInput | Self::Maybe(_) | Self::Null => None,
        }
    }
}

/// How a step's input is put together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// `null`.
    None,
    /// One value as it is.
    One(Source),
    /// A list of values.
    Many(Vec<Source>),
}

impl Input {
    /// The sources, in order.
    pub fn sources(&self) -> &[Source] {
        match self {
            Self::None => &[],
            Self::One(source) => std::slice::from_ref(source),
            Self::Many(sources) => sources,
        }
    }
}
