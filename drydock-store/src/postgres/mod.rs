//! The store on Postgres, which any number of instances may share.
//!
//! Every write of an instance locks the instance's row `FOR SHARE` while it checks that the epoch is alive; retiring updates
//! that row. So a retirement waits for the writes that are under way, and the later ones see it.

mod append;
mod claims;
mod facts;
mod feed;
mod instances;
mod journal;
mod limits;
mod locks;
mod migrate;
mod news;
mod operators;
mod parts;
mod records;
mod row;
mod search;
mod signals;
mod state;
mod statements;
mod submit;
mod tasks;

use std::io;
use std::time::Duration;

use drydock_core::journal::JournalError;
use drydock_core::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{Connection as _, Postgres, Transaction};

use crate::doubt::Doubts;
use crate::error::journal_error;

/// How long a call waits for a free connection, or for a new one to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store in a Postgres database.
///
/// It holds up to ten connections, apart by use, so that a flood of one use never starves another: batches (2), claims,
/// renewals and what else the engine asks (4), and the reading side (4).
#[derive(Debug)]
pub struct PgStore {
    batches: PgPool,
    control: PgPool,
    readers: PgPool,
    doubts: Doubts,
}

impl PgStore {
    /// Connects to the database that `url` names, `postgres://user:password@host:port/database?sslmode=…`.
    /// [`JournalError::NewerSchema`] when this program is too old for it. Creates no tables: that is [`migrate`](Self::migrate).
    /// No error and no log line shows the URL.
    pub async fn connect(url: &SecretString) -> Result<Self, JournalError> {
        let options: PgConnectOptions = url.expose_secret().parse().map_err(journal_error)?;
        let options = options.application_name("drydock");
        // A pool asks again and again until its patience is at its end, and then does not tell why. One connection tells at once.
        let tried = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
        let silent = || Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in time").into());
        let connection = tried.unwrap_or_else(|_| silent()).map_err(journal_error)?;
        connection.close().await.map_err(journal_error)?;
        // A batch's statement has one good plan, by the indexes, whatever its arrays hold and however small the tables were when
        // it was made: nothing is gained by making a new one each time.
        let indexed = [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off")];
        // A claim's good plan depends on how many tasks it may take: one made for any number reads the whole table.
        let planned = [("plan_cache_mode", "force_custom_plan")];
        // A batch on a broken connection is sent again anyway, so the ping before each use is spared there.
        let batches = pool(2).test_before_acquire(false).connect_lazy_with(options.clone().options(indexed));
        let options = options.options(planned);
        let control = pool(4).connect_with(options.clone()).await.map_err(journal_error)?;
        let readers = pool(4).connect_lazy_with(options);
        let store = Self { batches, control, readers, doubts: Doubts::new() };
        store.refuse_newer().await?;
        Ok(store)
    }

    /// Closes the connections, and waits until that is done. Calls after it fail.
    pub async fn close(&self) {
        self.batches.close().await;
        self.control.close().await;
        self.readers.close().await;
    }

    /// A transaction whose every statement sees what was committed before that statement began: whoever waited for a lock
    /// then sees what its holder wrote. Dropped without a commit, it leaves no trace.
    async fn write(&self) -> Result<Transaction<'static, Postgres>, JournalError> {
        self.control.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED").await.map_err(journal_error)
    }

    /// A transaction that reads, at one moment.
    async fn read(&self) -> Result<Transaction<'static, Postgres>, JournalError> {
        self.readers
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await
            .map_err(journal_error)
    }
}

fn pool(size: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(size).acquire_timeout(PATIENCE)
}
