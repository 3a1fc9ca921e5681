//! Partitions of Postgres: made ahead, filled by time, dropped as a whole when all in them may go.

use std::time::Duration;

use drydock_core::journal::{
    Hold, Horizon, JournalError, NewTask, Piece, Removal, TaskEnd, TaskEndKind, Write, least_id,
};
use drydock_core::{Epoch, ExposeSecret, SecretString, TaskId, Timestamp, WorkflowId, after, before};
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{at, done, failure, join, payload, put_workflow, request, task};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use uuid::Uuid;

use super::postgres::Cluster;
use super::raw;

const HOUR: Duration = Duration::from_hours(1);

/// A moment that begins an hour.
fn noon() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

fn later(minutes: i64) -> Timestamp {
    let minutes_from = Duration::from_mins(minutes.unsigned_abs());
    if minutes < 0 { before(noon(), minutes_from) } else { after(noon(), minutes_from) }
}

/// Task `n` of those that began then.
fn of(time: Timestamp, n: u128) -> TaskId {
    TaskId::from_uuid(Uuid::from_u128(least_id(time).as_uuid().as_u128() + (7 << 76) + n))
}

fn begun(time: Timestamp, n: u32, workflow: WorkflowId) -> NewTask {
    NewTask::new(of(time, n.into()), workflow, payload(n), time)
}

fn end(task: TaskId, time: Timestamp) -> Write {
    Write::TaskEnded(task, None, TaskEnd { kind: TaskEndKind::Failed(failure(1)), at: time })
}

fn horizon(time: Timestamp) -> Horizon {
    Horizon { usual: Some(time), ..Horizon::default() }
}

/// A store whose hours from noon to three have partitions, with tasks that began at noon and at one, and failed at once.
struct Site {
    cluster: Cluster,
    url: SecretString,
    store: Shared,
    epoch: Epoch,
    workflow: WorkflowId,
}

impl Site {
    async fn new() -> Self {
        let cluster = Cluster::new().await;
        let (url, store) = cluster.store().await;
        let store: Shared = store;
        assert_eq!(store.history_extend(later(7), HOUR, 2).await.unwrap(), 3);
        let (workflow, epoch) = (put_workflow(&store).await, join(&store, "a").await);
        let site = Self { cluster, url, store, epoch, workflow };
        site.ended(noon(), 1).await;
        site.ended(later(59), 2).await;
        site.ended(later(60), 3).await;
        site
    }

    async fn ended(&self, time: Timestamp, n: u32) {
        let new = begun(time, n, self.workflow).key(format!("key {n}"));
        let id = new.id;
        let writes = [Write::TaskStarted(new), Write::StepEnded(id, done("a", 1)), end(id, time)];
        self.store.append(self.epoch, &writes).await.unwrap();
    }

    /// What the database says to a question with one answer.
    async fn ask(&self, sql: &str) -> String {
        let mut connection = PgConnection::connect(self.url.expose_secret()).await.unwrap();
        let answer: Option<String> =
            sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap();
        answer.unwrap_or_default()
    }

    async fn table_of(&self, table: &str, task: TaskId) -> String {
        self.ask(&format!(
            "SELECT string_agg(tableoid::regclass::text, ',') FROM {table} WHERE task_id = '{task}'"
        ))
        .await
    }

    async fn tables_of_noon(&self) -> String {
        let sql =
            "SELECT count(*)::text FROM pg_class WHERE relkind = 'r' AND relname LIKE '%\\_20270301\\_1200'";
        self.ask(sql).await
    }

    /// What is due of the spans.
    async fn pieces(&self, horizon: &Horizon) -> Vec<Piece> {
        self.store.history_due(horizon, None, 100).await.unwrap().pieces
    }

    async fn close(self) {
        drop(self.store);
        self.cluster.close().await;
    }
}

fn the_hour_of_noon() -> Piece {
    Piece::Span { first: least_id(noon()), beyond: least_id(later(60)) }
}

#[tokio::test]
async fn they_are_made_ahead_and_what_falls_into_none_is_kept_too() {
    let site = Site::new().await;
    assert_eq!(site.store.history_extend(later(7), HOUR, 2).await.unwrap(), 0, "they are there");
    let (one, other) = tokio::join!(
        site.store.history_extend(later(61), HOUR, 2),
        site.store.history_extend(later(61), HOUR, 2)
    );
    assert_eq!(one.unwrap() + other.unwrap(), 1, "who does it with another finds it done");
    assert_eq!(site.table_of("tasks", of(later(59), 2)).await, "tasks_20270301_1200");
    assert_eq!(site.table_of("checkpoints", of(later(59), 2)).await, "checkpoints_20270301_1200");
    assert_eq!(site.table_of("ends", of(later(60), 3)).await, "ends_20270301_1300");
    for (n, odd) in [(8, later(-1)), (9, later(24 * 60))] {
        site.ended(odd, n).await;
        assert_eq!(site.table_of("ends", of(odd, n.into())).await, "ends_default");
    }
    assert_eq!(
        site.ask(
            "SELECT array_to_string(reloptions, ',') FROM pg_class WHERE relname = 'waits_20270301_1200'"
        )
        .await,
        "fillfactor=70"
    );
    site.close().await;
}

/// Whoever writes need not wait for room: where something is stored before there is any, it stays where it is.
#[tokio::test]
async fn a_time_in_which_something_is_stored_gets_no_partition_any_more() {
    let site = Site::new().await;
    site.ended(later(200), 9).await;
    assert_eq!(site.store.history_extend(later(60), HOUR, 4).await.unwrap(), 2);
    let first = "SELECT string_agg(suffix, ' ' ORDER BY first) FROM spans";
    assert_eq!(
        site.ask(first).await,
        "20270301_1200 20270301_1300 20270301_1400 20270301_1600 20270301_1700"
    );
    site.close().await;
}

/// With another length the next begins where the last one ends, and ends where those of that length do.
#[tokio::test]
async fn the_length_of_spans_may_change() {
    let site = Site::new().await;
    assert_eq!(site.store.history_extend(later(170), HOUR * 24, 1).await.unwrap(), 2);
    let last = "SELECT string_agg(suffix, ' ' ORDER BY first) FROM spans WHERE state = 0";
    assert!(site.ask(last).await.ends_with("20270301_1400 20270301_1500 20270302_0000"));
    site.ended(later(11 * 60), 7).await;
    assert_eq!(site.table_of("tasks", of(later(11 * 60), 7)).await, "tasks_20270301_1500");
    site.close().await;
}

#[tokio::test]
async fn a_partition_is_dropped_when_all_in_it_may_go() {
    let site = Site::new().await;
    let young = horizon(later(59));
    assert_eq!(site.pieces(&young).await, [], "the hour is not over");
    let horizon = horizon(later(61));
    let pieces = site.pieces(&horizon).await;
    assert_eq!(pieces, [the_hour_of_noon()]);
    let page = site.store.history_read(&pieces[0], None, 100).await.unwrap();
    assert_eq!(
        page.iter().map(|task| task.task.task.id).collect::<Vec<_>>(),
        [of(noon(), 1), of(later(59), 2)]
    );
    assert_eq!(site.tables_of_noon().await, "12");
    for _ in 0..2 {
        let gone = site.store.history_remove(site.epoch, &pieces[0], &horizon).await.unwrap();
        assert_eq!(gone, Removal::Gone);
    }
    assert_eq!(site.tables_of_noon().await, "0");
    assert_eq!(site.store.task_get(of(noon(), 1)).await.unwrap(), None);
    assert!(site.store.task_get(of(later(60), 3)).await.unwrap().is_some());
    assert_eq!(site.ask("SELECT string_agg(key, ',') FROM keys").await, "key 3");
    assert_eq!(site.pieces(&horizon).await, []);
    // What comes too late is kept with what is in no span.
    site.ended(later(1), 8).await;
    assert_eq!(site.table_of("tasks", of(later(1), 8)).await, "tasks_default");
    site.close().await;
}

#[tokio::test]
async fn a_task_that_lives_or_is_too_young_holds_its_partition() {
    let site = Site::new().await;
    let (store, long) = (&site.store, begun(later(5), 4, site.workflow));
    let id = long.id;
    store.append(site.epoch, &[Write::TaskStarted(long)]).await.unwrap();
    let horizon = horizon(later(90));
    let due = store.history_due(&horizon, None, 100).await.unwrap();
    assert_eq!(due.pieces, []);
    let [held] = &*due.held else { panic!("{due:?}") };
    assert_eq!((held.from, held.to, held.hold), (noon(), later(60), Hold::Live(id)));
    let kept = store.history_remove(site.epoch, &the_hour_of_noon(), &horizon).await.unwrap();
    assert_eq!(kept, Removal::Held(Hold::Live(id)));
    store.append(site.epoch, &[end(id, later(90))]).await.unwrap();
    let due = store.history_due(&horizon, None, 100).await.unwrap();
    assert_eq!(due.held.iter().map(|held| held.hold).collect::<Vec<_>>(), [Hold::Young(id)]);
    assert_eq!(site.pieces(&super::partitions::horizon(later(91))).await, [the_hour_of_noon()]);
    site.close().await;
}

/// A parent that lives needs its children's ends, wherever they are.
#[tokio::test]
async fn a_live_parent_or_child_elsewhere_holds_a_partition_too() {
    let site = Site::new().await;
    let horizon = horizon(later(90));
    let (parent, child) = (begun(later(-60), 5, site.workflow), begun(later(70), 6, site.workflow));
    let of_parent =
        |task: TaskId| drydock_core::journal::Parent { task, step: "fan".parse().unwrap(), index: 0 };
    let inside = begun(later(10), 7, site.workflow).child_of(of_parent(parent.id));
    let (above, within) = (parent.id, inside.id);
    let begin = [Write::TaskStarted(parent), Write::TaskStarted(inside), end(within, later(11))];
    site.store.append(site.epoch, &begin).await.unwrap();
    let hold =
        async || site.store.history_due(&horizon, None, 100).await.unwrap().held.pop().map(|held| held.hold);
    assert_eq!(hold().await, Some(Hold::Live(above)));
    let (child, below) = (child.child_of(of_parent(within)), of(later(70), 6));
    site.store.append(site.epoch, &[end(above, later(12)), Write::TaskStarted(child)]).await.unwrap();
    assert_eq!(hold().await, Some(Hold::Live(below)));
    site.store.append(site.epoch, &[end(below, later(71))]).await.unwrap();
    assert_eq!(hold().await, None);
    site.close().await;
}

/// The process died after it had closed the span, or between two tables.
#[tokio::test]
async fn what_a_crash_left_half_done_is_carried_on_with() {
    let site = Site::new().await;
    let horizon = horizon(later(61));
    raw::run(&site.url, "UPDATE spans SET state = 1 WHERE suffix = '20270301_1200'".to_owned()).await;
    assert_eq!(site.pieces(&horizon).await, []);
    let reopen = async || site.store.task_reopen(of(noon(), 1), &request("ann", 1)).await.unwrap();
    assert!(!reopen().await, "it is about to go");
    site.store.history_tidy(site.epoch).await.unwrap();
    assert_eq!(site.pieces(&horizon).await, [the_hour_of_noon()], "nothing was decided: it is due anew");

    raw::run(
        &site.url,
        "UPDATE spans SET state = 2 WHERE suffix = '20270301_1200'; DROP TABLE tasks_20270301_1200, ends_20270301_1200"
            .to_owned(),
    )
    .await;
    assert_eq!(site.pieces(&horizon).await, [], "it is not archived again, now that it is half gone");
    site.store.history_tidy(site.epoch).await.unwrap();
    assert_eq!(
        (
            site.tables_of_noon().await.as_str(),
            site.ask("SELECT string_agg(key, ',') FROM keys").await.as_str()
        ),
        ("0", "key 3")
    );
    site.close().await;
}

/// Brought back in the moment before the removal, a task is found, and its span is open again.
#[tokio::test]
async fn what_is_brought_back_in_time_is_not_dropped() {
    let site = Site::new().await;
    let horizon = horizon(later(61));
    assert_eq!(site.pieces(&horizon).await, [the_hour_of_noon()]);
    assert!(site.store.task_reopen(of(noon(), 1), &request("ann", 1)).await.unwrap());
    let kept = site.store.history_remove(site.epoch, &the_hour_of_noon(), &horizon).await.unwrap();
    assert_eq!(kept, Removal::Held(Hold::Live(of(noon(), 1))));
    assert!(site.store.task_reopen(of(later(59), 2), &request("ann", 1)).await.unwrap());
    site.close().await;
}

/// Who reads for long is not waited for: the removal gives way, and the next round goes on with it.
#[tokio::test]
async fn a_long_reader_keeps_nobody_from_writing_while_a_partition_is_to_go() {
    let site = Site::new().await;
    let horizon = horizon(later(61));
    let mut reader = PgConnection::connect(site.url.expose_secret()).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("SELECT count(*) FROM tasks").execute(&mut *reading).await.unwrap();
    let (piece, batch) = (the_hour_of_noon(), [Write::TaskStarted(task(1, site.workflow))]);
    let (removed, written) = tokio::join!(
        site.store.history_remove(site.epoch, &piece, &horizon),
        site.store.append(site.epoch, &batch),
    );
    assert!(matches!(removed, Err(JournalError::Unavailable(_))), "{removed:?}");
    written.unwrap();
    reading.rollback().await.unwrap();
    site.store.history_tidy(site.epoch).await.unwrap();
    assert_eq!(site.tables_of_noon().await, "0");
    assert_eq!(site.store.task_claim(site.epoch, &[site.workflow], at(9), 1).await.unwrap().len(), 0);
    site.close().await;
}

/// Whoever writes while a partition is made may be on the way to the default one, where the row has no place any more.
#[tokio::test]
async fn a_row_whose_partition_is_made_at_that_moment_goes_there_when_it_is_sent_again() {
    let site = Site::new().await;
    let mut other = PgConnection::connect(site.url.expose_secret()).await.unwrap();
    let mut making = other.begin().await.unwrap();
    let (first, beyond) = (least_id(later(600)), least_id(later(660)));
    for make in [
        "CREATE TABLE tasks_made (LIKE tasks INCLUDING ALL)".to_owned(),
        format!("ALTER TABLE tasks ATTACH PARTITION tasks_made FOR VALUES FROM ('{first}') TO ('{beyond}')"),
    ] {
        sqlx::query(AssertSqlSafe(make)).execute(&mut *making).await.unwrap();
    }
    let new = begun(later(601), 9, site.workflow);
    let (id, batch) = (new.id, [Write::TaskStarted(new)]);
    let waits = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'tasks_default'::regclass)::text";
    let made = async {
        while site.ask(waits).await != "true" {}
        making.commit().await.unwrap();
    };
    let made = tokio::time::timeout(Duration::from_mins(1), made);
    let (refused, made) = tokio::join!(site.store.append(site.epoch, &batch), made);
    made.unwrap();
    assert!(matches!(refused, Err(JournalError::Unavailable(_))), "{refused:?}");
    site.store.append(site.epoch, &batch).await.unwrap();
    assert_eq!(site.table_of("tasks", id).await, "tasks_made");
    other.close().await.unwrap();
    site.close().await;
}
