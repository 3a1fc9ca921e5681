//! Signals: sent to a task that has not ended, or, as an order, to one that may be brought back.

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, Signal, Verb};

use super::PgStore;
use crate::batch::storable;
use crate::error::journal_error;

/// While the task lives it has the signal, by this statement or by one that was faster; later only what is there counts.
const SEND: &str = "WITH alive AS (
        SELECT task_id FROM live WHERE task_id = $1 FOR UPDATE
    ), ended AS (
        SELECT task_id FROM ends WHERE task_id = $1 AND kind <> 0 AND $8::text IS NOT NULL
    ), sent AS (
        INSERT INTO signals (task_id, signal_id, name, sender, sent_at, payload)
        SELECT task_id, $2, $3, $4, $5, $6 FROM (SELECT task_id FROM alive UNION SELECT task_id FROM ended) AS known ON CONFLICT DO NOTHING
        RETURNING task_id
    ), told AS (
        UPDATE live SET signals = live.signals + 1, wake_at = NULL FROM sent WHERE live.task_id = sent.task_id
    ), line AS (
        INSERT INTO audit (task_id, asked_at, asked_by, verb, detail)
        SELECT task_id, $5, $4, $7, $8 FROM sent WHERE $8 IS NOT NULL ON CONFLICT DO NOTHING
    )
    SELECT EXISTS (SELECT 1 FROM alive) OR EXISTS (SELECT 1 FROM ended)
        OR EXISTS (SELECT 1 FROM signals WHERE task_id = $1 AND signal_id = $2)";

impl PgStore {
    pub(super) async fn send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
        let send = sqlx::query_scalar(SEND)
            .bind(task.as_uuid())
            .bind(signal.id.as_uuid())
            .bind(storable(&signal.name))
            .bind(storable(&signal.sender))
            .bind(signal.at)
            .bind(signal.payload.as_bytes())
            .bind(Verb::Order.as_str())
            .bind(signal.order().map(storable));
        send.fetch_one(&self.control).await.map_err(journal_error)
    }
}
