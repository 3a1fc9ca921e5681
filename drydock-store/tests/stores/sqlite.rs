//! The store on SQLite, with a file and without.

use std::sync::Arc;

use drydock_core::journal::{JournalError, Write};
use drydock_store::SqliteStore;
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{at, claimed, id, join, message, put_workflow, running};
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
        claimed(&second, again, &[workflow], at(9), 9).await
    });
    assert!(matches!(refused, Err(JournalError::Fenced { .. })), "{refused:?}");
    assert_eq!(claimed.first().map(|claimed| (claimed.task.id, claimed.messages)), Some((id(1), 0)));
}

/// Batches of every size between the sizes of the statements, and over the largest.
#[tokio::test]
async fn a_batch_of_any_size_is_whole() {
    let store: Shared = Arc::new(SqliteStore::in_memory().await.unwrap());
    let epoch = running(&store).await;
    let mut said = 0;
    for size in (0..40).chain([511, 512, 513, 1_100]) {
        let batch: Vec<_> = (said..said + size).map(|seq| Write::MessageSaid(id(1), message(seq))).collect();
        store.append(epoch, &batch).await.unwrap();
        store.append(epoch, &batch).await.unwrap();
        said += size;
    }
    let messages = store.task_get(id(1)).await.unwrap().unwrap().messages;
    assert!(messages.iter().map(|message| message.seq).eq(0..said), "{} of {said}", messages.len());
}

/// A call that is given up at any moment has written all or nothing.
#[tokio::test]
async fn an_append_that_is_given_up_is_whole_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("yard.db")).await.unwrap();
    store.migrate().await.unwrap();
    let store: Shared = Arc::new(store);
    let epoch = running(&store).await;
    for turn in 0..50 {
        let batch: Vec<_> =
            (turn * 20..turn * 20 + 20).map(|seq| Write::MessageSaid(id(1), message(seq))).collect();
        let polls = std::cell::Cell::new(0);
        let mut append = store.append(epoch, &batch);
        // Dropped after so many polls, if it is not done before.
        std::future::poll_fn(|cx| {
            polls.set(polls.get() + 1);
            let done = append.as_mut().poll(cx).is_ready();
            if done || polls.get() > turn % 5 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        drop(append);
        let last = Write::MessageSaid(id(1), message(1_000_000 + turn));
        store.append(epoch, &[last]).await.unwrap();
        let messages = store.task_get(id(1)).await.unwrap().unwrap().messages;
        let written =
            messages.iter().filter(|said| said.seq >= turn * 20 && said.seq < turn * 20 + 20).count();
        assert!([0, 20].contains(&written), "{written} of 20 after {} polls", polls.get());
    }
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
