//! What an instance tells whoever listens. Events are hints for screens; the records are the truth.

use drydock_core::journal::{Figure, TaskEndKind};
use drydock_core::{StepKey, TaskId, Timestamp};

/// Something happened to a task that this instance has.
#[derive(Debug, Clone)]
pub struct Event {
    /// The task.
    pub task: TaskId,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum EventKind {
    /// The task was taken: it begins here, or goes on here.
    Taken {
        /// Whether another instance, or an earlier life of this one, had it before.
        resumed: bool,
        /// How many of its steps had ended by then.
        steps_done: usize,
    },
    /// An attempt of a step began.
    StepStarted {
        /// The step.
        step: StepKey,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// A step told how far it is.
    StepProgressed {
        /// The step.
        step: StepKey,
        /// How far.
        figure: Figure,
    },
    /// A step waits.
    StepWaits {
        /// The step.
        step: StepKey,
        /// For what.
        reason: String,
    },
    /// An attempt failed, and another will follow.
    StepRetries {
        /// The step.
        step: StepKey,
        /// Why the attempt failed.
        message: String,
        /// When the next may begin.
        at: Timestamp,
    },
    /// A step ended.
    StepEnded {
        /// The step.
        step: StepKey,
        /// Whether it did its work.
        done: bool,
    },
    /// An undoing failed for good: the task does not end, and only a person can finish what is left.
    TaskStuck {
        /// The undoings that are left.
        left: Vec<StepKey>,
    },
    /// The task sleeps: this instance has it no more, until it is claimed again by whichever has room.
    TaskParked {
        /// When it wakes by itself; `None` when only somebody outside can wake it.
        until: Option<Timestamp>,
    },
    /// The task ended.
    TaskEnded(TaskEndKind),
}
