//! The store on SQLite, with a file and without.

use std::sync::Arc;

use drydock_store::SqliteStore;
use drydock_store::conformance::Shared;
use tempfile::TempDir;

/// Stores in files of a temporary folder.
pub(crate) struct Files(TempDir);

impl Files {
    #[expect(clippy::unused_async, reason = "all homes of stores have the same methods")]
    pub(crate) async fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) async fn fresh(&self) -> Shared {
        let path = tempfile::Builder::new().suffix(".db").tempfile_in(&self.0).unwrap().into_temp_path();
        let store = SqliteStore::open(path.keep().unwrap()).await.unwrap();
        store.migrate().await.unwrap();
        Arc::new(store)
    }

    #[expect(clippy::unused_async, reason = "all homes of stores have the same methods")]
    pub(crate) async fn close(self) {
        self.0.close().unwrap();
    }
}

mod file {
    use super::Files;

    conforms!(Files);
}

mod in_memory {
    use super::{Arc, Shared, SqliteStore};

    struct InMemory;

    #[expect(clippy::unused_async, reason = "all homes of stores have the same methods")]
    impl InMemory {
        async fn new() -> Self {
            Self
        }

        async fn fresh(&self) -> Shared {
            Arc::new(SqliteStore::in_memory().await.unwrap())
        }

        async fn close(self) {}
    }

    conforms!(InMemory);
}
