//! The reading side.

use async_trait::async_trait;
use drydock_core::TaskId;
use drydock_core::journal::JournalError;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use uuid::Uuid;

use super::SqliteStore;
use super::claims::{ATTEMPTS, CHECKPOINTS, MARKS, SIGNALS, WAITS, select};
use super::row::id_list;
use crate::error::journal_error;
use crate::gather::{HistoryRows, PageRows};
use crate::repo::{
    FactPage, FactQuery, ParentFilter, TaskHistory, TaskPage, TaskQuery, TaskRecord, TaskRepo, TaskSearch,
};

/// One page of tasks with all that is one row for each, as a statement for each kind of filter, so that each uses its index.
/// ?1: the filter's argument. ?2: the least id. ?3: the most rows, -1 for all. The number is the least time there is, for
/// `max`, which gives NULL when one argument is. The subqueries run for the rows of the page only.
macro_rules! head {
    () => {
        "SELECT page.*, (SELECT json_group_object(name, value) FROM labels WHERE labels.task_id = page.task_id) AS labels,
            workflows.name, workflows.version, workflows.definition,
            live.owner IS NOT NULL OR live.wake_at IS NOT NULL AS under_way,
            coalesce(live.started_at, ends.started_at) AS started_at,
            coalesce(live.cancel_at, ends.cancel_at) AS cancel_at,
            coalesce(live.cancel_by, ends.cancel_by) AS cancel_by,
            live.pause_at, live.pause_by, ends.kind, ends.ended_at, ends.output,
            nullif(max(
                coalesce((SELECT max(ended_at) FROM checkpoints WHERE checkpoints.task_id = page.task_id), -9223372036854775808),
                coalesce((SELECT max(ended_at) FROM attempts WHERE attempts.task_id = page.task_id), -9223372036854775808),
                coalesce((SELECT max(since) FROM waits WHERE waits.task_id = page.task_id), -9223372036854775808),
                coalesce(ends.ended_at, -9223372036854775808)), -9223372036854775808) AS updated_at
        FROM (SELECT task_id, parent_id, parent_step, child_index, workflow_id, created_at, input, key, priority,
                limit_name, limit_places
            FROM tasks "
    };
}
macro_rules! tail {
    () => {
        ") AS page
        LEFT JOIN workflows USING (workflow_id)
        LEFT JOIN live USING (task_id)
        LEFT JOIN ends USING (task_id)
        ORDER BY page.task_id"
    };
}
macro_rules! page {
    ($filter:literal) => {
        concat!(head!(), "WHERE task_id >= ?2 AND ", $filter, " ORDER BY task_id LIMIT ?3", tail!())
    };
}
/// The page's tasks, by id, are those that stand between these two.
pub(super) const PAGE: (&str, &str) = (head!(), tail!());
const ONE: &str = page!("task_id = unhex(?1)");
const ANY: &str = page!("?1 IS NULL");
const ROOTS: &str = page!("?1 IS NULL AND parent_id IS NULL");
const OF: &str = page!("parent_id IN (SELECT unhex(value) FROM json_each(?1))");
const CHILDREN: &str = "SELECT task_id, parent_id FROM tasks
    WHERE parent_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY parent_id, parent_step, child_index, task_id";
pub(super) const MESSAGES: &str =
    "SELECT task_id, seq, error, said_at, subject_kind, subject_name, text FROM messages
    WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, seq";
pub(super) const AUDIT: &str = "SELECT task_id, asked_at, asked_by, verb, detail FROM audit WHERE task_id IN (SELECT unhex(value) FROM json_each(?1))";
pub(super) const PROGRESS: &str = "SELECT task_id, step, done, total, text, told_at FROM progress
    WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) ORDER BY task_id, step";

#[async_trait]
impl TaskRepo for SqliteStore {
    async fn task_get(&self, id: TaskId) -> Result<Option<TaskRecord>, JournalError> {
        let mut tx = self.read().await?;
        Ok(one(&mut tx, id).await?.gather()?.pop())
    }

    async fn task_list(&self, query: &TaskQuery) -> Result<Vec<TaskRecord>, JournalError> {
        let (sql, argument) = match &query.parents {
            ParentFilter::Any => (ANY, None),
            ParentFilter::Roots => (ROOTS, None),
            ParentFilter::Of(parents) => (OF, Some(id_list(parents.iter().copied()))),
        };
        let (mut query, mut found) = (query.clone(), Vec::new());
        let mut tx = self.read().await?;
        while let Some(least) = query.least() {
            let limit = query.limit.map_or(-1, i64::from);
            let page = page(&mut tx, sql, argument.clone(), least, limit).await?.gather_each()?;
            if !query.turn(page, &mut found)? {
                break;
            }
        }
        Ok(found)
    }

    async fn task_search(&self, search: &TaskSearch) -> Result<TaskPage, JournalError> {
        self.search(search).await
    }

    async fn task_history(&self, id: TaskId) -> Result<Option<TaskHistory>, JournalError> {
        let mut tx = self.read().await?;
        let page = one(&mut tx, id).await?;
        let (Some(task), Some(row)) = (page.gather()?.pop(), page.tasks.first()) else { return Ok(None) };
        let ids = id_list([id]);
        let rows = HistoryRows {
            checkpoints: select(&mut tx, CHECKPOINTS, &ids).await?,
            attempts: select(&mut tx, ATTEMPTS, &ids).await?,
            waits: select(&mut tx, WAITS, &ids).await?,
            marks: select(&mut tx, MARKS, &ids).await?,
            signals: select(&mut tx, SIGNALS, &ids).await?,
            audit: select(&mut tx, AUDIT, &ids).await?,
            progress: select(&mut tx, PROGRESS, &ids).await?,
        };
        rows.gather(task, row).map(Some)
    }

    async fn fact_list(&self, query: &FactQuery) -> Result<FactPage, JournalError> {
        self.facts(query).await
    }
}

async fn one(tx: &mut SqliteConnection, id: TaskId) -> Result<PageRows<SqliteRow>, JournalError> {
    page(tx, ONE, Some(id.as_uuid().simple().to_string()), Uuid::nil(), 1).await
}

async fn page(
    tx: &mut SqliteConnection,
    sql: &'static str,
    argument: Option<String>,
    least: Uuid,
    limit: i64,
) -> Result<PageRows<SqliteRow>, JournalError> {
    let query = sqlx::query(sql).bind(argument).bind(least).bind(limit);
    let tasks = query.fetch_all(&mut *tx).await.map_err(journal_error)?;
    complete(tx, tasks).await
}

/// A page's tasks with their children and messages.
pub(super) async fn complete(
    tx: &mut SqliteConnection,
    tasks: Vec<SqliteRow>,
) -> Result<PageRows<SqliteRow>, JournalError> {
    let ids = id_list(PageRows::ids(&tasks)?);
    let children = select(tx, CHILDREN, &ids).await?;
    let messages = select(tx, MESSAGES, &ids).await?;
    Ok(PageRows { tasks, children, messages })
}
