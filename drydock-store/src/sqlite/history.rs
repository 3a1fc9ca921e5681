//! What of the history may go, and what an archive gets of it.

use std::time::Duration;

use async_trait::async_trait;
use drydock_core::journal::{ArchivedTask, Due, History, Horizon, JournalError, Piece, Removal, least_id};
use drydock_core::{Epoch, TaskId, Timestamp};

use super::claims::{read, select};
use super::row::{id_list, micros};
use super::tasks::{AUDIT, MESSAGES};
use super::{SqliteStore, fence};
use crate::archive::{ArchiveRows, least_after, trees};
use crate::claimed::taken;
use crate::error::journal_error;

/// Where another has the duty that is not retired, nothing.
const TAKE: &str = "INSERT INTO duties (name, epoch) VALUES (?2, ?1)
    ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch
        WHERE duties.epoch = excluded.epoch
            OR NOT EXISTS (SELECT 1 FROM instances WHERE instances.epoch = duties.epoch AND alive = 1)
    RETURNING epoch";
/// ?1 is the workflows with horizons of their own, and these, `[[name, micros], …]`; ?2 is that of the others. NULL is none.
macro_rules! too_young {
    () => {
        "coalesce(ended_at >= CASE WHEN own.value IS NULL THEN ?2 ELSE own.value ->> 1 END, 1)"
    };
}
macro_rules! with_horizon {
    () => {
        " LEFT JOIN workflows USING (workflow_id) LEFT JOIN json_each(?1) AS own ON own.value ->> 0 = workflows.name"
    };
}
pub(super) const YOUNG_AMONG: &str = concat!(
    "SELECT tasks.task_id FROM tasks LEFT JOIN ends ON ends.task_id = tasks.task_id",
    with_horizon!(),
    " WHERE tasks.task_id IN (SELECT unhex(value) FROM json_each(?3)) AND ",
    too_young!(),
    " LIMIT 1"
);
/// Those that have no parent, or none any more, and may go for their own part; with all their descendants.
pub(super) const TREES: &str = concat!(
    "WITH RECURSIVE roots AS (
        SELECT tasks.task_id FROM tasks JOIN ends ON ends.task_id = tasks.task_id",
    with_horizon!(),
    " WHERE tasks.task_id >= ?3 AND tasks.task_id < ?4 AND NOT ",
    too_young!(),
    " AND NOT EXISTS (SELECT 1 FROM tasks AS above WHERE above.task_id = tasks.parent_id)
        ORDER BY tasks.task_id LIMIT ?5
    ), family (root, task_id, depth) AS (
        SELECT task_id, task_id, 0 FROM roots
        UNION ALL
        SELECT family.root, tasks.task_id, depth + 1 FROM family JOIN tasks ON tasks.parent_id = family.task_id
    )
    SELECT family.root, family.task_id, ",
    too_young!(),
    " AS young FROM family JOIN tasks ON tasks.task_id = family.task_id LEFT JOIN ends ON ends.task_id = family.task_id",
    with_horizon!(),
    " ORDER BY family.root, depth, family.task_id"
);
/// A page of ended tasks as a claim has them, and what else is one row for each.
macro_rules! page {
    ($which:literal) => {
        concat!(
            "SELECT tasks.task_id, workflows.name, workflows.version, ends.started_at IS NOT NULL AS resumed, ends.claims,
                ends.cancel_at, ends.cancel_by, NULL AS pause_at, NULL AS pause_by, NULL AS owner,
                ends.kind, ends.ended_at, ends.output
            FROM tasks JOIN ends ON ends.task_id = tasks.task_id LEFT JOIN workflows USING (workflow_id)
            WHERE ",
            $which,
            " ORDER BY tasks.task_id LIMIT ?3"
        )
    };
}
const PAGE: &str = page!("tasks.task_id >= ?1 AND tasks.task_id < ?2");
const PAGE_OF: &str =
    page!("tasks.task_id >= ?1 AND tasks.task_id IN (SELECT unhex(value) FROM json_each(?2))");
const FACTS: &str =
    "SELECT task_id, seq, found_at, step, subject_kind, subject_name, generator, format, data FROM facts
    WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, seq";

#[async_trait]
impl History for SqliteStore {
    async fn duty_take(&self, epoch: Epoch, duty: &str) -> Result<bool, JournalError> {
        let mut tx = self.write().await?;
        fence(&mut tx, epoch).await?;
        let take = sqlx::query_scalar::<_, i64>(TAKE).bind(epoch.get()).bind(duty);
        let taken = take.fetch_optional(&mut *tx).await.map_err(journal_error)?.is_some();
        tx.commit().await?;
        Ok(taken)
    }

    /// There is one room for all.
    async fn history_extend(&self, _: Timestamp, _: Duration, _: u32) -> Result<u32, JournalError> {
        Ok(0)
    }

    async fn history_due(
        &self,
        horizon: &Horizon,
        after: Option<TaskId>,
        most: usize,
    ) -> Result<Due, JournalError> {
        let mut due = Due::default();
        let (Some(latest), Some(from)) = (horizon.latest(), least_after(after)) else { return Ok(due) };
        let mut tx = self.read().await?;
        let rows = sqlx::query(TREES)
            .bind(own(horizon)?)
            .bind(horizon.usual.map(micros))
            .bind(from)
            .bind(least_id(latest).as_uuid())
            .bind(i64::try_from(most).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await;
        trees(&rows.map_err(journal_error)?, most, &mut due)?;
        Ok(due)
    }

    async fn history_read(
        &self,
        piece: &Piece,
        after: Option<TaskId>,
        most: usize,
    ) -> Result<Vec<ArchivedTask>, JournalError> {
        let Some(from) = least_after(after) else { return Ok(Vec::new()) };
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut tx = self.read().await?;
        let page = match piece {
            Piece::Span { first, beyond } => {
                sqlx::query(PAGE).bind(from.max(first.as_uuid())).bind(beyond.as_uuid()).bind(most)
            }
            Piece::Tasks(tasks) => {
                sqlx::query(PAGE_OF).bind(from).bind(id_list(tasks.iter().copied())).bind(most)
            }
        };
        let lives = page.fetch_all(&mut *tx).await.map_err(journal_error)?;
        let taken = taken(&lives)?;
        let ids = id_list(taken.keys().copied());
        let rows = ArchiveRows {
            lives,
            messages: select(&mut tx, MESSAGES, &ids).await?,
            facts: select(&mut tx, FACTS, &ids).await?,
            audit: select(&mut tx, AUDIT, &ids).await?,
        };
        let claims = read(&mut tx, taken.keys().copied()).await?.gather(taken)?;
        rows.gather(claims)
    }

    async fn history_remove(
        &self,
        epoch: Epoch,
        piece: &Piece,
        horizon: &Horizon,
    ) -> Result<Removal, JournalError> {
        match piece {
            Piece::Span { .. } => {
                let problem = "SQLite has no partitions: its tasks go one by one";
                Err(JournalError::Rejected(problem.into()))
            }
            Piece::Tasks(tasks) => self.delete_tasks(epoch, tasks, horizon).await,
        }
    }

    /// A removal is one transaction: there is nothing to carry on with.
    async fn history_tidy(&self, epoch: Epoch) -> Result<(), JournalError> {
        let mut tx = self.write().await?;
        fence(&mut tx, epoch).await?;
        tx.commit().await
    }
}

/// The workflows with horizons of their own, as an argument.
pub(super) fn own(horizon: &Horizon) -> Result<String, JournalError> {
    let own = horizon.workflows.iter().map(|(name, before)| (name.as_str(), before.map(micros)));
    serde_json::to_string(&own.collect::<Vec<_>>()).map_err(|error| JournalError::Rejected(error.into()))
}
