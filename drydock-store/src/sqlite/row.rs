//! SQLite's columns: times are microseconds, truths are 0 and 1. And lists of ids, as one argument.

use drydock_core::journal::JournalError;
use drydock_core::{TaskId, Timestamp, WorkflowId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};
use uuid::Uuid;

use crate::row::Columns;

impl Columns for SqliteRow {
    fn int(&self, column: &str) -> Result<Option<i64>, Error> {
        self.try_get(column)
    }

    fn truth(&self, column: &str) -> Result<Option<bool>, Error> {
        self.try_get::<Option<i64>, _>(column).map(|number| number.map(|number| number != 0))
    }

    fn text(&self, column: &str) -> Result<Option<String>, Error> {
        self.try_get(column)
    }

    fn bytes(&self, column: &str) -> Result<Option<Vec<u8>>, Error> {
        self.try_get(column)
    }

    fn uuid(&self, column: &str) -> Result<Option<Uuid>, Error> {
        self.try_get(column)
    }

    fn time(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        let Some(micros) = self.try_get::<Option<i64>, _>(column)? else { return Ok(None) };
        let time = Timestamp::from_timestamp_micros(micros);
        time.map(Some).ok_or_else(|| Error::Decode("it is out of the calendar".into()))
    }
}

/// `ids` as JSON text, which statements unpack with `json_each` and `unhex`: their text stays the same for any number of ids.
pub(super) fn id_list(ids: impl IntoIterator<Item = TaskId>) -> String {
    list(ids.into_iter().map(|id| format!("\"{}\"", id.as_uuid().simple())))
}

/// The same for numbers, without `unhex`.
pub(super) fn number_list(ids: &[WorkflowId]) -> String {
    list(ids.iter().map(|id| id.get().to_string()))
}

/// The same for texts, without `unhex`.
pub(super) fn text_list<T: serde::Serialize>(texts: &[T]) -> Result<String, JournalError> {
    serde_json::to_string(texts).map_err(|error| JournalError::Rejected(error.into()))
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// A time as it is stored.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.timestamp_micros()
}
