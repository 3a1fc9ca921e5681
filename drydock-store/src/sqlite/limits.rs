//! Limits on how many steps are under way.

use std::collections::HashMap;

use drydock_core::journal::JournalError;
use drydock_core::{Epoch, StepKey, TaskId};

use super::SqliteStore;
use super::locks::owned;
use super::row::text_list;
use crate::batch::limits;
use crate::error::journal_error;
use crate::row::Reader;

/// How many steps hold slots. A slot of a task that has ended is free.
const TAKEN: &str = "SELECT slots.name, count(*) AS taken
    FROM slots JOIN live ON live.task_id = slots.task_id AND live.owner = slots.epoch
    WHERE slots.name IN (SELECT value FROM json_each(?1)) GROUP BY slots.name";
const OWN: &str = "SELECT name FROM slots
    WHERE name IN (SELECT value FROM json_each(?1)) AND task_id = ?2 AND step = ?3 AND epoch = ?4";
const TAKE: &str =
    "INSERT INTO slots (name, task_id, step, epoch) SELECT value, ?2, ?3, ?4 FROM json_each(?1) WHERE true
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch";

impl SqliteStore {
    pub(super) async fn take_slots(
        &self,
        epoch: Epoch,
        task: TaskId,
        step: &StepKey,
        asked: &[(String, u32)],
    ) -> Result<bool, JournalError> {
        let asked = limits(asked);
        let names = text_list(&asked.keys().collect::<Vec<_>>())?;
        let (id, text, number) = (task.as_uuid(), step.text(), epoch.get());
        let mut tx = self.write().await?;
        owned(&mut tx, epoch, task).await?;
        let taken = sqlx::query(TAKEN).bind(&names).fetch_all(&mut *tx).await.map_err(journal_error)?;
        let taken = taken.iter().map(|row| Reader::new("slots", row).slots());
        let taken = taken.collect::<Result<HashMap<String, u64>, _>>()?;
        let own = sqlx::query_scalar(OWN).bind(&names).bind(id).bind(&*text).bind(number);
        let own: Vec<String> = own.fetch_all(&mut *tx).await.map_err(journal_error)?;
        let full = |name: &String, capacity: u32| {
            !own.contains(name) && taken.get(name).copied().unwrap_or(0) >= u64::from(capacity)
        };
        if asked.iter().any(|(name, capacity)| full(name, *capacity)) {
            return Ok(false);
        }
        let take = sqlx::query(TAKE).bind(&names).bind(id).bind(&*text).bind(number);
        take.execute(&mut *tx).await.map_err(journal_error)?;
        tx.commit().await?;
        Ok(true)
    }
}
