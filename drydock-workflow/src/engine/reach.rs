//! Whether the store can be reached, as all parts of an instance see it together: one line in the log when it goes, one when it is back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use drydock_core::journal::JournalError;
use drydock_core::{Classify as _, Disposition, error_chain};

/// Shared by all that talk to the store.
#[derive(Clone, Default)]
pub(super) struct Reach(Arc<AtomicBool>);

impl Reach {
    /// Looks at an answer of the store, and passes it on.
    pub(super) fn heard<T>(&self, answer: Result<T, JournalError>) -> Result<T, JournalError> {
        match &answer {
            Err(error) if error.disposition() == Disposition::Retryable => {
                if !self.0.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        error = %error_chain(error),
                        "the store does not answer: steps go on while the lease lasts, and their records wait; asking again until it does"
                    );
                }
            }
            // A refusal is an answer too. The store is written to only when it has changed: this is on the way of every commit.
            Ok(_) | Err(_) => {
                if self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::Relaxed) {
                    tracing::info!("the store answers again");
                }
            }
        }
        answer
    }
}
