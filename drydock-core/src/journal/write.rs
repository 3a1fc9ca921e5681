//! The writes of which a batch consists.

use super::{
    AttemptRecord, Checkpoint, FactRecord, Mark, Message, NewTask, StepProgress, TaskEnd, WaitRecord,
};
use crate::{Fence, SignalId, StepKey, TaskId, Timestamp};

/// One thing that happened to a task, to be made durable.
///
/// Within a batch, order does not matter to the outcome, with one exception: of two waits of one step, and of two figures of its
/// progress, the last stands. Of two other writes with the same key the first stands, in one batch as in two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// A task begins, owned by the writing instance from the start. A task whose id or key exists already is left out, and
    /// nobody is told: tasks with keys are better submitted. One under a limit cannot begin so: it is queued, and claimed.
    TaskStarted(NewTask),
    /// A task is queued for whichever instance claims it: a child, or more than the instance has room for.
    /// A task whose id or key exists already is left out.
    TaskQueued(NewTask),
    /// A step ended.
    StepEnded(TaskId, Checkpoint),
    /// An attempt failed, and the step will be tried again.
    AttemptFailed(TaskId, AttemptRecord),
    /// A step that had failed for good is tried again: its failed checkpoint becomes this failed attempt, the same try of the
    /// step. A checkpoint of another attempt, and one that did not fail, stays. Never in one batch with an end of the step.
    StepReopened(TaskId, AttemptRecord),
    /// A step waits.
    StepWaits(TaskId, WaitRecord),
    /// A step made a note on its way. Of two with one name in one step the first stands.
    Marked(TaskId, Mark),
    /// A step took a signal. The first to take it keeps it; nothing happens when the task has no such signal.
    SignalTaken(TaskId, SignalId, StepKey),
    /// A task gives back all its locks, and leaves all queues for them; with the claim under which that was decided, it happens only if
    /// the task was not claimed again since.
    LocksFreed(TaskId, Option<Fence>),
    /// A step gives back the slots of all limits that the writing instance took for it with this ticket or an earlier one. So a
    /// batch that comes a second time frees nothing that was taken in between.
    SlotsFreed(TaskId, StepKey, u64),
    /// A step had something to say.
    MessageSaid(TaskId, Message),
    /// A step found something out.
    FactFound(TaskId, FactRecord),
    /// A step told how far it is.
    StepProgressed(TaskId, StepProgress),
    /// The task ended, and leaves its owner. Nothing happens when the writing instance does not own it, or owns it by another claim
    /// than this was decided under: a batch that comes late must not end again what was brought back meanwhile. `None` is for a
    /// task that cannot even be read, whose claim is not known.
    TaskEnded(TaskId, Option<Fence>, TaskEnd),
    /// A task sleeps: its owner lets it go until something wakes it. Nothing happens when the writing instance does not own it, or owns it
    /// by another claim, nor when the same batch begins or ends it.
    TaskParked(TaskId, Parking),
}

impl Write {
    /// The task whose doing this is: of a child that begins or is queued, its parent.
    pub fn owner(&self) -> TaskId {
        match self {
            Self::TaskStarted(task) | Self::TaskQueued(task) => {
                task.parent.as_ref().map_or(task.id, |parent| parent.task)
            }
            Self::StepEnded(task, _)
            | Self::AttemptFailed(task, _)
            | Self::StepReopened(task, _)
            | Self::StepWaits(task, _)
            | Self::Marked(task, _)
            | Self::SignalTaken(task, ..)
            | Self::LocksFreed(task, _)
            | Self::SlotsFreed(task, ..)
            | Self::MessageSaid(task, _)
            | Self::FactFound(task, _)
            | Self::StepProgressed(task, _)
            | Self::TaskEnded(task, ..)
            | Self::TaskParked(task, _) => *task,
        }
    }
}

/// How a task is let go to sleep. It is free at once, and queued, when something has come to it that its owner had not seen: a
/// signal, or a request to cancel or to pause it. Nothing is lost between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parking {
    /// The claim under which it was decided.
    pub fence: Fence,
    /// How many signals the owner knows that were ever sent to the task, orders and taken ones among them.
    pub signals: u64,
    /// When it wakes by itself: claims from then on find it. `None`: only a signal or a cancellation wakes it.
    pub wake_at: Option<Timestamp>,
    /// Whether it is not certain that nothing of it is under way: whoever claims it next is told that it was
    /// [owned before](super::ClaimedTask::resumed) in that case only.
    pub doubt: bool,
}
