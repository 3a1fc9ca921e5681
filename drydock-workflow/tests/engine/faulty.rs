//! Faults of the store that a test turns on and off.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, UnreadableTask};
use drydock_workflow::testing::{Answer, Tamper};
pub(crate) use drydock_workflow::testing::{Call, Fault, FaultyJournal};

/// Something that a test turns on and off.
#[derive(Clone, Default)]
pub(crate) struct Switch(Arc<AtomicBool>);

impl Switch {
    pub(crate) fn set(&self, on: bool) {
        self.0.store(on, Ordering::SeqCst);
    }

    pub(crate) fn is_on(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Turns it off, and says whether it was on.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

/// A store in which the rows of some tasks cannot be read.
#[derive(Default)]
pub(crate) struct Spoilt(Mutex<HashSet<TaskId>>);

impl Spoilt {
    /// Whoever claims the task finds that its rows cannot be read.
    pub(crate) fn spoil(&self, task: TaskId) {
        self.0.lock().unwrap().insert(task);
    }
}

impl Tamper for Spoilt {
    fn before(&self, _call: &Call<'_>) -> Option<Fault> {
        None
    }

    fn after(&self, _call: &Call<'_>, answer: Answer<'_>) {
        let Answer::Claimed(claims) = answer else { return };
        for claim in claims {
            let Ok(claimed) = claim else { continue };
            let task = claimed.task.id;
            if self.0.lock().unwrap().contains(&task) {
                let error = JournalError::Inconsistent {
                    table: "checkpoints",
                    column: "kind",
                    row: task.to_string(),
                    problem: "7 stands for nothing".to_owned(),
                };
                *claim = Err(UnreadableTask { task, error });
            }
        }
    }
}
