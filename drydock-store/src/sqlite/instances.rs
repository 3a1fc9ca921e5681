//! Joining, renewing and retiring.

use std::time::Duration;

use drydock_core::journal::{InstanceBeat, JournalError, Offers};
use drydock_core::{Epoch, InstanceName, Timestamp};

use super::SqliteStore;
use super::row::micros;
use crate::codec;
use crate::error::journal_error;
use crate::row::Reader;
use crate::unreadable::readable;

pub(super) const RENEW: &str = "UPDATE instances SET beat = beat + 1 WHERE epoch = ?1 AND alive = 1";

impl SqliteStore {
    pub(super) async fn join(
        &self,
        name: &InstanceName,
        at: Timestamp,
        lease: Duration,
        offers: &Offers,
    ) -> Result<Epoch, JournalError> {
        let (lease, offers) = (codec::lease_ms(lease), codec::offers(offers)?);
        let mut tx = self.write().await?;
        sqlx::query("UPDATE live SET owner = NULL WHERE owner IN (SELECT epoch FROM instances WHERE name = ?1 AND alive = 1)")
            .bind(name.as_str())
            .execute(&mut *tx)
            .await
            .map_err(journal_error)?;
        sqlx::query(
            "DELETE FROM slots WHERE epoch IN (SELECT epoch FROM instances WHERE name = ?1 AND alive = 1)",
        )
        .bind(name.as_str())
        .execute(&mut *tx)
        .await
        .map_err(journal_error)?;
        sqlx::query("UPDATE instances SET alive = 0 WHERE name = ?1 AND alive = 1")
            .bind(name.as_str())
            .execute(&mut *tx)
            .await
            .map_err(journal_error)?;
        let epoch =
            sqlx::query_scalar("INSERT INTO instances (name, joined_at, lease_ms, offers) VALUES (?1, ?2, ?3, ?4) RETURNING epoch")
                .bind(name.as_str())
                .bind(micros(at))
                .bind(lease)
                .bind(offers)
                .fetch_one(&mut *tx)
                .await
                .map_err(journal_error)?;
        tx.commit().await?;
        Ok(Epoch::new(epoch))
    }

    pub(super) async fn renew(&self, epoch: Epoch) -> Result<(), JournalError> {
        let renewed = sqlx::query(RENEW)
            .bind(epoch.get())
            .execute(&mut *self.writer.turn().await?)
            .await
            .map_err(journal_error)?;
        if renewed.rows_affected() == 0 { Err(JournalError::Fenced { epoch }) } else { Ok(()) }
    }

    pub(super) async fn beats(&self) -> Result<Vec<InstanceBeat>, JournalError> {
        let rows = sqlx::query(
            "SELECT epoch, name, beat, lease_ms, offers FROM instances WHERE alive = 1 ORDER BY epoch",
        )
        .fetch_all(&mut *self.reader().await?)
        .await
        .map_err(journal_error)?;
        readable(rows.iter().map(|row| Reader::new("instances", row).beat()))
    }

    /// Retires `epoch` and frees its tasks; when `beat` is given, only if it is still that. Whether it did.
    pub(super) async fn retire(&self, epoch: Epoch, beat: Option<i64>) -> Result<bool, JournalError> {
        let mut tx = self.write().await?;
        let retired = sqlx::query(
            "UPDATE instances SET alive = 0 WHERE epoch = ?1 AND alive = 1 AND beat = coalesce(?2, beat)",
        )
        .bind(epoch.get())
        .bind(beat)
        .execute(&mut *tx)
        .await
        .map_err(journal_error)?;
        if retired.rows_affected() == 0 {
            return Ok(false);
        }
        for sql in ["UPDATE live SET owner = NULL WHERE owner = ?1", "DELETE FROM slots WHERE epoch = ?1"] {
            sqlx::query(sql).bind(epoch.get()).execute(&mut *tx).await.map_err(journal_error)?;
        }
        tx.commit().await?;
        Ok(true)
    }
}
