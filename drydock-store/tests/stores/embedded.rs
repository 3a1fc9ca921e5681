//! Tasks that are submitted in a transaction of the caller's: there if and when it commits.

use drydock_core::ExposeSecret;
use drydock_core::journal::NewTask;
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{claim, id, join, put_workflow, task};
use drydock_store::{PgStore, SqliteStore};
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::postgres::Cluster;

/// A scenario for both databases, which differ in their types: a caller's table, and tasks beside it.
macro_rules! scenario {
    ($store:expr, $kind:ident, $connection:expr) => {{
        let (store, mut connection): (Shared, _) = ($store, $connection);
        let workflow = put_workflow(&store).await;
        let epoch = join(&store, "a").await;
        sqlx::query("CREATE TABLE orders (number INTEGER)").execute(&mut connection).await.unwrap();
        let tasks: [NewTask; 3] = [
            task(1, workflow),
            task(2, workflow).key("order-1").label("rack", "1").priority(3),
            task(3, workflow).key("order-1"),
        ];
        for commit in [false, true] {
            let mut tx = connection.begin().await.unwrap();
            sqlx::query("INSERT INTO orders VALUES (1)").execute(&mut *tx).await.unwrap();
            assert_eq!($kind::submit_in(&mut tx, &tasks).await.unwrap(), [id(1), id(2), id(2)]);
            // Again, in the same transaction, and only tasks with nothing special.
            assert_eq!($kind::submit_in(&mut tx, &tasks[..1]).await.unwrap(), [id(1)]);
            if commit {
                tx.commit().await.unwrap();
            } else {
                tx.rollback().await.unwrap();
                assert_eq!(claim(&store, epoch, workflow, 9).await, []);
                assert_eq!(store.task_get(id(1)).await.unwrap(), None);
            }
        }
        assert_eq!(store.task_get(id(2)).await.unwrap().unwrap().labels.len(), 1);
        assert_eq!(claim(&store, epoch, workflow, 9).await, [id(2), id(1)]);
        let orders: i64 =
            sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&mut connection).await.unwrap();
        assert_eq!(orders, 1);
        // Without a transaction it is one of its own.
        let late = [task(4, workflow).key("order-1"), task(5, workflow).key("order-2")];
        assert_eq!($kind::submit_in(&mut connection, &late).await.unwrap(), [id(2), id(5)]);
        assert_eq!(claim(&store, epoch, workflow, 9).await, [id(5)]);
        connection.close().await.unwrap();
    }};
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yard.db");
    let store = SqliteStore::open(&path).await.unwrap();
    store.migrate().await.unwrap();
    let url = format!("sqlite://{}", path.display());
    scenario!(std::sync::Arc::new(store), SqliteStore, SqliteConnection::connect(&url).await.unwrap());
}

#[tokio::test]
async fn on_postgres() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    scenario!(store, PgStore, PgConnection::connect(url.expose_secret()).await.unwrap());
    cluster.close().await;
}

/// A task that cannot be stored leaves nothing of the call, and the caller may still commit what is its own.
#[tokio::test]
async fn on_sqlite_a_refusal_leaves_the_callers_transaction_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yard.db");
    let store = SqliteStore::open(&path).await.unwrap();
    store.migrate().await.unwrap();
    let store: Shared = std::sync::Arc::new(store);
    let workflow = put_workflow(&store).await;
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let refusing = "CREATE TABLE orders (number INTEGER);
        CREATE TRIGGER refuse BEFORE INSERT ON live WHEN NEW.priority = 7 BEGIN SELECT RAISE(ABORT, 'no'); END";
    sqlx::raw_sql(refusing).execute(&mut connection).await.unwrap();
    let mut tx = connection.begin().await.unwrap();
    sqlx::query("INSERT INTO orders VALUES (1)").execute(&mut *tx).await.unwrap();
    let refused = SqliteStore::submit_in(&mut tx, &[task(1, workflow).label("a", "b").priority(7)]).await;
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(SqliteStore::submit_in(&mut tx, &[task(2, workflow)]).await.unwrap(), [id(2)]);
    tx.commit().await.unwrap();
    assert_eq!(store.task_get(id(1)).await.unwrap(), None);
    assert!(store.task_get(id(2)).await.unwrap().is_some());
    let orders: i64 =
        sqlx::query_scalar("SELECT count(*) FROM orders").fetch_one(&mut connection).await.unwrap();
    assert_eq!(orders, 1);
}
