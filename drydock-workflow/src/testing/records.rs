//! How far a task is, as its committed records say: which steps have ended, and how.

use std::collections::BTreeMap;

use drydock_core::journal::{Checkpoint, StepEnd, Write};
use drydock_core::{Payload, StepKey, StepName};

use crate::dag::{Definition, Input, Source, StepDef, StepKind};

/// The ends of a task's steps, beside its workflow and its input.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) definition: &'a Definition,
    pub(super) input: &'a Payload,
    pub(super) by_key: &'a BTreeMap<StepKey, Checkpoint>,
    /// All that was committed.
    pub(super) accepted: &'a [Write],
}

impl<'a> Ends<'a> {
    pub(super) fn step(&self, name: &StepName) -> Option<&'a StepDef> {
        self.definition.steps.iter().find(|step| step.name == *name)
    }

    fn end(&self, key: &StepKey) -> Option<&'a StepEnd> {
        self.by_key.get(key).map(|checkpoint| &checkpoint.end)
    }

    /// Whether this key's record says that it is done, or that there was nothing to do.
    pub(super) fn is_settled(&self, key: &StepKey) -> bool {
        matches!(self.end(key), Some(StepEnd::Done(_) | StepEnd::Skipped(_)))
    }

    /// Whether a step has ended well: of a map, all its items.
    pub(super) fn ended_well(&self, step: &StepDef) -> bool {
        if self.is_settled(&StepKey::new(step.name.clone())) {
            return true;
        }
        self.items(step).is_some_and(|items| items.iter().all(|item| self.is_settled(item)))
    }

    /// The items of a map whose list is there.
    fn items(&self, step: &StepDef) -> Option<Vec<StepKey>> {
        let (StepKind::Map { .. }, Input::One(source)) = (&step.kind, &step.input) else { return None };
        let count = u32::try_from(self.length(source)?).ok()?;
        Some((0..count).map(|item| StepKey::item(step.name.clone(), item)).collect())
    }

    /// How long the list is that a step is fed with.
    pub(super) fn input_length(&self, step: &StepDef) -> Option<usize> {
        let Input::One(source) = &step.input else { return None };
        self.length(source)
    }

    /// How long a list is.
    fn length(&self, source: &Source) -> Option<usize> {
        match source {
            Source::TaskInput => self.input.items().ok().map(|items| items.len()),
            Source::Null => None,
            Source::Step(name) | Source::Maybe(name) => {
                let step = self.step(name)?;
                match self.end(&StepKey::new(name.clone())) {
                    Some(StepEnd::Done(output)) => output.items().ok().map(|items| items.len()),
                    Some(StepEnd::Skipped(_) | StepEnd::Failed(_)) => None,
                    None => self.items(step).filter(|_| self.ended_well(step)).map(|items| items.len()),
                }
            }
        }
    }
}
