//! The feed.

use drydock_core::journal::{FeedCursor, FeedPage, JournalError};
use drydock_core::{Epoch, Timestamp};
use sqlx::postgres::PgConnection;

use super::PgStore;
use crate::error::journal_error;
use crate::feed::{PIECE, Teller, page, place, positions};
use crate::row::Reader;

const TELLERS: &str = "SELECT epoch, alive, coalesce(seq, 0) AS trimmed, at AS trimmed_at
    FROM instances LEFT JOIN events_trimmed USING (epoch) WHERE epoch > $1 ORDER BY epoch";
/// The commits of each epoch have no gaps, so more of them need not be looked at.
const READ: &str = "SELECT events.epoch, events.seq, events.at, events.body
    FROM unnest($1::bigint[], $2::bigint[]) AS t (epoch, seq) JOIN events ON events.epoch = t.epoch
        AND events.seq > t.seq AND events.seq <= t.seq + $3
    ORDER BY turn, events.epoch LIMIT $3";
const FIRST: &str = "SELECT seq FROM events WHERE epoch = $1 AND at >= $2 ORDER BY at, seq LIMIT 1";
const LAST: &str = "SELECT max(seq) FROM events WHERE epoch = $1";
const OLD: &str = "SELECT seq FROM events WHERE epoch = $1 AND at < $2 ORDER BY at DESC, seq DESC LIMIT 1";
const NOTE: &str = "INSERT INTO events_trimmed (epoch, seq, at)
    SELECT epoch, seq, at FROM events WHERE epoch = $1 AND seq = $2
    ON CONFLICT (epoch) DO UPDATE SET seq = greatest(events_trimmed.seq, excluded.seq),
        at = greatest(events_trimmed.at, excluded.at)";
const TRIM: &str = "DELETE FROM events WHERE epoch = $1 AND seq <= $2";

impl PgStore {
    pub(super) async fn read_feed(&self, after: &FeedCursor, limit: usize) -> Result<FeedPage, JournalError> {
        // At one moment: an epoch that is over then has told all that it ever will.
        let mut tx = self.read().await?;
        let tellers = tellers(&mut tx, after.floor()).await?;
        let (read, positions) = positions(after, &tellers)?;
        let seq = |(_, seq): &(Epoch, u64)| i64::try_from(*seq).unwrap_or(i64::MAX);
        let rows = sqlx::query(READ)
            .bind(positions.iter().map(|(epoch, _)| epoch.get()).collect::<Vec<_>>())
            .bind(positions.iter().map(seq).collect::<Vec<_>>())
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
                .bind(time)
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
        let tellers = tellers(&mut *self.read().await?, Epoch::new(0)).await?;
        let mut gone = 0;
        for Teller { epoch, trimmed, .. } in tellers {
            let last: Option<i64> = sqlx::query_scalar(OLD)
                .bind(epoch.get())
                .bind(before)
                .fetch_optional(&self.readers)
                .await
                .map_err(journal_error)?;
            let (mut done, last) = (i64::try_from(trimmed).unwrap_or(i64::MAX), last.unwrap_or(0));
            // In pieces, so that no transaction is long.
            while done < last {
                done = done.saturating_add(PIECE).min(last);
                let mut tx = self.write().await?;
                let note = sqlx::query(NOTE).bind(epoch.get()).bind(done).execute(&mut *tx).await;
                note.map_err(journal_error)?;
                let trim = sqlx::query(TRIM).bind(epoch.get()).bind(done).execute(&mut *tx).await;
                gone += trim.map_err(journal_error)?.rows_affected();
                tx.commit().await.map_err(journal_error)?;
            }
        }
        Ok(gone)
    }
}

async fn tellers(connection: &mut PgConnection, floor: Epoch) -> Result<Vec<Teller>, JournalError> {
    let rows = sqlx::query(TELLERS).bind(floor.get()).fetch_all(connection).await;
    rows.map_err(journal_error)?.iter().map(|row| Reader::new("events_trimmed", row).teller()).collect()
}
