//! Finding tasks. The statement has what is looked for and no more, so that each search uses the indexes that it can.

use drydock_core::journal::JournalError;
use sqlx::{Postgres, QueryBuilder};

use super::PgStore;
use super::tasks::{PAGE, complete};
use crate::batch::storable;
use crate::error::journal_error;
use crate::repo::{Cursor, SearchOrder, TaskPage, TaskSearch, TaskStatus};

impl PgStore {
    pub(super) async fn search(&self, search: &TaskSearch) -> Result<TaskPage, JournalError> {
        let mut statement = statement(search);
        let mut tx = self.read().await?;
        let tasks = statement.build().fetch_all(&mut *tx).await.map_err(journal_error)?;
        let mut records = complete(&mut tx, tasks).await?.gather_each()?;
        if search.order == SearchOrder::NewestFirst {
            records.reverse();
        }
        TaskPage::of(records, search.limit)
    }
}

fn statement(search: &TaskSearch) -> QueryBuilder<Postgres> {
    let (head, tail) = PAGE;
    let mut sql = QueryBuilder::<Postgres>::new(head);
    sql.push("WHERE true");
    for (name, value) in &search.labels {
        sql.push(" AND task_id IN (SELECT task_id FROM labels WHERE name = ");
        sql.push_bind(storable(name).into_owned()).push(" AND value = ");
        sql.push_bind(storable(value).into_owned()).push(")");
    }
    if let Some(status) = search.status {
        sql.push(with_status(status));
    }
    if let Some(workflow) = &search.workflow {
        sql.push(" AND workflow_id IN (SELECT workflow_id FROM workflows WHERE name = ");
        sql.push_bind(workflow.as_str().to_owned()).push(")");
    }
    if let Some(from) = search.created_from {
        sql.push(" AND created_at >= ").push_bind(from);
    }
    if let Some(before) = search.created_before {
        sql.push(" AND created_at < ").push_bind(before);
    }
    let (beyond, order) = match search.order {
        SearchOrder::OldestFirst => (" AND task_id > ", " ORDER BY task_id LIMIT "),
        SearchOrder::NewestFirst => (" AND task_id < ", " ORDER BY task_id DESC LIMIT "),
    };
    if let Some(after) = search.after.map(Cursor::task) {
        sql.push(beyond).push_bind(after.as_uuid());
    }
    // One more, to see whether there is another page.
    sql.push(order).push_bind(i64::from(search.limit) + 1).push(tail);
    sql
}

/// What [`status_of`](crate::repo::status_of) says, in the database's words.
fn with_status(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Queued => {
            " AND task_id IN (SELECT task_id FROM live WHERE owner IS NULL AND wake_at IS NULL AND cancel_at IS NULL)"
        }
        TaskStatus::Running => {
            " AND task_id IN (SELECT task_id FROM live WHERE (owner IS NOT NULL OR wake_at IS NOT NULL) AND cancel_at IS NULL)"
        }
        TaskStatus::Terminating => " AND task_id IN (SELECT task_id FROM live WHERE cancel_at IS NOT NULL)",
        TaskStatus::Complete => {
            " AND EXISTS (SELECT 1 FROM ends WHERE ends.task_id = tasks.task_id AND kind <> 2)"
        }
        TaskStatus::Terminated => {
            " AND EXISTS (SELECT 1 FROM ends WHERE ends.task_id = tasks.task_id AND kind = 2)"
        }
    }
}
