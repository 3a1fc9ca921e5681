//! Joining, renewing and retiring.
//!
//! INVARIANT: `alive` is cleared in a statement of its own, before the tasks are freed. Clearing it waits for the writes that
//! hold the row, and only a later statement sees the tasks that they have started.

use std::time::Duration;

use drydock_core::journal::{InstanceBeat, JournalError, Offers};
use drydock_core::{Epoch, InstanceName, Timestamp};
use sqlx::error::ErrorKind;
use sqlx::{Postgres, Transaction};

use super::PgStore;
use crate::codec;
use crate::error::journal_error;
use crate::row::Reader;
use crate::unreadable::readable;

type Tx = Transaction<'static, Postgres>;

/// How often a join is tried while others join under the same name.
const TRIES: usize = 10;
/// Locks first, in the order in which all lock live rows, so that no two wait for each other.
const FREE: &str = "WITH locked AS (
        SELECT task_id FROM live WHERE owner = ANY($1) ORDER BY task_id FOR UPDATE
    )
    UPDATE live SET owner = NULL FROM locked WHERE live.task_id = locked.task_id";
/// The counter's row stays locked until the commit. So epochs become visible in their order, and whoever reads the feed knows which
/// are yet to come: those after the greatest. In the last statement of the transaction: nobody holds the row and waits for another.
const JOIN: &str = "WITH counted AS (UPDATE epochs SET last = last + 1 RETURNING last)
    INSERT INTO instances (epoch, name, joined_at, lease_ms, offers) SELECT last, $1, $2, $3, $4 FROM counted RETURNING epoch";
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
        for _ in 1..TRIES {
            match self.try_join(name, at, lease, &offers).await {
                Err(error) if is_taken(&error) => {}
                done => return done.map_err(journal_error),
            }
        }
        self.try_join(name, at, lease, &offers).await.map_err(|error| {
            // Not `Rejected`: the name is free again once the others are done.
            if is_taken(&error) { JournalError::Unavailable(error.into()) } else { journal_error(error) }
        })
    }

    /// Fails with a unique violation when another joined under the same name meanwhile.
    async fn try_join(
        &self,
        name: &InstanceName,
        at: Timestamp,
        lease: i64,
        offers: &str,
    ) -> Result<Epoch, sqlx::Error> {
        let mut tx: Tx = self.control.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await?;
        let earlier: Vec<i64> = sqlx::query_scalar(
            "UPDATE instances SET alive = false WHERE name = $1 AND alive RETURNING epoch",
        )
        .bind(name.as_str())
        .fetch_all(&mut *tx)
        .await?;
        sqlx::query(FREE).bind(&earlier).execute(&mut *tx).await?;
        sqlx::query(VACATE).bind(&earlier).execute(&mut *tx).await?;
        let epoch = sqlx::query_scalar(JOIN)
            .bind(name.as_str())
            .bind(at)
            .bind(lease)
            .bind(offers)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
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
        let retire =
            "UPDATE instances SET alive = false WHERE epoch = $1 AND alive AND beat = coalesce($2, beat)";
        let retired = sqlx::query(retire).bind(epoch.get()).bind(beat).execute(&mut *tx).await;
        if retired.map_err(journal_error)?.rows_affected() == 0 {
            return Ok(false);
        }
        for sql in [FREE, VACATE] {
            sqlx::query(sql).bind(vec![epoch.get()]).execute(&mut *tx).await.map_err(journal_error)?;
        }
        tx.commit().await.map_err(journal_error)?;
        Ok(true)
    }
}

fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.kind() == ErrorKind::UniqueViolation)
}
