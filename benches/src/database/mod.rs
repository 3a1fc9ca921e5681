//! The databases, spoken to directly: for raw statements, and to count afterwards what the engine left in them.

mod batch;
mod postgres;
mod site;
mod sqlite;

use std::time::Duration;

use async_trait::async_trait;

pub(crate) use batch::{Batch, Starts};
pub(crate) use site::{Ground, Kind, Site, Target};

use crate::Failure;

/// A connection of one's own to the database behind a store.
#[async_trait]
pub(crate) trait Database: Send {
    /// Inserts rows into a table that is shaped as the checkpoints' is, in one statement and one commit. Where the batch says so, on
    /// Postgres, the rows of the tasks that begin or end with them go with them: two for one that begins, and one in place of one for
    /// one that ends.
    async fn insert(&mut self, batch: &Batch) -> Result<(), Failure>;

    /// Inserts tasks into tables that are shaped as the engine's are, in one commit.
    async fn start(&mut self, tasks: &Starts) -> Result<(), Failure>;

    /// Fills the engine's tables with the checkpoints of `tasks` tasks that have ended, ten each, as cheaply as it can be done.
    async fn fill(&mut self, tasks: u64) -> Result<(), Failure>;

    /// Has what came before written to its place, where that can be asked for: a round must not pay for the one before it.
    async fn settle(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// What the database has done so far.
    async fn toll(&mut self) -> Result<Toll, Failure>;

    /// How many bytes the table of living tasks has now, dead rows among them, where that can be told.
    async fn live_size(&mut self) -> Result<Option<u64>, Failure> {
        Ok(None)
    }

    /// What the rows that changed or went have left so far, where that can be told.
    async fn worn(&mut self) -> Result<Option<Worn>, Failure> {
        Ok(None)
    }

    /// Counts what the engine recorded.
    async fn census(&mut self) -> Result<Census, Failure>;
}

/// What a database has done since it exists, as far as it can be told.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Toll {
    /// Bytes of its log.
    pub(crate) log: Option<u64>,
    /// Processor time of its own processes.
    pub(crate) cpu: Option<Duration>,
    /// Transactions that were committed.
    pub(crate) commits: Option<u64>,
}

impl Toll {
    /// What came since `before`.
    pub(crate) fn since(self, before: Self) -> Self {
        let later = |after: Option<u64>, before| {
            after.zip(before).map(|(after, before): (u64, u64)| after.saturating_sub(before))
        };
        Self {
            log: later(self.log, before.log),
            cpu: self.cpu.zip(before.cpu).map(|(after, before)| after.saturating_sub(before)),
            commits: later(self.commits, before.commits),
        }
    }
}

/// What is left of rows that changed or went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worn {
    /// Dead rows in all tables.
    pub(crate) dead: u64,
    /// Bytes of the table of living tasks and its indexes.
    pub(crate) size: u64,
}

/// What is in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Census {
    /// Tasks that have ended.
    pub(crate) ended: i64,
    /// Tasks with exactly as many checkpoints as they have steps.
    pub(crate) whole: i64,
    /// Tasks with another number of checkpoints.
    pub(crate) torn: i64,
    /// Tasks that have not ended.
    pub(crate) live: i64,
}

/// The same question to both databases. `$1` is the number of steps.
const CENSUS: &str = "
    SELECT (SELECT count(*) FROM ends) AS ended,
           (SELECT count(*) FROM live) AS live,
           coalesce(sum(CASE WHEN steps = $1 THEN 1 ELSE 0 END), 0) AS whole,
           coalesce(sum(CASE WHEN steps = $1 THEN 0 ELSE 1 END), 0) AS torn
    FROM (SELECT count(*) AS steps FROM checkpoints GROUP BY task_id) AS tasks";
