//! Claims, and the news of what others did.

use drydock_core::journal::{Cancellation, ChildEnd, ClaimedTask, JournalError, News, TaskEnd};
use drydock_core::{Epoch, StepName, TaskId, Timestamp, WorkflowId};
use sqlx::postgres::PgRow;
use sqlx::{Postgres, Row, Transaction};
use uuid::Uuid;

use super::PgStore;
use super::row::id_list;
use crate::batch::storable;
use crate::error::journal_error;
use crate::gather::{ClaimRows, taken};
use crate::row::Reader;

type Tx = Transaction<'static, Postgres>;

/// Waits until a claim that nobody saw the end of has ended in the database too; in the order in which all lock live rows.
const SETTLE: &str = "SELECT task_id FROM live WHERE task_id = ANY($1) ORDER BY task_id FOR UPDATE";
const FREE: &str = "UPDATE live SET owner = NULL WHERE owner = $1 AND task_id = ANY($2)";
/// One row for the fence alone; none means that it did not hold.
const CLAIM: &str = "WITH fence AS (
        SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR SHARE
    ), queued AS (
        SELECT task_id, started_at IS NOT NULL AS resumed FROM live
        WHERE owner IS NULL AND workflow_id = ANY($2)
        ORDER BY created_at, task_id LIMIT $4 FOR UPDATE SKIP LOCKED
    ), taken AS (
        UPDATE live SET owner = fence.epoch, started_at = coalesce(live.started_at, $3)
        FROM queued, fence WHERE live.task_id = queued.task_id
        RETURNING live.task_id, queued.resumed, live.cancel_at, live.cancel_by
    )
    SELECT taken.task_id IS NULL AS nothing, taken.* FROM fence LEFT JOIN taken ON true";
const TASKS: &str = "SELECT task_id, parent_id, parent_step, child_index, workflow_id, created_at, input
    FROM tasks WHERE task_id = ANY($1)";
pub(super) const CHECKPOINTS: &str = "SELECT task_id, step, kind, attempt, started_at, ended_at, output
    FROM checkpoints WHERE task_id = ANY($1) ORDER BY task_id, step";
pub(super) const ATTEMPTS: &str =
    "SELECT task_id, step, attempt, started_at, ended_at, retry_at, deadline, failure
    FROM attempts WHERE task_id = ANY($1) ORDER BY task_id, step, attempt";
pub(super) const WAITS: &str = "SELECT task_id, step, kind, attempt, since, until, deadline, reason
    FROM waits WHERE task_id = ANY($1) ORDER BY task_id, step";
const LAST_MESSAGES: &str =
    "SELECT task_id, max(seq) AS seq FROM messages WHERE task_id = ANY($1) GROUP BY task_id";
/// `UNION`, not `UNION ALL`: it ends even if a task were its own ancestor.
const CANCEL: &str = "WITH RECURSIVE family (task_id) AS (
        SELECT $1::uuid UNION SELECT tasks.task_id FROM tasks JOIN family ON tasks.parent_id = family.task_id
    ), locked AS (
        SELECT task_id FROM live WHERE task_id IN (SELECT task_id FROM family) ORDER BY task_id FOR UPDATE
    )
    UPDATE live SET cancel_at = coalesce(cancel_at, $2), cancel_by = coalesce(cancel_by, $3)
    FROM locked WHERE live.task_id = locked.task_id AND EXISTS (SELECT 1 FROM locked WHERE task_id = $1)";
const CANCELLED: &str = "SELECT task_id, cancel_at, cancel_by FROM live
    WHERE owner = $1 AND cancel_at IS NOT NULL ORDER BY task_id";
const OPEN_CHILDREN: &str = "SELECT parent_id, count(*) AS open FROM live
    WHERE parent_id = ANY($1) GROUP BY parent_id ORDER BY parent_id";
const CHILD_ENDS: &str =
    "SELECT task_id, child_index, kind, ended_at, output FROM tasks JOIN ends USING (task_id)
    WHERE parent_id = $1 AND parent_step = $2 ORDER BY child_index, task_id";

impl PgStore {
    pub(super) async fn claim(
        &self,
        epoch: Epoch,
        workflows: &[WorkflowId],
        at: Timestamp,
        max: usize,
    ) -> Result<Vec<ClaimedTask>, JournalError> {
        let _turn = self.doubts.turn().await?;
        let mut tx = self.write().await?;
        self.free_doubtful(&mut tx, epoch).await?;
        let workflows: Vec<i64> = workflows.iter().map(|id| id.get()).collect();
        let claim = sqlx::query(CLAIM)
            .bind(epoch.get())
            .bind(workflows)
            .bind(at)
            .bind(i64::try_from(max).unwrap_or(i64::MAX));
        let mut rows = claim.fetch_all(&mut *tx).await.map_err(journal_error)?;
        let fenced = rows.is_empty();
        rows.retain(|row| !row.try_get("nothing").unwrap_or(false));
        if rows.is_empty() {
            // Now, not when the connection is next used: until then the rows that were looked at stay locked, and others' claims
            // would pass over them.
            tx.rollback().await.map_err(journal_error)?;
            return if fenced { Err(JournalError::Fenced { epoch }) } else { Ok(Vec::new()) };
        }
        let taken = taken(&rows)?;
        let claimed = read(&mut tx, taken.keys().copied()).await?.gather(taken)?;
        self.doubts.remember(epoch, claimed.iter().map(|claimed| claimed.task.id));
        tx.commit().await.map_err(journal_error)?;
        self.doubts.settle(epoch);
        Ok(claimed)
    }

    async fn free_doubtful(&self, tx: &mut Tx, epoch: Epoch) -> Result<(), JournalError> {
        let doubtful = id_list(self.doubts.of(epoch));
        if doubtful.is_empty() {
            return Ok(());
        }
        // Two statements: the second sees what the claim wrote for whose end the first has waited.
        sqlx::query(SETTLE).bind(&doubtful).execute(&mut **tx).await.map_err(journal_error)?;
        sqlx::query(FREE)
            .bind(epoch.get())
            .bind(&doubtful)
            .execute(&mut **tx)
            .await
            .map_err(journal_error)?;
        Ok(())
    }

    pub(super) async fn cancel(&self, id: TaskId, request: &Cancellation) -> Result<bool, JournalError> {
        let cancel = sqlx::query(CANCEL).bind(id.as_uuid()).bind(request.at).bind(storable(&request.by));
        let asked = cancel.execute(&self.control).await.map_err(journal_error)?;
        Ok(asked.rows_affected() > 0)
    }

    pub(super) async fn tell_news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError> {
        let mut news = News::default();
        let cancelled = sqlx::query(CANCELLED).bind(epoch.get()).fetch_all(&self.control).await;
        for row in &cancelled.map_err(journal_error)? {
            let row = Reader::new("live", row);
            if let Some(request) = row.cancellation()? {
                news.cancelled.push((row.id("task_id")?, request));
            }
        }
        if !parents.is_empty() {
            let parents = id_list(parents.iter().copied());
            let open = sqlx::query(OPEN_CHILDREN).bind(parents).fetch_all(&self.control).await;
            for row in &open.map_err(journal_error)? {
                let row = Reader::new("live", row);
                news.open_children.push((row.id("parent_id")?, row.count("open")?));
            }
        }
        Ok(news)
    }

    pub(super) async fn end_of(&self, id: TaskId) -> Result<Option<TaskEnd>, JournalError> {
        let query = sqlx::query("SELECT task_id, kind, ended_at, output FROM ends WHERE task_id = $1")
            .bind(id.as_uuid());
        let row: Option<PgRow> = query.fetch_optional(&self.control).await.map_err(journal_error)?;
        row.map_or(Ok(None), |row| Reader::new("ends", &row).end())
    }

    pub(super) async fn ends_of_children(
        &self,
        parent: TaskId,
        step: &StepName,
    ) -> Result<Vec<ChildEnd>, JournalError> {
        let query = sqlx::query(CHILD_ENDS).bind(parent.as_uuid()).bind(step.as_str());
        let rows = query.fetch_all(&self.control).await.map_err(journal_error)?;
        rows.iter().map(|row| Reader::new("ends", row).child_end()).collect()
    }
}

/// All that was ever recorded of the tasks. They have their owner already, so nobody else writes about them meanwhile.
async fn read(tx: &mut Tx, ids: impl Iterator<Item = TaskId>) -> Result<ClaimRows<PgRow>, JournalError> {
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
pub(super) async fn select(tx: &mut Tx, sql: &'static str, ids: &[Uuid]) -> Result<Vec<PgRow>, JournalError> {
    sqlx::query(sql).bind(ids).fetch_all(&mut **tx).await.map_err(journal_error)
}
