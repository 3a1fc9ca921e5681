//! Faults of the store that a test turns on and off.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

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
