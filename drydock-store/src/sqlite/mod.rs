//! The store on SQLite: a file, one writing connection, a few that read.
//!
//! WAL with `synchronous = FULL`: a commit that was answered survives a power cut. All writes go through one connection, so
//! they queue in this process instead of failing on the database's lock; other processes are waited for.

mod append;
mod claims;
mod instances;
mod journal;
mod migrate;
mod row;
mod statements;
mod tasks;

use std::path::Path;
use std::time::Duration;

use drydock_core::Epoch;
use drydock_core::journal::JournalError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};

use crate::doubt::Doubts;
use crate::error::journal_error;

/// How long a write waits for another process's, and a call for a free connection.
const PATIENCE: Duration = Duration::from_secs(10);
const READERS: u32 = 4;

/// A store in an SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    doubts: Doubts,
}

impl SqliteStore {
    /// Opens the database file at `path`, and makes an empty one where there is none.
    /// [`JournalError::NewerSchema`] when this program is too old for it. Creates no tables: that is [`migrate`](Self::migrate).
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let options = options().filename(path).create_if_missing(true);
        let writer = pool(1).connect_with(options.clone()).await.map_err(journal_error)?;
        let readers = pool(READERS).connect_lazy_with(options.pragma("query_only", "ON"));
        let store = Self { writer, readers, doubts: Doubts::new() };
        store.refuse_newer().await?;
        Ok(store)
    }

    /// A database without a file, migrated; it is gone with this value.
    pub async fn in_memory() -> Result<Self, JournalError> {
        // The database is its connection, so there is one, which reads too and is never closed.
        let options = options().in_memory(true);
        let writer = pool(1).connect_with(options).await.map_err(journal_error)?;
        let store = Self { readers: writer.clone(), writer, doubts: Doubts::new() };
        store.migrate().await?;
        Ok(store)
    }

    /// Closes the connections, and waits until that is done. Calls after it fail.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that holds the database's write lock from its beginning. Dropped without a commit, it leaves no trace.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, JournalError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(journal_error)
    }

    /// A transaction that reads, at one moment.
    async fn read(&self) -> Result<Transaction<'static, Sqlite>, JournalError> {
        self.readers.begin().await.map_err(journal_error)
    }
}

/// The check that every write of an instance passes first. `tx` holds the write lock, so nobody can retire `epoch` before
/// it commits.
async fn fence(tx: &mut Transaction<'static, Sqlite>, epoch: Epoch) -> Result<(), JournalError> {
    let alive: Option<i64> = sqlx::query_scalar("SELECT 1 FROM instances WHERE epoch = ?1 AND alive = 1")
        .bind(epoch.get())
        .fetch_optional(&mut **tx)
        .await
        .map_err(journal_error)?;
    alive.map(|_| ()).ok_or(JournalError::Fenced { epoch })
}

fn options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(false)
        .statement_cache_capacity(400)
}

/// Connections stay open: a new one would have to prepare all statements again.
fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_commit_survives_a_power_cut() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("yard.db")).await.unwrap();
        for pool in [&store.writer, &store.readers] {
            let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
            let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
            assert_eq!((&*journal, synchronous), ("wal", 2), "2 is FULL");
        }
        store.close().await;
    }
}
