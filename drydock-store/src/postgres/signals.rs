//! Signals: sent to a task that has not ended, or, as an order, to one that may be brought back.

use std::sync::Arc;

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, Signal, Verb};
use uuid::Uuid;

use super::PgStore;
use crate::batch::storable;
use crate::error::journal_error;

/// While its task lives a signal is there for it, by this statement or by one that was faster; later only what is there counts. The order of
/// the inserts is that of all who insert: nobody waits for another who waits for him.
const SEND: &str = "WITH asked AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[], $7::text[])
            WITH ORDINALITY AS asked (task_id, signal_id, name, sender, sent_at, payload, detail, place)
    ), alive AS (
        SELECT task_id FROM live WHERE task_id = ANY($1) ORDER BY task_id FOR UPDATE
    ), ended AS (
        SELECT task_id FROM ends WHERE task_id = ANY($1) AND kind <> 0
    ), sent AS (
        INSERT INTO signals (task_id, signal_id, name, sender, sent_at, payload)
        SELECT task_id, signal_id, name, sender, sent_at, payload FROM asked
        WHERE task_id IN (SELECT task_id FROM alive)
            OR (detail IS NOT NULL AND task_id IN (SELECT task_id FROM ended))
        ORDER BY task_id, signal_id, place ON CONFLICT DO NOTHING
        RETURNING task_id, signal_id, sent_at, sender, name
    ), told AS (
        UPDATE live SET signals = live.signals + counts.more, wake_at = NULL
        FROM (SELECT task_id, count(*) AS more FROM sent GROUP BY task_id) AS counts
        WHERE live.task_id = counts.task_id
    ), line AS (
        INSERT INTO audit (task_id, asked_at, asked_by, verb, detail)
        SELECT DISTINCT sent.task_id, sent.sent_at, sent.sender, $8, asked.detail FROM sent JOIN asked USING (task_id, signal_id, name)
        WHERE asked.detail IS NOT NULL ON CONFLICT DO NOTHING
    )
    SELECT task_id IN (SELECT task_id FROM alive)
        OR (detail IS NOT NULL AND task_id IN (SELECT task_id FROM ended))
        OR EXISTS (SELECT 1 FROM signals WHERE signals.task_id = asked.task_id AND signals.signal_id = asked.signal_id)
    FROM asked ORDER BY place";

impl PgStore {
    pub(super) async fn send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
        self.signals.ask((task, signal.clone()), |all| self.send_all(all)).await
    }

    async fn send_all(&self, all: Arc<[(TaskId, Signal)]>) -> Result<Vec<bool>, JournalError> {
        let tasks: Vec<Uuid> = all.iter().map(|(task, _)| task.as_uuid()).collect();
        let signals = || all.iter().map(|(_, signal)| signal);
        let send = sqlx::query_scalar(SEND)
            .bind(tasks)
            .bind(signals().map(|signal| signal.id.as_uuid()).collect::<Vec<_>>())
            .bind(signals().map(|signal| storable(&signal.name)).collect::<Vec<_>>())
            .bind(signals().map(|signal| storable(&signal.sender)).collect::<Vec<_>>())
            .bind(signals().map(|signal| signal.at).collect::<Vec<_>>())
            .bind(signals().map(|signal| signal.payload.as_bytes()).collect::<Vec<_>>())
            .bind(signals().map(|signal| signal.order().map(storable)).collect::<Vec<_>>())
            .bind(Verb::Order.as_str());
        send.fetch_all(&self.control).await.map_err(journal_error)
    }
}
