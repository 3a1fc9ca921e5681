//! The store on SQLite, with a file and without.

use std::sync::Arc;

use drydock_core::journal::{JournalError, Write};
use drydock_store::SqliteStore;
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{at, id, join, message, put_workflow, running};
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

/// Two processes with one file: a server, and the one that was started again before the first was quite dead.
#[tokio::test]
async fn a_takeover_through_another_store_fences_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yard.db");
    let first = SqliteStore::open(&path).await.unwrap();
    first.migrate().await.unwrap();
    let (first, second): (Shared, Shared) =
        (Arc::new(first), Arc::new(SqliteStore::open(&path).await.unwrap()));
    let epoch = running(&first).await;
    let again = join(&second, "a").await;
    let late = [Write::MessageSaid(id(1), message(0))];
    let (refused, claimed) = tokio::join!(first.append(epoch, &late), async {
        let workflow = put_workflow(&second).await;
        second.task_claim(again, &[workflow], at(9), 9).await.unwrap()
    });
    assert!(matches!(refused, Err(JournalError::Fenced { .. })), "{refused:?}");
    assert_eq!(claimed.first().map(|claimed| (claimed.task.id, claimed.messages)), Some((id(1), 0)));
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
