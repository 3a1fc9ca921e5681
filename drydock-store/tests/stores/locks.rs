//! Postgres' fence, with the locks held by hand: who waits for whom.

use std::time::Duration;

use drydock_core::journal::{JournalError, Write};
use drydock_core::{Epoch, ExposeSecret, SecretString};
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{
    at, claim, claimed, completed, id, join, message, put_workflow, running,
};
use sqlx::{Connection, PgConnection};

use super::postgres::Cluster;

async fn connection(url: &SecretString) -> PgConnection {
    PgConnection::connect(url.expose_secret()).await.unwrap()
}

async fn run(connection: &mut PgConnection, sql: &'static str, epoch: Epoch) {
    sqlx::query(sql).bind(epoch.get()).execute(connection).await.unwrap();
}

/// Returns once so many other connections of this database wait for a lock.
async fn until_they_wait(observer: &mut PgConnection, count: i64) {
    let waiting = async {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut *observer).await.unwrap() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("nobody waits for the lock");
}

/// A batch is under way: it holds the fence and has started a task, but has not committed.
#[tokio::test]
async fn a_retirement_waits_for_the_writes_under_way_and_frees_what_they_started() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    let epoch = running(&store).await;
    let rival = join(&store, "b").await;
    let (mut batch, mut observer) = (connection(&url).await, connection(&url).await);
    let mut tx = batch.begin().await.unwrap();
    run(&mut tx, "SELECT FROM instances WHERE epoch = $1 AND alive FOR KEY SHARE", epoch).await;
    run(
        &mut tx,
        "INSERT INTO tasks SELECT '00000000-0000-7000-0000-000000000002', NULL, workflow_id, NULL, created_at, NULL, input
            FROM tasks WHERE $1 > 0",
        epoch,
    )
    .await;
    run(
        &mut tx,
        "INSERT INTO live (task_id, workflow_id, created_at, owner)
            SELECT '00000000-0000-7000-0000-000000000002', workflow_id, created_at, $1 FROM live",
        epoch,
    )
    .await;
    let retire = store.instance_retire(epoch, 0);
    let commit = async {
        until_they_wait(&mut observer, 1).await;
        assert_eq!(store.instance_list().await.unwrap().len(), 2, "retired before the batch was done");
        tx.commit().await.unwrap();
    };
    let (retired, ()) = tokio::join!(retire, commit);
    assert!(retired.unwrap());
    let workflow = put_workflow(&store).await;
    assert_eq!(claim(&store, rival, workflow, 9).await, [id(1), id(2)]);
    drop(store);
    cluster.close().await;
}

/// The other way round: the retirement is first, and the batch arrives before its commit.
#[tokio::test]
async fn a_write_waits_for_the_retirement_under_way_and_is_refused() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    let epoch = running(&store).await;
    let (mut rival, mut observer) = (connection(&url).await, connection(&url).await);
    let mut tx = rival.begin().await.unwrap();
    // The retirement gets as far as the tasks that it is to free.
    run(&mut tx, "SELECT FROM live WHERE owner = $1 FOR UPDATE", epoch).await;
    let batch = [Write::MessageSaid(id(1), message(0))];
    let append = async {
        until_they_wait(&mut observer, 1).await;
        let commit = async {
            until_they_wait(&mut observer, 2).await;
            tx.commit().await.unwrap();
        };
        tokio::join!(store.append(epoch, &batch), commit).0
    };
    let (retired, appended) = tokio::join!(store.instance_retire(epoch, 0), append);
    assert!(retired.unwrap());
    assert!(matches!(appended, Err(JournalError::Fenced { .. })), "{appended:?}");
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().messages, []);
    drop(store);
    cluster.close().await;
}

/// With several batches at once there is hardly a moment without one: a renewal that waited for them would come too late.
#[tokio::test]
async fn a_renewal_waits_for_no_write_under_way_and_a_retirement_does() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    let epoch = running(&store).await;
    let (mut blocker, mut observer) = (connection(&url).await, connection(&url).await);
    let mut tx = blocker.begin().await.unwrap();
    run(&mut tx, "SELECT FROM live WHERE owner = $1 FOR UPDATE", epoch).await;
    let batch = [Write::TaskEnded(id(1), None, completed(9))];
    let retire = async {
        until_they_wait(&mut observer, 1).await;
        store.instance_renew(epoch).await.unwrap();
        let commit = async {
            until_they_wait(&mut observer, 2).await;
            assert_eq!(store.instance_list().await.unwrap().len(), 1, "retired before the batch was done");
            tx.commit().await.unwrap();
        };
        assert!(!store.instance_retire(epoch, 0).await.unwrap(), "it was renewed");
        tokio::join!(store.instance_retire(epoch, 1), commit).0
    };
    let (appended, retired) = tokio::join!(store.append(epoch, &batch), retire);
    appended.unwrap();
    assert!(retired.unwrap());
    assert!(store.task_end(id(1)).await.unwrap().is_some());
    drop(store);
    cluster.close().await;
}

/// Two processes, each with its own connections, as two instances of a site have.
#[tokio::test]
async fn a_takeover_through_another_store_fences_the_first() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let first: Shared = store;
    let second: Shared = std::sync::Arc::new(drydock_store::PgStore::connect(&url).await.unwrap());
    let epoch = running(&first).await;
    let rival = join(&second, "b").await;
    assert!(second.instance_retire(epoch, 0).await.unwrap());
    let late = first.append(epoch, &[Write::MessageSaid(id(1), message(0))]).await;
    assert!(matches!(late, Err(JournalError::Fenced { .. })), "{late:?}");
    let workflow = put_workflow(&second).await;
    let claimed = claimed(&second, rival, &[workflow], at(9), 9).await;
    assert_eq!(claimed.first().unwrap().messages, 0);
    drop((first, second));
    cluster.close().await;
}

/// No database: an error that passes, and that shows no password.
#[tokio::test]
async fn a_database_that_does_not_answer_is_unavailable() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = SecretString::from(format!("postgres://ann:s3cret@{nobody}/yard"));
    let error = drydock_store::PgStore::connect(&url).await.unwrap_err();
    assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
    let text = format!("{} {error:?}", drydock_core::error_chain(&error));
    assert!(!text.contains("s3cret"), "{text}");
}
