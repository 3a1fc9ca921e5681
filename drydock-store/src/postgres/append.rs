//! A batch, and the submission of tasks. The statements take columns, not rows: one array for each.

use std::borrow::Cow;

use drydock_core::journal::{JournalError, NewTask, Write};
use drydock_core::{Epoch, TaskId};
use sqlx::postgres::{PgArguments, PgHasArrayType};
use sqlx::{AssertSqlSafe, Encode, Postgres, Type};

use super::PgStore;
use super::statements::{self, Parts, Present};
use crate::batch::{Batch, TaskRow, storable};
use crate::codec::{self, Coded};
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
        sqlx::query_with(SUBMIT, columns.0).execute(&self.control).await.map_err(journal_error)?;
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
        let parts = statements::parts(batch);
        let arguments = match arguments(epoch, batch, parts) {
            Ok(arguments) => arguments,
            Err(error) => return Ok(Err(error)),
        };
        let text = AssertSqlSafe(statements::statement(parts, present));
        let alive: i64 = sqlx::query_scalar_with(text, arguments).fetch_one(&self.batches).await?;
        Ok(if alive == 0 { Err(JournalError::Fenced { epoch }) } else { Ok(()) })
    }
}

/// The arguments of a batch's statement, in the order of its parts.
fn arguments(epoch: Epoch, batch: &Batch<'_>, parts: Parts) -> Result<PgArguments, JournalError> {
    let mut columns = Arrays::default();
    columns.one(epoch.get())?;
    let [tasks, checkpoints, attempts, waits, messages, ends] = parts;
    if tasks {
        columns.tasks(&batch.tasks)?;
        columns.array(batch.tasks.iter().map(|row| row.started))?;
        columns.array(batch.tasks.iter().map(|row| row.ended))?;
    }
    if checkpoints {
        columns.checkpoints(batch)?;
    }
    if attempts {
        columns.attempts(batch)?;
    }
    if waits {
        columns.waits(batch)?;
    }
    if messages {
        columns.messages(batch)?;
    }
    if ends {
        columns.ends(batch)?;
    }
    Ok(columns.0)
}

/// The arguments of a statement, column by column.
#[derive(Default)]
struct Arrays(PgArguments);

impl Arrays {
    fn one<'t, T: Encode<'t, Postgres> + Type<Postgres>>(&mut self, value: T) -> Result<(), JournalError> {
        sqlx::Arguments::add(&mut self.0, value).map_err(JournalError::Rejected)
    }

    fn array<'t, T>(&mut self, values: impl Iterator<Item = T>) -> Result<(), JournalError>
    where
        T: Encode<'t, Postgres> + Type<Postgres> + PgHasArrayType,
    {
        self.one(values.collect::<Vec<T>>())
    }

    fn ids<'a, T: 'a>(&mut self, rows: &'a [(TaskId, T)]) -> Result<(), JournalError> {
        self.array(rows.iter().map(|(id, _)| id.as_uuid()))
    }

    /// A kind and its bytes are two columns, which do not stand side by side: the bytes wait in what is returned.
    fn kinds<'a>(
        &mut self,
        coded: impl Iterator<Item = Result<Coded<'a>, JournalError>>,
    ) -> Result<Vec<Cow<'a, [u8]>>, JournalError> {
        let (kinds, bytes): (Vec<i16>, Vec<_>) = coded.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        self.one(kinds)?;
        Ok(bytes)
    }

    fn bytes(&mut self, bytes: &[Cow<'_, [u8]>]) -> Result<(), JournalError> {
        self.array(bytes.iter().map(|bytes| &**bytes))
    }

    fn tasks(&mut self, rows: &[TaskRow<'_>]) -> Result<(), JournalError> {
        let parents = || rows.iter().map(|row| row.task.parent.as_ref());
        self.array(rows.iter().map(|row| row.task.id.as_uuid()))?;
        self.array(parents().map(|parent| parent.map(|parent| parent.task.as_uuid())))?;
        self.array(parents().map(|parent| parent.map(|parent| parent.step.as_str())))?;
        self.array(parents().map(|parent| parent.map(|parent| i64::from(parent.index))))?;
        self.array(rows.iter().map(|row| row.task.workflow.get()))?;
        self.array(rows.iter().map(|row| row.task.created_at))?;
        self.array(rows.iter().map(|row| row.task.input.as_bytes()))
    }

    fn checkpoints(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.checkpoints;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        let outputs = self.kinds(rows.iter().map(|(_, it)| codec::step_end(&it.end)))?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.attempt)))?;
        self.array(rows.iter().map(|(_, it)| it.started_at))?;
        self.array(rows.iter().map(|(_, it)| it.ended_at))?;
        self.bytes(&outputs)
    }

    fn attempts(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.attempts;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.attempt)))?;
        self.array(rows.iter().map(|(_, it)| it.started_at))?;
        self.array(rows.iter().map(|(_, it)| it.ended_at))?;
        self.array(rows.iter().map(|(_, it)| it.retry_at))?;
        self.array(rows.iter().map(|(_, it)| it.deadline))?;
        let failures = rows.iter().map(|(_, it)| codec::json(&it.failure));
        self.one(failures.collect::<Result<Vec<_>, _>>()?)
    }

    fn waits(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.waits;
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| it.step.text()))?;
        self.array(rows.iter().map(|(_, it)| codec::wait_kind(it.kind)))?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.attempt)))?;
        self.array(rows.iter().map(|(_, it)| it.since))?;
        self.array(rows.iter().map(|(_, it)| it.until))?;
        self.array(rows.iter().map(|(_, it)| it.deadline))?;
        self.array(rows.iter().map(|(_, it)| storable(&it.reason)))
    }

    fn messages(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.messages;
        let subjects = || rows.iter().map(|(_, it)| it.subject.as_ref());
        self.ids(rows)?;
        self.array(rows.iter().map(|(_, it)| i64::from(it.seq)))?;
        self.array(rows.iter().map(|(_, it)| it.error))?;
        self.array(rows.iter().map(|(_, it)| it.at))?;
        self.array(subjects().map(|subject| subject.map(|subject| storable(&subject.kind))))?;
        self.array(subjects().map(|subject| subject.map(|subject| storable(&subject.name))))?;
        self.array(rows.iter().map(|(_, it)| storable(&it.text)))
    }

    fn ends(&mut self, batch: &Batch<'_>) -> Result<(), JournalError> {
        let rows = &batch.ends;
        self.ids(rows)?;
        let outputs = self.kinds(rows.iter().map(|(_, it)| codec::task_end(&it.kind)))?;
        self.array(rows.iter().map(|(_, it)| it.at))?;
        self.bytes(&outputs)
    }
}
