//! Joining, renewing and retiring.
//!
//! INVARIANT: `alive` is cleared under a lock `FOR UPDATE`, and in statements of their own, before the tasks are freed. Taking that lock
//! waits for the writes that hold the row, which clearing alone would not; and only a later statement sees the tasks that they have
//! started.

use std::time::Duration;

use drydock_core::journal::{InstanceBeat, JournalError, Offers};
use drydock_core::{Epoch, InstanceName, Timestamp};

use super::PgStore;
use crate::codec;
use crate::error::journal_error;
use crate::row::Reader;
use crate::unreadable::readable;

/// Locks first, in the order in which all lock live rows, so that no two wait for each other.
const FREE: &str = "WITH locked AS (
        SELECT task_id FROM live WHERE owner = ANY($1) ORDER BY task_id FOR UPDATE
    )
    UPDATE live SET owner = NULL FROM locked WHERE live.task_id = locked.task_id";
/// The counter's row stays locked until the commit: whoever joins does so alone. So epochs become visible in their order, and whoever reads
/// the feed knows which are yet to come: those after the greatest. Before all else, as nobody who holds another row waits for this one.
const COUNT: &str = "UPDATE epochs SET last = last + 1 RETURNING last";
const EARLIER: &str = "SELECT epoch FROM instances WHERE name = $1 AND alive FOR UPDATE";
const SILENT: &str =
    "SELECT epoch FROM instances WHERE epoch = $1 AND alive AND beat = coalesce($2, beat) FOR UPDATE";
const CLEAR: &str = "UPDATE instances SET alive = false WHERE epoch = ANY($1)";
const JOIN: &str =
    "INSERT INTO instances (epoch, name, joined_at, lease_ms, offers) VALUES ($1, $2, $3, $4, $5)";
const VACATE: &str = "DELETE FROM slots WHERE epoch = ANY($1)";

impl PgStore {
    pub(super) async fn join(
        &self,
        name: &InstanceName,
        at: Timestamp,
        lease: Duration,
        offers: &Offers,
    ) -> Result<Epoch, JournalError> {
        let (lease, offers) = (codec::lease_ms(lease), codec::offers(offers)?);
        let mut tx = self.write().await?;
        let epoch: i64 = sqlx::query_scalar(COUNT).fetch_one(&mut *tx).await.map_err(journal_error)?;
        let earlier: Vec<i64> = sqlx::query_scalar(EARLIER)
            .bind(name.as_str())
            .fetch_all(&mut *tx)
            .await
            .map_err(journal_error)?;
        for sql in [CLEAR, FREE, VACATE] {
            sqlx::query(sql).bind(&earlier).execute(&mut *tx).await.map_err(journal_error)?;
        }
        let join = sqlx::query(JOIN).bind(epoch).bind(name.as_str()).bind(at).bind(lease).bind(offers);
        join.execute(&mut *tx).await.map_err(journal_error)?;
        tx.commit().await.map_err(journal_error)?;
        Ok(Epoch::new(epoch))
    }

    pub(super) async fn renew(&self, epoch: Epoch) -> Result<(), JournalError> {
        let renewed = sqlx::query("UPDATE instances SET beat = beat + 1 WHERE epoch = $1 AND alive")
            .bind(epoch.get())
            .execute(&self.lease)
            .await
            .map_err(journal_error)?;
        if renewed.rows_affected() == 0 { Err(JournalError::Fenced { epoch }) } else { Ok(()) }
    }

    pub(super) async fn beats(&self) -> Result<Vec<InstanceBeat>, JournalError> {
        let rows = sqlx::query(
            "SELECT epoch, name, beat, lease_ms, offers FROM instances WHERE alive ORDER BY epoch",
        )
        .fetch_all(&self.lease)
        .await
        .map_err(journal_error)?;
        readable(rows.iter().map(|row| Reader::new("instances", row).beat()))
    }

    /// Retires `epoch` and frees its tasks; when `beat` is given, only if it is still that. Whether it did.
    pub(super) async fn retire(&self, epoch: Epoch, beat: Option<i64>) -> Result<bool, JournalError> {
        let mut tx = self.write().await?;
        let silent = sqlx::query_scalar(SILENT).bind(epoch.get()).bind(beat).fetch_all(&mut *tx).await;
        let silent: Vec<i64> = silent.map_err(journal_error)?;
        if silent.is_empty() {
            return Ok(false);
        }
        for sql in [CLEAR, FREE, VACATE] {
            sqlx::query(sql).bind(&silent).execute(&mut *tx).await.map_err(journal_error)?;
        }
        tx.commit().await.map_err(journal_error)?;
        Ok(true)
    }
}
