//! The submission of tasks, alone or in the caller's transaction; and the creation of tasks in a batch.

use std::collections::HashMap;

use drydock_core::journal::{JournalError, NewTask};
use drydock_core::{Epoch, TaskId};
use sqlx::sqlite::SqliteConnection;

use super::SqliteStore;
use super::parts::{LABELS, LIVE, SPECIAL_LIVE, SPECIAL_TASKS, TASKS};
use super::row::{micros, text_list};
use super::statements::Script;
use crate::batch::{Batch, TaskRow, labels, standing_of, storable};
use crate::error::journal_error;
use crate::gather::by_key;

/// The keys' tasks, ours and those that were there before.
const STANDING: &str = "SELECT task_id, key FROM tasks WHERE key IN (SELECT value FROM json_each(?1))";

impl SqliteStore {
    pub(super) async fn submit(&self, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError> {
        let batch = Batch::submission(tasks);
        let mut script = Script::new();
        create(&mut script, &batch, None);
        let mut writer = self.writer.turn().await?;
        writer.transact(script).await?;
        standing(&mut writer, tasks).await
    }

    /// Queues tasks as [`Journal::task_submit`](drydock_core::journal::Journal::task_submit) does, over a connection of the
    /// caller's to this store's database: in its transaction, if one is open, so that they are there if and when it commits.
    ///
    /// After an error nothing of it is there, and the transaction may go on. Begin it with `BEGIN IMMEDIATE`: one that has read
    /// and then writes fails when another process wrote in between.
    pub async fn submit_in(
        connection: &mut SqliteConnection,
        tasks: &[NewTask],
    ) -> Result<Vec<TaskId>, JournalError> {
        let batch = Batch::submission(tasks);
        let mut script = Script::within();
        create(&mut script, &batch, None);
        let script = script.finish()?;
        if let Err(error) = script.run(connection).await {
            // What an error leaves open must not be committed; when not even this works, the transaction is gone already.
            let _ = sqlx::query("ROLLBACK TO drydock; RELEASE drydock").execute(&mut *connection).await;
            return Err(journal_error(error));
        }
        standing(connection, tasks).await
    }
}

async fn standing(connection: &mut SqliteConnection, tasks: &[NewTask]) -> Result<Vec<TaskId>, JournalError> {
    let keys: Vec<_> = tasks.iter().filter_map(|task| task.key.as_deref()).map(storable).collect();
    if keys.is_empty() {
        return Ok(standing_of(tasks, &HashMap::new()));
    }
    let rows = sqlx::query(STANDING).bind(text_list(&keys)?).fetch_all(connection).await;
    Ok(standing_of(tasks, &by_key(&rows.map_err(journal_error)?)?))
}

/// Creates the tasks that do not exist.
pub(super) fn create(script: &mut Script, batch: &Batch<'_>, epoch: Option<Epoch>) {
    let live: Vec<&TaskRow<'_>> = batch.tasks.iter().filter(|row| !row.is_short()).collect();
    if !batch.special {
        script.say_rows(&TASKS, &batch.tasks, task);
        script.say_rows(&LIVE, &live, |to, row| life(to, row, epoch));
        return;
    }
    let labels: Vec<_> = labels(&batch.tasks).collect();
    script.say_rows(&LABELS, &labels, |to, (row, name, value)| {
        to.add(row.task.id.as_uuid());
        to.add(&**name);
        to.add(&**value);
        to.add(row.key());
    });
    script.say_rows(&SPECIAL_TASKS, &batch.tasks, |to, row| {
        task(to, row);
        to.add(row.key());
        to.add(row.task.priority);
        to.add(row.limit_name());
        to.add(row.limit_places());
    });
    script.say_rows(&SPECIAL_LIVE, &live, |to, row| {
        life(to, row, epoch);
        to.add(row.task.priority);
        to.add(row.limit_name());
        to.add(row.limit_places());
    });
}

fn task(to: &mut Script, row: &TaskRow<'_>) {
    let (task, parent) = (row.task, row.task.parent.as_ref());
    to.add(task.id.as_uuid());
    to.add(parent.map(|parent| parent.task.as_uuid()));
    to.add(parent.map(|parent| parent.step.as_str()));
    to.add(parent.map(|parent| i64::from(parent.index)));
    to.add(task.workflow.get());
    to.add(micros(task.created_at));
    to.add(task.input.as_bytes());
}

fn life(to: &mut Script, row: &TaskRow<'_>, epoch: Option<Epoch>) {
    let owner = epoch.filter(|_| row.started);
    to.add(row.task.id.as_uuid());
    to.add(row.task.parent.as_ref().map(|parent| parent.task.as_uuid()));
    to.add(row.task.workflow.get());
    to.add(micros(row.task.created_at));
    to.add(owner.map(Epoch::get));
    to.add(owner.map(|_| micros(row.task.created_at)));
}
