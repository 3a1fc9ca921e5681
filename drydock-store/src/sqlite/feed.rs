//! The feed.

use drydock_core::journal::{FeedCursor, FeedPage, JournalError};
use drydock_core::{Epoch, Timestamp};

use super::row::micros;
use super::{Reader as Connection, SqliteStore};
use crate::error::journal_error;
use crate::feed::{PIECE, Teller, page, place, positions};
use crate::row::Reader;

const TELLERS: &str = "SELECT epoch, alive, coalesce(seq, 0) AS trimmed, at AS trimmed_at
    FROM instances LEFT JOIN events_trimmed USING (epoch) WHERE epoch > ?1 ORDER BY epoch";
/// Epochs with their positions are `[[epoch, seq], …]`; the commits of each have no gaps, so more need not be looked at.
const READ: &str = "SELECT events.epoch, events.seq, events.at, events.body
    FROM json_each(?1) AS t JOIN events ON events.epoch = t.value ->> 0
        AND events.seq BETWEEN (t.value ->> 1) + 1 AND (t.value ->> 1) + ?2
    ORDER BY turn, events.epoch LIMIT ?2";
const FIRST: &str = "SELECT seq FROM events WHERE epoch = ?1 AND at >= ?2 ORDER BY at, seq LIMIT 1";
const LAST: &str = "SELECT max(seq) FROM events WHERE epoch = ?1";
const OLD: &str = "SELECT seq FROM events WHERE epoch = ?1 AND at < ?2 ORDER BY at DESC, seq DESC LIMIT 1";
const NOTE: &str = "INSERT INTO events_trimmed (epoch, seq, at)
    SELECT epoch, seq, at FROM events WHERE epoch = ?1 AND seq = ?2
    ON CONFLICT (epoch) DO UPDATE SET seq = max(seq, excluded.seq), at = max(at, excluded.at)";
const TRIM: &str = "DELETE FROM events WHERE epoch = ?1 AND seq <= ?2";

impl SqliteStore {
    pub(super) async fn read_feed(&self, after: &FeedCursor, limit: usize) -> Result<FeedPage, JournalError> {
        let mut tx = self.read().await?;
        let tellers = tellers(&mut tx, after.floor()).await?;
        let (read, positions) = positions(after, &tellers)?;
        let positions: Vec<_> = positions.iter().map(|(epoch, seq)| format!("[{epoch},{seq}]")).collect();
        let rows = sqlx::query(READ)
            .bind(format!("[{}]", positions.join(",")))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx)
            .await
            .map_err(journal_error)?;
        let commits = rows.iter().map(|row| Reader::new("events", row).commit());
        page(read, &tellers, commits.collect::<Result<_, _>>()?, limit)
    }

    pub(super) async fn since(&self, time: Timestamp) -> Result<FeedCursor, JournalError> {
        let mut tx = self.read().await?;
        let tellers = tellers(&mut tx, Epoch::new(0)).await?;
        let mut places = Vec::with_capacity(tellers.len());
        for teller in &tellers {
            let first: Option<i64> = sqlx::query_scalar(FIRST)
                .bind(teller.epoch.get())
                .bind(micros(time))
                .fetch_optional(&mut *tx)
                .await
                .map_err(journal_error)?;
            let last: Option<i64> = sqlx::query_scalar(LAST)
                .bind(teller.epoch.get())
                .fetch_one(&mut *tx)
                .await
                .map_err(journal_error)?;
            places.push(teller.place(first, last)?);
        }
        place(&tellers, &places, time)
    }

    pub(super) async fn trim(&self, before: Timestamp) -> Result<u64, JournalError> {
        let tellers = tellers(&mut self.reader().await?, Epoch::new(0)).await?;
        let mut gone = 0;
        for Teller { epoch, trimmed, .. } in tellers {
            let last: Option<i64> = sqlx::query_scalar(OLD)
                .bind(epoch.get())
                .bind(micros(before))
                .fetch_optional(&mut *self.reader().await?)
                .await
                .map_err(journal_error)?;
            let (mut done, last) = (i64::try_from(trimmed).unwrap_or(i64::MAX), last.unwrap_or(0));
            // In pieces, so that no write waits for long.
            while done < last {
                done = done.saturating_add(PIECE).min(last);
                let mut tx = self.write().await?;
                let note = sqlx::query(NOTE).bind(epoch.get()).bind(done).execute(&mut *tx).await;
                note.map_err(journal_error)?;
                let trim = sqlx::query(TRIM).bind(epoch.get()).bind(done).execute(&mut *tx).await;
                gone += trim.map_err(journal_error)?.rows_affected();
                tx.commit().await?;
            }
        }
        Ok(gone)
    }
}

async fn tellers(connection: &mut Connection<'_>, floor: Epoch) -> Result<Vec<Teller>, JournalError> {
    let rows = sqlx::query(TELLERS).bind(floor.get()).fetch_all(&mut **connection).await;
    rows.map_err(journal_error)?.iter().map(|row| Reader::new("events_trimmed", row).teller()).collect()
}
