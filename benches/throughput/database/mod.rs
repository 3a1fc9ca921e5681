//! The databases, spoken to directly: for raw inserts, and to count afterwards what the engine left in them.

mod batch;
mod postgres;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock_store::{MemoryStore, Store};
use drydock_testkit::Cluster;

pub(crate) use batch::Batch;

use crate::Failure;
use crate::args::Args;

/// A connection of one's own to the database behind a store.
#[async_trait]
pub(crate) trait Database: Send {
    /// Inserts a batch into a table that is shaped as the checkpoints' is, in one statement and one commit.
    async fn insert(&mut self, batch: &Batch) -> Result<(), Failure>;

    /// How many bytes of log the database has written since it exists; `None` where that cannot be told.
    async fn log_position(&mut self) -> Result<Option<u64>, Failure>;

    /// The processor time that the database's own processes have used so far; `None` where it has none, or they are elsewhere.
    async fn cpu(&mut self) -> Result<Option<Duration>, Failure>;

    /// Counts what the engine recorded.
    async fn census(&mut self) -> Result<Census, Failure>;
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

/// A store to measure.
pub(crate) struct Bench {
    /// Its name in the result.
    pub(crate) name: &'static str,
    /// The database, and how durable it is.
    pub(crate) about: String,
    pub(crate) store: Arc<dyn Store>,
    /// `None` for the store in memory, which has no database to compare with.
    pub(crate) database: Option<Box<dyn Database>>,
    ground: Ground,
}

/// What a store stands on, and what must be tidied away after it.
enum Ground {
    Nothing,
    Folder(tempfile::TempDir),
    Cluster(Cluster),
    /// A server that stays, with a database to remove from it.
    Server {
        admin: sqlx::PgConnection,
        name: String,
    },
}

impl Bench {
    pub(crate) async fn postgres(args: &Args) -> Result<Self, Failure> {
        postgres::open(args).await
    }

    pub(crate) async fn sqlite(args: &Args) -> Result<Self, Failure> {
        sqlite::open(args).await
    }

    pub(crate) fn memory() -> Self {
        Self {
            name: "memory",
            about: "nothing is durable".to_owned(),
            store: Arc::new(MemoryStore::new()),
            database: None,
            ground: Ground::Nothing,
        }
    }

    /// Leaves nothing behind.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        drop((self.store, self.database));
        match self.ground {
            Ground::Nothing => Ok(()),
            Ground::Folder(folder) => Ok(folder.close()?),
            Ground::Cluster(cluster) => {
                drop(cluster);
                Ok(())
            }
            Ground::Server { admin, name } => postgres::remove(admin, &name).await,
        }
    }
}
