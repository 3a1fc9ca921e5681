//! Finding tasks.

use drydock_core::journal::JournalError;

use super::PgStore;
use super::tasks::{PAGE, complete};
use crate::error::journal_error;
use crate::repo::{SearchOrder, TaskPage, TaskSearch};
use crate::search::statement;

impl PgStore {
    pub(super) async fn search(&self, search: &TaskSearch) -> Result<TaskPage, JournalError> {
        let mut statement = statement(search, PAGE, |at| at);
        let mut tx = self.read().await?;
        let tasks = statement.build().fetch_all(&mut *tx).await.map_err(journal_error)?;
        let mut records = complete(&mut tx, tasks).await?.gather_each()?;
        if search.order == SearchOrder::NewestFirst {
            records.reverse();
        }
        TaskPage::of(records, search.limit)
    }
}
