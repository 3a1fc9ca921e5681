//! A batch.

use std::collections::HashMap;

use drydock_core::journal::{FeedPlace, JournalError, TaskEnd, Write};
use drydock_core::{Epoch, Fence, TaskId};

use super::parts::{ENDS, FENCE, LEAVE, TELL};
use super::records::record;
use super::row::{id_list, micros};
use super::statements::Script;
use super::submit::create;
use super::{SqliteStore, fence};
use crate::batch::{Batch, claims};
use crate::codec;
use crate::error::journal_error;
use crate::feed::Told;

impl SqliteStore {
    pub(super) async fn append_batch(
        &self,
        epoch: Epoch,
        writes: &[Write],
        place: Option<FeedPlace>,
    ) -> Result<(), JournalError> {
        let batch = Batch::of(writes)?;
        let mut script = Script::new();
        script.say(FENCE);
        script.add(epoch.get());
        create(&mut script, &batch, Some(epoch));
        record(&mut script, epoch, &batch);
        end(&mut script, &batch, epoch);
        if let Some(place) = place {
            let told = Told::of(writes, place)?;
            script.say(TELL);
            script.add(epoch.get());
            script.add(told.seq);
            script.add(micros(told.at));
            script.add(told.body);
        }
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

/// Ends the tasks that `epoch` owns. A repetition finds nothing to end.
fn end(script: &mut Script, batch: &Batch<'_>, epoch: Epoch) {
    if batch.ends.is_empty() {
        return;
    }
    let started: HashMap<TaskId, i64> = batch
        .tasks
        .iter()
        .filter(|row| row.is_short())
        .map(|row| (row.task.id, micros(row.task.created_at)))
        .collect();
    script.say_rows(&ENDS, &batch.ends, |to, (id, (fence, end)): &(TaskId, (Option<Fence>, &TaskEnd))| {
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
        to.add(claims(*fence));
    });
    script.say(LEAVE);
    script.add(epoch.get());
    script.add(id_list(batch.ends.iter().map(|(id, _)| *id)));
}
