//! What an operator tells a task: try a step again, pass over it, take it as done or as failed. Orders come as signals, so that they
//! are stored, reach whichever instance has the task, and are obeyed once.

use drydock_core::journal::{AttemptRecord, Checkpoint, Decider, Failure, Signal, StepEnd, WaitKind};
use drydock_core::{Disposition, Payload, StepKey, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Run, SlotIndex, StepState};

/// An operator's word about the steps of a task that does not go on by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Try the step again, at once and with all its attempts before it; all steps that failed or wait for an operator, when none
    /// is named.
    Retry {
        /// The step.
        step: Option<StepKey>,
    },
    /// Pass over the step: those after it see it as skipped.
    Skip {
        /// The step.
        step: StepKey,
        /// Why, for the record.
        reason: String,
    },
    /// Take the step as done, with this output.
    Done {
        /// The step.
        step: StepKey,
        /// What steps after it read.
        output: Value,
    },
    /// Take the step as failed for good.
    Fail {
        /// The step.
        step: StepKey,
        /// Why, for the record.
        message: String,
    },
}

/// What follows from an order: records to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Obeyed {
    /// The failed checkpoint becomes this failed attempt, and the step is open again.
    Reopen(AttemptRecord),
    /// The attempt that waits for an operator is over; another begins.
    Again(AttemptRecord),
    /// The step ends in this way.
    End(SlotIndex, StepEnd),
}

impl Order {
    /// The name of the signal that carries it.
    pub(crate) fn signal_name(&self) -> String {
        let verb = match self {
            Self::Retry { .. } => "retry",
            Self::Skip { .. } => "skip",
            Self::Done { .. } => "done",
            Self::Fail { .. } => "fail",
        };
        format!("{}{verb}", Signal::ORDER)
    }

    fn step(&self) -> Option<&StepKey> {
        match self {
            Self::Retry { step } => step.as_ref(),
            Self::Skip { step, .. } | Self::Done { step, .. } | Self::Fail { step, .. } => Some(step),
        }
    }
}

impl Run {
    /// What `order`, given by `by`, comes to now; nothing when there is nothing in it to obey. A failed step that is to end otherwise is
    /// opened first: the order is to be read again when that is on record.
    pub(crate) fn obey(&self, order: &Order, by: &str, now: Timestamp) -> Vec<Obeyed> {
        let slots = match order.step().map(|step| self.slot_of(step)) {
            Some(slot) => slot.into_iter().collect(),
            None => (0..self.slot_count()).collect::<Vec<_>>(),
        };
        slots.into_iter().filter_map(|slot| self.obey_one(slot, order, by, now)).collect()
    }

    fn obey_one(&self, slot: SlotIndex, order: &Order, by: &str, now: Timestamp) -> Option<Obeyed> {
        if self.is_past(slot) {
            return None;
        }
        let end = match order {
            Order::Retry { .. } => None,
            Order::Skip { reason, .. } => Some(StepEnd::Skipped(format!("{reason} (operator {by})"))),
            Order::Done { output, .. } => Some(StepEnd::Done(Payload::encode(output).ok()?)),
            Order::Fail { message, .. } => Some(StepEnd::Failed(by_operator(message, by))),
        };
        match (self.step(slot), end) {
            (StepState::Failed, Some(StepEnd::Failed(_))) => None,
            // The task went on to its end without it.
            (StepState::Failed, _) if self.definition(slot).finally => None,
            (StepState::Failed, _) => self.reopened(slot, now).map(Obeyed::Reopen),
            (StepState::Waiting { progress, kind: WaitKind::Operator, .. }, None) => {
                Some(Obeyed::Again(AttemptRecord {
                    step: self.key(slot),
                    attempt: progress.attempt,
                    failure: by_operator("it is to be tried again", by),
                    started_at: progress.since.unwrap_or(now),
                    ended_at: now,
                    retry_at: now,
                    deadline: progress.deadline,
                }))
            }
            (StepState::Waiting { kind, .. }, Some(end)) if *kind != WaitKind::Children => {
                Some(Obeyed::End(slot, end))
            }
            (StepState::Retrying { .. } | StepState::Ready(_), Some(end)) => Some(Obeyed::End(slot, end)),
            _ => None,
        }
    }

    fn reopened(&self, slot: SlotIndex, now: Timestamp) -> Option<AttemptRecord> {
        let Checkpoint { step, attempt, end: StepEnd::Failed(failure), started_at, ended_at } =
            self.broken.get(&slot)?.clone()
        else {
            return None;
        };
        Some(AttemptRecord { step, attempt, failure, started_at, ended_at, retry_at: now, deadline: None })
    }
}

fn by_operator(message: &str, by: &str) -> Failure {
    Failure::new(Disposition::Permanent, message).decided_by(Decider::Operator(by.to_owned()))
}
