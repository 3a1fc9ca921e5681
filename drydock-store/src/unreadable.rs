//! Rows that cannot be read, where the others can: they are passed over, and the log tells of each once.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use drydock_core::error_chain;
use drydock_core::journal::JournalError;

/// How many are remembered. With more than that, some are told of again.
const REMEMBERED: usize = 1000;

/// What could be read of many rows.
pub(crate) fn readable<T>(
    rows: impl IntoIterator<Item = Result<T, JournalError>>,
) -> Result<Vec<T>, JournalError> {
    let read = rows.into_iter().map(|row| row.map(Some).or_else(|error| passed_over(error).map(|()| None)));
    read.filter_map(Result::transpose).collect()
}

/// What was read, or `instead`.
pub(crate) fn or<T>(read: Result<T, JournalError>, instead: T) -> Result<T, JournalError> {
    read.or_else(|error| passed_over(error).map(|()| instead))
}

/// Tells of a value that cannot be read; any other error is one.
fn passed_over(error: JournalError) -> Result<(), JournalError> {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    if !matches!(error, JournalError::Inconsistent { .. }) {
        return Err(error);
    }
    let text = error_chain(&error);
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if told.len() >= REMEMBERED {
        told.clear();
    }
    if told.insert(text.clone()) {
        tracing::error!(error = %text, "a row cannot be read and is passed over: an operator has to look at the database");
    }
    Ok(())
}
