//! The store on SQLite: a file, one writing connection, a few that read.
//!
//! WAL with `synchronous = FULL`: a commit that was answered survives a power cut. All writes go through one connection, so
//! they queue in this process instead of failing on the database's lock; other processes are waited for.

mod append;
mod claims;
mod connection;
mod facts;
mod feed;
mod history;
mod instances;
mod journal;
mod limits;
mod locks;
mod migrate;
mod news;
mod operators;
mod parts;
mod records;
mod removal;
mod row;
mod search;
mod signals;
mod state;
mod statements;
mod submit;
mod tasks;
mod writer;

use std::ops::{Deref, DerefMut};
use std::path::Path;

use drydock_core::journal::{JournalError, Signal};
use drydock_core::{Epoch, TaskId};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Sqlite, Transaction};

use self::connection::{options, pool};
use self::writer::{Turn, Writer};
use crate::doubt::Doubts;
use crate::error::journal_error;
use crate::store::{Connections, Store};
use crate::together::Together;

const READERS: u32 = 4;

/// A store in an SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    /// A database without a file has none: it is its one connection, which reads too.
    readers: Option<SqlitePool>,
    doubts: Doubts,
    signals: Together<(TaskId, Signal), bool>,
}

impl SqliteStore {
    /// Opens the database file at `path`, and makes an empty one where there is none.
    /// [`JournalError::NewerSchema`] when this program is too old for it. Creates no tables: that is [`migrate`](Self::migrate).
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let options = options().filename(path).create_if_missing(true);
        let writer = Writer::connect(&options).await.map_err(journal_error)?;
        let readers = pool(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
        let store = Self { writer, readers: Some(readers), doubts: Doubts::new(), signals: Together::new() };
        store.refuse_newer().await?;
        Ok(store)
    }

    /// A database without a file, migrated; it is gone with this value.
    pub async fn in_memory() -> Result<Self, JournalError> {
        let writer = Writer::connect(&options().in_memory(true)).await.map_err(journal_error)?;
        let store = Self { writer, readers: None, doubts: Doubts::new(), signals: Together::new() };
        store.migrate().await?;
        Ok(store)
    }

    /// Closes the connections, and waits until that is done. Calls after it fail.
    pub async fn close(&self) {
        if let Some(readers) = &self.readers {
            readers.close().await;
        }
        self.writer.close().await;
    }

    /// A transaction that holds the database's write lock from its beginning. Dropped without a commit, it leaves no trace.
    async fn write(&self) -> Result<Turn<'_>, JournalError> {
        let mut turn = self.writer.turn().await?;
        turn.begin("BEGIN IMMEDIATE").await.map_err(journal_error)?;
        Ok(turn)
    }

    /// A transaction that reads, at one moment.
    async fn read(&self) -> Result<Reader<'_>, JournalError> {
        let Some(readers) = &self.readers else {
            let mut turn = self.writer.turn().await?;
            turn.begin("BEGIN").await.map_err(journal_error)?;
            return Ok(Reader::Writer(turn));
        };
        readers.begin().await.map(Reader::Moment).map_err(journal_error)
    }

    /// A connection for one statement that reads.
    async fn reader(&self) -> Result<Reader<'_>, JournalError> {
        match &self.readers {
            Some(readers) => readers.acquire().await.map(Reader::Statement).map_err(journal_error),
            None => self.writer.turn().await.map(Reader::Writer),
        }
    }
}

/// The check that every write of an instance passes first. In a transaction that holds the write lock, so that nobody can
/// retire `epoch` before it commits.
async fn fence(connection: &mut SqliteConnection, epoch: Epoch) -> Result<(), JournalError> {
    let alive: Option<i64> = sqlx::query_scalar("SELECT 1 FROM instances WHERE epoch = ?1 AND alive = 1")
        .bind(epoch.get())
        .fetch_optional(connection)
        .await
        .map_err(journal_error)?;
    alive.map(|_| ()).ok_or(JournalError::Fenced { epoch })
}

/// A connection to read from.
enum Reader<'a> {
    Statement(PoolConnection<Sqlite>),
    Moment(Transaction<'static, Sqlite>),
    Writer(Turn<'a>),
}

impl Deref for Reader<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Statement(connection) => connection,
            Self::Moment(transaction) => transaction,
            Self::Writer(turn) => turn,
        }
    }
}

impl DerefMut for Reader<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Statement(connection) => connection,
            Self::Moment(transaction) => transaction,
            Self::Writer(turn) => turn,
        }
    }
}

impl Store for SqliteStore {
    fn connections(&self) -> Vec<Connections> {
        self.readers.iter().map(|pool| Connections::of("readers", pool)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_survives_a_power_cut() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("yard.db")).await.unwrap();
        for mut connection in
            [Reader::Writer(store.writer.turn().await.unwrap()), store.reader().await.unwrap()]
        {
            let journal: String =
                sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *connection).await.unwrap();
            let synchronous: i64 =
                sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await.unwrap();
            assert_eq!((&*journal, synchronous), ("wal", 2), "2 is FULL");
        }
        store.close().await;
    }

    #[tokio::test]
    async fn a_dropped_transaction_leaves_no_trace_and_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("yard.db");
        let (store, other) =
            (SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap());
        store.migrate().await.unwrap();
        let insert = "INSERT INTO instances (name, joined_at, lease_ms, offers)\n            VALUES ('a', 0, 9, '{\"workflows\":[],\"executors\":[]}')";
        let mut dropped = store.write().await.unwrap();
        sqlx::query(insert).execute(&mut *dropped).await.unwrap();
        drop(dropped);
        // The first store does nothing any more, and yet the other gets the lock.
        let mut kept = other.write().await.unwrap();
        sqlx::query(insert).execute(&mut *kept).await.unwrap();
        kept.commit().await.unwrap();
        assert_eq!(store.beats().await.unwrap().len(), 1);
        store.write().await.unwrap().commit().await.unwrap();
        store.close().await;
        assert!(matches!(store.write().await.err(), Some(JournalError::Unavailable(_))));
    }

    #[tokio::test]
    async fn an_unknown_epoch_is_fenced_even_where_there_are_no_rows() {
        let store = SqliteStore::in_memory().await.unwrap();
        let epoch = Epoch::new(7);
        let refused = store.append_batch(epoch, &[], None).await;
        assert!(
            matches!(refused, Err(JournalError::Fenced { epoch: fenced }) if fenced == epoch),
            "{refused:?}"
        );
    }
}
