//! A batch, and the submission of tasks.

use std::collections::{HashMap, HashSet};

use drydock_core::journal::{JournalError, NewTask, TaskEnd, Write};
use drydock_core::{Epoch, TaskId, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use super::row::{id_list, micros};
use super::statements::{Binder, Chunked};
use super::{SqliteStore, fence};
use crate::batch::{Batch, TaskRow, storable};
use crate::codec;
use crate::error::journal_error;
use crate::gather::by_task;
use crate::row::Columns;

type Tx = Transaction<'static, Sqlite>;

static TASKS: Chunked = Chunked::new(
    "INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input) VALUES ",
    "(?,?,?,?,?,?,?)",
    " ON CONFLICT DO NOTHING RETURNING task_id",
);
static LIVE: Chunked = Chunked::new(
    "INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at) VALUES ",
    "(?,?,?,?,?,?)",
    " ON CONFLICT DO NOTHING",
);
static CHECKPOINTS: Chunked = Chunked::new(
    "INSERT INTO checkpoints (task_id, step, kind, attempt, started_at, ended_at, output) VALUES ",
    "(?,?,?,?,?,?,?)",
    " ON CONFLICT DO NOTHING",
);
static ATTEMPTS: Chunked = Chunked::new(
    "INSERT INTO attempts (task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure) VALUES ",
    "(?,?,?,?,?,?,?,?)",
    " ON CONFLICT DO NOTHING",
);
static WAITS: Chunked = Chunked::new(
    "INSERT INTO waits (task_id, step, kind, attempt, since, until, deadline, reason) VALUES ",
    "(?,?,?,?,?,?,?,?)",
    " ON CONFLICT DO UPDATE SET kind = excluded.kind, attempt = excluded.attempt, since = excluded.since,
     until = excluded.until, deadline = excluded.deadline, reason = excluded.reason",
);
static MESSAGES: Chunked = Chunked::new(
    "INSERT INTO messages (task_id, seq, error, said_at, subject_kind, subject_name, text) VALUES ",
    "(?,?,?,?,?,?,?)",
    " ON CONFLICT DO NOTHING",
);
/// Only its owner ends a task.
const LEAVE: &str =
    "DELETE FROM live WHERE owner = ?1 AND task_id IN (SELECT unhex(value) FROM json_each(?2))
    RETURNING task_id, started_at, cancel_at, cancel_by";
static ENDS: Chunked = Chunked::new(
    "INSERT INTO ends (task_id, kind, ended_by, started_at, ended_at, cancel_at, cancel_by, output) VALUES ",
    "(?,?,?,?,?,?,?,?)",
    " ON CONFLICT DO NOTHING",
);

impl SqliteStore {
    pub(super) async fn submit(&self, tasks: &[NewTask]) -> Result<(), JournalError> {
        let rows: Vec<TaskRow<'_>> =
            tasks.iter().map(|task| TaskRow { task, started: false, ended: false }).collect();
        let mut tx = self.write().await?;
        create(&mut tx, &rows, None).await?;
        tx.commit().await.map_err(journal_error)
    }

    pub(super) async fn append_batch(&self, epoch: Epoch, writes: &[Write]) -> Result<(), JournalError> {
        let batch = Batch::of(writes)?;
        let mut tx = self.write().await?;
        fence(&mut tx, epoch).await?;
        create(&mut tx, &batch.tasks, Some(epoch)).await?;
        record(&mut tx, &batch).await?;
        end(&mut tx, &batch.ends, epoch).await?;
        tx.commit().await.map_err(journal_error)
    }
}

/// Creates the tasks that do not exist. One that does is not brought back to life, even when it has ended since.
async fn create(tx: &mut Tx, rows: &[TaskRow<'_>], epoch: Option<Epoch>) -> Result<(), JournalError> {
    if rows.is_empty() {
        return Ok(());
    }
    let insert = |to: &mut Binder, row: &TaskRow<'_>| {
        let (task, parent) = (row.task, row.task.parent.as_ref());
        to.add(task.id.as_uuid());
        to.add(parent.map(|parent| parent.task.as_uuid()));
        to.add(parent.map(|parent| parent.step.as_str()));
        to.add(parent.map(|parent| i64::from(parent.index)));
        to.add(task.workflow.get());
        to.add(micros(task.created_at));
        to.add(task.input.as_bytes());
    };
    let inserted = TASKS.run(tx, rows, insert).await?;
    let new: HashSet<TaskId> = by_task("tasks", "task_id", &inserted, |_| Ok(()))?.into_keys().collect();
    let live: Vec<&TaskRow<'_>> = rows.iter().filter(|row| new.contains(&row.task.id)).collect();
    let insert = |to: &mut Binder, row: &&TaskRow<'_>| {
        let owner = epoch.filter(|_| row.started);
        to.add(row.task.id.as_uuid());
        to.add(row.task.parent.as_ref().map(|parent| parent.task.as_uuid()));
        to.add(row.task.workflow.get());
        to.add(micros(row.task.created_at));
        to.add(owner.map(Epoch::get));
        to.add(owner.map(|_| micros(row.task.created_at)));
    };
    LIVE.run(tx, &live, insert).await.map(drop)
}

async fn record(tx: &mut Tx, batch: &Batch<'_>) -> Result<(), JournalError> {
    let insert = |to: &mut Binder, (id, checkpoint): &(TaskId, &drydock_core::journal::Checkpoint)| {
        let (kind, output) = match codec::step_end(&checkpoint.end) {
            Ok(coded) => coded,
            Err(problem) => return to.fail(problem),
        };
        to.add(id.as_uuid());
        to.add(checkpoint.step.as_str());
        to.add(kind);
        to.add(i64::from(checkpoint.attempt));
        to.add(micros(checkpoint.started_at));
        to.add(micros(checkpoint.ended_at));
        to.add(&*output);
    };
    CHECKPOINTS.run(tx, &batch.checkpoints, insert).await?;
    let insert = |to: &mut Binder, (id, attempt): &(TaskId, &drydock_core::journal::AttemptRecord)| {
        to.add(id.as_uuid());
        to.add(attempt.step.as_str());
        to.add(i64::from(attempt.attempt));
        to.add(micros(attempt.started_at));
        to.add(micros(attempt.ended_at));
        to.add(micros(attempt.retry_at));
        to.add(attempt.deadline.map(micros));
        match codec::json(&attempt.failure) {
            Ok(failure) => to.add(failure),
            Err(problem) => to.fail(problem),
        }
    };
    ATTEMPTS.run(tx, &batch.attempts, insert).await?;
    let insert = |to: &mut Binder, (id, wait): &(TaskId, &drydock_core::journal::WaitRecord)| {
        to.add(id.as_uuid());
        to.add(wait.step.as_str());
        to.add(codec::wait_kind(wait.kind));
        to.add(i64::from(wait.attempt));
        to.add(micros(wait.since));
        to.add(wait.until.map(micros));
        to.add(wait.deadline.map(micros));
        to.add(&*storable(&wait.reason));
    };
    WAITS.run(tx, &batch.waits, insert).await?;
    let insert = |to: &mut Binder, (id, message): &(TaskId, &drydock_core::journal::Message)| {
        let subject = message.subject.as_ref();
        to.add(id.as_uuid());
        to.add(i64::from(message.seq));
        to.add(i64::from(message.error));
        to.add(micros(message.at));
        to.add(subject.map(|subject| storable(&subject.kind)));
        to.add(subject.map(|subject| storable(&subject.name)));
        to.add(&*storable(&message.text));
    };
    MESSAGES.run(tx, &batch.messages, insert).await.map(drop)
}

/// Ends the tasks that `epoch` owns. A repetition finds nothing to end.
async fn end(tx: &mut Tx, ends: &[(TaskId, &TaskEnd)], epoch: Epoch) -> Result<(), JournalError> {
    if ends.is_empty() {
        return Ok(());
    }
    let leave = sqlx::query(LEAVE).bind(epoch.get()).bind(id_list(ends.iter().map(|(id, _)| *id)));
    let gone = leave.fetch_all(&mut **tx).await.map_err(journal_error)?;
    let mut lives: HashMap<TaskId, Life> = HashMap::with_capacity(gone.len());
    for row in &gone {
        let (id, life) = life(row).map_err(journal_error)?;
        lives.insert(id, life);
    }
    let ended: Vec<_> = ends.iter().filter_map(|(id, end)| Some((*id, *end, lives.remove(id)?))).collect();
    let insert = |to: &mut Binder, (id, end, life): &(TaskId, &TaskEnd, Life)| {
        let (kind, output) = match codec::task_end(&end.kind) {
            Ok(coded) => coded,
            Err(problem) => return to.fail(problem),
        };
        to.add(id.as_uuid());
        to.add(kind);
        to.add(epoch.get());
        to.add(life.started_at.map(micros));
        to.add(micros(end.at));
        to.add(life.cancel_at.map(micros));
        to.add(life.cancel_by.as_deref());
        to.add(&*output);
    };
    ENDS.run(tx, &ended, insert).await.map(drop)
}

/// What a task's live row knew, and its end keeps.
struct Life {
    started_at: Option<Timestamp>,
    cancel_at: Option<Timestamp>,
    cancel_by: Option<String>,
}

fn life(row: &SqliteRow) -> Result<(TaskId, Life), sqlx::Error> {
    let id = row.uuid("task_id")?.unwrap_or_default();
    let life = Life {
        started_at: row.time("started_at")?,
        cancel_at: row.time("cancel_at")?,
        cancel_by: row.text("cancel_by")?,
    };
    Ok((TaskId::from_uuid(id), life))
}
