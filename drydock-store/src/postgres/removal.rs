//! Partitions, made ahead and dropped when their tasks may go; and the removal of tasks that are in no span.
//!
//! A span is closed first: nothing of it is brought back any more. Then it is looked at once more, and then its tables are dropped, each
//! in a transaction of its own, so that batches wait for one of them at a time, and not for long. What a crash leaves of it is dropped
//! by the next who has the duty.
//!
//! A database that is only compatible with Postgres needs something else in place of what makes and drops tables here, and nothing else.

use std::time::Duration;

use drydock_core::journal::{Hold, Horizon, JournalError, Removal, least_id, moment_of};
use drydock_core::{Epoch, TaskId, Timestamp, after};
use sqlx::AssertSqlSafe;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use super::PgStore;
use super::history::{Own, YOUNG_AMONG, hold};
use super::row::id_list;
use crate::error::journal_error;
use crate::row::Reader;

/// The partitioned tables, in the order in which their partitions go: without its row in the first, nothing of a task is found. With what
/// is to be said of each of their partitions.
const TABLES: [(&str, &str); 12] = [
    ("tasks", ""),
    ("ends", ""),
    ("labels", ""),
    ("checkpoints", ""),
    ("attempts", ""),
    ("waits", " WITH (fillfactor = 70)"),
    ("marks", ""),
    ("signals", ""),
    ("messages", ""),
    ("facts", ""),
    ("progress", " WITH (fillfactor = 70)"),
    ("audit", ""),
];
/// How often a table is tried to be dropped while others read it, and the pause between. Who wants it waits behind whoever waits to drop
/// it, so each try is short (`lock_timeout`).
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// So many keys are forgotten in one statement.
const KEYS: i64 = 1_000;

const CLOSED: i16 = 1;
const GOING: i16 = 2;

const FENCE: &str = "SELECT epoch FROM instances WHERE epoch = $1 AND alive FOR KEY SHARE";
const STATE: &str = "UPDATE spans SET state = $2 WHERE first = $1 AND state <= $2 RETURNING suffix";
const REOPEN: &str = "UPDATE spans SET state = 0 WHERE first = $1 AND state = 1";
const BEGUN: &str = "SELECT first, beyond, state, suffix FROM spans WHERE state <> 0 ORDER BY first";
const NOTE: &str = "INSERT INTO spans (first, beyond, suffix) VALUES ($1, $2, $3)";
const LAST: &str = "SELECT beyond FROM spans ORDER BY first DESC LIMIT 1";
const FORGET: &str = "DELETE FROM keys WHERE key IN (
    SELECT key FROM keys WHERE task_id >= $1 AND task_id < $2 ORDER BY task_id LIMIT $3)";
const LEAVE: [&str; 2] = [
    "DELETE FROM lock_queue WHERE task_id >= $1 AND task_id < $2",
    "DELETE FROM slots WHERE task_id >= $1 AND task_id < $2",
];
const GONE: &str = "DELETE FROM spans WHERE first = $1";
/// Whoever brings one of them back waits, and then finds that it is gone.
const GRASP: &str = "SELECT task_id FROM ends WHERE task_id = ANY($1) ORDER BY task_id FOR UPDATE";
const LIVE: &str = "WITH RECURSIVE family (task_id) AS (
        SELECT unnest($1::uuid[]) UNION SELECT tasks.task_id FROM tasks JOIN family ON tasks.parent_id = family.task_id
    )
    SELECT live.task_id FROM live JOIN family USING (task_id) LIMIT 1";

/// A span that is going, or about to.
struct Span {
    first: TaskId,
    beyond: TaskId,
    suffix: String,
}

/// What came of making a span's partitions.
enum Made {
    Yes,
    /// Another has made them, or made others there.
    ByAnother,
    /// Something is stored in it already, among what is in no span.
    Taken,
}

impl PgStore {
    /// Makes the partitions for the span of `now`, and for the next ones. A span in which something is stored already gets none.
    pub(super) async fn extend(
        &self,
        now: Timestamp,
        span: Duration,
        ahead: u32,
    ) -> Result<u32, JournalError> {
        let minutes = i64::try_from(span.as_secs() / 60).unwrap_or(i64::MAX).max(1);
        let floor = |moment: Timestamp| {
            let minute = moment.timestamp().div_euclid(60).div_euclid(minutes).saturating_mul(minutes);
            Timestamp::from_timestamp(minute.saturating_mul(60), 0).unwrap_or_default()
        };
        let length = Duration::from_secs(minutes.unsigned_abs().saturating_mul(60));
        let last: Option<Uuid> =
            sqlx::query_scalar(LAST).fetch_optional(&self.chores).await.map_err(journal_error)?;
        let last = last.map(|last| moment_of(TaskId::from_uuid(last)));
        let mut from = last.map_or(floor(now), |last| last.max(floor(now)));
        let until = after(floor(now), length.saturating_mul(ahead));
        let mut made = 0;
        while from <= until {
            let to = after(floor(from), length);
            if to <= from {
                break;
            }
            match self.make_span(from, to).await? {
                Made::Yes => made += 1,
                Made::ByAnother => break,
                Made::Taken => tracing::info!(
                    %from, %to,
                    "tasks of this time are stored outside its partition, which was not there in time: they go one by one"
                ),
            }
            from = to;
        }
        Ok(made)
    }

    /// All tables' partitions, or none. They are made aside and then attached: that keeps nobody from reading or writing, but for what is
    /// in no span, which is looked through.
    async fn make_span(&self, from: Timestamp, to: Timestamp) -> Result<Made, JournalError> {
        let (first, beyond) = (least_id(from), least_id(to));
        let suffix = from.format("%Y%m%d_%H%M").to_string();
        let mut tx = self.chores.begin().await.map_err(journal_error)?;
        let made = async {
            let note = sqlx::query(NOTE).bind(first.as_uuid()).bind(beyond.as_uuid()).bind(&suffix);
            note.execute(&mut *tx).await?;
            for (table, with) in TABLES {
                let make = format!(
                    "CREATE TABLE {table}_{suffix} (LIKE {table} INCLUDING ALL){with};
                    ALTER TABLE {table} ATTACH PARTITION {table}_{suffix} FOR VALUES FROM ('{first}') TO ('{beyond}')"
                );
                sqlx::raw_sql(AssertSqlSafe(make)).execute(&mut *tx).await?;
            }
            Ok(())
        };
        let Err(error) = made.await else {
            tx.commit().await.map_err(journal_error)?;
            return Ok(Made::Yes);
        };
        tx.rollback().await.map_err(journal_error)?;
        match sqlx::Error::as_database_error(&error).and_then(DatabaseError::code).as_deref() {
            Some("23514") => Ok(Made::Taken),
            // A row, a table, a range that overlaps.
            Some("23505" | "42P07" | "42P17") => Ok(Made::ByAnother),
            _ => Err(journal_error(error)),
        }
    }

    pub(super) async fn drop_span(
        &self,
        epoch: Epoch,
        first: TaskId,
        beyond: TaskId,
        horizon: &Horizon,
    ) -> Result<Removal, JournalError> {
        let Some(suffix) = self.mark_span(epoch, first, CLOSED).await? else { return Ok(Removal::Gone) };
        let mut connection = self.chores.acquire().await.map_err(journal_error)?;
        if let Some(hold) = hold(&mut connection, first, beyond, horizon).await? {
            let reopen = sqlx::query(REOPEN).bind(first.as_uuid()).execute(&mut *connection).await;
            reopen.map_err(journal_error)?;
            return Ok(Removal::Held(hold));
        }
        drop(connection);
        self.mark_span(epoch, first, GOING).await?;
        self.finish(&Span { first, beyond, suffix }).await?;
        Ok(Removal::Gone)
    }

    /// What its tables' names end in; `None` when there is no such span any more.
    async fn mark_span(
        &self,
        epoch: Epoch,
        first: TaskId,
        state: i16,
    ) -> Result<Option<String>, JournalError> {
        let mut tx = self.chores.begin().await.map_err(journal_error)?;
        fence(&mut tx, epoch).await?;
        let mark = sqlx::query_scalar(STATE).bind(first.as_uuid()).bind(state);
        let suffix = mark.fetch_optional(&mut *tx).await.map_err(journal_error)?;
        tx.commit().await.map_err(journal_error)?;
        Ok(suffix)
    }

    /// Carries on with what a crash has left: a span that is going goes, and one that is closed is open again until it is due anew.
    pub(super) async fn tidy(&self, epoch: Epoch) -> Result<(), JournalError> {
        let mut connection = self.chores.acquire().await.map_err(journal_error)?;
        fence(&mut connection, epoch).await?;
        let begun = sqlx::query_as::<_, (Uuid, Uuid, i16, String)>(BEGUN);
        let begun = begun.fetch_all(&mut *connection).await.map_err(journal_error)?;
        drop(connection);
        for (first, beyond, state, suffix) in begun {
            if state == GOING {
                let (first, beyond) = (TaskId::from_uuid(first), TaskId::from_uuid(beyond));
                self.finish(&Span { first, beyond, suffix }).await?;
            } else {
                let open = sqlx::query(REOPEN).bind(first).execute(&self.chores).await;
                open.map_err(journal_error)?;
            }
        }
        Ok(())
    }

    /// Drops what is there of a span's tables, then forgets its keys, then the span.
    async fn finish(&self, span: &Span) -> Result<(), JournalError> {
        for (table, _) in TABLES {
            self.drop_table(&format!("DROP TABLE IF EXISTS {table}_{}", span.suffix)).await?;
        }
        let (first, beyond) = (span.first.as_uuid(), span.beyond.as_uuid());
        loop {
            let forget = sqlx::query(FORGET).bind(first).bind(beyond).bind(KEYS).execute(&self.chores);
            if forget.await.map_err(journal_error)?.rows_affected() < KEYS.unsigned_abs() {
                break;
            }
        }
        for sql in LEAVE {
            let leave = sqlx::query(sql).bind(first).bind(beyond).execute(&self.chores);
            leave.await.map_err(journal_error)?;
        }
        sqlx::query(GONE).bind(first).execute(&self.chores).await.map_err(journal_error).map(drop)
    }

    async fn drop_table(&self, sql: &str) -> Result<(), JournalError> {
        let mut tries = 1..TRIES;
        loop {
            let dropped = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&self.chores).await;
            match dropped.map_err(journal_error) {
                Err(JournalError::Unavailable(_)) if tries.next().is_some() => {
                    tokio::time::sleep(PAUSE).await;
                }
                done => return done.map(drop),
            }
        }
    }

    /// Tasks in no span, in one transaction.
    pub(super) async fn delete_tasks(
        &self,
        epoch: Epoch,
        tasks: &[TaskId],
        horizon: &Horizon,
    ) -> Result<Removal, JournalError> {
        let ids = id_list(tasks.iter().copied());
        let mut tx = self.chores.begin().await.map_err(journal_error)?;
        fence(&mut tx, epoch).await?;
        sqlx::query(GRASP).bind(&ids).execute(&mut *tx).await.map_err(journal_error)?;
        let live = sqlx::query(LIVE).bind(&ids).fetch_optional(&mut *tx).await.map_err(journal_error)?;
        if let Some(row) = live {
            return Reader::new("live", &row).id("task_id").map(Hold::Live).map(Removal::Held);
        }
        let own = Own::of(horizon);
        let young = sqlx::query(YOUNG_AMONG).bind(own.names).bind(own.befores).bind(horizon.usual).bind(&ids);
        if let Some(row) = young.fetch_optional(&mut *tx).await.map_err(journal_error)? {
            return Reader::new("ends", &row).id("task_id").map(Hold::Young).map(Removal::Held);
        }
        for table in TABLES.map(|(table, _)| table).into_iter().chain(["keys", "lock_queue", "slots"]) {
            let delete = AssertSqlSafe(format!("DELETE FROM {table} WHERE task_id = ANY($1)"));
            sqlx::query(delete).bind(&ids).execute(&mut *tx).await.map_err(journal_error)?;
        }
        tx.commit().await.map_err(journal_error)?;
        Ok(Removal::Gone)
    }
}

/// Fails when the epoch was retired; until the transaction's end it is not.
pub(super) async fn fence(connection: &mut PgConnection, epoch: Epoch) -> Result<(), JournalError> {
    let alive = sqlx::query(FENCE).bind(epoch.get()).fetch_optional(connection).await;
    alive.map_err(journal_error)?.map(|_| ()).ok_or(JournalError::Fenced { epoch })
}
