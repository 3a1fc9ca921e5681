//! How the end of one step lets others begin: what waited for it becomes ready, maps take their items in, phases change.

use std::collections::HashSet;

use drydock_core::Disposition;
use drydock_core::journal::Failure;

use super::gate::Entry;
use super::slots::GroupKey;
use super::{Phase, Progress, Run, SlotIndex, StepState};
use crate::dag::{StepIndex, StepKind};

impl Run {
    /// Lets all steps begin that wait for nothing: the ordinary ones, or the finally steps.
    pub(super) fn release_unblocked(&mut self, finally: bool) {
        // The stack gives them back in the order in which they were added.
        self.free.extend(self.dag.first(finally).iter().rev());
        self.release();
    }

    /// A step has ended: those that waited for it are one step nearer.
    pub(super) fn release_dependents(&mut self, step: StepIndex) {
        self.step_ended(step);
        self.release();
    }

    /// Makes steps ready, and whatever follows at once: an empty map has ended before it begins.
    fn release(&mut self) {
        while let Some(step) = self.free.pop() {
            if self.expand(step) {
                if self.items_left(step) == 0 {
                    self.slots.set(step, StepState::Mapped);
                    self.unfinished -= 1;
                    self.step_ended(step);
                }
            } else {
                self.make_ready(step, self.fresh());
            }
        }
    }

    fn step_ended(&mut self, step: StepIndex) {
        let before = self.free.len();
        for dependent in self.dag.dependents(step) {
            self.missing[dependent] -= 1;
            if self.missing[dependent] == 0 {
                self.free.push(dependent);
            }
        }
        self.free[before..].sort_unstable_by(|a, b| b.cmp(a));
    }

    /// Takes a map's items in, unless it is to be skipped or its list is none; then its plan says so.
    fn expand(&mut self, step: StepIndex) -> bool {
        let definition = &self.dag.steps()[step];
        let StepKind::Map { at_once } = definition.kind else { return false };
        if self.entry(definition) != Entry::Open {
            return false;
        }
        let Ok(items) = self.input_of_step(step).items() else { return false };
        let key = GroupKey { step, undo: false };
        self.slots.add_group(key, items.len(), at_once, true);
        self.items.insert(step, items);
        self.slots.set(step, StepState::Mapping);
        self.slots.open_group(key, self.fresh());
        true
    }

    fn items_left(&self, step: StepIndex) -> usize {
        self.slots.group(GroupKey { step, undo: false }).map_or(0, |group| group.open)
    }

    /// An item has ended well.
    pub(super) fn item_ended(&mut self, step: StepIndex) {
        let Some(items) = self.slots.group_mut(GroupKey { step, undo: false }) else { return };
        items.open -= 1;
        if items.open == 0 {
            self.slots.set(step, StepState::Mapped);
            self.unfinished -= 1;
            self.release_dependents(step);
        }
    }

    pub(super) fn make_ready(&mut self, slot: SlotIndex, progress: Progress) {
        self.slots.set(slot, StepState::Ready(progress));
        self.ready.push(slot);
    }

    /// Where a step stands that has not begun, as far as this owner of the task knows.
    pub(super) fn fresh(&self) -> Progress {
        Progress { replayed: self.replaying, doubt: self.replaying, ..Progress::default() }
    }

    /// Whether nothing ordinary begins any more although not all is done.
    pub fn is_stopping(&self) -> bool {
        self.unfinished > 0 && (!self.failures.is_empty() || self.cancellation.is_some())
    }

    /// Whether the ordinary steps are over: all have ended, or nothing of them goes on any more.
    pub(super) fn work_is_over(&self) -> bool {
        self.unfinished == 0 || (self.is_stopping() && self.running == 0 && self.parents == 0)
    }

    /// Whether a step failed by itself: one that stopped because the task is being cancelled did not.
    fn has_failed(&self) -> bool {
        let stopped =
            |failure: &Failure| self.cancellation.is_some() && failure.disposition == Disposition::Cancelled;
        self.failures.iter().any(|(_, failure)| !stopped(failure))
    }

    /// Enters the phases that are due. A task may be past its work without having anything to undo or to run at last.
    pub(super) fn enter_phases(&mut self) {
        if matches!(self.phase, Phase::Working) && self.work_is_over() {
            let cancelled = self.cancellation.is_some();
            if self.unfinished > 0 && self.dag.unwinds(self.has_failed(), cancelled) {
                self.enter_unwinding(&HashSet::new());
            } else {
                self.enter_closing();
            }
        }
        if let Phase::Unwinding(unwinding) = &self.phase
            && unwinding.is_over()
        {
            self.enter_closing();
        }
    }

    /// Lets the finally steps begin.
    pub(super) fn enter_closing(&mut self) {
        self.leave_work();
        self.phase = Phase::Closing;
        self.release_unblocked(true);
    }

    /// What is ready but has not begun never will.
    pub(super) fn leave_work(&mut self) {
        self.ready.clear();
        self.slots.close_groups();
    }
}
