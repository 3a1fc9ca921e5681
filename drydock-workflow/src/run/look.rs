//! What can be asked of a task's state.

use drydock_core::journal::Cancellation;
use drydock_core::{StepKey, Timestamp};

use super::slots::GroupKey;
use super::{Run, SlotIndex, StepState};
use crate::dag::{StepDef, StepIndex};

impl Run {
    /// Where a step, or one of its items or undoings, stands.
    pub fn step(&self, slot: SlotIndex) -> &StepState {
        self.slots.state(slot)
    }

    /// The key under which a slot's records stand.
    pub fn key(&self, slot: SlotIndex) -> StepKey {
        self.slots.key(&self.dag, slot)
    }

    /// The slot of a key; `None` when there is none, or none yet.
    pub fn slot_of(&self, key: &StepKey) -> Option<SlotIndex> {
        self.slots.find(&self.dag, key)
    }

    /// The step that a slot belongs to.
    pub fn step_of(&self, slot: SlotIndex) -> StepIndex {
        self.slots.get(slot).step
    }

    /// Whether the slot undoes its step.
    pub fn is_undo(&self, slot: SlotIndex) -> bool {
        self.slots.get(slot).undo
    }

    /// Whether a cancellation stops the slot: it is ordinary work, and no undoing and no finally step.
    pub fn is_work(&self, slot: SlotIndex) -> bool {
        !self.slots.get(slot).undo && !self.definition(slot).finally
    }

    /// How many of the workflow's steps have ended well.
    pub fn steps_done(&self) -> usize {
        self.dag.steps().len() - self.unfinished - self.unclosed
    }

    /// How many attempts are under way.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Whether a step waits for children.
    pub fn awaits_children(&self) -> bool {
        self.parents > 0
    }

    /// The slots that are to be asked again, and when.
    pub fn timers(&self) -> impl Iterator<Item = (Timestamp, SlotIndex)> + '_ {
        self.slots.all().filter_map(|(slot, entry)| match &entry.state {
            StepState::Waiting { until: Some(until), .. } | StepState::Retrying { until, .. } => {
                Some((*until, slot))
            }
            StepState::Waiting { until: None, .. }
            | StepState::Blocked
            | StepState::Ready(_)
            | StepState::Running(_)
            | StepState::Mapping
            | StepState::Mapped
            | StepState::Done(_)
            | StepState::Skipped
            | StepState::Failed => None,
        })
    }

    /// Who asked for the task's cancellation.
    pub fn cancellation(&self) -> Option<&Cancellation> {
        self.cancellation.as_ref()
    }

    /// The keys of a map's items, or of the undoings of a step: none before they have come to be, and those that are not needed
    /// left out.
    pub fn parts_of(&self, key: &StepKey) -> Vec<StepKey> {
        let Some(step) = self.dag.index_of(key.name()) else { return Vec::new() };
        let group = self.slots.group(GroupKey { step, undo: key.is_undo() });
        let needed = |slot: &SlotIndex| !key.is_undo() || *self.slots.state(*slot) != StepState::Skipped;
        group.map_or_else(Vec::new, |group| {
            group.slots.clone().filter(needed).map(|slot| self.key(slot)).collect()
        })
    }

    /// Whether the step, its item or its undoing has ended well.
    pub fn has_ended_well(&self, key: &StepKey) -> bool {
        let state = self.slot_of(key).map(|slot| self.slots.state(slot));
        matches!(state, Some(StepState::Done(_) | StepState::Mapped | StepState::Skipped))
    }

    /// Whether the step, its item or its undoing could begin now.
    pub fn may_begin(&self, key: &StepKey) -> bool {
        self.slot_of(key).is_some_and(|slot| {
            let stopped = self.is_stopping() && self.is_work(slot);
            matches!(self.slots.state(slot), StepState::Ready(_)) && !stopped && !self.is_past(slot)
        })
    }

    pub(super) fn definition(&self, slot: SlotIndex) -> &StepDef {
        &self.dag.steps()[self.slots.get(slot).step]
    }
}
