//! Tasks as the journal keeps them.

use super::{
    AttemptRecord, Cancellation, Checkpoint, Failure, JournalError, Mark, NewTask, Request, Signal,
    WaitRecord,
};
use crate::{Fence, Payload, TaskId, Timestamp};

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskEndKind {
    /// With an output.
    Completed(Payload),
    /// Because a step failed.
    Failed(Failure),
    /// Because somebody asked for it.
    Cancelled(Cancellation),
}

/// The end of a task. There is at most one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskEnd {
    /// How.
    pub kind: TaskEndKind,
    /// When.
    pub at: Timestamp,
}

/// One child of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// The child's place in the list.
    pub index: u32,
    /// The child.
    pub task: TaskId,
    /// Its end, once it ended.
    pub end: Option<TaskEnd>,
}

/// A task that was taken over, or that was and cannot be read. The claiming instance owns it either way.
pub type Claim = Result<ClaimedTask, UnreadableTask>;

/// Something that is stored of a task is not what any version of this program writes. Whoever has claimed it can only give
/// it up.
#[derive(Debug, thiserror::Error)]
#[error("what is stored of task {task} cannot be read")]
pub struct UnreadableTask {
    /// The task.
    pub task: TaskId,
    /// What is wrong with it: [`JournalError::Inconsistent`].
    #[source]
    pub error: JournalError,
}

/// A task just taken over, with all that was ever recorded of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedTask {
    /// The task as it was asked for.
    pub task: NewTask,
    /// Whether some instance owned it before: its open steps may have been under way.
    pub resumed: bool,
    /// How often it was claimed, this time included: greater than every earlier owner had.
    pub fence: Fence,
    /// A request to stop it, if there is one.
    pub cancellation: Option<Cancellation>,
    /// A request to hold it, if it is paused.
    pub pause: Option<Request>,
    /// The steps that ended, by the text of their keys, as all that follows.
    pub checkpoints: Vec<Checkpoint>,
    /// Failed attempts of steps that have no checkpoint yet (those of ended steps may be here too), by step and number.
    pub attempts: Vec<AttemptRecord>,
    /// Steps that wait (those of ended steps may be here too), by step.
    pub waits: Vec<WaitRecord>,
    /// What steps noted on their way, by step, time and name.
    pub marks: Vec<Mark>,
    /// All signals that were sent to it, taken ones too, by time and id. One that arrives meanwhile is in the next
    /// [`News`](super::News).
    pub signals: Vec<Signal>,
    /// How many messages the task has: the next one's `seq`.
    pub messages: u32,
    /// How many facts the task has: the next one's `seq`.
    pub facts: u32,
}

impl ClaimedTask {
    /// `task` as it is claimed when nothing is recorded of it.
    #[must_use = "a task is a value"]
    pub const fn new(task: NewTask) -> Self {
        Self {
            task,
            resumed: false,
            fence: Fence::UNCLAIMED,
            cancellation: None,
            pause: None,
            checkpoints: Vec::new(),
            attempts: Vec::new(),
            waits: Vec::new(),
            marks: Vec::new(),
            signals: Vec::new(),
            messages: 0,
            facts: 0,
        }
    }
}
