//! How records become columns: the small numbers for kinds, and JSON for failures. The same in both databases.

use std::borrow::Cow;
use std::time::Duration;

use drydock_core::Payload;
use drydock_core::journal::{JournalError, Offers, StepEnd, TaskEndKind, WaitKind};
use serde_json::{from_slice, to_string, to_vec};

/// A kind's number and the bytes that go with it.
pub(crate) type Coded<'a> = (i16, Cow<'a, [u8]>);

pub(crate) fn step_end(end: &StepEnd) -> Result<Coded<'_>, JournalError> {
    Ok(match end {
        StepEnd::Done(output) => (0, Cow::Borrowed(output.as_bytes())),
        StepEnd::Failed(failure) => (1, Cow::Owned(json(failure)?)),
        StepEnd::Skipped(reason) => (2, Cow::Borrowed(reason.as_bytes())),
    })
}

pub(crate) fn step_end_of(kind: i64, bytes: Vec<u8>) -> Result<StepEnd, Problem> {
    match kind {
        0 => Ok(StepEnd::Done(Payload::from(bytes))),
        1 => from_slice(&bytes).map(StepEnd::Failed).map_err(|e| Problem::bytes("output", &e)),
        2 => match String::from_utf8(bytes) {
            Ok(reason) => Ok(StepEnd::Skipped(reason)),
            Err(error) => Err(Problem { column: "output", text: error.to_string() }),
        },
        other => Err(Problem::kind(other)),
    }
}

pub(crate) fn task_end(kind: &TaskEndKind) -> Result<Coded<'_>, JournalError> {
    Ok(match kind {
        TaskEndKind::Completed(output) => (0, Cow::Borrowed(output.as_bytes())),
        TaskEndKind::Failed(failure) => (1, Cow::Owned(json(failure)?)),
        TaskEndKind::Cancelled(request) => (2, Cow::Owned(json(request)?)),
    })
}

pub(crate) fn task_end_of(kind: i64, bytes: Vec<u8>) -> Result<TaskEndKind, Problem> {
    let problem = |e: serde_json::Error| Problem::bytes("output", &e);
    match kind {
        0 => Ok(TaskEndKind::Completed(Payload::from(bytes))),
        1 => from_slice(&bytes).map(TaskEndKind::Failed).map_err(problem),
        2 => from_slice(&bytes).map(TaskEndKind::Cancelled).map_err(problem),
        other => Err(Problem::kind(other)),
    }
}

pub(crate) fn wait_kind(kind: WaitKind) -> i16 {
    match kind {
        WaitKind::Timer => 0,
        WaitKind::Children => 1,
        WaitKind::Signal => 2,
        WaitKind::Lock => 3,
        WaitKind::Operator => 4,
        WaitKind::Limit => 5,
        WaitKind::Executor => 6,
    }
}

pub(crate) fn wait_kind_of(kind: i64) -> Result<WaitKind, Problem> {
    match kind {
        0 => Ok(WaitKind::Timer),
        1 => Ok(WaitKind::Children),
        2 => Ok(WaitKind::Signal),
        3 => Ok(WaitKind::Lock),
        4 => Ok(WaitKind::Operator),
        5 => Ok(WaitKind::Limit),
        6 => Ok(WaitKind::Executor),
        other => Err(Problem::kind(other)),
    }
}

/// A figure of a step's progress. No database counts beyond this, and no step.
pub(crate) fn figure(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Names as JSON text; `None` for none. JSON has a word for NUL, so they need not be made storable.
pub(crate) fn names(names: &[String]) -> Result<Option<String>, JournalError> {
    if names.is_empty() {
        return Ok(None);
    }
    to_string(names).map(Some).map_err(|e| JournalError::Rejected(e.into()))
}

/// What an instance offers, as JSON text.
pub(crate) fn offers(offers: &Offers) -> Result<String, JournalError> {
    to_string(offers).map_err(|e| JournalError::Rejected(e.into()))
}

/// A lease in whole milliseconds.
pub(crate) fn lease_ms(lease: Duration) -> i64 {
    i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, JournalError> {
    to_vec(value).map_err(|e| JournalError::Rejected(e.into()))
}

/// What is wrong with a column.
pub(crate) struct Problem {
    pub(crate) column: &'static str,
    pub(crate) text: String,
}

impl Problem {
    fn kind(number: i64) -> Self {
        Self { column: "kind", text: format!("{number} stands for nothing that this program knows") }
    }

    pub(crate) fn bytes(column: &'static str, error: &serde_json::Error) -> Self {
        Self { column, text: error.to_string() }
    }
}
