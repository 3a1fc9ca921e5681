//! How a task ends: with what, and when its last step's record can carry the end with it.

use drydock_core::journal::{Failure, TaskEndKind};
use drydock_core::{Payload, StepKey};

use super::slots::GroupKey;
use super::{Phase, Run, SlotIndex};
use crate::dag::{Source, StepIndex};

/// The record that is about to be written, with what it is about.
type Last<'r> = (SlotIndex, Result<&'r Payload, &'r Failure>);

impl Run {
    /// Whether nothing is left but to come to an end: what begins from here on, if anything, undoes or tidies up.
    pub fn is_ending(&self) -> bool {
        !matches!(self.phase, Phase::Working) || self.is_stopping() || self.unfinished == 0
    }

    /// The task's end, if ending `slot` in this way ends the task: so that both can be recorded in one commit.
    /// From then on nothing more is planned.
    pub fn end_with(&mut self, slot: SlotIndex, output: Result<&Payload, &Failure>) -> Option<TaskEndKind> {
        if self.running != 1 || self.parents > 0 || self.ended {
            return None;
        }
        let last = match self.phase {
            Phase::Working if self.is_stopping() || self.dag.finally_count() > 0 => false,
            Phase::Working => match output {
                Ok(_) => self.is_last_work(slot),
                Err(_) => !self.dag.unwinds(true, false),
            },
            Phase::Unwinding(_) => false,
            Phase::Closing => self.unclosed == 1,
        };
        if !last {
            return None;
        }
        self.ended = true;
        Some(self.conclusion(Some((slot, output))))
    }

    /// The end that [`Run::end_with`] gave cannot be recorded: the task goes on to another.
    pub fn reopen(&mut self) {
        self.ended = false;
    }

    fn is_last_work(&self, slot: SlotIndex) -> bool {
        let entry = self.slots.get(slot);
        let left = || self.slots.group(GroupKey { step: entry.step, undo: false }).map(|group| group.open);
        self.unfinished == 1 && (entry.item.is_none() || left() == Some(1))
    }

    /// How the task ends now that nothing is left to do, but for a record that is about to be written.
    pub(super) fn conclusion(&self, last: Option<Last<'_>>) -> TaskEndKind {
        let (done, failed) = match last {
            None => (None, None),
            Some((slot, Ok(output))) => (Some((slot, output)), None),
            Some((slot, Err(failure))) => (None, Some((slot, failure))),
        };
        let failures = self.failures.iter().map(|(slot, failure)| (*slot, failure)).chain(failed);
        let mut work = None;
        let mut closing = None;
        for (slot, failure) in failures {
            let first = if self.is_work(slot) { &mut work } else { &mut closing };
            first.get_or_insert((slot, failure));
        }
        let told =
            |(slot, failure): (SlotIndex, &Failure)| TaskEndKind::Failed(named(&self.key(slot), failure));
        // A cancellation that comes when all ordinary steps are done comes too late.
        let cancelled = self.cancellation.as_ref().filter(|_| self.unfinished > 0);
        match (cancelled, work, closing) {
            // Tidying up went wrong: that must not look like an orderly end.
            (Some(_), _, Some(closing)) | (None, None, Some(closing)) => told(closing),
            (Some(request), _, None) => TaskEndKind::Cancelled(request.clone()),
            (None, Some(work), _) => told(work),
            (None, None, None) => TaskEndKind::Completed(self.output(done)),
        }
    }

    fn output(&self, last: Option<(SlotIndex, &Payload)>) -> Payload {
        let Some(source) = &self.dag.definition().output else { return Payload::NULL };
        if let (Some((slot, output)), Source::Step(name) | Source::Maybe(name)) = (last, source)
            && let Some(step) = self.dag.index_of(name)
            && self.step_of(slot) == step
        {
            return self.output_with(step, slot, output);
        }
        self.value(source)
    }

    fn output_with(&self, step: StepIndex, slot: SlotIndex, output: &Payload) -> Payload {
        if slot == step { output.clone() } else { self.mapped(step, Some((slot, output))) }
    }
}

/// A task's failure says which step failed.
fn named(step: &StepKey, failure: &Failure) -> Failure {
    Failure { message: format!("step {step}: {}", failure.message), ..failure.clone() }
}
