//! The connection that writes.

use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::task::{Context, Waker};

use drydock_core::journal::JournalError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};
use tokio::time::timeout;

use super::connection::PATIENCE;
use super::statements::Script;
use crate::error::journal_error;

/// Its pages, in KiB below zero: what it reads again for each batch stays in memory.
const CACHE: &str = "-32000";

/// One connection. Not a pool, which would pay for its questions whether the connection is well.
#[derive(Debug)]
pub(super) struct Writer {
    options: SqliteConnectOptions,
    /// Nothing once it is closed.
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    connection: SqliteConnection,
    /// A transaction may be open that nobody will commit.
    unfinished: bool,
}

impl Writer {
    pub(super) async fn connect(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        // A log of its statements would be a log of thousands of question marks.
        let options = options.clone().disable_statement_logging().pragma("cache_size", CACHE);
        let held = Mutex::new(Some(Held::connect(&options).await?));
        Ok(Self { options, held })
    }

    /// The connection, with no transaction open, as soon as the calls before are done with it.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, JournalError> {
        let turn = async {
            let held = timeout(PATIENCE, self.held.lock()).await.map_err(|_| sqlx::Error::PoolTimedOut)?;
            let held = MutexGuard::try_map(held, Option::as_mut).map_err(|_| sqlx::Error::PoolClosed)?;
            let mut turn = Turn { held };
            if turn.undo().await.is_err() {
                // The connection is lost, and with it what was open on it.
                *turn.held = Held::connect(&self.options).await?;
            }
            Ok(turn)
        };
        turn.await.map_err(journal_error)
    }

    pub(super) async fn close(&self) {
        if let Some(held) = self.held.lock().await.take() {
            // There is nothing to do about a connection that cannot even close: it is dropped, which closes the file.
            let _ = held.connection.close().await;
        }
    }
}

impl Held {
    async fn connect(options: &SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: options.connect().await?, unfinished: false })
    }
}

/// The writer, for one call. Dropped with a transaction open, it rolls that back.
pub(super) struct Turn<'a> {
    held: MappedMutexGuard<'a, Held>,
}

impl Turn<'_> {
    pub(super) async fn begin(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        self.held.unfinished = true;
        sqlx::query(statement).execute(&mut **self).await.map(drop)
    }

    pub(super) async fn commit(mut self) -> Result<(), JournalError> {
        sqlx::query("COMMIT").execute(&mut *self).await.map_err(journal_error)?;
        self.held.unfinished = false;
        Ok(())
    }

    /// Runs the whole script in a transaction that holds the write lock from its beginning, with one hop.
    pub(super) async fn transact(&mut self, script: Script) -> Result<(), JournalError> {
        let script = script.finish()?;
        self.held.unfinished = true;
        script.run(self).await.map_err(journal_error)?;
        self.held.unfinished = false;
        Ok(())
    }

    /// Rolls back what may be open.
    pub(super) async fn undo(&mut self) -> Result<(), sqlx::Error> {
        if self.held.unfinished {
            // ROLLBACK alone is an error when nothing is open, and cannot be told from one that matters.
            sqlx::query("SAVEPOINT undo; ROLLBACK").execute(&mut **self).await?;
            self.held.unfinished = false;
        }
        Ok(())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.held.unfinished {
            // Polled once, it is sent; nobody waits for the answer. Other processes need not wait for our next write, which
            // looks again.
            let rollback = pin!(sqlx::query("ROLLBACK").execute(&mut self.held.connection));
            let _ = rollback.poll(&mut Context::from_waker(Waker::noop()));
        }
    }
}

impl Deref for Turn<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.held.connection
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.held.connection
    }
}
