//! Undoing: which steps are undone, in which order, and when that can go no further.
//!
//! A step's undoing begins once all that built on it is undone, so the order is that of the work, backwards; what does not
//! depend on each other is undone together.

use std::collections::HashSet;
use std::ops::Range;

use drydock_core::StepKey;

use super::slots::GroupKey;
use super::{Phase, Run, SlotIndex, StepState};
use crate::dag::{StepIndex, StepKind, UndoScope};

/// How far the undoing of a task is.
#[derive(Debug, Default)]
pub(super) struct Unwinding {
    /// For each step, how many of those that built on it are not undone.
    missing: Vec<usize>,
    /// How many undoings have not ended well.
    open: usize,
    /// How many of these can go on: they may begin, are under way, or wait.
    pub(super) active: usize,
}

impl Unwinding {
    pub(super) const fn is_over(&self) -> bool {
        self.open == 0
    }

    pub(super) const fn is_stuck(&self) -> bool {
        self.open > 0 && self.active == 0
    }
}

impl Run {
    /// Whether an undoing failed for good, and nothing can go on without a person. A task that is stuck does not end.
    pub fn is_stuck(&self) -> bool {
        matches!(&self.phase, Phase::Unwinding(unwinding) if unwinding.is_stuck())
    }

    /// The undoings that have not ended well, in the order of the workflow's steps.
    pub fn left_to_undo(&self) -> Vec<StepKey> {
        let left = |state: &StepState| !matches!(state, StepState::Done(_) | StepState::Skipped);
        let undoings = self.slots.all().filter(|(_, entry)| entry.undo && left(&entry.state));
        undoings.map(|(slot, _)| self.key(slot)).collect()
    }

    /// Begins to undo. `recorded` are the undoings of which there are records, after a takeover.
    pub(super) fn enter_unwinding(&mut self, recorded: &HashSet<StepKey>) {
        self.leave_work();
        let dag = std::sync::Arc::clone(&self.dag);
        let count = dag.steps().len();
        let below = self.below_undone(recorded);
        let mut unwinding = Unwinding { missing: vec![0; count], ..Unwinding::default() };
        let mut free = Vec::new();
        for (step, definition) in dag.steps().iter().enumerate().filter(|(_, step)| !step.finally) {
            unwinding.missing[step] = dag.dependents(step).count();
            if unwinding.missing[step] == 0 {
                free.push(step);
            }
            if let Some(scope) = definition.undo {
                let passed = |key: StepKey| below[step] && !recorded.contains(&key);
                unwinding.open += self.add_undoings(step, scope, passed);
            }
        }
        self.phase = Phase::Unwinding(unwinding);
        self.undo_steps(free);
    }

    /// None of the undoings that have not begun is needed.
    pub(super) fn forget_undoings(&mut self) {
        let open = |state: &StepState| matches!(state, StepState::Ready(_) | StepState::Blocked);
        let undoings = self.slots.all().filter(|(_, entry)| entry.undo && open(&entry.state));
        let slots: Vec<SlotIndex> = undoings.map(|(slot, _)| slot).collect();
        for slot in slots {
            self.slots.set(slot, StepState::Skipped);
        }
    }

    /// An undoing has ended well.
    pub(super) fn undo_ended(&mut self, step: StepIndex) {
        let Phase::Unwinding(unwinding) = &mut self.phase else { return };
        unwinding.open -= 1;
        let Some(group) = self.slots.group_mut(GroupKey { step, undo: true }) else { return };
        group.open -= 1;
        if group.open == 0 {
            self.undo_steps(vec![step]);
        }
    }

    /// All that built on these steps is undone: undoes them, and goes on with what they built on where there is nothing to undo.
    fn undo_steps(&mut self, mut free: Vec<StepIndex>) {
        let dag = std::sync::Arc::clone(&self.dag);
        let progress = self.fresh();
        let Phase::Unwinding(unwinding) = &mut self.phase else { return };
        while let Some(step) = free.pop() {
            let key = GroupKey { step, undo: true };
            let open = self.slots.group(key).map_or(0, |group| group.open);
            if open > 0 {
                unwinding.active += open;
                self.slots.open_group(key, progress);
                continue;
            }
            for before in dag.dependencies(step) {
                unwinding.missing[before] -= 1;
                if unwinding.missing[before] == 0 {
                    free.push(before);
                }
            }
        }
    }

    /// Makes the slots for the undoings of a step, and gives how many there are.
    fn add_undoings(&mut self, step: StepIndex, scope: UndoScope, passed: impl Fn(StepKey) -> bool) -> usize {
        let (work, at_once) = match self.dag.steps()[step].kind {
            StepKind::Map { at_once } => (self.item_slots(step), at_once),
            StepKind::Run | StepKind::Children(_) => (step..step + 1, None),
        };
        let of_map = matches!(self.dag.steps()[step].kind, StepKind::Map { .. });
        let needed: Vec<bool> = work.map(|slot| self.has_effect(slot, scope, &passed)).collect();
        let count = needed.iter().filter(|needed| **needed).count();
        if count == 0 {
            return 0;
        }
        let key = GroupKey { step, undo: true };
        self.slots.add_group(key, needed.len(), at_once, of_map);
        let Some(group) = self.slots.group_mut(key) else { return 0 };
        group.open = count;
        let slots = group.slots.clone();
        for (slot, _) in slots.zip(needed).filter(|(_, needed)| !needed) {
            self.slots.set(slot, StepState::Skipped);
        }
        count
    }

    fn item_slots(&self, step: StepIndex) -> Range<SlotIndex> {
        self.slots.group(GroupKey { step, undo: false }).map_or(0..0, |group| group.slots.clone())
    }

    /// Whether there is something of this slot's work to undo.
    fn has_effect(&self, slot: SlotIndex, scope: UndoScope, passed: &impl Fn(StepKey) -> bool) -> bool {
        let begun = match self.slots.state(slot) {
            StepState::Done(_) => return true,
            StepState::Running(_)
            | StepState::Waiting { .. }
            | StepState::Retrying { .. }
            | StepState::Failed => true,
            // Its attempt may have been under way when the task's former owner died. Not, if that owner undid what this step
            // builds on, and passed this one by.
            StepState::Ready(progress) => {
                progress.attempt > 0 || (progress.replayed && !passed(self.key(slot).undoing()))
            }
            StepState::Blocked | StepState::Mapping | StepState::Mapped | StepState::Skipped => false,
        };
        begun && scope == UndoScope::Begun
    }

    /// For each step, whether an undoing of something that it builds on is on record.
    fn below_undone(&self, recorded: &HashSet<StepKey>) -> Vec<bool> {
        let count = self.dag.steps().len();
        let mut below = vec![false; count];
        let mut open: Vec<StepIndex> =
            recorded.iter().filter_map(|key| self.dag.index_of(key.name())).collect();
        while let Some(step) = open.pop() {
            for after in self.dag.dependents(step) {
                if !std::mem::replace(&mut below[after], true) {
                    open.push(after);
                }
            }
        }
        below
    }
}
