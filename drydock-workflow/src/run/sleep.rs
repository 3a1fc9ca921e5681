//! Whether a task does nothing but wait for what is far off: then nobody needs to have it in memory.

use drydock_core::Timestamp;
use drydock_core::journal::WaitKind;

use super::{Run, StepState};

/// A task that can be let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sleep {
    /// When a step of it is due by itself; `None` when only somebody outside can end what its steps wait for.
    pub(crate) until: Option<Timestamp>,
    /// How many signals are known to have been sent to it.
    pub(crate) signals: u64,
    /// Whether what is ready or waits may have been under way when an earlier owner died.
    pub(crate) doubt: bool,
}

impl Run {
    /// Whether nothing of it is under way, or kept from beginning by anything but its own steps.
    pub(crate) fn is_idle(&self) -> bool {
        self.running == 0
            && self.parents == 0
            && !self.ended
            && self.ready.is_empty()
            && self.to_lock.is_empty()
            && self.cancellation.is_none()
            && self.pause.is_none()
            && !self.lacks_locks()
    }

    /// How it can be let go, if it has been planned and all its steps that are on their way wait for a time from `earliest` on, for a
    /// signal or for an operator. A task under a limit keeps its place, and its owner.
    pub(crate) fn sleep(&self, earliest: Timestamp) -> Option<Sleep> {
        let limited = self.dag.definition().limit.is_some();
        if !self.is_idle() || limited || self.is_stuck() || !self.mail.is_settled() {
            return None;
        }
        let mut waits = false;
        let mut sleep = Sleep { until: None, signals: self.mail.known(), doubt: false };
        for (slot, entry) in self.slots.all() {
            // What the task left ready or waiting when it began to undo may be among what it undoes.
            sleep.doubt |= match &entry.state {
                StepState::Ready(progress) | StepState::Waiting { progress, .. } => progress.doubt,
                _ => false,
            };
            if self.is_past(slot) {
                continue;
            }
            let due = match &entry.state {
                StepState::Waiting {
                    kind: WaitKind::Timer | WaitKind::Signal | WaitKind::Operator,
                    until,
                    ..
                } => *until,
                StepState::Retrying { until, .. } => Some(*until),
                StepState::Running(_) | StepState::Waiting { .. } => return None,
                // What is ready has no room in its group, and begins after one that waits.
                StepState::Ready(_)
                | StepState::Blocked
                | StepState::Mapping
                | StepState::Mapped
                | StepState::Done(_)
                | StepState::Skipped
                | StepState::Failed => continue,
            };
            if due.is_some_and(|due| due < earliest) {
                return None;
            }
            waits = true;
            sleep.until = sleep.until.into_iter().chain(due).min();
        }
        waits.then_some(sleep)
    }
}
