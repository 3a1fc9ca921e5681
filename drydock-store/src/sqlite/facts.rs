//! Facts, page by page.

use drydock_core::journal::JournalError;

use super::SqliteStore;
use super::row::micros;
use crate::error::journal_error;
use crate::facts::statement;
use crate::repo::{FactPage, FactQuery, FoundFact};
use crate::row::Reader;

impl SqliteStore {
    pub(super) async fn facts(&self, query: &FactQuery) -> Result<FactPage, JournalError> {
        let mut statement = statement(query, micros);
        let mut tx = self.read().await?;
        let rows = statement.build().fetch_all(&mut *tx).await.map_err(journal_error)?;
        let facts = rows.iter().map(|row| {
            let row = Reader::new("facts", row);
            Ok(FoundFact { task: row.id("task_id")?, record: row.fact()? })
        });
        Ok(FactPage::of(facts.collect::<Result<_, JournalError>>()?, query.limit))
    }
}
