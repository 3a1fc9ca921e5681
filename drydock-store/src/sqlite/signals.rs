//! Signals: sent to a task that has not ended, or, as an order, to one that may be brought back.

use std::sync::Arc;

use drydock_core::TaskId;
use drydock_core::journal::{JournalError, Request, Signal, Verb};
use sqlx::sqlite::SqliteConnection;

use super::SqliteStore;
use super::operators::log;
use super::row::micros;
use crate::batch::storable;
use crate::error::journal_error;

const SEND: &str = "INSERT INTO signals (task_id, signal_id, name, sender, sent_at, payload)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM live WHERE task_id = ?1)
    OR (?7 AND EXISTS (SELECT 1 FROM ends WHERE task_id = ?1 AND kind <> 0)) ON CONFLICT DO NOTHING";
const TELL: &str = "UPDATE live SET signals = signals + 1, wake_at = NULL WHERE task_id = ?1";
const SENT: &str = "SELECT EXISTS (SELECT 1 FROM signals WHERE task_id = ?1 AND signal_id = ?2)";

impl SqliteStore {
    pub(super) async fn send(&self, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
        self.signals.ask((task, signal.clone()), |all| self.send_all(all)).await
    }

    async fn send_all(&self, all: Arc<[(TaskId, Signal)]>) -> Result<Vec<bool>, JournalError> {
        let mut tx = self.write().await?;
        let mut answers = Vec::with_capacity(all.len());
        for (task, signal) in &*all {
            answers.push(send_in(&mut tx, *task, signal).await?);
        }
        tx.commit().await?;
        Ok(answers)
    }
}

async fn send_in(tx: &mut SqliteConnection, task: TaskId, signal: &Signal) -> Result<bool, JournalError> {
    let send = sqlx::query(SEND)
        .bind(task.as_uuid())
        .bind(signal.id.as_uuid())
        .bind(storable(&signal.name).into_owned())
        .bind(storable(&signal.sender).into_owned())
        .bind(micros(signal.at))
        .bind(signal.payload.as_bytes())
        .bind(signal.order().is_some());
    if send.execute(&mut *tx).await.map_err(journal_error)?.rows_affected() == 0 {
        let sent = sqlx::query_scalar(SENT).bind(task.as_uuid()).bind(signal.id.as_uuid());
        return sent.fetch_one(&mut *tx).await.map_err(journal_error);
    }
    sqlx::query(TELL).bind(task.as_uuid()).execute(&mut *tx).await.map_err(journal_error)?;
    if let Some(order) = signal.order() {
        let request = Request { by: signal.sender.clone(), at: signal.at };
        log(tx, task, Verb::Order, &request, order).await?;
    }
    Ok(true)
}
