//! Facts, page by page.

use drydock_core::journal::JournalError;
use sqlx::{QueryBuilder, Sqlite};

use super::SqliteStore;
use super::row::micros;
use crate::batch::storable;
use crate::error::journal_error;
use crate::repo::{FactPage, FactQuery, FactsOf, FoundFact};
use crate::row::Reader;

impl SqliteStore {
    pub(super) async fn facts(&self, query: &FactQuery) -> Result<FactPage, JournalError> {
        let mut statement = statement(query);
        let mut tx = self.read().await?;
        let rows = statement.build().fetch_all(&mut *tx).await.map_err(journal_error)?;
        let facts = rows.iter().map(|row| {
            let row = Reader::new("facts", row);
            Ok(FoundFact { task: row.id("task_id")?, record: row.fact()? })
        });
        Ok(FactPage::of(facts.collect::<Result<_, JournalError>>()?, query.limit))
    }
}

fn statement(query: &FactQuery) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::<Sqlite>::new(
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
        sql.push(" AND (found_at, task_id, seq) < (").push_bind(micros(place.at));
        sql.push(", ").push_bind(place.task.as_uuid());
        sql.push(", ").push_bind(i64::from(place.seq)).push(")");
    }
    // One more, to see whether there is another page.
    sql.push(" ORDER BY found_at DESC, task_id DESC, seq DESC LIMIT ").push_bind(i64::from(query.limit) + 1);
    sql
}
