//! The submission of tasks, alone or in the caller's transaction.

use std::collections::HashMap;

use drydock_core::journal::{JournalError, NewTask};
use drydock_core::{Epoch, TaskId};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::PgStore;
use super::parts::Parts;
use super::records::{Arrays, arguments};
use super::statements::{Present, statement};
use crate::batch::{Batch, standing_of, storable};
use crate::error::journal_error;
use crate::gather::by_key;

/// Tasks with nothing special. No fence: whoever submits need not be an instance.
const SUBMIT: &str = "WITH new_tasks AS (
        INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::bytea[])
        ON CONFLICT DO NOTHING
        RETURNING task_id, parent_id, workflow_id, created_at)
    INSERT INTO live (task_id, parent_id, workflow_id, created_at)
    SELECT task_id, parent_id, workflow_id, created_at FROM new_tasks";

/// The keys' tasks, ours and those that were there before.
const STANDING: &str = "SELECT task_id, key FROM keys WHERE key = ANY($1)";

impl PgStore {
    pub(super) async fn submit(&self, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError> {
        let mut connection = self.control.acquire().await.map_err(journal_error)?;
        Self::submit_in(&mut connection, tasks).await
    }

    /// Queues tasks as [`Journal::task_submit`](drydock_core::journal::Journal::task_submit) does, over a connection of the
    /// caller's to this store's database: in its transaction, if one is open, so that they are there if and when it commits.
    ///
    /// After an error the transaction can only be rolled back, as Postgres has it. In a transaction that is serializable or a
    /// repeatable read, a key that another took meanwhile is an error too: [`JournalError::Unavailable`], try again.
    pub async fn submit_in(
        connection: &mut PgConnection,
        tasks: &[NewTask],
    ) -> Result<Vec<TaskId>, JournalError> {
        let batch = Batch::submission(tasks);
        if batch.special {
            let parts = Parts::of(&batch);
            let arguments = arguments(Epoch::new(0), &batch, parts)?;
            let text = AssertSqlSafe(statement(parts, Present::Submitted));
            sqlx::query_with(text, arguments).execute(&mut *connection).await.map_err(journal_error)?;
        } else {
            let mut columns = Arrays::default();
            columns.tasks(&batch.tasks)?;
            sqlx::query_with(SUBMIT, columns.finish())
                .execute(&mut *connection)
                .await
                .map_err(journal_error)?;
        }
        let keys: Vec<_> = tasks.iter().filter_map(|task| task.key.as_deref()).map(storable).collect();
        let mut standing = HashMap::new();
        if !keys.is_empty() {
            // A statement of its own: it sees what others have committed while the first waited for them.
            let rows = sqlx::query(STANDING).bind(keys).fetch_all(connection).await.map_err(journal_error)?;
            standing = by_key(&rows)?;
        }
        Ok(standing_of(tasks, &standing))
    }
}
