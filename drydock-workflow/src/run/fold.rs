//! `(state, record) → state`, every pair named. What cannot be is refused, not guessed at: a record may come from a database
//! that somebody edited.

use drydock_core::journal::{
    AttemptRecord, Cancellation, Checkpoint, Decider, Failure, StepEnd, WaitKind, WaitRecord,
};
use drydock_core::{StepKey, Timestamp};

use super::{Phase, Progress, Run, SlotIndex, StepState, begun};

/// A record that cannot follow what is known of the task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IllegalRecord {
    /// The workflow has no such step.
    #[error("the workflow has no step {0}")]
    NoSuchStep(StepKey),
    /// The step cannot have got so far.
    #[error("step {step} cannot {event} while it is {state}")]
    OutOfTurn {
        /// The step.
        step: StepKey,
        /// What is said to have happened.
        event: &'static str,
        /// Where the step stood.
        state: &'static str,
    },
}

impl StepState {
    const fn word(&self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Ready(_) => "ready",
            Self::Running(_) => "running",
            Self::Waiting { .. } => "waiting",
            Self::Retrying { .. } => "retrying",
            Self::Mapping => "mapping",
            Self::Mapped => "mapped",
            Self::Done(_) => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

impl Run {
    /// A step ended. An operator may have ended one well that failed, or that waits.
    pub fn fold_ended(&mut self, checkpoint: &Checkpoint) -> Result<SlotIndex, IllegalRecord> {
        let slot = match &checkpoint.end {
            StepEnd::Done(_) | StepEnd::Skipped(_) => self.settle(&checkpoint.step)?,
            // An operator gives up what waits.
            StepEnd::Failed(Failure { decided_by: Decider::Operator(_), .. }) => {
                self.settle(&checkpoint.step)?
            }
            StepEnd::Failed(_) => self.enter(&checkpoint.step, "end")?,
        };
        match &checkpoint.end {
            StepEnd::Done(output) => self.ended_well(slot, StepState::Done(output.clone())),
            StepEnd::Skipped(_) => self.ended_well(slot, StepState::Skipped),
            StepEnd::Failed(failure) => {
                self.slots.set(slot, StepState::Failed);
                self.broken.insert(slot, checkpoint.clone());
                match &mut self.phase {
                    Phase::Unwinding(unwinding) => unwinding.active -= 1,
                    Phase::Working => self.failures.push((slot, failure.clone())),
                    Phase::Closing => {
                        self.failures.push((slot, failure.clone()));
                        self.finally_ended(slot);
                    }
                }
            }
        }
        self.notes.forget(&checkpoint.step);
        Ok(slot)
    }

    /// An attempt failed, and another will follow.
    pub fn fold_failed(&mut self, record: &AttemptRecord) -> Result<SlotIndex, IllegalRecord> {
        let slot = match self.standing(&record.step) {
            // The operator for whom it waited has it tried again.
            Some((slot, StepState::Waiting { kind: WaitKind::Operator, .. })) => slot,
            Some(_) | None => self.enter(&record.step, "be tried again")?,
        };
        let progress = Progress {
            attempt: record.attempt.saturating_add(1),
            since: None,
            deadline: record.deadline,
            replayed: true,
            // An operator who has it tried again knows that it had no effect; what was begun on that word, nobody knows.
            doubt: !matches!(record.failure.decided_by, Decider::Operator(_))
                || self.notes.has_mark(&record.step, &begun(record.attempt.saturating_add(1))),
        };
        self.slots.set(slot, StepState::Retrying { progress, until: record.retry_at });
        Ok(slot)
    }

    /// A step waits.
    pub fn fold_waits(&mut self, record: &WaitRecord) -> Result<SlotIndex, IllegalRecord> {
        // Of a step that waits already, further children are on their way.
        let mut more = false;
        let slot = match self.standing(&record.step) {
            // The signal has come: the wait is only for its turn now.
            Some((slot, StepState::Waiting { kind: WaitKind::Signal, .. })) => slot,
            Some((slot, StepState::Waiting { kind: WaitKind::Children, .. }))
                if record.kind == WaitKind::Children =>
            {
                more = true;
                slot
            }
            Some(_) | None => self.enter(&record.step, "wait")?,
        };
        let progress = Progress {
            attempt: record.attempt,
            since: Some(record.since),
            deadline: record.deadline,
            replayed: true,
            // After a takeover nobody knows whether the wait was over, and the step running again.
            doubt: self.replaying,
        };
        self.notes.keep(&record.step, record.scratch.clone());
        match record.kind {
            WaitKind::Children => {
                self.parents += usize::from(!more);
                // A cancellation that came while these children were on their way has not reached them.
                self.told_to_stop = false;
            }
            WaitKind::Signal => {
                for name in &record.on {
                    self.mail.wait(slot, name.clone());
                }
            }
            WaitKind::Lock => self.to_lock.push((slot, record.on.clone())),
            WaitKind::Timer | WaitKind::Operator | WaitKind::Limit | WaitKind::Executor => {}
        }
        self.slots.set(slot, StepState::Waiting { progress, kind: record.kind, until: record.until });
        Ok(slot)
    }

    /// The time for which a step waited has come. `false` when it does not wait any more.
    pub fn fold_due(&mut self, slot: SlotIndex, now: Timestamp) -> bool {
        let progress = match self.slots.state(slot) {
            StepState::Waiting { progress, until: Some(until), .. } if *until <= now => *progress,
            StepState::Retrying { progress, until } if *until <= now => *progress,
            StepState::Blocked
            | StepState::Ready(_)
            | StepState::Running(_)
            | StepState::Waiting { .. }
            | StepState::Retrying { .. }
            | StepState::Mapping
            | StepState::Mapped
            | StepState::Done(_)
            | StepState::Skipped
            | StepState::Failed => return false,
        };
        // A task that undoes or tidies up does not come back to what it left waiting.
        if self.is_past(slot) {
            return false;
        }
        self.mail.leave(slot);
        self.make_ready(slot, progress);
        true
    }

    /// All children of a step have ended: the shell is putting its output together.
    pub fn fold_joined(&mut self, slot: SlotIndex) -> bool {
        let StepState::Waiting { progress, kind: WaitKind::Children, .. } = self.slots.state(slot) else {
            return false;
        };
        let progress = *progress;
        self.slots.set(slot, StepState::Running(progress));
        self.parents -= 1;
        self.running += 1;
        true
    }

    /// Somebody asked to stop the task. The first request stands.
    pub fn fold_cancelled(&mut self, request: Cancellation) {
        self.cancellation.get_or_insert(request);
    }

    fn standing(&self, key: &StepKey) -> Option<(SlotIndex, &StepState)> {
        self.slot_of(key).map(|slot| (slot, self.slots.state(slot)))
    }

    /// The slot, if it may end, fail or wait now. An attempt under way is over with it.
    fn enter(&mut self, key: &StepKey, event: &'static str) -> Result<SlotIndex, IllegalRecord> {
        let slot = self.find(key)?;
        match self.slots.state(slot) {
            StepState::Running(_) => self.running -= 1,
            // Recovery: the records were written by whoever ran the task before.
            StepState::Ready(_) if !self.is_past(slot) => {}
            StepState::Ready(_)
            | StepState::Blocked
            | StepState::Waiting { .. }
            | StepState::Retrying { .. }
            | StepState::Mapping
            | StepState::Mapped
            | StepState::Done(_)
            | StepState::Skipped
            | StepState::Failed => return Err(self.out_of_turn(slot, event)),
        }
        Ok(slot)
    }

    /// The slot, if it may end well now: by itself, or by an operator's word while it waits or after it failed.
    fn settle(&mut self, key: &StepKey) -> Result<SlotIndex, IllegalRecord> {
        let slot = self.find(key)?;
        let operable = !self.is_past(slot);
        // Without a finally step that failed, the task went on to its end.
        let final_failure = self.definition(slot).finally;
        match self.slots.state(slot) {
            StepState::Waiting { kind: WaitKind::Children, .. } if operable => self.parents -= 1,
            StepState::Waiting { .. } | StepState::Retrying { .. } if operable => self.mail.leave(slot),
            StepState::Failed if operable && !final_failure => self.forget_failure(slot),
            _ => return self.enter(key, "end"),
        }
        Ok(slot)
    }

    fn ended_well(&mut self, slot: SlotIndex, state: StepState) {
        self.slots.set(slot, state);
        let entry = self.slots.get(slot);
        let (step, is_item) = (entry.step, entry.item.is_some());
        match &mut self.phase {
            Phase::Unwinding(unwinding) => {
                unwinding.active -= 1;
                self.undo_ended(step);
            }
            Phase::Closing => self.finally_ended(slot),
            Phase::Working if is_item => self.item_ended(step),
            Phase::Working => {
                self.unfinished -= 1;
                self.release_dependents(step);
            }
        }
    }

    /// However a finally step ended, those after it run.
    fn finally_ended(&mut self, slot: SlotIndex) {
        self.unclosed -= 1;
        self.release_dependents(slot);
    }

    pub(super) fn find(&self, key: &StepKey) -> Result<SlotIndex, IllegalRecord> {
        self.slot_of(key).ok_or_else(|| IllegalRecord::NoSuchStep(key.clone()))
    }

    /// Whether the task's phase has gone past what this slot is for.
    pub(crate) fn is_past(&self, slot: SlotIndex) -> bool {
        match self.phase {
            Phase::Working => false,
            Phase::Unwinding(_) => self.is_work(slot),
            Phase::Closing => !self.definition(slot).finally,
        }
    }

    pub(super) fn out_of_turn(&self, slot: SlotIndex, event: &'static str) -> IllegalRecord {
        let state = if self.is_past(slot) { "past its turn" } else { self.slots.state(slot).word() };
        IllegalRecord::OutOfTurn { step: self.key(slot), event, state }
    }
}
