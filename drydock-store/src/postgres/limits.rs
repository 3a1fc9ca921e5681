//! Limits on how many steps are under way.
//!
//! Whoever asks for slots holds the rows of all their limits meanwhile, locked in the order of the names: so two never count
//! the same slots at once. The rows of limits stay for ever; there are few.

use std::collections::HashMap;

use drydock_core::journal::JournalError;
use drydock_core::{Epoch, StepKey, TaskId};

use super::PgStore;
use super::locks::owned;
use crate::batch::limits;
use crate::error::journal_error;
use crate::row::Reader;

const GRASP: &str = "SELECT name FROM limits WHERE name = ANY($1) ORDER BY name FOR UPDATE";
const PLACES: &str = "INSERT INTO limits (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING";
/// How many steps hold slots. A slot of a task that has ended is free.
const TAKEN: &str = "SELECT slots.name, count(*) AS taken
    FROM slots JOIN live ON live.task_id = slots.task_id AND live.owner = slots.epoch
    WHERE slots.name = ANY($1) GROUP BY slots.name";
const OWN: &str = "SELECT name FROM slots WHERE name = ANY($1) AND task_id = $2 AND step = $3 AND epoch = $4";
const TAKE: &str = "INSERT INTO slots (name, task_id, step, epoch) SELECT unnest($1::text[]), $2, $3, $4
    ON CONFLICT (name, task_id, step) DO UPDATE SET epoch = excluded.epoch";

impl PgStore {
    pub(super) async fn take_slots(
        &self,
        epoch: Epoch,
        task: TaskId,
        step: &StepKey,
        asked: &[(String, u32)],
    ) -> Result<bool, JournalError> {
        let asked = limits(asked);
        let names: Vec<&str> = asked.keys().map(String::as_str).collect();
        let mut tx = loop {
            let mut tx = self.write().await?;
            owned(&mut tx, epoch, task).await?;
            let rows = sqlx::query(GRASP).bind(&names).fetch_all(&mut *tx).await.map_err(journal_error)?;
            if rows.len() == names.len() {
                break tx;
            }
            // With rows in hand one must not wait for others: they are made before, once and for all.
            tx.rollback().await.map_err(journal_error)?;
            sqlx::query(PLACES).bind(&names).execute(&self.control).await.map_err(journal_error)?;
        };
        let (id, text, number) = (task.as_uuid(), step.text(), epoch.get());
        let taken = sqlx::query(TAKEN).bind(&names).fetch_all(&mut *tx).await.map_err(journal_error)?;
        let taken = taken.iter().map(|row| Reader::new("slots", row).slots());
        let taken = taken.collect::<Result<HashMap<String, u64>, _>>()?;
        let own = sqlx::query_scalar(OWN).bind(&names).bind(id).bind(&*text).bind(number);
        let own: Vec<String> = own.fetch_all(&mut *tx).await.map_err(journal_error)?;
        let full = |name: &String, capacity: u32| {
            !own.contains(name) && taken.get(name).copied().unwrap_or(0) >= u64::from(capacity)
        };
        if asked.iter().any(|(name, capacity)| full(name, *capacity)) {
            tx.rollback().await.map_err(journal_error)?;
            return Ok(false);
        }
        let take = sqlx::query(TAKE).bind(&names).bind(id).bind(&*text).bind(number);
        take.execute(&mut *tx).await.map_err(journal_error)?;
        tx.commit().await.map_err(journal_error)?;
        Ok(true)
    }
}
