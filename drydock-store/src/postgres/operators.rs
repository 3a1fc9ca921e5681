//! What operators do to tasks, and the trail that it leaves.

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, Request, Verb};

use super::PgStore;
use crate::batch::storable;
use crate::error::journal_error;

/// A change to a live task and its live descendants, with a line in the audit.
/// `UNION`, not `UNION ALL`: it ends even if a task were its own ancestor.
macro_rules! ask {
    ($change:literal) => {
        concat!(
            "WITH RECURSIVE family (task_id) AS (
                SELECT $1::uuid UNION SELECT tasks.task_id FROM tasks JOIN family ON tasks.parent_id = family.task_id
            ), locked AS (
                SELECT task_id FROM live WHERE task_id IN (SELECT task_id FROM family) ORDER BY task_id FOR UPDATE
            ), line AS (
                INSERT INTO audit (task_id, asked_at, asked_by, verb, detail)
                SELECT task_id, $2::timestamptz, $3::text, $4::text, '' FROM locked WHERE task_id = $1
                ON CONFLICT DO NOTHING
            )
            UPDATE live SET ",
            $change,
            " FROM locked WHERE live.task_id = locked.task_id AND EXISTS (SELECT 1 FROM locked WHERE task_id = $1)"
        )
    };
}
const CANCEL: &str =
    ask!("cancel_at = coalesce(cancel_at, $2), cancel_by = coalesce(cancel_by, $3), wake_at = NULL");
const PAUSE: &str = ask!("pause_at = coalesce(pause_at, $2), pause_by = coalesce(pause_by, $3)");
const RESUME: &str = ask!("pause_at = NULL, pause_by = NULL");
/// Nothing when the line is there: that request was carried out. What was sent and not taken is still there to be taken.
/// Nor when it is about to be removed with all of its span: whoever removes that waits for this to end, or this for the other.
const REOPEN: &str = "WITH span AS (
        SELECT state FROM spans WHERE first <= $1 AND beyond > $1 FOR SHARE
    ), line AS (
        INSERT INTO audit (task_id, asked_at, asked_by, verb, detail)
        SELECT task_id, $2, $3, $4, '' FROM ends WHERE task_id = $1 AND kind <> 0
            AND NOT EXISTS (SELECT 1 FROM span WHERE state <> 0)
        ON CONFLICT DO NOTHING RETURNING task_id
    ), gone AS (
        DELETE FROM ends USING line WHERE ends.task_id = $1 AND line.task_id = $1 AND ends.kind <> 0
        RETURNING ends.task_id, ends.started_at, ends.claims
    )
    INSERT INTO live (task_id, parent_id, workflow_id, created_at, priority, limit_name, limit_places,
        started_at, claims, signals)
    SELECT task_id, parent_id, workflow_id, created_at, priority, limit_name, limit_places, gone.started_at,
        gone.claims, (
        SELECT count(*) FROM signals WHERE signals.task_id = gone.task_id)
    FROM gone JOIN tasks USING (task_id) WHERE task_id = $1";
const ASKED: &str = "SELECT EXISTS (SELECT 1 FROM audit
    WHERE task_id = $1 AND asked_at = $2 AND asked_by = $3 AND verb = $4)";

impl PgStore {
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
        let by = storable(&request.by);
        let ask = sqlx::query(sql).bind(id.as_uuid()).bind(request.at).bind(by).bind(verb.as_str());
        let asked = ask.execute(&self.control).await.map_err(journal_error)?;
        Ok(asked.rows_affected() > 0)
    }

    pub(super) async fn reopen(&self, id: TaskId, request: &Request) -> Result<bool, JournalError> {
        let (by, verb) = (storable(&request.by), Verb::Reopen.as_str());
        let mut tx = self.write().await?;
        let reopen = sqlx::query(REOPEN).bind(id.as_uuid()).bind(request.at).bind(&*by).bind(verb);
        if reopen.execute(&mut *tx).await.map_err(journal_error)?.rows_affected() > 0 {
            tx.commit().await.map_err(journal_error)?;
            return Ok(true);
        }
        // Another request was faster, and then no line tells of this one.
        tx.rollback().await.map_err(journal_error)?;
        let asked = sqlx::query_scalar(ASKED).bind(id.as_uuid()).bind(request.at).bind(&*by).bind(verb);
        asked.fetch_one(&self.control).await.map_err(journal_error)
    }
}
