//! What feeds a step, and what the task gives: put together from the outputs that are there.

use drydock_core::Payload;

use super::slots::GroupKey;
use super::{Run, SlotIndex, StepState};
use crate::dag::{Input, Source, StepIndex};
use crate::undo;

impl Run {
    /// The input of a slot whose dependencies have all ended.
    pub fn input_of(&self, slot: SlotIndex) -> Payload {
        let entry = self.slots.get(slot);
        let input = match entry.item.and_then(|item| usize::try_from(item).ok()) {
            None => self.input_of_step(entry.step),
            Some(item) => self
                .items
                .get(&entry.step)
                .and_then(|items| items.get(item))
                .cloned()
                .unwrap_or(Payload::NULL),
        };
        if entry.undo { undo::payload(&input, &self.undone_output(slot)) } else { input }
    }

    pub(super) fn input_of_step(&self, step: StepIndex) -> Payload {
        match &self.dag.steps()[step].input {
            Input::None => Payload::NULL,
            Input::One(source) => self.value(source),
            Input::Many(sources) => {
                let values: Vec<Payload> = sources.iter().map(|source| self.value(source)).collect();
                Payload::list(&values)
            }
        }
    }

    /// The value of a source; `null` when its step has not ended well.
    pub(super) fn value(&self, source: &Source) -> Payload {
        match source {
            Source::TaskInput => self.input.clone(),
            Source::Null => Payload::NULL,
            Source::Step(name) | Source::Maybe(name) => {
                self.dag.index_of(name).map_or(Payload::NULL, |step| self.output_of(step))
            }
        }
    }

    pub(super) fn output_of(&self, slot: SlotIndex) -> Payload {
        match self.slots.state(slot) {
            StepState::Done(output) => output.clone(),
            StepState::Mapped => self.mapped(slot, None),
            StepState::Blocked
            | StepState::Ready(_)
            | StepState::Running(_)
            | StepState::Waiting { .. }
            | StepState::Retrying { .. }
            | StepState::Mapping
            | StepState::Skipped
            | StepState::Failed => Payload::NULL,
        }
    }

    /// The list of the outputs of a map's items, one of which may not be there yet.
    pub(super) fn mapped(&self, step: StepIndex, last: Option<(SlotIndex, &Payload)>) -> Payload {
        let Some(group) = self.slots.group(GroupKey { step, undo: false }) else { return Payload::NULL };
        let null = Payload::NULL;
        let outputs = group.slots.clone().map(|slot| match (self.slots.state(slot), last) {
            (_, Some((last, output))) if last == slot => output,
            (StepState::Done(output), _) => output,
            _ => &null,
        });
        Payload::list(outputs)
    }

    /// The output of what an undoing takes back.
    fn undone_output(&self, slot: SlotIndex) -> Payload {
        self.work_of(slot).map_or(Payload::NULL, |work| self.output_of(work))
    }

    /// The slot whose work an undoing takes back.
    pub(super) fn work_of(&self, undo: SlotIndex) -> Option<SlotIndex> {
        let entry = self.slots.get(undo);
        let Some(_) = entry.item else { return Some(entry.step) };
        let first = self.slots.group(GroupKey { step: entry.step, undo: true })?.slots.start;
        let items = self.slots.group(GroupKey { step: entry.step, undo: false })?;
        Some(items.slots.start + (undo - first))
    }
}
