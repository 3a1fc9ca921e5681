//! The rules of a simulated world, and what it means to break one.

use std::fmt;
use std::time::Duration;

/// A rule that holds whatever goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A step of a task has one checkpoint, and it never changes.
    OneCheckpoint,
    /// An attempt that failed is recorded once: the next has another number.
    OneAttempt,
    /// A body begins after the checkpoints of the steps that it depends on were committed.
    ParentsFirst,
    /// Nothing of a retired epoch is committed.
    RetiredEpoch,
    /// Only its owner writes about a task, and a task that has an owner is not given to another.
    OneOwner,
    /// Two commits that are under way at once are never about one task; a child that is being started belongs to its parent.
    OneLane,
    /// Each claim of a task gives its owner a greater fence than all before, and the bodies of that owner have it.
    FenceGrows,
    /// A claim brings all that was committed of a task.
    NothingForgotten,
    /// No body of a task begins after the task's end was committed.
    AfterTheEnd,
    /// When an instance is retired, none of its bodies is running, unless its whole process stands still; and none begins later.
    LateBody,
    /// A children step has one child per item.
    OneChildPerItem,
    /// A task completes with a checkpoint for each of its steps, and nothing of it undone.
    Complete,
    /// What was done is undone backwards: a step after all that built on it, and only in a task that failed or was cancelled, once no
    /// ordinary step runs. A task that has to undo does not end before it is all undone.
    UndoInReverse,
    /// Finally steps begin once everything else is over, and no task ends before they have.
    FinallyLast,
    /// A signal is taken by one step, and seen by no other.
    SignalOnce,
    /// The body of an irreversible step begins once, unless an operator has it tried again.
    IrreversibleOnce,
    /// A task sleeps only while nothing of it runs, and is given to nobody before something has woken it.
    Asleep,
    /// A task that was paused when it was taken over begins nothing before it may go on.
    Held,
    /// No task is given an exclusive lock that another holds, from that one's being given it to its giving it back or its end.
    LockExclusive,
    /// No task is given a lock for which an older one waits, unless that is paused, or waits for what the first holds.
    LockFair,
    /// What builds on a step that was given locks begins while its task holds them.
    LockHeld,
    /// No more steps have a place under a limit than it allows, among living instances, and none runs without its places.
    LimitKept,
    /// Nobody is refused a lock or a place that is free.
    NothingWithheld,
    /// Of the tasks that nobody has, those of greater priority are given first, and the older of equals.
    PriorityFirst,
    /// Children start wave by wave, no more at once than may be, and none once more have failed than may.
    Rollout,
    /// A task completes with the output that its workload expects.
    Output,
    /// Whoever was told that a task is started can rely on it.
    Acknowledged,
    /// What was committed is found by whoever asks.
    Durable,
    /// The feed tells each commit once, and of each task what was committed of it, in that order.
    Told,
    /// No task fails by a fault of the engine, such as records that do not fit its workflow.
    Sound,
    /// Every task ends, not long after the last trouble.
    Ends,
    /// No instance stops by itself.
    Alive,
}

/// A rule was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub rule: Rule,
    /// When, from the beginning.
    pub at: Duration,
    /// How.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>10.3}s {:?}: {}", self.at.as_secs_f64(), self.rule, self.what)
    }
}
