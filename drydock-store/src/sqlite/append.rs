//! A batch, and the submission of tasks.

use std::collections::HashMap;

use drydock_core::journal::{JournalError, NewTask, TaskEnd, Write};
use drydock_core::{Epoch, TaskId};

use super::parts::{ENDS, FENCE, LEAVE, LIVE, TASKS};
use super::records::record;
use super::row::{id_list, micros};
use super::statements::Script;
use super::{SqliteStore, fence};
use crate::batch::{Batch, TaskRow};
use crate::codec;
use crate::error::journal_error;

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
