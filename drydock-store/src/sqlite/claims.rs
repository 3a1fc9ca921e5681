//! Claims.

use drydock_core::journal::{Claim, JournalError};
use drydock_core::{Epoch, TaskId, Timestamp, WorkflowId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{id_list, micros, number_list};
use super::{SqliteStore, fence};
use crate::claimed::{ClaimRows, any, taken};
use crate::error::journal_error;

const FREE: &str = "UPDATE live SET owner = NULL WHERE owner = ?1
    AND task_id IN (SELECT unhex(value) FROM json_each(?2))";
const QUEUED: &str = "SELECT task_id, started_at IS NOT NULL AS resumed, claims + 1 AS claims, cancel_at, cancel_by,
        pause_at, pause_by
    FROM live
    WHERE owner IS NULL AND workflow_id IN (SELECT value FROM json_each(?1)) ORDER BY priority DESC, created_at, task_id LIMIT ?2";
const TAKE: &str = "UPDATE live SET owner = ?1, claims = claims + 1, started_at = coalesce(started_at, ?2)
    WHERE task_id IN (SELECT unhex(value) FROM json_each(?3))";
/// With the greatest places of their messages and facts, and with which records there are at all.
const TASKS: &str = "SELECT task_id, parent_id, parent_step, child_index, workflow_id, created_at, input, key, priority,
        (SELECT json_group_object(name, value) FROM labels WHERE labels.task_id = tasks.task_id) AS labels,
        (SELECT max(seq) FROM messages WHERE messages.task_id = tasks.task_id) AS seq,
        (SELECT max(seq) FROM facts WHERE facts.task_id = tasks.task_id) AS fact_seq,
        (SELECT 1 FROM checkpoints WHERE checkpoints.task_id = tasks.task_id LIMIT 1) IS NOT NULL AS has_checkpoints,
        (SELECT 1 FROM attempts WHERE attempts.task_id = tasks.task_id LIMIT 1) IS NOT NULL AS has_attempts,
        (SELECT 1 FROM waits WHERE waits.task_id = tasks.task_id LIMIT 1) IS NOT NULL AS has_waits,
        (SELECT 1 FROM marks WHERE marks.task_id = tasks.task_id LIMIT 1) IS NOT NULL AS has_marks,
        (SELECT 1 FROM signals WHERE signals.task_id = tasks.task_id LIMIT 1) IS NOT NULL AS has_signals
    FROM tasks WHERE task_id IN (SELECT unhex(value) FROM json_each(?1))";
pub(super) const CHECKPOINTS: &str = "SELECT task_id, step, kind, attempt, started_at, ended_at, output
    FROM checkpoints WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, step";
pub(super) const ATTEMPTS: &str =
    "SELECT task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure
    FROM attempts WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, step, attempt";
pub(super) const WAITS: &str =
    "SELECT task_id, step, kind, attempt, since, until, deadline, reason, waits_on, scratch
    FROM waits WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, step";
pub(super) const MARKS: &str = "SELECT task_id, step, name, made_at, value
    FROM marks WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, step, made_at, name";
pub(super) const SIGNALS: &str = "SELECT task_id, signal_id, name, sender, sent_at, taken_by, payload
    FROM signals WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, sent_at, signal_id";

impl SqliteStore {
    pub(super) async fn claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<Claim>, JournalError> {
        let _turn = self.doubts.turn().await?;
        let mut tx = self.write().await?;
        fence(&mut tx, epoch).await?;
        let doubtful = self.doubts.of(epoch);
        if !doubtful.is_empty() {
            let free = sqlx::query(FREE).bind(epoch.get()).bind(id_list(doubtful));
            free.execute(&mut *tx).await.map_err(journal_error)?;
        }
        let queued =
            sqlx::query(QUEUED).bind(number_list(workflows)).bind(i64::try_from(max).unwrap_or(i64::MAX));
        let taken = taken(&queued.fetch_all(&mut *tx).await.map_err(journal_error)?)?;
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let take = sqlx::query(TAKE).bind(epoch.get()).bind(micros(at)).bind(id_list(taken.keys().copied()));
        take.execute(&mut *tx).await.map_err(journal_error)?;
        let claimed = read(&mut tx, taken.keys().copied()).await?;
        self.doubts.remember(epoch, taken.keys().copied());
        tx.commit().await?;
        self.doubts.settle(epoch);
        claimed.gather(taken)
    }
}

/// All that was ever recorded of the tasks.
pub(super) async fn read(
    tx: &mut SqliteConnection,
    ids: impl Iterator<Item = TaskId>,
) -> Result<ClaimRows<SqliteRow>, JournalError> {
    let ids = id_list(ids);
    let tasks = select(tx, TASKS, &ids).await?;
    Ok(ClaimRows {
        checkpoints: select_if(any(&tasks, "has_checkpoints")?, tx, CHECKPOINTS, &ids).await?,
        attempts: select_if(any(&tasks, "has_attempts")?, tx, ATTEMPTS, &ids).await?,
        waits: select_if(any(&tasks, "has_waits")?, tx, WAITS, &ids).await?,
        marks: select_if(any(&tasks, "has_marks")?, tx, MARKS, &ids).await?,
        signals: select_if(any(&tasks, "has_signals")?, tx, SIGNALS, &ids).await?,
        tasks,
    })
}

async fn select_if(
    wanted: bool,
    tx: &mut SqliteConnection,
    sql: &'static str,
    ids: &str,
) -> Result<Vec<SqliteRow>, JournalError> {
    if wanted { select(tx, sql, ids).await } else { Ok(Vec::new()) }
}

/// The rows that `sql` finds for a list of ids.
pub(super) async fn select(
    tx: &mut SqliteConnection,
    sql: &'static str,
    ids: &str,
) -> Result<Vec<SqliteRow>, JournalError> {
    sqlx::query(sql).bind(ids).fetch_all(&mut *tx).await.map_err(journal_error)
}
