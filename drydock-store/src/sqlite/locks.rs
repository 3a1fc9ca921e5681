//! Exclusive locks.

use drydock_core::journal::{JournalError, LockAnswer, Obstacle};
use drydock_core::{Epoch, TaskId, Timestamp};
use sqlx::SqliteConnection;

use super::row::{micros, text_list};
use super::{SqliteStore, fence};
use crate::batch::lock_names;
use crate::error::journal_error;
use crate::row::Reader;

pub(super) const OWNED: &str = "SELECT created_at FROM live WHERE task_id = ?1 AND owner = ?2";
/// Holders, and older tasks that wait, unless they are paused or wait for what this task holds. Tasks that have ended are
/// not in the way, whatever they left behind.
pub(super) const OBSTACLES: &str = "SELECT l.name, l.task_id, l.taken_at AS since, 1 AS holds, live.created_at
    FROM locks AS l JOIN live ON live.task_id = l.task_id WHERE l.name IN (SELECT value FROM json_each(?1)) AND l.task_id <> ?2
    UNION ALL
    SELECT q.name, q.task_id, q.asked_at, 0, live.created_at
    FROM lock_queue AS q JOIN live ON live.task_id = q.task_id
    WHERE q.name IN (SELECT value FROM json_each(?1)) AND live.pause_at IS NULL AND (live.created_at, live.task_id) < (?3, ?2) AND NOT EXISTS (
        SELECT 1 FROM lock_queue AS other JOIN locks AS own ON own.name = other.name
        WHERE other.task_id = q.task_id AND own.task_id = ?2)
    ORDER BY 1, 4 DESC, 5, 2";
const TAKE: &str =
    "INSERT INTO locks (name, task_id, taken_at) SELECT value, ?2, ?3 FROM json_each(?1) WHERE true
    ON CONFLICT DO UPDATE SET task_id = excluded.task_id, taken_at = excluded.taken_at
    WHERE locks.task_id <> excluded.task_id";
/// Leaves the queues of other names, and sweeps out who has ended.
pub(super) const LEAVE: &str = "DELETE FROM lock_queue
    WHERE (task_id = ?2 AND name NOT IN (SELECT value FROM json_each(?1)))
    OR (name IN (SELECT value FROM json_each(?1)) AND task_id NOT IN (SELECT task_id FROM live))";
const QUEUE: &str =
    "INSERT INTO lock_queue (name, task_id, asked_at) SELECT value, ?2, ?3 FROM json_each(?1) WHERE true
    ON CONFLICT DO NOTHING";
const UNQUEUE: &str = "DELETE FROM lock_queue WHERE task_id = ?1";

impl SqliteStore {
    pub(super) async fn lock(
        &self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError> {
        let names = lock_names(names);
        let mut tx = self.write().await?;
        let created_at = owned(&mut tx, epoch, task).await?;
        let obstacles = in_the_way(&mut tx, task, &names, created_at).await?;
        let (names, id, at) = (text_list(&names)?, task.as_uuid(), micros(at));
        let answer = if obstacles.is_empty() {
            sqlx::query(TAKE)
                .bind(&names)
                .bind(id)
                .bind(at)
                .execute(&mut *tx)
                .await
                .map_err(journal_error)?;
            sqlx::query(UNQUEUE).bind(id).execute(&mut *tx).await.map_err(journal_error)?;
            LockAnswer::Taken
        } else {
            sqlx::query(LEAVE).bind(&names).bind(id).execute(&mut *tx).await.map_err(journal_error)?;
            sqlx::query(QUEUE)
                .bind(&names)
                .bind(id)
                .bind(at)
                .execute(&mut *tx)
                .await
                .map_err(journal_error)?;
            LockAnswer::Refused(obstacles)
        };
        tx.commit().await?;
        Ok(answer)
    }
}

/// The fence, and when the task was asked for.
pub(super) async fn owned(
    tx: &mut SqliteConnection,
    epoch: Epoch,
    task: TaskId,
) -> Result<Timestamp, JournalError> {
    fence(tx, epoch).await?;
    let owned = sqlx::query(OWNED).bind(task.as_uuid()).bind(epoch.get());
    let row = owned.fetch_optional(tx).await.map_err(journal_error)?;
    Reader::new("live", &row.ok_or(JournalError::Fenced { epoch })?).created_at()
}

/// What is in the way of a task that was asked for at `created_at`.
pub(super) async fn in_the_way(
    tx: &mut SqliteConnection,
    task: TaskId,
    names: &[String],
    created_at: Timestamp,
) -> Result<Vec<Obstacle>, JournalError> {
    let obstacles =
        sqlx::query(OBSTACLES).bind(text_list(names)?).bind(task.as_uuid()).bind(micros(created_at));
    let obstacles = obstacles.fetch_all(tx).await.map_err(journal_error)?;
    obstacles.iter().map(|row| Reader::new("locks", row).obstacle()).collect()
}
