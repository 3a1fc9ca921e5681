//! One fetch at a time of each reference: a thousand tasks that want one design at once read it once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use drydock_core::task::DesignRef;
use tokio::sync::OwnedMutexGuard;

/// The right to fetch one reference.
pub(super) type Turn = OwnedMutexGuard<()>;

#[derive(Default)]
pub(super) struct Flights(Mutex<HashMap<DesignRef, Weak<tokio::sync::Mutex<()>>>>);

impl Flights {
    /// Waits for one's turn with this reference, which lasts until what is returned is dropped. Cancel-safe.
    pub(super) async fn turn(&self, reference: &DesignRef) -> Turn {
        self.line(reference).lock_owned().await
    }

    fn line(&self, reference: &DesignRef) -> Arc<tokio::sync::Mutex<()>> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(reference).and_then(Weak::upgrade) {
            return line;
        }
        lines.retain(|_, line| line.strong_count() > 0);
        let line = Arc::default();
        lines.insert(reference.clone(), Arc::downgrade(&line));
        line
    }
}
