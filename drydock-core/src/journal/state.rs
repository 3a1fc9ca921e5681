//! All that is stored of one task at one moment, for `explain` and for views.

use super::{ClaimedTask, Obstacle, StepProgress, TaskEnd};
use crate::{Epoch, TaskId, Timestamp, WorkflowName};

/// The answer to [`Journal::task_read`](super::Journal::task_read).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// The task with its records, as whoever claims it would find it; of one that has ended, with the request to stop it that
    /// there was.
    pub task: ClaimedTask,
    /// The name of its stored workflow.
    pub workflow: WorkflowName,
    /// The version of its stored workflow.
    pub version: u32,
    /// The instance that has it.
    pub owner: Option<Epoch>,
    /// Whether it sleeps: no instance has it until something wakes it.
    pub asleep: bool,
    /// Its end, once it ended.
    pub end: Option<TaskEnd>,
    /// How far its steps were when they last told, by the text of their keys; of ended ones too.
    pub progress: Vec<StepProgress>,
    /// The locks that it holds, by name. None once it ended, as all that follows.
    pub locks: Vec<HeldLock>,
    /// The locks for which it queues, by name.
    pub queues: Vec<HeldLock>,
    /// What is in its way in these queues, as [`LockAnswer::Refused`](super::LockAnswer::Refused) tells it. Nothing when it would get
    /// them if it asked now.
    pub obstacles: Vec<Obstacle>,
    /// Who has the places of the limit on tasks that it is under, itself included; nobody when it is under none.
    pub crowd: Crowd,
}

/// The tasks under way under one limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crowd {
    /// How many.
    pub size: u64,
    /// Some of them, those that were asked for first, by that time: at most [`Crowd::SHOWN`].
    pub some: Vec<TaskId>,
}

impl Crowd {
    /// How many are named.
    pub const SHOWN: usize = 3;
}

/// A lock that a task has, or for which it queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLock {
    /// Its name.
    pub lock: String,
    /// Since when.
    pub since: Timestamp,
}
