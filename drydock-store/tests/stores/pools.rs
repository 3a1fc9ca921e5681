//! Postgres under strain: no use of the store starves another, and nothing that stands still holds others up for ever.

use std::future::{Future, poll_fn};
use std::ops::Range;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use drydock_core::journal::{FeedCursor, Journal, JournalError, Write};
use drydock_core::{Epoch, ExposeSecret, SecretString};
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{
    claim, id, join, message, put_workflow, request, running, submit, task,
};
use drydock_store::{PgOptions, PgStore};
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

use super::postgres::Cluster;

async fn connection(url: &SecretString) -> PgConnection {
    PgConnection::connect(url.expose_secret()).await.unwrap()
}

/// Returns once so many sessions of the database are as `condition` says.
async fn until(observer: &mut PgConnection, condition: &'static str, sessions: i64) {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'drydock' AND {condition}"
    );
    let there = async {
        let count = || sqlx::query_scalar::<_, i64>(sqlx::AssertSqlSafe(sql.clone()));
        while count().fetch_one(&mut *observer).await.unwrap() < sessions {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), there).await.expect("the sessions never got there");
}

const WAITING: &str = "wait_event_type = 'Lock'";

/// Calls that wait for what `blocker` has locked, more than there are connections for them.
async fn flood<F: Future<Output = Result<(), JournalError>> + Send + 'static>(
    observer: &mut PgConnection,
    call: impl Fn() -> F,
) -> JoinSet<Result<(), JournalError>> {
    let mut calls = JoinSet::new();
    for _ in 0..6 {
        calls.spawn(call());
    }
    until(observer, WAITING, 4).await;
    calls
}

async fn all_answered(calls: JoinSet<Result<(), JournalError>>) {
    for answer in calls.join_all().await {
        answer.unwrap();
    }
}

#[tokio::test]
async fn while_all_who_read_are_busy_leases_are_renewed_and_tasks_claimed_and_written() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    let epoch = running(&store).await;
    let (mut blocker, mut observer) = (connection(&url).await, connection(&url).await);
    let mut tx = blocker.begin().await.unwrap();
    // The feed alone reads it.
    sqlx::query("LOCK TABLE events_trimmed IN ACCESS EXCLUSIVE MODE").execute(&mut *tx).await.unwrap();
    let reads = flood(&mut observer, || {
        let store = store.clone();
        async move { store.feed_read(&FeedCursor::default(), 9).await.map(drop) }
    })
    .await;

    store.instance_renew(epoch).await.unwrap();
    assert_eq!(store.instance_list().await.unwrap().len(), 1);
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [2]).await;
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(2)]);
    store.append(epoch, &[Write::MessageSaid(id(2), message(0))]).await.unwrap();
    store.news(epoch, &[]).await.unwrap();

    tx.commit().await.unwrap();
    all_answered(reads).await;
    drop(store);
    cluster.close().await;
}

#[tokio::test]
async fn while_all_who_ask_are_busy_leases_are_renewed_and_tasks_claimed_and_written() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    let epoch = running(&store).await;
    let rival = join(&store, "b").await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, [2]).await;
    let (mut blocker, mut observer) = (connection(&url).await, connection(&url).await);
    let mut tx = blocker.begin().await.unwrap();
    sqlx::query("SELECT FROM live WHERE owner IS NOT NULL FOR UPDATE").execute(&mut *tx).await.unwrap();
    let cancels = flood(&mut observer, || {
        let store = store.clone();
        async move { store.task_cancel(id(1), &request("ann", 7)).await.map(drop) }
    })
    .await;

    store.instance_renew(epoch).await.unwrap();
    store.instance_renew(rival).await.unwrap();
    assert_eq!(store.instance_list().await.unwrap().len(), 2);
    assert_eq!(claim(&store, rival, workflow, 9).await, [id(2)]);
    store.append(epoch, &[Write::MessageSaid(id(1), message(0))]).await.unwrap();
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().messages.len(), 1);

    tx.commit().await.unwrap();
    all_answered(cancels).await;
    drop(store);
    cluster.close().await;
}

/// Batches that are held up until so many sessions are as `condition` says.
async fn hold_up(
    (url, store, epoch): (&SecretString, &Shared, Epoch),
    batches: Range<u32>,
    condition: &'static str,
    sessions: i64,
) {
    let (mut blocker, mut observer) = (connection(url).await, connection(url).await);
    let mut tx = blocker.begin().await.unwrap();
    sqlx::query("SELECT FROM instances FOR UPDATE").execute(&mut *tx).await.unwrap();
    let mut held_up = JoinSet::new();
    for seq in batches {
        let store = store.clone();
        held_up.spawn(async move { store.append(epoch, &[Write::MessageSaid(id(1), message(seq))]).await });
    }
    until(&mut observer, condition, sessions).await;
    tx.commit().await.unwrap();
    all_answered(held_up).await;
}

#[tokio::test]
async fn more_batches_than_connections_for_them_take_turns() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    let epoch = running(&store).await;
    hold_up((&url, &store, epoch), 0..6, WAITING, 1).await;
    // Now there are connections that have carried batches before.
    hold_up((&url, &store, epoch), 6..12, WAITING, 1).await;
    assert_eq!(store.task_get(id(1)).await.unwrap().unwrap().messages.len(), 12);
    drop(store);
    cluster.close().await;
}

#[tokio::test]
async fn where_commits_take_long_two_go_beside_each_other() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let store: Shared = store;
    let epoch = running(&store).await;
    let long = "wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '100 ms'";
    hold_up((&url, &store, epoch), 0..1, long, 1).await;
    hold_up((&url, &store, epoch), 1..3, WAITING, 2).await;
    drop(store);
    cluster.close().await;
}

#[tokio::test]
async fn batches_go_on_after_the_database_has_ended_their_sessions() {
    let cluster = Cluster::new().await;
    let (url, store) = cluster.store().await;
    let shared: Shared = store.clone();
    let epoch = running(&shared).await;
    let mut administrator = connection(&url).await;
    store.append(epoch, &[Write::MessageSaid(id(1), message(0))]).await.unwrap();
    sqlx::query(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'drydock'",
    )
    .execute(&mut administrator)
    .await
    .unwrap();

    // One batch has used one connection; the other has none to lose.
    let lost = store.append(epoch, &[Write::MessageSaid(id(1), message(1))]).await;
    assert!(matches!(lost, Err(JournalError::Unavailable(_))), "{lost:?}");
    store.append(epoch, &[Write::MessageSaid(id(1), message(1))]).await.unwrap();
    store.close().await;
    let closed = store.append(epoch, &[Write::MessageSaid(id(1), message(2))]).await;
    assert!(matches!(closed, Err(JournalError::Unavailable(_))), "{closed:?}");
    drop((shared, store));
    cluster.close().await;
}

fn assert_unavailable<T: std::fmt::Debug>(answer: Result<T, JournalError>, expected: &str) {
    let error = answer.expect_err("it should have taken too long");
    assert!(matches!(error, JournalError::Unavailable(_)), "{error:?}");
    let text = drydock_core::error_chain(&error);
    assert!(text.contains(expected), "{text}");
}

#[tokio::test]
async fn what_takes_too_long_is_unavailable() {
    let cluster = Cluster::new().await;
    let (url, _) = cluster.store().await;
    let short = Duration::from_secs(1);
    let options = PgOptions { lock_timeout: short, ..PgOptions::default() };
    let hasty: Shared = std::sync::Arc::new(PgStore::connect_with(&url, options).await.unwrap());
    running(&hasty).await;
    let mut blocker = connection(&url).await;
    let mut tx = blocker.begin().await.unwrap();
    sqlx::query("SELECT FROM live FOR UPDATE").execute(&mut *tx).await.unwrap();
    assert_unavailable(hasty.task_cancel(id(1), &request("ann", 7)).await, "lock timeout");

    let options = PgOptions { statement_timeout: short, ..PgOptions::default() };
    let hasty = PgStore::connect_with(&url, options).await.unwrap();
    assert_unavailable(hasty.task_cancel(id(1), &request("ann", 7)).await, "statement timeout");
    tx.rollback().await.unwrap();
    assert!(hasty.task_cancel(id(1), &request("ann", 7)).await.is_ok());
    drop(hasty);
    cluster.close().await;
}

/// A process is stopped after the statement that claims, and before the commit.
#[tokio::test]
async fn who_stands_still_in_a_claim_is_in_nobodys_way() {
    let cluster = Cluster::new().await;
    let (url, rival) = cluster.store().await;
    let rival: Shared = rival;
    let idle_in_transaction_timeout = Duration::from_millis(300);
    let options = PgOptions { idle_in_transaction_timeout, ..PgOptions::default() };
    let still = PgStore::connect_with(&url, options).await.unwrap();
    let workflow = put_workflow(&rival).await;
    rival.task_submit(&[task(1, workflow)]).await.unwrap();
    let (epoch, other) = (join(&rival, "still").await, join(&rival, "other").await);
    let mut observer = connection(&url).await;
    {
        let workflows = [workflow];
        let at = drydock_store::conformance::samples::at(9);
        let mut stopped = pin!(still.task_claim(epoch, &workflows, at, 9));
        // As soon as it has written it is left alone: the next statement could be the commit.
        let wrote = "SELECT state FROM pg_stat_activity WHERE datname = current_database()
            AND application_name = 'drydock' AND backend_xid IS NOT NULL";
        loop {
            match sqlx::query_scalar::<_, String>(wrote)
                .fetch_optional(&mut observer)
                .await
                .unwrap()
                .as_deref()
            {
                Some("idle in transaction") => break,
                Some(_) => {}
                None => {
                    poll_fn(|context| {
                        assert!(stopped.as_mut().poll(context).is_pending(), "it was not stopped in time");
                        Poll::Ready(())
                    })
                    .await;
                }
            }
        }
        assert_eq!(rival.instance_list().await.unwrap().len(), 2);
        let taken_over = async {
            while claim(&rival, other, workflow, 9).await != [id(1)] {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), taken_over).await.expect("the task stays locked");
        assert!(stopped.await.is_err(), "the claim's transaction was over");
    }
    drop((still, rival));
    cluster.close().await;
}
