//! How tasks are searched: the same in both databases.

use drydock_core::Timestamp;
use sqlx::{Database, Encode, QueryBuilder, Type};
use uuid::Uuid;

use crate::batch::storable;
use crate::repo::{Cursor, SearchOrder, TaskSearch, TaskStatus};

/// The statement for `search`, between the `head` and the `tail` of the database's pages of tasks; `time` gives a time as the database
/// stores it. It has what is looked for and no more, so that each search uses the indexes that it can.
pub(crate) fn statement<DB, T>(
    search: &TaskSearch,
    (head, tail): (&str, &str),
    time: impl Fn(Timestamp) -> T,
) -> QueryBuilder<DB>
where
    DB: Database<Arguments: Default>,
    T: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
    String: for<'q> Encode<'q, DB> + Type<DB>,
    Uuid: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut sql = QueryBuilder::new(head);
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
        sql.push(" AND created_at >= ").push_bind(time(from));
    }
    if let Some(before) = search.created_before {
        sql.push(" AND created_at < ").push_bind(time(before));
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
