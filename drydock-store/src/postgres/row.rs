//! Postgres' columns. And lists of ids, as arrays.

use drydock_core::{TaskId, Timestamp};
use sqlx::postgres::PgRow;
use sqlx::{Column, Error, Row, TypeInfo};
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

    fn time(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        self.try_get(column)
    }
}

/// `ids` as an array argument.
pub(super) fn id_list(ids: impl IntoIterator<Item = TaskId>) -> Vec<Uuid> {
    ids.into_iter().map(|id| id.as_uuid()).collect()
}
