//! The removal of tasks, a few in each transaction, so that no write waits for long. The pages that become free are used again by what is
//! written later: the file does not grow, nor does it shrink.

use drydock_core::journal::{Hold, Horizon, JournalError, Removal};
use drydock_core::{Epoch, TaskId};
use sqlx::AssertSqlSafe;

use super::history::{YOUNG_AMONG, own};
use super::row::{id_list, micros};
use super::{SqliteStore, fence};
use crate::error::journal_error;
use crate::row::Reader;

/// All that has rows of a task which has ended.
const TABLES: [&str; 14] = [
    "tasks",
    "ends",
    "labels",
    "checkpoints",
    "attempts",
    "waits",
    "marks",
    "signals",
    "messages",
    "facts",
    "progress",
    "audit",
    "lock_queue",
    "slots",
];
const LIVE: &str = "WITH RECURSIVE family (task_id) AS (
        SELECT unhex(value) FROM json_each(?1)
        UNION SELECT tasks.task_id FROM tasks JOIN family ON tasks.parent_id = family.task_id
    )
    SELECT live.task_id FROM live JOIN family USING (task_id) LIMIT 1";

impl SqliteStore {
    /// In one transaction.
    pub(super) async fn delete_tasks(
        &self,
        epoch: Epoch,
        tasks: &[TaskId],
        horizon: &Horizon,
    ) -> Result<Removal, JournalError> {
        let ids = id_list(tasks.iter().copied());
        let mut tx = self.write().await?;
        fence(&mut tx, epoch).await?;
        let live = sqlx::query(LIVE).bind(&ids).fetch_optional(&mut *tx).await.map_err(journal_error)?;
        if let Some(row) = live {
            return Reader::new("live", &row).id("task_id").map(Hold::Live).map(Removal::Held);
        }
        let young = sqlx::query(YOUNG_AMONG).bind(own(horizon)?).bind(horizon.usual.map(micros)).bind(&ids);
        if let Some(row) = young.fetch_optional(&mut *tx).await.map_err(journal_error)? {
            return Reader::new("ends", &row).id("task_id").map(Hold::Young).map(Removal::Held);
        }
        for table in TABLES {
            let delete =
                format!("DELETE FROM {table} WHERE task_id IN (SELECT unhex(value) FROM json_each(?1))");
            let delete = sqlx::query(AssertSqlSafe(delete)).bind(&ids);
            delete.execute(&mut *tx).await.map_err(journal_error)?;
        }
        tx.commit().await?;
        Ok(Removal::Gone)
    }
}
