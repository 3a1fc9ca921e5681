//! How the owner of a task hears of what others did.

use drydock_core::journal::{Child, JournalError, News, TaskEnd};
use drydock_core::{Epoch, StepName, TaskId};
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::row::id_list;
use crate::error::journal_error;
use crate::news::Gathering;
use crate::row::Reader;

pub(super) const TOLD: &str =
    "SELECT task_id, cancel_at, cancel_by, pause_at, pause_by, signals > 0 AS signalled FROM live
    WHERE owner = ?1 AND (cancel_at IS NOT NULL OR pause_at IS NOT NULL OR signals > 0) ORDER BY task_id";
pub(super) const UNTAKEN: &str = "SELECT task_id, signal_id, name, sender, sent_at, taken_by, payload FROM signals
    WHERE task_id IN (SELECT unhex(value) FROM json_each(?1)) AND taken_by IS NULL ORDER BY task_id, sent_at, signal_id";
pub(super) const OPEN_CHILDREN: &str = "SELECT parent_id, count(*) AS open FROM live
    WHERE parent_id IN (SELECT unhex(value) FROM json_each(?1)) GROUP BY parent_id ORDER BY parent_id";
pub(super) const CHILDREN: &str =
    "SELECT task_id, child_index, kind, ended_at, output FROM tasks LEFT JOIN ends USING (task_id)
    WHERE parent_id = ?1 AND parent_step = ?2 ORDER BY child_index, task_id";

impl SqliteStore {
    pub(super) async fn tell_news(&self, epoch: Epoch, parents: &[TaskId]) -> Result<News, JournalError> {
        let mut tx = self.read().await?;
        let mut news = Gathering::default();
        let told = sqlx::query(TOLD).bind(epoch.get()).fetch_all(&mut *tx).await.map_err(journal_error)?;
        news.told(&told)?;
        if !news.signalled.is_empty() {
            let untaken = sqlx::query(UNTAKEN).bind(id_list(news.signalled.iter().copied()));
            news.untaken(&untaken.fetch_all(&mut *tx).await.map_err(journal_error)?)?;
        }
        if !parents.is_empty() {
            let open = sqlx::query(OPEN_CHILDREN).bind(id_list(parents.iter().copied()));
            news.open_children(&open.fetch_all(&mut *tx).await.map_err(journal_error)?)?;
        }
        Ok(news.done())
    }

    pub(super) async fn end_of(&self, id: TaskId) -> Result<Option<TaskEnd>, JournalError> {
        let query = sqlx::query("SELECT task_id, kind, ended_at, output FROM ends WHERE task_id = ?1")
            .bind(id.as_uuid());
        let row: Option<SqliteRow> =
            query.fetch_optional(&mut *self.reader().await?).await.map_err(journal_error)?;
        row.map_or(Ok(None), |row| Reader::new("ends", &row).end())
    }

    pub(super) async fn children_of(
        &self,
        parent: TaskId,
        step: &StepName,
    ) -> Result<Vec<Child>, JournalError> {
        let query = sqlx::query(CHILDREN).bind(parent.as_uuid()).bind(step.as_str());
        let rows = query.fetch_all(&mut *self.reader().await?).await.map_err(journal_error)?;
        rows.iter().map(|row| Reader::new("ends", row).child()).collect()
    }
}
