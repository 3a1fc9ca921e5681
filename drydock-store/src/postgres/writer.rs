//! The connections that write batches.
//!
//! A pool asks each connection that comes back whether it still answers: for a batch that is a second trip to the database. So a connection goes
//! from one batch straight to the next, and is the pool's again now and then only.
//!
//! While commits are short, one batch has the database to itself, and the next waits for its end, encoded and ready to go: two at once would
//! only be in each other's way. Where commits take long, for the disk is shared or the network between, they go beside each other.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool};
use sqlx::{Postgres, SqlSafeStr};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use super::connection::{PATIENCE, PgOptions, Use, pool};
use crate::store::Connections;

/// As many as the engine has lanes.
pub(super) const CONNECTIONS: u8 = 2;

/// A commit that takes less is hardly spent waiting.
const LONG: Duration = Duration::from_micros(1_500);

/// After so long, the pool has a look at a connection: whether it answers, and is not too old.
const TERM: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(super) struct Writer {
    pool: PgPool,
    /// One for each connection: whoever has one finds it here, or the pool has room for it.
    turns: Semaphore,
    /// For the one batch that goes while commits are short.
    alone: Semaphore,
    rest: Mutex<Rest>,
}

/// What is left between batches.
#[derive(Debug, Default)]
struct Rest {
    /// Connections that the pool has given and no batch has. The last one used is the first one taken: its session has most at hand.
    idle: Vec<Held>,
    /// How long commits take; the last ones count most.
    usual: Duration,
}

#[derive(Debug)]
struct Held {
    connection: PoolConnection<Postgres>,
    /// When the pool gave it.
    since: Instant,
}

impl Writer {
    pub(super) fn new(address: PgConnectOptions, options: PgOptions) -> Self {
        let pool = pool(CONNECTIONS.into(), Use::Batches, options).test_before_acquire(false);
        Self {
            pool: pool.connect_lazy_with(address),
            turns: Semaphore::new(CONNECTIONS.into()),
            alone: Semaphore::new(1),
            rest: Mutex::default(),
        }
    }

    /// Runs a statement whose answer is a number. Cancel-safe: the pool has a connection back whose answer nobody has waited for, or that
    /// has failed, and finds out whether it is of use yet.
    pub(super) async fn run(
        &self,
        text: impl SqlSafeStr,
        arguments: PgArguments,
    ) -> Result<i64, sqlx::Error> {
        let _turn = timeout(PATIENCE, self.turn()).await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        let mut held = self.take().await?;
        let begun = Instant::now();
        let answer = sqlx::query_scalar_with(text, arguments).fetch_one(&mut *held.connection).await?;
        self.keep(held, begun.elapsed());
        Ok(answer)
    }

    /// A connection's turn, and the database's while commits are short.
    async fn turn(&self) -> Result<(SemaphorePermit<'_>, Option<SemaphorePermit<'_>>), sqlx::Error> {
        let closed = |_| sqlx::Error::PoolClosed;
        let connection = self.turns.acquire().await.map_err(closed)?;
        let are_short = self.rest().usual <= LONG;
        let alone = if are_short { Some(self.alone.acquire().await.map_err(closed)?) } else { None };
        Ok((connection, alone))
    }

    async fn take(&self) -> Result<Held, sqlx::Error> {
        let held = self.rest().idle.pop();
        match held {
            Some(held) if held.since.elapsed() < TERM => Ok(held),
            over => {
                drop(over);
                Ok(Held { connection: self.pool.acquire().await?, since: Instant::now() })
            }
        }
    }

    fn keep(&self, held: Held, took: Duration) {
        let mut rest = self.rest();
        rest.usual = (rest.usual * 3 + took) / 4;
        // Whoever closes the pool waits for its connections.
        if !self.pool.is_closed() {
            rest.idle.push(held);
        }
    }

    pub(super) async fn close(&self) {
        let closed = self.pool.close();
        self.rest().idle.clear();
        closed.await;
    }

    pub(super) fn connections(&self) -> Connections {
        let of_pool = Connections::of("batches", &self.pool);
        let idle = of_pool.idle + self.rest().idle.len();
        Connections { idle: idle.min(of_pool.open as usize), ..of_pool }
    }

    fn rest(&self) -> MutexGuard<'_, Rest> {
        self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
