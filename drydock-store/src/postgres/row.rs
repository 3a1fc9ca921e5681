//! Postgres' columns. And lists of ids, as arrays.

use drydock_core::{TaskId, Timestamp};
use sqlx::postgres::PgRow;
use sqlx::{Column, Decode, Error, Postgres, Row, TypeInfo, ValueRef};
use uuid::Uuid;

use crate::row::Columns;

impl Columns for PgRow {
    fn int(&self, column: &str) -> Result<Option<i64>, Error> {
        // Kinds are smallint, all other numbers bigint.
        if self.try_column(column)?.type_info().name() == "INT2" {
            return self.try_get::<Option<i16>, _>(column).map(|number| number.map(i64::from));
        }
        self.try_get(column)
    }

    fn truth(&self, column: &str) -> Result<Option<bool>, Error> {
        self.try_get(column)
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

    /// Not by the library's decoder, which panics over `infinity`.
    fn time(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        let value = self.try_get_raw(column)?;
        if value.is_null() {
            return Ok(None);
        }
        if value.type_info().name() != "TIMESTAMPTZ" {
            return Err(Error::Decode(format!("it is a {}, not a time", value.type_info()).into()));
        }
        let micros = <i64 as Decode<'_, Postgres>>::decode(value).map_err(Error::Decode)?;
        let time = micros.checked_add(MICROS_1970_TO_2000).and_then(Timestamp::from_timestamp_micros);
        time.map(Some).ok_or_else(|| Error::Decode("it is out of the calendar".into()))
    }
}

/// Postgres counts from 2000-01-01.
const MICROS_1970_TO_2000: i64 = 946_684_800_000_000;

/// `ids` as an array argument.
pub(super) fn id_list(ids: impl IntoIterator<Item = TaskId>) -> Vec<Uuid> {
    ids.into_iter().map(|id| id.as_uuid()).collect()
}
