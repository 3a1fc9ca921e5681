//! `(state, record) → state`, every pair named. What cannot be is refused, not guessed at: a record may come from a database
//! that somebody edited.

use drydock_core::journal::{AttemptRecord, Cancellation, Checkpoint, StepEnd, WaitKind, WaitRecord};
use drydock_core::{Payload, StepKey};

use super::{Progress, Run, StepState};
use crate::dag::StepIndex;

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
            Self::Done(_) => "done",
            Self::Failed => "failed",
        }
    }
}

impl Run {
    /// A step ended.
    pub fn fold_ended(&mut self, checkpoint: &Checkpoint) -> Result<(), IllegalRecord> {
        let step = self.enter(&checkpoint.step, "end")?;
        match &checkpoint.end {
            StepEnd::Done(output) => {
                self.steps[step] = StepState::Done(output.clone());
                self.unfinished -= 1;
                self.release_dependents(step);
            }
            StepEnd::Skipped(_) => {
                self.steps[step] = StepState::Done(Payload::NULL);
                self.unfinished -= 1;
                self.release_dependents(step);
            }
            StepEnd::Failed(failure) => {
                self.steps[step] = StepState::Failed;
                self.failure.get_or_insert_with(|| (checkpoint.step.name().clone(), failure.clone()));
            }
        }
        Ok(())
    }

    /// An attempt failed, and another will follow.
    pub fn fold_failed(&mut self, record: &AttemptRecord) -> Result<StepIndex, IllegalRecord> {
        let step = self.enter(&record.step, "be tried again")?;
        let progress = Progress {
            attempt: record.attempt.saturating_add(1),
            since: None,
            deadline: record.deadline,
            replayed: true,
        };
        self.steps[step] = StepState::Retrying { progress, until: record.retry_at };
        Ok(step)
    }

    /// A step waits.
    pub fn fold_waits(&mut self, record: &WaitRecord) -> Result<StepIndex, IllegalRecord> {
        let step = self.enter(&record.step, "wait")?;
        let progress = Progress {
            attempt: record.attempt,
            since: Some(record.since),
            deadline: record.deadline,
            replayed: true,
        };
        if record.kind == WaitKind::Children {
            self.parents += 1;
            // A cancellation that came while these children were on their way has not reached them.
            self.told_to_stop = false;
        }
        self.steps[step] = StepState::Waiting { progress, kind: record.kind, until: record.until };
        Ok(step)
    }

    /// The time for which a step waited has come. `false` when it does not wait any more.
    pub fn fold_due(&mut self, step: StepIndex, now: drydock_core::Timestamp) -> bool {
        let progress = match &self.steps[step] {
            StepState::Waiting { progress, kind: WaitKind::Timer, until: Some(until) } if *until <= now => {
                *progress
            }
            StepState::Retrying { progress, until } if *until <= now => *progress,
            StepState::Blocked
            | StepState::Ready(_)
            | StepState::Running(_)
            | StepState::Waiting { .. }
            | StepState::Retrying { .. }
            | StepState::Done(_)
            | StepState::Failed => return false,
        };
        self.make_ready(step, progress);
        true
    }

    /// All children of a step have ended: the shell is putting its output together.
    pub fn fold_joined(&mut self, step: StepIndex) -> bool {
        let StepState::Waiting { progress, kind: WaitKind::Children, .. } = &self.steps[step] else {
            return false;
        };
        self.steps[step] = StepState::Running(*progress);
        self.parents -= 1;
        self.running += 1;
        true
    }

    /// Somebody asked to stop the task. The first request stands.
    pub fn fold_cancelled(&mut self, request: Cancellation) {
        self.cancellation.get_or_insert(request);
    }

    /// The step, if it may end, fail or wait now. An attempt under way is over with it.
    fn enter(&mut self, name: &StepKey, event: &'static str) -> Result<StepIndex, IllegalRecord> {
        let step = self.index_of(name)?;
        match &self.steps[step] {
            StepState::Running(_) => self.running -= 1,
            // Recovery: the records were written by whoever ran the task before.
            StepState::Ready(_) => self.ready.retain(|ready| *ready != step),
            state @ (StepState::Blocked
            | StepState::Waiting { .. }
            | StepState::Retrying { .. }
            | StepState::Done(_)
            | StepState::Failed) => {
                return Err(IllegalRecord::OutOfTurn { step: name.clone(), event, state: state.word() });
            }
        }
        Ok(step)
    }

    pub(super) fn index_of(&self, key: &StepKey) -> Result<StepIndex, IllegalRecord> {
        let own = key.index().is_none() && !key.is_undo();
        let step = self.dag.index_of(key.name()).filter(|_| own);
        step.ok_or_else(|| IllegalRecord::NoSuchStep(key.clone()))
    }

    fn release_dependents(&mut self, step: StepIndex) {
        let dag = std::sync::Arc::clone(&self.dag);
        for dependent in dag.dependents(step) {
            self.missing[dependent] -= 1;
            if self.missing[dependent] == 0 {
                self.make_ready(dependent, Progress::default());
            }
        }
    }
}
