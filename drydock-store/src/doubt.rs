//! Claims whose answer was lost. The database may hold such a task for this instance, and the instance does not know:
//! nobody would run it. So the store remembers what each claim took until the caller has it, and gives the rest back at
//! the next claim.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use drydock_core::journal::JournalError;
use drydock_core::{Epoch, TaskId};
use tokio::sync::{Semaphore, SemaphorePermit};

/// The tasks of claims that are under way, or that nobody saw the end of.
#[derive(Debug)]
pub(crate) struct Doubts {
    /// One claim at a time: else the doubts of one could take away what another has just claimed for good.
    turn: Semaphore,
    tasks: Mutex<HashMap<Epoch, Vec<TaskId>>>,
}

impl Doubts {
    pub(crate) fn new() -> Self {
        Self { turn: Semaphore::new(1), tasks: Mutex::default() }
    }

    /// Waits for this claim's turn, which lasts as long as what is returned.
    pub(crate) async fn turn(&self) -> Result<SemaphorePermit<'_>, JournalError> {
        self.turn.acquire().await.map_err(|closed| JournalError::Unavailable(closed.into()))
    }

    /// What earlier claims of `epoch` may have left behind.
    pub(crate) fn of(&self, epoch: Epoch) -> Vec<TaskId> {
        self.tasks().get(&epoch).cloned().unwrap_or_default()
    }

    /// To be called before the commit of a claim that took `tasks`.
    pub(crate) fn remember(&self, epoch: Epoch, tasks: impl Iterator<Item = TaskId>) {
        self.tasks().entry(epoch).or_default().extend(tasks);
    }

    /// The commit was seen: there is no doubt any more.
    pub(crate) fn settle(&self, epoch: Epoch) {
        self.tasks().remove(&epoch);
    }

    fn tasks(&self) -> MutexGuard<'_, HashMap<Epoch, Vec<TaskId>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
