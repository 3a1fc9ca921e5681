//! The store on Postgres, which any number of instances may share.
//!
//! Every write of an instance locks the instance's row `FOR KEY SHARE` while it checks that the epoch is alive; retiring locks that row
//! `FOR UPDATE`. So a retirement waits for the writes that are under way, and the later ones see it. A renewal waits for none of them: of
//! several writes at once, one is always under way.
//!
//! # The SQL
//!
//! It keeps to what databases that are only compatible with Postgres run too, and connection poolers. `cargo xtask tidy` reads it, here and
//! in the migrations:
//!
//! * No advisory locks: what is to be done by one at a time locks a row, `FOR UPDATE`, or by updating it. No `LOCK TABLE`.
//! * No stored procedures, no triggers, no rules, no anonymous blocks: what the database does stands in the statement.
//! * No foreign keys, and so none that cascade.
//! * Nobody listens. `NOTIFY` could be a hint at most: a poll finds everything.
//! * No `now()`: times come from the engine's clock.
//! * Tables are made and dropped in [`removal`] only, one partition of each table for a span of time. A database that partitions by itself
//!   needs none of that.
//! * What a statement needs of a session is what [`connection`] sets when it begins: no temporary tables, no settings between statements.

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

use drydock_core::journal::{JournalError, Signal};
use drydock_core::{SecretString, TaskId};
use sqlx::postgres::PgPool;
use sqlx::{Postgres, Transaction};

pub use self::connection::PgOptions;
use self::connection::{Use, pool, reach};
use self::writer::Writer;
use crate::doubt::Doubts;
use crate::error::journal_error;
use crate::store::{Connections, Store};
use crate::together::Together;

const READ_COMMITTED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// A store in a Postgres database.
///
/// It holds up to thirteen connections, apart by use, so that a flood of one use never starves another: batches (2), renewals of the
/// lease (1), claims (1), what else the engine and operators ask (4), the reading side (4), and the removal of old history (1).
#[derive(Debug)]
pub struct PgStore {
    batches: Writer,
    lease: PgPool,
    /// One claim goes on at a time.
    claims: PgPool,
    control: PgPool,
    readers: PgPool,
    chores: PgPool,
    doubts: Doubts,
    signals: Together<(TaskId, Signal), bool>,
}

impl PgStore {
    /// Connects to the database that `url` names, `postgres://user:password@host:port/database?sslmode=…`.
    /// [`JournalError::NewerSchema`] when this program is too old for it. Creates no tables: that is [`migrate`](Self::migrate).
    /// No error and no log line shows the URL.
    pub async fn connect(url: &SecretString) -> Result<Self, JournalError> {
        Self::connect_with(url, PgOptions::default()).await
    }

    /// As [`connect`](Self::connect), with other timeouts than the usual.
    pub async fn connect_with(url: &SecretString, options: PgOptions) -> Result<Self, JournalError> {
        let address = reach(url).await?;
        let pool = |size, purpose| pool(size, purpose, options);
        let batches = Writer::new(address.clone(), options);
        let control = pool(4, Use::Engine).connect_with(address.clone()).await.map_err(journal_error)?;
        let lease = pool(1, Use::Engine).connect_lazy_with(address.clone());
        let claims = pool(1, Use::Engine).connect_lazy_with(address.clone());
        let readers = pool(4, Use::Queries).connect_lazy_with(address.clone());
        let chores = pool(1, Use::Chores).connect_lazy_with(address);
        let store = Self {
            batches,
            lease,
            claims,
            control,
            readers,
            chores,
            doubts: Doubts::new(),
            signals: Together::new(),
        };
        store.refuse_newer().await?;
        Ok(store)
    }

    /// Closes the connections, and waits until that is done. Calls after it fail.
    pub async fn close(&self) {
        self.batches.close().await;
        self.lease.close().await;
        self.claims.close().await;
        self.control.close().await;
        self.readers.close().await;
        self.chores.close().await;
    }

    /// A transaction whose every statement sees what was committed before that statement began: whoever waited for a lock
    /// then sees what its holder wrote. Dropped without a commit, it leaves no trace.
    async fn write(&self) -> Result<Transaction<'static, Postgres>, JournalError> {
        self.control.begin_with(READ_COMMITTED).await.map_err(journal_error)
    }

    /// A transaction that reads, at one moment.
    async fn read(&self) -> Result<Transaction<'static, Postgres>, JournalError> {
        self.readers
            .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .await
            .map_err(journal_error)
    }
}

impl Store for PgStore {
    fn connections(&self) -> Vec<Connections> {
        vec![
            self.batches.connections(),
            Connections::of("lease", &self.lease),
            Connections::of("claims", &self.claims),
            Connections::of("control", &self.control),
            Connections::of("readers", &self.readers),
            Connections::of("chores", &self.chores),
        ]
    }
}
