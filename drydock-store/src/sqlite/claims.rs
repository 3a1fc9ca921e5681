//! Claims.

use std::cmp::Reverse;

use drydock_core::journal::{Claim, JournalError};
use drydock_core::{Epoch, TaskId, Timestamp, WorkflowId};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{id_list, micros, number_list};
use super::{SqliteStore, fence};
use crate::claimed::{ClaimRows, any, taken};
use crate::error::journal_error;
use crate::places::{WAKES, admitted};

const FREE: &str = "UPDATE live SET owner = NULL WHERE owner = ?1
    AND task_id IN (SELECT unhex(value) FROM json_each(?2))";
/// The columns of a queued task, with those by which the queue is ordered.
macro_rules! queued {
    ($filter:literal) => {
        concat!(
            "SELECT task_id, started_at IS NOT NULL AND NOT settled AS resumed, claims + 1 AS claims, cancel_at, cancel_by,
                pause_at, pause_by, limit_places, priority, created_at
            FROM live WHERE owner IS NULL AND workflow_id IN (SELECT value FROM json_each(?1)) AND ",
            $filter,
            " ORDER BY priority DESC, created_at, task_id LIMIT ?2"
        )
    };
}
pub(super) const QUEUED: &str = queued!("limit_name IS NULL AND wake_at IS NULL");
pub(super) const QUEUED_UNDER: &str = queued!("limit_name = ?3");
/// The limits under which tasks are queued, found one by one: however many tasks wait for each, it is one look at the index.
pub(super) const LIMITS: &str = "WITH RECURSIVE names (name) AS (
        SELECT min(limit_name) FROM live WHERE owner IS NULL AND limit_name IS NOT NULL
        UNION ALL
        SELECT (SELECT min(limit_name) FROM live WHERE owner IS NULL AND limit_name IS NOT NULL AND limit_name > names.name)
        FROM names WHERE names.name IS NOT NULL
    )
    SELECT name FROM names WHERE name IS NOT NULL";
pub(super) const CROWD: &str = "SELECT count(*) FROM live WHERE owner IS NOT NULL AND limit_name = ?1";
/// What sleeps and is due is queued first: so it is claimed in the order of all that is queued.
pub(super) const WAKE: &str = "UPDATE live SET wake_at = NULL WHERE task_id IN (
        SELECT task_id FROM live WHERE wake_at <= ?1 ORDER BY wake_at, task_id LIMIT ?2)";
pub(super) const TAKE: &str =
    "UPDATE live SET owner = ?1, claims = claims + 1, settled = 0, started_at = coalesce(started_at, ?2)
    WHERE task_id IN (SELECT unhex(value) FROM json_each(?3))";
/// With the greatest places of their messages and facts, and with which records there are at all.
pub(super) const TASKS: &str = "SELECT task_id, parent_id, parent_step, child_index, workflow_id, created_at, input, key, priority,
        limit_name, limit_places,
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
        let wake = sqlx::query(WAKE).bind(micros(at)).bind(WAKES);
        let woken = wake.execute(&mut *tx).await.map_err(journal_error)?.rows_affected() > 0;
        let taken = taken(&queue(&mut tx, &number_list(workflows), max).await?)?;
        if taken.is_empty() {
            if woken {
                // It stays so, for those who know its workflows.
                tx.commit().await?;
            }
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

/// The first `max` tasks that may be claimed: those under no limit, and those for which theirs has a place.
async fn queue(
    tx: &mut SqliteConnection,
    workflows: &str,
    max: usize,
) -> Result<Vec<SqliteRow>, JournalError> {
    let most = i64::try_from(max).unwrap_or(i64::MAX);
    let names: Vec<String> = sqlx::query_scalar(LIMITS).fetch_all(&mut *tx).await.map_err(journal_error)?;
    let free = sqlx::query(QUEUED).bind(workflows).bind(most);
    let mut queue = free.fetch_all(&mut *tx).await.map_err(journal_error)?;
    if names.is_empty() {
        return Ok(queue);
    }
    for name in names {
        let crowd = sqlx::query_scalar::<_, i64>(CROWD).bind(&name);
        let crowd = crowd.fetch_one(&mut *tx).await.map_err(journal_error)?;
        let waiting = sqlx::query(QUEUED_UNDER).bind(workflows).bind(most).bind(&name);
        let waiting = waiting.fetch_all(&mut *tx).await.map_err(journal_error)?;
        let places = waiting.iter().map(|row| row.try_get::<i64, _>("limit_places").unwrap_or(0));
        let places = places.map(|places| u64::try_from(places).unwrap_or(0));
        let first = admitted(u64::try_from(crowd).unwrap_or(u64::MAX), places);
        queue.extend(waiting.into_iter().take(first));
    }
    queue.sort_by_cached_key(|row| {
        let number = |column| row.try_get::<i64, _>(column).unwrap_or(0);
        let id: Vec<u8> = row.try_get("task_id").unwrap_or_default();
        (Reverse(number("priority")), number("created_at"), id)
    });
    queue.truncate(max);
    Ok(queue)
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
