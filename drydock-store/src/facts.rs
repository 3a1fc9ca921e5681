//! How facts are asked for: the same in both databases.

use drydock_core::Timestamp;
use sqlx::{Database, Encode, QueryBuilder, Type};
use uuid::Uuid;

use crate::batch::storable;
use crate::repo::{FactQuery, FactsOf};

/// The statement for `query`, in the words of both databases; `time` gives a time as the database stores it.
pub(crate) fn statement<DB, T>(query: &FactQuery, time: impl Fn(Timestamp) -> T) -> QueryBuilder<DB>
where
    DB: Database<Arguments: Default>,
    T: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
    String: for<'q> Encode<'q, DB> + Type<DB>,
    Uuid: for<'q> Encode<'q, DB> + Type<DB>,
{
    let mut sql = QueryBuilder::new(
        "SELECT task_id, seq, found_at, step, subject_kind, subject_name, generator, format, data FROM facts WHERE ",
    );
    match &query.of {
        FactsOf::Task(task) => {
            sql.push("task_id = ").push_bind(task.as_uuid());
        }
        FactsOf::Subject(subject) => {
            sql.push("subject_kind = ").push_bind(storable(&subject.kind).into_owned());
            sql.push(" AND subject_name = ").push_bind(storable(&subject.name).into_owned());
        }
    }
    if query.latest {
        // Of the newest of each generator there is no newer one.
        sql.push(
            " AND NOT EXISTS (SELECT 1 FROM facts AS newer WHERE newer.subject_kind = facts.subject_kind
                AND newer.subject_name = facts.subject_name AND newer.generator = facts.generator
                AND (newer.found_at, newer.task_id, newer.seq) > (facts.found_at, facts.task_id, facts.seq)",
        );
        if matches!(query.of, FactsOf::Task(_)) {
            sql.push(" AND newer.task_id = facts.task_id");
        }
        sql.push(")");
    }
    if let Some(place) = &query.after {
        sql.push(" AND (found_at, task_id, seq) < (").push_bind(time(place.at));
        sql.push(", ").push_bind(place.task.as_uuid());
        sql.push(", ").push_bind(i64::from(place.seq)).push(")");
    }
    // One more, to see whether there is another page.
    sql.push(" ORDER BY found_at DESC, task_id DESC, seq DESC LIMIT ").push_bind(i64::from(query.limit) + 1);
    sql
}
