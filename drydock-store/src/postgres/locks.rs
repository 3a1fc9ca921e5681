//! Exclusive locks.
//!
//! Whoever asks for locks holds the rows of all their names meanwhile, locked in the order of the names; whoever frees some
//! locks them in the same order. So nobody waits in a circle, and what is seen of a name is what is.

use drydock_core::journal::{JournalError, LockAnswer, Obstacle};
use drydock_core::{Epoch, TaskId, Timestamp};
use sqlx::{Postgres, Transaction};

use super::PgStore;
use crate::batch::lock_names;
use crate::error::journal_error;
use crate::row::Reader;

type Tx = Transaction<'static, Postgres>;

/// How often a rival may free a lock just when its row is to be locked.
const TRIES: usize = 100;
const OWNED: &str = "WITH fence AS (SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR KEY SHARE)
    SELECT live.created_at FROM fence JOIN live ON live.owner = fence.epoch WHERE live.task_id = $2";
const PLACES: &str = "INSERT INTO locks (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING";
const GRASP: &str = "SELECT name FROM locks WHERE name = ANY($1) ORDER BY name FOR UPDATE";
/// Holders, and older tasks that wait, unless they are paused or wait for what this task holds. Tasks that have ended are
/// not in the way, whatever they left behind.
const OBSTACLES: &str = "SELECT l.name, l.task_id, l.taken_at AS since, true AS holds, live.created_at
    FROM locks AS l JOIN live ON live.task_id = l.task_id WHERE l.name = ANY($1) AND l.task_id <> $2
    UNION ALL
    SELECT q.name, q.task_id, q.asked_at, false, live.created_at
    FROM lock_queue AS q JOIN live ON live.task_id = q.task_id
    WHERE q.name = ANY($1) AND live.pause_at IS NULL AND (live.created_at, live.task_id) < ($3, $2) AND NOT EXISTS (
        SELECT 1 FROM lock_queue AS other JOIN locks AS own ON own.name = other.name
        WHERE other.task_id = q.task_id AND own.task_id = $2)
    ORDER BY 1, 4 DESC, 5, 2";
const TAKE: &str =
    "UPDATE locks SET task_id = $2, taken_at = $3 WHERE name = ANY($1) AND task_id IS DISTINCT FROM $2";
const RELEASE: &str = "DELETE FROM locks WHERE name = ANY($1) AND task_id IS NULL";
/// Leaves the queues of other names, and sweeps out who has ended.
const LEAVE: &str = "DELETE FROM lock_queue WHERE (task_id = $2 AND name <> ALL($1))
    OR (name = ANY($1) AND NOT EXISTS (SELECT 1 FROM live WHERE live.task_id = lock_queue.task_id))";
const QUEUE: &str = "INSERT INTO lock_queue (name, task_id, asked_at) SELECT unnest($1::text[]), $2, $3
    ON CONFLICT DO NOTHING";
const UNQUEUE: &str = "DELETE FROM lock_queue WHERE task_id = $1";

impl PgStore {
    pub(super) async fn lock(
        &self,
        epoch: Epoch,
        task: TaskId,
        names: &[String],
        at: Timestamp,
    ) -> Result<LockAnswer, JournalError> {
        let names = lock_names(names);
        for _ in 0..TRIES {
            // All over again after a rival freed a lock: with rows in hand one must not wait for an earlier name.
            let mut tx = self.write().await?;
            let created_at = owned(&mut tx, epoch, task).await?;
            if grasp(&mut tx, &names).await? {
                return decide(tx, task, &names, created_at, at).await;
            }
            tx.rollback().await.map_err(journal_error)?;
        }
        Err(JournalError::Unavailable("the locks changed hands too fast".into()))
    }
}

/// The fence, and when the task was asked for.
pub(super) async fn owned(tx: &mut Tx, epoch: Epoch, task: TaskId) -> Result<Timestamp, JournalError> {
    let owned = sqlx::query_scalar(OWNED).bind(epoch.get()).bind(task.as_uuid());
    let created_at = owned.fetch_optional(&mut **tx).await.map_err(journal_error)?;
    created_at.ok_or(JournalError::Fenced { epoch })
}

/// Locks the rows of all names; `false` when one was not there any more.
async fn grasp(tx: &mut Tx, names: &[String]) -> Result<bool, JournalError> {
    sqlx::query(PLACES).bind(names).execute(&mut **tx).await.map_err(journal_error)?;
    let rows = sqlx::query(GRASP).bind(names).fetch_all(&mut **tx).await.map_err(journal_error)?;
    Ok(rows.len() == names.len())
}

async fn decide(
    mut tx: Tx,
    task: TaskId,
    names: &[String],
    created_at: Timestamp,
    at: Timestamp,
) -> Result<LockAnswer, JournalError> {
    let id = task.as_uuid();
    let obstacles = in_the_way(&mut tx, task, names, created_at).await?;
    let answer = if obstacles.is_empty() {
        sqlx::query(TAKE).bind(names).bind(id).bind(at).execute(&mut *tx).await.map_err(journal_error)?;
        sqlx::query(UNQUEUE).bind(id).execute(&mut *tx).await.map_err(journal_error)?;
        LockAnswer::Taken
    } else {
        sqlx::query(RELEASE).bind(names).execute(&mut *tx).await.map_err(journal_error)?;
        sqlx::query(LEAVE).bind(names).bind(id).execute(&mut *tx).await.map_err(journal_error)?;
        sqlx::query(QUEUE).bind(names).bind(id).bind(at).execute(&mut *tx).await.map_err(journal_error)?;
        LockAnswer::Refused(obstacles)
    };
    tx.commit().await.map_err(journal_error)?;
    Ok(answer)
}

/// What is in the way of a task that was asked for at `created_at`.
pub(super) async fn in_the_way(
    tx: &mut Tx,
    task: TaskId,
    names: &[String],
    created_at: Timestamp,
) -> Result<Vec<Obstacle>, JournalError> {
    let obstacles = sqlx::query(OBSTACLES).bind(names).bind(task.as_uuid()).bind(created_at);
    let obstacles = obstacles.fetch_all(&mut **tx).await.map_err(journal_error)?;
    obstacles.iter().map(|row| Reader::new("locks", row).obstacle()).collect()
}
