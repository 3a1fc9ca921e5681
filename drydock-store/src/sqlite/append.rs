//! A batch, and the submission of tasks.

use std::collections::HashMap;

use drydock_core::journal::{
    AttemptRecord, Checkpoint, JournalError, Message, NewTask, TaskEnd, WaitRecord, Write,
};
use drydock_core::{Epoch, TaskId};

use super::row::{id_list, micros};
use super::statements::{Chunked, Script};
use super::{SqliteStore, fence};
use crate::batch::{Batch, TaskRow, storable};
use crate::codec;
use crate::error::journal_error;

/// Breaks the rule that an id is not `NULL`, and so stops the script, unless the instance is alive.
const FENCE: &str = "INSERT INTO ends (task_id)
    SELECT NULL WHERE NOT EXISTS (SELECT 1 FROM instances WHERE epoch = ? AND alive = 1)";
static TASKS: Chunked = Chunked::new(
    "INSERT INTO tasks (task_id, parent_id, parent_step, child_index, workflow_id, created_at, input)
    SELECT * FROM (VALUES ",
    7,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
/// An existing task is not brought back to life, even when it has ended since.
static LIVE: Chunked = Chunked::new(
    "INSERT INTO live (task_id, parent_id, workflow_id, created_at, owner, started_at) SELECT * FROM (VALUES ",
    6,
    ") WHERE column1 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ends WHERE task_id = column1) ON CONFLICT DO NOTHING",
);
static CHECKPOINTS: Chunked = Chunked::new(
    "INSERT INTO checkpoints (task_id, step, kind, attempt, started_at, ended_at, output) SELECT * FROM (VALUES ",
    7,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
static ATTEMPTS: Chunked = Chunked::new(
    "INSERT INTO attempts (task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure)
    SELECT * FROM (VALUES ",
    8,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
static WAITS: Chunked = Chunked::new(
    "INSERT INTO waits (task_id, step, kind, attempt, since, until, deadline, reason) SELECT * FROM (VALUES ",
    8,
    ") WHERE column1 IS NOT NULL
    ON CONFLICT DO UPDATE SET kind = excluded.kind, attempt = excluded.attempt, since = excluded.since,
    until = excluded.until, deadline = excluded.deadline, reason = excluded.reason",
);
static MESSAGES: Chunked = Chunked::new(
    "INSERT INTO messages (task_id, seq, error, said_at, subject_kind, subject_name, text) SELECT * FROM (VALUES ",
    7,
    ") WHERE column1 IS NOT NULL ON CONFLICT DO NOTHING",
);
/// Columns: task, kind, the ending instance, when, output; and when it started, if in this batch.
/// Only its owner ends a task, or the batch that starts it, and then it has never been live.
static ENDS: Chunked = Chunked::new(
    "INSERT INTO ends (task_id, kind, ended_by, started_at, ended_at, cancel_at, cancel_by, output)
    SELECT column1, column2, column3, coalesce(live.started_at, column6), column4, cancel_at, cancel_by, column5
    FROM (VALUES ",
    6,
    ") LEFT JOIN live ON live.task_id = column1
    WHERE live.owner = column3 OR (live.task_id IS NULL AND column6 IS NOT NULL) ON CONFLICT DO NOTHING",
);
const LEAVE: &str = "DELETE FROM live WHERE owner = ? AND task_id IN (SELECT unhex(value) FROM json_each(?))";

impl SqliteStore {
    pub(super) async fn submit(&self, tasks: &[NewTask]) -> Result<(), JournalError> {
        let rows: Vec<TaskRow<'_>> =
            tasks.iter().map(|task| TaskRow { task, started: false, ended: false }).collect();
        let mut script = Script::new();
        create(&mut script, &rows, None);
        self.writer.turn().await?.transact(script).await
    }

    pub(super) async fn append_batch(&self, epoch: Epoch, writes: &[Write]) -> Result<(), JournalError> {
        let batch = Batch::of(writes)?;
        let mut script = Script::new();
        script.say(FENCE);
        script.add(epoch.get());
        create(&mut script, &batch.tasks, Some(epoch));
        record(&mut script, &batch);
        end(&mut script, &batch, epoch);
        let mut writer = self.writer.turn().await?;
        let done = writer.transact(script).await;
        if let Err(JournalError::Rejected(_)) = done {
            // Dead is for ever: if it was the fence that stopped the script, this finds the same.
            writer.undo().await.map_err(journal_error)?;
            fence(&mut writer, epoch).await?;
        }
        done
    }
}

/// Creates the tasks that do not exist.
fn create(script: &mut Script, rows: &[TaskRow<'_>], epoch: Option<Epoch>) {
    script.say_rows(&TASKS, rows, |to, row| {
        let (task, parent) = (row.task, row.task.parent.as_ref());
        to.add(task.id.as_uuid());
        to.add(parent.map(|parent| parent.task.as_uuid()));
        to.add(parent.map(|parent| parent.step.as_str()));
        to.add(parent.map(|parent| i64::from(parent.index)));
        to.add(task.workflow.get());
        to.add(micros(task.created_at));
        to.add(task.input.as_bytes());
    });
    let live: Vec<&TaskRow<'_>> = rows.iter().filter(|row| !row.ended).collect();
    script.say_rows(&LIVE, &live, |to, row| {
        let owner = epoch.filter(|_| row.started);
        to.add(row.task.id.as_uuid());
        to.add(row.task.parent.as_ref().map(|parent| parent.task.as_uuid()));
        to.add(row.task.workflow.get());
        to.add(micros(row.task.created_at));
        to.add(owner.map(Epoch::get));
        to.add(owner.map(|_| micros(row.task.created_at)));
    });
}

fn record(script: &mut Script, batch: &Batch<'_>) {
    script.say_rows(&CHECKPOINTS, &batch.checkpoints, checkpoint);
    script.say_rows(&ATTEMPTS, &batch.attempts, attempt);
    script.say_rows(&WAITS, &batch.waits, wait);
    script.say_rows(&MESSAGES, &batch.messages, message);
}

fn checkpoint(to: &mut Script, (id, checkpoint): &(TaskId, &Checkpoint)) {
    let (kind, output) = match codec::step_end(&checkpoint.end) {
        Ok(coded) => coded,
        Err(problem) => return to.fail(problem),
    };
    to.add(id.as_uuid());
    to.add(checkpoint.step.text());
    to.add(kind);
    to.add(i64::from(checkpoint.attempt));
    to.add(micros(checkpoint.started_at));
    to.add(micros(checkpoint.ended_at));
    to.add(output);
}

fn attempt(to: &mut Script, (id, attempt): &(TaskId, &AttemptRecord)) {
    to.add(id.as_uuid());
    to.add(attempt.step.text());
    to.add(i64::from(attempt.attempt));
    to.add(micros(attempt.started_at));
    to.add(micros(attempt.ended_at));
    to.add(micros(attempt.retry_at));
    to.add(attempt.deadline.map(micros));
    match codec::json(&attempt.failure) {
        Ok(failure) => to.add(failure),
        Err(problem) => to.fail(problem),
    }
}

fn wait(to: &mut Script, (id, wait): &(TaskId, &WaitRecord)) {
    to.add(id.as_uuid());
    to.add(wait.step.text());
    to.add(codec::wait_kind(wait.kind));
    to.add(i64::from(wait.attempt));
    to.add(micros(wait.since));
    to.add(wait.until.map(micros));
    to.add(wait.deadline.map(micros));
    to.add(storable(&wait.reason));
}

fn message(to: &mut Script, (id, message): &(TaskId, &Message)) {
    let subject = message.subject.as_ref();
    to.add(id.as_uuid());
    to.add(i64::from(message.seq));
    to.add(i64::from(message.error));
    to.add(micros(message.at));
    to.add(subject.map(|subject| storable(&subject.kind)));
    to.add(subject.map(|subject| storable(&subject.name)));
    to.add(storable(&message.text));
}

/// Ends the tasks that `epoch` owns. A repetition finds nothing to end.
fn end(script: &mut Script, batch: &Batch<'_>, epoch: Epoch) {
    if batch.ends.is_empty() {
        return;
    }
    let started: HashMap<TaskId, i64> = batch
        .tasks
        .iter()
        .filter(|row| row.ended)
        .map(|row| (row.task.id, micros(row.task.created_at)))
        .collect();
    script.say_rows(&ENDS, &batch.ends, |to, (id, end): &(TaskId, &TaskEnd)| {
        let (kind, output) = match codec::task_end(&end.kind) {
            Ok(coded) => coded,
            Err(problem) => return to.fail(problem),
        };
        to.add(id.as_uuid());
        to.add(kind);
        to.add(epoch.get());
        to.add(micros(end.at));
        to.add(output);
        to.add(started.get(id));
    });
    script.say(LEAVE);
    script.add(epoch.get());
    script.add(id_list(batch.ends.iter().map(|(id, _)| *id)));
}
