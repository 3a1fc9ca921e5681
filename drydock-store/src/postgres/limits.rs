//! Limits on how many steps are under way.
//!
//! Whoever asks for slots holds the rows of all their limits meanwhile, locked in the order of the names: so two never count
//! the same slots at once. The rows of limits stay for ever; there are few. Limits on tasks lock the same rows, and count
//! tasks.

use std::collections::{HashMap, HashSet};

use drydock_core::journal::{JournalError, SlotAnswer, SlotWish};
use drydock_core::{Epoch, TaskId};
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use super::PgStore;
use super::row::id_list;
use crate::error::journal_error;
use crate::places::{Slots, Wish};
use crate::row::Reader;

type Tx = Transaction<'static, Postgres>;

const GRASP: &str = "SELECT name FROM limits WHERE name = ANY($1) ORDER BY name FOR UPDATE";
const PLACES: &str = "INSERT INTO limits (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING";
/// One row without a task for the fence alone; none means that it did not hold.
const OWNED: &str = "WITH fence AS (SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR KEY SHARE)
    SELECT live.task_id FROM fence LEFT JOIN live ON live.owner = fence.epoch AND live.task_id = ANY($2)";
/// How many steps hold slots. A slot of a task that has ended is free.
const TAKEN: &str = "SELECT slots.name, count(*) AS taken
    FROM slots JOIN live ON live.task_id = slots.task_id AND live.owner = slots.epoch
    WHERE slots.name = ANY($1) GROUP BY slots.name";
const OWN: &str =
    "SELECT name, task_id, step FROM slots WHERE name = ANY($1) AND task_id = ANY($2) AND epoch = $3";
const TAKE: &str = "INSERT INTO slots (name, task_id, step, ticket, epoch)
    SELECT t.*, $5 FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[]) AS t
    ON CONFLICT (name, task_id, step) DO UPDATE SET epoch = excluded.epoch, ticket = excluded.ticket
    WHERE slots.epoch <> excluded.epoch OR slots.ticket < excluded.ticket";

impl PgStore {
    pub(super) async fn take_slots(
        &self,
        epoch: Epoch,
        wishes: &[SlotWish],
    ) -> Result<Vec<SlotAnswer>, JournalError> {
        let wishes = Wish::all(wishes)?;
        let (names, tasks) = (Wish::names(&wishes), id_list(Wish::tasks(&wishes)));
        loop {
            let mut tx = self.write().await?;
            let mut slots = Slots { tasks: owned(&mut tx, epoch, &tasks).await?, ..Slots::default() };
            if !self.grasp_limits(&mut tx, &names).await? {
                tx.rollback().await.map_err(journal_error)?;
                self.make_limits(&names).await?;
                continue;
            }
            let taken = sqlx::query(TAKEN).bind(&names).fetch_all(&mut *tx).await.map_err(journal_error)?;
            let taken = taken.iter().map(|row| Reader::new("slots", row).slots());
            slots.taken = taken.collect::<Result<HashMap<String, u64>, _>>()?;
            let own = sqlx::query(OWN).bind(&names).bind(&tasks).bind(epoch.get());
            let own = own.fetch_all(&mut *tx).await.map_err(journal_error)?;
            let own = own.iter().map(|row| Reader::new("slots", row).slot());
            slots.own = own.collect::<Result<_, _>>()?;
            let (answers, granted) = slots.grant(&wishes);
            if granted.is_empty() {
                // Now, not when the connection is next used: until then the limits would stay locked.
                tx.rollback().await.map_err(journal_error)?;
                return Ok(answers);
            }
            let (mut names, mut ids, mut steps, mut tickets) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for ((name, task, step), ticket) in granted {
                tickets.push(ticket);
                names.push(name);
                ids.push(task.as_uuid());
                steps.push(step);
            }
            let take = sqlx::query(TAKE).bind(names).bind(ids).bind(steps).bind(tickets).bind(epoch.get());
            take.execute(&mut *tx).await.map_err(journal_error)?;
            tx.commit().await.map_err(journal_error)?;
            return Ok(answers);
        }
    }

    /// Locks the rows of all these limits, until the transaction ends; `false` when one is not there yet. With rows in hand
    /// one must not wait for others, so they are [made](Self::make_limits) before, once and for all.
    pub(super) async fn grasp_limits(&self, tx: &mut Tx, names: &[String]) -> Result<bool, JournalError> {
        let rows = sqlx::query(GRASP).bind(names).fetch_all(&mut **tx).await.map_err(journal_error)?;
        Ok(rows.len() == names.len())
    }

    /// Makes the rows of these limits.
    pub(super) async fn make_limits(&self, names: &[String]) -> Result<(), JournalError> {
        sqlx::query(PLACES).bind(names).execute(&self.control).await.map_err(journal_error).map(drop)
    }
}

/// The fence, and which of these tasks the instance owns.
async fn owned(tx: &mut Tx, epoch: Epoch, tasks: &[Uuid]) -> Result<HashSet<TaskId>, JournalError> {
    let owned = sqlx::query(OWNED).bind(epoch.get()).bind(tasks);
    let rows = owned.fetch_all(&mut **tx).await.map_err(journal_error)?;
    if rows.is_empty() {
        return Err(JournalError::Fenced { epoch });
    }
    let ids = rows.iter().map(|row| row.try_get::<Option<Uuid>, _>("task_id").map_err(journal_error));
    ids.filter_map(|id| id.map(|id| id.map(TaskId::from_uuid)).transpose()).collect()
}
