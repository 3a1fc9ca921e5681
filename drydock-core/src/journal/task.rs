//! Tasks as the journal keeps them.

use serde::de::DeserializeOwned;

use super::{
    AttemptRecord, Cancellation, Checkpoint, Failure, JournalError, Mark, NewTask, Request, Signal,
    WaitRecord,
};
use crate::{Classify, Disposition, Fence, Payload, TaskId, Timestamp};

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

impl TaskEnd {
    /// The output of a task that completed, as the type that it has in the task's workflow.
    ///
    /// # Errors
    ///
    /// The task did not complete, or its output is of another type.
    pub fn output<T: DeserializeOwned>(&self) -> Result<T, OutputError> {
        match &self.kind {
            TaskEndKind::Completed(output) => output.decode().map_err(OutputError::OtherType),
            TaskEndKind::Failed(failure) => Err(OutputError::Failed(failure.clone())),
            TaskEndKind::Cancelled(request) => Err(OutputError::Cancelled(request.clone())),
        }
    }
}

/// Why there is no output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The task failed.
    #[error("the task failed: {}", .0.message)]
    Failed(Failure),
    /// The task was cancelled.
    #[error("the task was cancelled by {}", .0.by)]
    Cancelled(Cancellation),
    /// The output is not what the caller takes it for.
    #[error("the task's output is of another type: ask for the one that its workflow gives")]
    OtherType(#[source] serde_json::Error),
}

impl Classify for OutputError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Failed(failure) => failure.disposition,
            Self::Cancelled(_) => Disposition::Cancelled,
            Self::OtherType(_) => Disposition::Permanent,
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_gives_its_output_as_a_type_or_says_why_not() {
        let at = Timestamp::UNIX_EPOCH;
        let of = |kind| TaskEnd { kind, at };
        let completed = of(TaskEndKind::Completed(Payload::encode(&[1, 2]).unwrap()));
        assert_eq!(completed.output::<Vec<u8>>().unwrap(), [1, 2]);
        let other = completed.output::<String>().unwrap_err();
        assert!(matches!(other, OutputError::OtherType(_)) && other.disposition() == Disposition::Permanent);
        let failed = of(TaskEndKind::Failed(Failure::new(Disposition::Bug, "the pump is dry")));
        let failed = failed.output::<()>().unwrap_err();
        assert_eq!(
            (failed.to_string().as_str(), failed.disposition()),
            ("the task failed: the pump is dry", Disposition::Bug)
        );
        let cancelled = of(TaskEndKind::Cancelled(Cancellation { by: "ann".to_owned(), at }));
        assert_eq!(cancelled.output::<()>().unwrap_err().to_string(), "the task was cancelled by ann");
    }
}
