//! The store without a database: ordered maps under one lock. It is the executable specification of the others, so it is
//! written to be read; nothing survives the process.

mod append;
mod claims;
mod facts;
mod feed;
mod history;
mod instances;
mod journal;
mod limits;
mod locks;
mod news;
mod operators;
mod signals;
mod state;
mod tasks;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use drydock_core::journal::{
    AttemptRecord, AuditRecord, Cancellation, Checkpoint, FactRecord, FeedCommit, JournalError, Mark,
    Message, NewTask, Offers, Request, Signal, StepProgress, StoredWorkflow, TaskEnd, WaitRecord,
};
use drydock_core::{Epoch, Fence, InstanceName, SignalId, StepKey, TaskId, Timestamp, WorkflowId};

use crate::places::Slot;

/// A store that lives as long as this value. Share it with an `Arc` to let several engines meet in it.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use = "a store is a value"]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No method can panic half way through a change, so the state behind a poisoned lock is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tables.
#[derive(Debug, Default)]
struct State {
    workflows: BTreeMap<WorkflowId, StoredWorkflow>,
    instances: BTreeMap<Epoch, Instance>,
    duties: BTreeMap<String, Epoch>,
    tasks: BTreeMap<TaskId, NewTask>,
    keys: BTreeMap<String, TaskId>,
    live: BTreeMap<TaskId, Live>,
    checkpoints: BTreeMap<(TaskId, StepKey), Checkpoint>,
    attempts: BTreeMap<(TaskId, StepKey, u32), AttemptRecord>,
    waits: BTreeMap<(TaskId, StepKey), WaitRecord>,
    marks: BTreeMap<(TaskId, StepKey, String), Mark>,
    signals: BTreeMap<(TaskId, SignalId), Signal>,
    audit: Vec<(TaskId, AuditRecord)>,
    locks: BTreeMap<String, (TaskId, Timestamp)>,
    lock_queue: BTreeMap<(String, TaskId), Timestamp>,
    /// With the ticket of each.
    slots: BTreeMap<Slot, (Epoch, i64)>,
    messages: BTreeMap<(TaskId, u32), Message>,
    facts: BTreeMap<(TaskId, u32), FactRecord>,
    progress: BTreeMap<(TaskId, StepKey), StepProgress>,
    ends: BTreeMap<TaskId, Ended>,
    /// With the turn of each.
    events: BTreeMap<(Epoch, u64), (u64, FeedCommit)>,
    turns: u64,
    /// Up to which commit those of an epoch are gone, and its time.
    trimmed: BTreeMap<Epoch, (u64, Timestamp)>,
}

impl State {
    /// The check that every write of an instance passes first.
    fn fence(&self, epoch: Epoch) -> Result<(), JournalError> {
        match self.instances.get(&epoch) {
            Some(instance) if instance.alive => Ok(()),
            Some(_) | None => Err(JournalError::Fenced { epoch }),
        }
    }
}

/// An incarnation of an instance, for ever.
#[derive(Debug)]
struct Instance {
    name: InstanceName,
    lease: Duration,
    offers: Offers,
    beat: i64,
    alive: bool,
}

/// What changes about a task that has not ended.
#[derive(Debug, Clone)]
struct Live {
    owner: Option<Epoch>,
    fence: Fence,
    started_at: Option<Timestamp>,
    cancellation: Option<Cancellation>,
    pause: Option<Request>,
    sleep: Option<Sleep>,
    /// Its owner let it go with nothing under way.
    settled: bool,
}

/// Until when a task sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sleep {
    Until(Timestamp),
    /// No time wakes it.
    Sound,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            owner: None,
            fence: Fence::UNCLAIMED,
            started_at: None,
            cancellation: None,
            pause: None,
            sleep: None,
            settled: false,
        }
    }
}

/// A task's end, with what was known of its life.
#[derive(Debug)]
struct Ended {
    end: TaskEnd,
    fence: Fence,
    started_at: Option<Timestamp>,
    cancellation: Option<Cancellation>,
}
