//! The writes of which a batch consists.

use super::{AttemptRecord, Checkpoint, Message, NewTask, TaskEnd, WaitRecord};
use crate::TaskId;

/// One thing that happened to a task, to be made durable. Within a batch, order does not matter to the outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// A task begins, owned by the writing instance from the start.
    TaskStarted(NewTask),
    /// A task is queued for whichever instance claims it: a child, or more than the instance has room for.
    TaskQueued(NewTask),
    /// A step ended.
    StepEnded(TaskId, Checkpoint),
    /// An attempt failed, and the step will be tried again.
    AttemptFailed(TaskId, AttemptRecord),
    /// A step waits.
    StepWaits(TaskId, WaitRecord),
    /// A step had something to say.
    MessageSaid(TaskId, Message),
    /// The task ended, and leaves its owner.
    TaskEnded(TaskId, TaskEnd),
}
