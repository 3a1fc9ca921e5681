//! Claims, and the news of what others did.

use drydock_core::journal::{Cancellation, ChildEnd, ClaimedTask, JournalError, News, TaskEnd};
use drydock_core::{Epoch, StepName, TaskId, Timestamp, WorkflowId};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::row::{id_list, micros, number_list};
use super::{SqliteStore, fence};
use crate::batch::storable;
use crate::error::journal_error;
use crate::gather::{ClaimRows, taken};
use crate::row::Reader;

const FREE: &str = "UPDATE live SET owner = NULL WHERE owner = ?1
    AND task_id IN (SELECT unhex(value) FROM json_each(?2))";
const QUEUED: &str = "SELECT task_id, started_at IS NOT NULL AS resumed, cancel_at, cancel_by FROM live
    WHERE owner IS NULL AND workflow_id IN (SELECT value FROM json_each(?1)) ORDER BY created_at, task_id LIMIT ?2";
const TAKE: &str = "UPDATE live SET owner = ?1, started_at = coalesce(started_at, ?2)
    WHERE task_id IN (SELECT unhex(value) FROM json_each(?3))";
const TASKS: &str = "SELECT task_id, parent_id, parent_step, child_index, workflow_id, created_at, input
    FROM tasks WHERE task_id IN (SELECT unhex(value) FROM json_each(?1))";
pub(super) const CHECKPOINTS: &str = "SELECT task_id, step, kind, attempt, started_at, ended_at, output
    FROM checkpoints WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, step";
pub(super) const ATTEMPTS: &str =
    "SELECT task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure
    FROM attempts WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, step, attempt";
pub(super) const WAITS: &str = "SELECT task_id, step, kind, attempt, since, until, deadline, reason
    FROM waits WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, step";
const LAST_MESSAGES: &str = "SELECT task_id, max(seq) AS seq
    FROM messages WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) GROUP BY task_id";
/// `UNION`, not `UNION ALL`: it ends even if a task were its own ancestor.
const CANCEL: &str = "WITH RECURSIVE family (task_id) AS (
        VALUES (?1) UNION SELECT tasks.task_id FROM tasks JOIN family ON tasks.parent_id = family.task_id)
    UPDATE live SET cancel_at = coalesce(cancel_at, ?2), cancel_by = coalesce(cancel_by, ?3)
    WHERE task_id IN (SELECT task_id FROM family) AND EXISTS (SELECT 1 FROM live WHERE task_id = ?1)";
const CANCELLED: &str = "SELECT task_id, cancel_at, cancel_by FROM live
    WHERE owner = ?1 AND cancel_at IS NOT NULL ORDER BY task_id";
const OPEN_CHILDREN: &str = "SELECT parent_id, count(*) AS open FROM live
    WHERE parent_id IN (SELECT unhex(value) FROM json_each(?1)) GROUP BY parent_id ORDER BY parent_id";
const CHILD_ENDS: &str =
    "SELECT task_id, child_index, kind, ended_at, output FROM tasks JOIN ends USING (task_id)
    WHERE parent_id = ?1 AND parent_step = ?2 ORDER BY child_index, task_id";

impl SqliteStore {
    pub(super) async fn claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<ClaimedTask>, JournalError> {
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
        let claimed = read(&mut tx, taken.keys().copied()).await?.gather(taken)?;
        self.doubts.remember(epoch, claimed.iter().map(|claimed| claimed.task.id));
        tx.commit().await?;
        self.doubts.settle(epoch);
        Ok(claimed)
    }

    pub(super) async fn cancel(&self, id: TaskId, request: &Cancellation) -> Result<bool, JournalError> {
        let mut tx = self.write().await?;
        let cancel = sqlx::query(CANCEL)
            .bind(id.as_uuid())
            .bind(micros(request.at))
            .bind(storable(&request.by).into_owned());
        let asked = cancel.execute(&mut *tx).await.map_err(journal_error)?;
        tx.commit().await?;
        Ok(asked.rows_affected() > 0)
    }

    pub(super) async fn tell_news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError> {
        let mut tx = self.read().await?;
        let mut news = News::default();
        let cancelled = sqlx::query(CANCELLED).bind(epoch.get()).fetch_all(&mut *tx).await;
        for row in &cancelled.map_err(journal_error)? {
            let row = Reader::new("live", row);
            if let Some(request) = row.cancellation()? {
                news.cancelled.push((row.id("task_id")?, request));
            }
        }
        if !parents.is_empty() {
            let open =
                sqlx::query(OPEN_CHILDREN).bind(id_list(parents.iter().copied())).fetch_all(&mut *tx).await;
            for row in &open.map_err(journal_error)? {
                let row = Reader::new("live", row);
                news.open_children.push((row.id("parent_id")?, row.count("open")?));
            }
        }
        Ok(news)
    }

    pub(super) async fn end_of(&self, id: TaskId) -> Result<Option<TaskEnd>, JournalError> {
        let query = sqlx::query("SELECT task_id, kind, ended_at, output FROM ends WHERE task_id = ?1")
            .bind(id.as_uuid());
        let row: Option<SqliteRow> =
            query.fetch_optional(&mut *self.reader().await?).await.map_err(journal_error)?;
        row.map_or(Ok(None), |row| Reader::new("ends", &row).end())
    }

    pub(super) async fn ends_of_children(
        &self,
        parent: TaskId,
        step: &StepName,
    ) -> Result<Vec<ChildEnd>, JournalError> {
        let query = sqlx::query(CHILD_ENDS).bind(parent.as_uuid()).bind(step.as_str());
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(journal_error)?;
        rows.iter().map(|row| Reader::new("ends", row).child_end()).collect()
    }
}

/// All that was ever recorded of the tasks.
async fn read(
    tx: &mut SqliteConnection,
    ids: impl Iterator<Item = TaskId>,
) -> Result<ClaimRows<SqliteRow>, JournalError> {
    let ids = id_list(ids);
    Ok(ClaimRows {
        tasks: select(tx, TASKS, &ids).await?,
        checkpoints: select(tx, CHECKPOINTS, &ids).await?,
        attempts: select(tx, ATTEMPTS, &ids).await?,
        waits: select(tx, WAITS, &ids).await?,
        messages: select(tx, LAST_MESSAGES, &ids).await?,
    })
}

/// The rows that `sql` finds for a list of ids.
pub(super) async fn select(
    tx: &mut SqliteConnection,
    sql: &'static str,
    ids: &str,
) -> Result<Vec<SqliteRow>, JournalError> {
    sqlx::query(sql).bind(ids).fetch_all(&mut *tx).await.map_err(journal_error)
}
