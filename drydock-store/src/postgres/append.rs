//! A batch, and the submission of tasks.

use drydock_core::Epoch;
use drydock_core::journal::{JournalError, NewTask, Write};
use sqlx::AssertSqlSafe;

use super::PgStore;
use super::parts::Parts;
use super::records::{Arrays, arguments};
use super::statements::{self, Present};
use crate::batch::{Batch, TaskRow};
use crate::error::journal_error;

/// No fence: whoever submits need not be an instance.
const SUBMIT: &str = "WITH new_tasks AS (
        INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::bytea[])
        ON CONFLICT DO NOTHING
        RETURNING task_id, parent_id, workflow_id, created_at)
    INSERT INTO live (task_id, parent_id, workflow_id, created_at)
    SELECT task_id, parent_id, workflow_id, created_at FROM new_tasks";

impl PgStore {
    pub(super) async fn submit(&self, tasks: &[NewTask]) -> Result<(), JournalError> {
        let rows: Vec<TaskRow<'_>> =
            tasks.iter().map(|task| TaskRow { task, started: false, ended: false }).collect();
        let mut columns = Arrays::default();
        columns.tasks(&rows)?;
        sqlx::query_with(SUBMIT, columns.finish()).execute(&self.control).await.map_err(journal_error)?;
        Ok(())
    }

    pub(super) async fn append_batch(&self, epoch: Epoch, writes: &[Write]) -> Result<(), JournalError> {
        let batch = Batch::of(writes)?;
        match self.run_batch(epoch, &batch, Present::Refused).await {
            Ok(fenced) => fenced,
            // Nothing was written. The batch, or a part of it, was sent before.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                self.run_batch(epoch, &batch, Present::Passed).await.map_err(journal_error)?
            }
            Err(error) => Err(journal_error(error)),
        }
    }

    /// The outer result is the database's, the inner one the fence's.
    async fn run_batch(
        &self,
        epoch: Epoch,
        batch: &Batch<'_>,
        present: Present,
    ) -> Result<Result<(), JournalError>, sqlx::Error> {
        let parts = Parts::of(batch);
        let arguments = match arguments(epoch, batch, parts) {
            Ok(arguments) => arguments,
            Err(error) => return Ok(Err(error)),
        };
        let text = AssertSqlSafe(statements::statement(parts, present));
        let alive: i64 = sqlx::query_scalar_with(text, arguments).fetch_one(&self.batches).await?;
        Ok(if alive == 0 { Err(JournalError::Fenced { epoch }) } else { Ok(()) })
    }
}
