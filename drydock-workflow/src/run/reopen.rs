//! What only an operator does to a step: it is tried again although it failed for good.

use drydock_core::journal::AttemptRecord;

use super::{IllegalRecord, Phase, Progress, Run, SlotIndex, StepState};

impl Run {
    /// A step, or an undoing, that failed for good is to be tried again at once: `record` is its failed attempt.
    ///
    /// Refused once the task is past it: an ordinary step whose task is being undone stays as it is, and so does a finally step.
    pub fn fold_reopened(&mut self, record: &AttemptRecord) -> Result<SlotIndex, IllegalRecord> {
        const EVENT: &str = "be tried again";
        let slot = self.find(&record.step)?;
        if *self.slots.state(slot) != StepState::Failed || self.is_past(slot) || self.definition(slot).finally
        {
            return Err(self.out_of_turn(slot, EVENT));
        }
        self.forget_failure(slot);
        self.mail.opened();
        let progress = Progress {
            attempt: record.attempt.saturating_add(1),
            since: None,
            deadline: record.deadline,
            replayed: true,
            doubt: true,
        };
        self.make_ready(slot, progress);
        Ok(slot)
    }

    /// A failure does not stand any more.
    pub(super) fn forget_failure(&mut self, slot: SlotIndex) {
        self.failures.retain(|(failed, _)| *failed != slot);
        self.broken.remove(&slot);
        if let Phase::Unwinding(unwinding) = &mut self.phase {
            unwinding.active += 1;
            self.told_stuck = false;
        }
    }
}
