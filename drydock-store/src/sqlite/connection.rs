//! Connections: what is set on each of them, and how long anything may take.

use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// How long a write waits for another process's, and a call for a free connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How many prepared statements a connection keeps. A script of large batches takes up to a megabyte.
const STATEMENTS: usize = 100;

/// What every connection has set.
pub(super) fn options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        .foreign_keys(false)
        .statement_cache_capacity(STATEMENTS)
        // A statement of many rows keeps the pages as they were before it; they go to a file otherwise.
        .pragma("temp_store", "MEMORY")
}

/// Connections stay open: a new one would have to prepare all statements again.
pub(super) fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}
