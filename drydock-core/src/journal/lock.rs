//! What keeps tasks apart: exclusive locks on names, and limits on how many steps are under way.

use crate::{StepKey, TaskId, Timestamp};

/// The answer to a task that asks for locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockAnswer {
    /// It holds all of them now.
    Taken,
    /// It got none of those that it did not hold already, and stands in the queues of all. These are in its way, by lock; the
    /// holder first, then those that wait, the oldest first.
    Refused(Vec<Obstacle>),
}

/// A task in the way of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The lock.
    pub lock: String,
    /// The task in the way.
    pub task: TaskId,
    /// Why it is.
    pub claim: LockClaim,
    /// Since when it holds the lock, or waits for it.
    pub since: Timestamp,
}

/// What a task has to do with a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LockClaim {
    /// It holds the lock.
    Holds,
    /// It waits for the lock, and is older.
    Waits,
}

/// A step that wants slots.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SlotWish {
    /// Its task.
    pub task: TaskId,
    /// The step.
    pub step: StepKey,
    /// Its limits: names, and how many slots each has among all instances. A NUL in a name is stored as U+FFFD.
    pub limits: Vec<(String, u32)>,
    /// By which the slots are [given back](super::Write::SlotsFreed): greater than in all earlier wishes of the asking instance.
    pub ticket: u64,
}

/// The answer to a step that asks for slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotAnswer {
    /// It has one of each limit.
    Taken,
    /// It got none that it did not have already: this limit has none left, the first such by name.
    Full(String),
    /// The asking instance does not own its task.
    NotOwned,
}
