//! Limits on how many steps are under way.

use drydock_core::Epoch;
use drydock_core::journal::{JournalError, SlotAnswer, SlotWish};

use super::row::{id_list, text_list};
use super::{SqliteStore, fence};
use crate::error::journal_error;
use crate::places::{Slots, Wish};
use crate::row::Reader;

/// How many steps hold slots. A slot of a task that has ended is free.
pub(super) const TAKEN: &str = "SELECT slots.name, count(*) AS taken
    FROM slots JOIN live ON live.task_id = slots.task_id AND live.owner = slots.epoch
    WHERE slots.name IN (SELECT value FROM json_each(?1)) GROUP BY slots.name";
pub(super) const OWNED: &str =
    "SELECT task_id FROM live WHERE owner = ?1 AND task_id IN (SELECT unhex(value) FROM json_each(?2))";
/// By the slots' own key: the instance may have thousands, and the plus keeps SQLite from reading them all.
pub(super) const OWN: &str =
    "SELECT name, task_id, step FROM slots WHERE name IN (SELECT value FROM json_each(?1))
    AND task_id IN (SELECT unhex(value) FROM json_each(?2)) AND +epoch = ?3";
const TAKE: &str = "INSERT INTO slots (name, task_id, step, ticket, epoch) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO UPDATE SET epoch = excluded.epoch, ticket = excluded.ticket
    WHERE slots.epoch <> excluded.epoch OR slots.ticket < excluded.ticket";

impl SqliteStore {
    pub(super) async fn take_slots(
        &self,
        epoch: Epoch,
        wishes: &[SlotWish],
    ) -> Result<Vec<SlotAnswer>, JournalError> {
        let wishes = Wish::all(wishes)?;
        let (names, tasks) = (text_list(&Wish::names(&wishes))?, id_list(Wish::tasks(&wishes)));
        let mut tx = self.write().await?;
        fence(&mut tx, epoch).await?;
        let mut slots = Slots::default();
        let owned = sqlx::query(OWNED).bind(epoch.get()).bind(&tasks);
        let owned = owned.fetch_all(&mut *tx).await.map_err(journal_error)?;
        let owned = owned.iter().map(|row| Reader::new("live", row).id("task_id"));
        slots.tasks = owned.collect::<Result<_, _>>()?;
        let taken = sqlx::query(TAKEN).bind(&names).fetch_all(&mut *tx).await.map_err(journal_error)?;
        let taken = taken.iter().map(|row| Reader::new("slots", row).slots());
        slots.taken = taken.collect::<Result<_, _>>()?;
        let own = sqlx::query(OWN).bind(&names).bind(&tasks).bind(epoch.get());
        let own = own.fetch_all(&mut *tx).await.map_err(journal_error)?;
        let own = own.iter().map(|row| Reader::new("slots", row).slot());
        slots.own = own.collect::<Result<_, _>>()?;
        let (answers, granted) = slots.grant(&wishes);
        if granted.is_empty() {
            return Ok(answers);
        }
        for ((name, task, step), ticket) in granted {
            let take =
                sqlx::query(TAKE).bind(name).bind(task.as_uuid()).bind(step).bind(ticket).bind(epoch.get());
            take.execute(&mut *tx).await.map_err(journal_error)?;
        }
        tx.commit().await?;
        Ok(answers)
    }
}
