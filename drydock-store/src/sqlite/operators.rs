//! What operators do to tasks, and the trail that it leaves.

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, Request, Verb};

use super::SqliteStore;
use super::row::micros;
use crate::batch::storable;
use crate::error::journal_error;

/// A change to a live task and its live descendants. `UNION`, not `UNION ALL`: it ends even if a task were its own ancestor.
macro_rules! ask {
    ($change:literal) => {
        concat!(
            "WITH RECURSIVE family (task_id) AS (
                VALUES (?1) UNION SELECT tasks.task_id FROM tasks JOIN family ON tasks.parent_id = family.task_id)
            UPDATE live SET ",
            $change,
            " WHERE task_id IN (SELECT task_id FROM family) AND EXISTS (SELECT 1 FROM live WHERE task_id = ?1)
            AND ?2 IS NOT NULL AND ?3 IS NOT NULL"
        )
    };
}
const CANCEL: &str =
    ask!("cancel_at = coalesce(cancel_at, ?2), cancel_by = coalesce(cancel_by, ?3), wake_at = NULL");
const PAUSE: &str = ask!("pause_at = coalesce(pause_at, ?2), pause_by = coalesce(pause_by, ?3)");
const RESUME: &str = ask!("pause_at = NULL, pause_by = NULL");
const LINE: &str = "INSERT INTO audit (task_id, asked_at, asked_by, verb, detail) VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT DO NOTHING";
/// Nothing when the line is there: that request was carried out. What was sent and not taken is still there to be taken.
const REOPEN: &str =
    "INSERT INTO live (task_id, parent_id, workflow_id, created_at, priority, limit_name, limit_places,
        started_at, claims, signals)
    SELECT task_id, parent_id, workflow_id, created_at, priority, limit_name, limit_places, ends.started_at,
        ends.claims, (
        SELECT count(*) FROM signals WHERE signals.task_id = ends.task_id)
    FROM ends JOIN tasks USING (task_id) WHERE task_id = ?1 AND kind <> 0 AND NOT EXISTS (
        SELECT 1 FROM audit WHERE task_id = ?1 AND asked_at = ?2 AND asked_by = ?3 AND verb = ?4)";
const ASKED: &str = "SELECT EXISTS (SELECT 1 FROM audit
    WHERE task_id = ?1 AND asked_at = ?2 AND asked_by = ?3 AND verb = ?4)";

impl SqliteStore {
    pub(super) async fn cancel(&self, id: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.ask(CANCEL, id, Verb::Cancel, request).await
    }

    pub(super) async fn pause(&self, id: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.ask(PAUSE, id, Verb::Pause, request).await
    }

    pub(super) async fn resume(&self, id: TaskId, request: &Request) -> Result<bool, JournalError> {
        self.ask(RESUME, id, Verb::Resume, request).await
    }

    async fn ask(
        &self,
        sql: &'static str,
        id: TaskId,
        verb: Verb,
        request: &Request,
    ) -> Result<bool, JournalError> {
        let mut tx = self.write().await?;
        let (at, by) = (micros(request.at), storable(&request.by).into_owned());
        let ask = sqlx::query(sql).bind(id.as_uuid()).bind(at).bind(&by);
        let asked = ask.execute(&mut *tx).await.map_err(journal_error)?.rows_affected() > 0;
        if asked {
            log(&mut tx, id, verb, request, "").await?;
        }
        tx.commit().await?;
        Ok(asked)
    }

    pub(super) async fn reopen(&self, id: TaskId, request: &Request) -> Result<bool, JournalError> {
        let mut tx = self.write().await?;
        let (at, by) = (micros(request.at), storable(&request.by).into_owned());
        let verb = Verb::Reopen;
        let reopen = sqlx::query(REOPEN).bind(id.as_uuid()).bind(at).bind(&by).bind(verb.as_str());
        if reopen.execute(&mut *tx).await.map_err(journal_error)?.rows_affected() > 0 {
            let gone = sqlx::query("DELETE FROM ends WHERE task_id = ?1").bind(id.as_uuid());
            gone.execute(&mut *tx).await.map_err(journal_error)?;
            log(&mut tx, id, verb, request, "").await?;
        }
        let asked = sqlx::query_scalar(ASKED).bind(id.as_uuid()).bind(at).bind(&by).bind(verb.as_str());
        let asked = asked.fetch_one(&mut *tx).await.map_err(journal_error)?;
        tx.commit().await?;
        Ok(asked)
    }
}

/// Writes a line of the audit, once.
pub(super) async fn log(
    tx: &mut sqlx::SqliteConnection,
    id: TaskId,
    verb: Verb,
    request: &Request,
    detail: &str,
) -> Result<(), JournalError> {
    let line = sqlx::query(LINE)
        .bind(id.as_uuid())
        .bind(micros(request.at))
        .bind(storable(&request.by).into_owned())
        .bind(verb.as_str())
        .bind(storable(detail).into_owned());
    line.execute(tx).await.map_err(journal_error).map(drop)
}
