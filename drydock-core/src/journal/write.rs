//! The writes of which a batch consists.

use super::{
    AttemptRecord, Checkpoint, FactRecord, Mark, Message, NewTask, StepProgress, TaskEnd, WaitRecord,
};
use crate::{Fence, SignalId, StepKey, TaskId};

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
}
