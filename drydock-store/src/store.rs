//! The trait that a server holds, and how it gets one.

use std::sync::Arc;

use drydock_core::journal::{History, Journal, JournalError};

use crate::repo::TaskRepo;
use crate::{DatabaseUrl, MemoryStore, PgStore, SqliteStore};

/// A whole store: the engine's journal, its history, and the reading side.
pub trait Store: Journal + History + TaskRepo {
    /// How many connections it has open, by what they are for; empty for a store without connections.
    fn connections(&self) -> Vec<Connections> {
        Vec::new()
    }
}

impl Store for MemoryStore {}

/// The connections of one pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// What they are for.
    pub pool: &'static str,
    /// How many are open.
    pub open: u32,
    /// How many of them nobody uses.
    pub idle: usize,
}

impl Connections {
    /// Those of a pool.
    pub(crate) fn of<D: sqlx::Database>(name: &'static str, pool: &sqlx::Pool<D>) -> Self {
        // One may be closed between the two looks.
        let open = pool.size();
        Self { pool: name, open, idle: pool.num_idle().min(open as usize) }
    }
}

/// Opens the store at `url`. [`JournalError::OlderSchema`] or [`JournalError::NewerSchema`] unless its schema is exactly this
/// program's; only [`migrate`] changes it. A missing SQLite file is made, and is then older.
pub async fn open(url: &DatabaseUrl) -> Result<Arc<dyn Store>, JournalError> {
    match url {
        DatabaseUrl::Memory => Ok(Arc::new(MemoryStore::new())),
        DatabaseUrl::Postgres(url) => {
            let store = PgStore::connect(url).await?;
            store.schema_check().await?;
            Ok(Arc::new(store))
        }
        DatabaseUrl::Sqlite(path) => {
            let store = SqliteStore::open(path).await?;
            store.schema_check().await?;
            Ok(Arc::new(store))
        }
    }
}

/// Brings the schema of the database at `url` up to this program's. Harmless when it is already.
pub async fn migrate(url: &DatabaseUrl) -> Result<(), JournalError> {
    match url {
        DatabaseUrl::Memory => Ok(()),
        DatabaseUrl::Postgres(url) => {
            let store = PgStore::connect(url).await?;
            let migrated = store.migrate().await;
            store.close().await;
            migrated
        }
        DatabaseUrl::Sqlite(path) => {
            let store = SqliteStore::open(path).await?;
            let migrated = store.migrate().await;
            store.close().await;
            migrated
        }
    }
}
