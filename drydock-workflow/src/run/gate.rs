//! Conditions: whether a step that could begin does, is skipped, or cannot.

use drydock_core::StepName;

use super::{Run, StepState};
use crate::dag::{Gate, Source, StepDef};

/// What becomes of a step that could begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    Closed(String),
    /// The stored value is no condition.
    Broken(String),
}

impl Run {
    pub(super) fn entry(&self, step: &StepDef) -> Entry {
        if step.finally
            && let Some(name) = self.not_there(step)
        {
            return Entry::Closed(format!("step {name} did not end well"));
        }
        let Some(source) = &step.when else { return Entry::Open };
        let origin = match source {
            Source::Step(name) | Source::Maybe(name) => format!("step {name}"),
            Source::TaskInput | Source::Null => "the task's input".to_owned(),
        };
        let value = self.value(source);
        match (value.as_bytes(), value.decode::<Gate>()) {
            (b"false", _) => Entry::Closed(format!("{origin} says no")),
            (_, Ok(Gate::Open)) => Entry::Open,
            (_, Ok(Gate::Closed(reason))) => Entry::Closed(reason),
            (_, Err(error)) => Entry::Broken(format!("{origin} gives no condition: {error}")),
        }
    }

    /// The first step whose output feeds this finally step and is not there: it did not end well, or was itself skipped for
    /// such a reason.
    fn not_there<'s>(&self, step: &'s StepDef) -> Option<&'s StepName> {
        step.sources().filter_map(Source::step).find(|name| {
            let Some(source) = self.dag.index_of(name) else { return true };
            match self.slots.state(source) {
                StepState::Done(_) | StepState::Mapped => false,
                // What hangs on a condition is wired as an option.
                StepState::Skipped => self.dag.steps()[source].when.is_none(),
                StepState::Blocked
                | StepState::Ready(_)
                | StepState::Running(_)
                | StepState::Waiting { .. }
                | StepState::Retrying { .. }
                | StepState::Mapping
                | StepState::Failed => true,
            }
        })
    }
}
