//! Values that no version of this program writes: each is an error that names its table, column and row.

use std::time::Duration;

use drydock_core::journal::{FeedCursor, FeedPlace, JournalError, Message, Offers, Subject, Write};
use drydock_core::{ExposeSecret, SecretString};
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{
    LEASE, at, attempt, claim, completed, done, fact, id, join, mark, message, offers, progress,
    put_workflow, request, signal, signal_id, submit, task, wait,
};
use drydock_store::repo::{SearchOrder, TaskQuery, TaskRecord, TaskSearch};
use drydock_store::{DatabaseUrl, migrate, open};

use super::postgres::Cluster;
use super::raw;

/// What is changed, and where the error points.
const BAD: [(&str, &str, &str); 23] = [
    ("UPDATE checkpoints SET kind = 7", "checkpoints", "kind"),
    ("UPDATE checkpoints SET step = ''", "checkpoints", "step"),
    ("UPDATE checkpoints SET attempt = -1", "checkpoints", "attempt"),
    ("UPDATE checkpoints SET kind = 1", "checkpoints", "output"),
    ("UPDATE attempts SET attempt = 4294967296", "attempts", "attempt"),
    ("UPDATE attempts SET step = 'a b'", "attempts", "step"),
    ("UPDATE waits SET kind = -1", "waits", "kind"),
    ("UPDATE waits SET kind = 7", "waits", "kind"),
    ("UPDATE waits SET waits_on = 'rack1'", "waits", "waits_on"),
    ("UPDATE waits SET waits_on = '[1]'", "waits", "waits_on"),
    ("UPDATE marks SET step = 'a['", "marks", "step"),
    ("UPDATE signals SET taken_by = 'a b'", "signals", "taken_by"),
    ("UPDATE audit SET verb = 'praise'", "audit", "verb"),
    ("UPDATE messages SET seq = -1", "messages", "seq"),
    ("UPDATE messages SET subject_name = NULL", "messages", "subject_name"),
    ("UPDATE progress SET step = 'a b'", "progress", "step"),
    ("UPDATE progress SET done = -1", "progress", "done"),
    ("UPDATE ends SET kind = 3", "ends", "kind"),
    ("UPDATE ends SET kind = 2", "ends", "output"),
    ("UPDATE tasks SET limit_name = 'x'", "tasks", "limit_places"),
    ("UPDATE tasks SET workflow_id = 4711", "tasks", "workflow_id"),
    ("UPDATE workflows SET name = 'no name'", "tasks", "name"),
    ("UPDATE workflows SET version = -3", "tasks", "version"),
];

/// What spoils a claimed task, and where the error points.
const SPOILT: [(&str, &str, &str); 9] = [
    ("UPDATE checkpoints SET kind = 7", "checkpoints", "kind"),
    ("UPDATE waits SET waits_on = 'rack1'", "waits", "waits_on"),
    ("UPDATE marks SET step = 'a['", "marks", "step"),
    ("UPDATE messages SET seq = -1", "messages", "seq"),
    ("UPDATE facts SET seq = -1", "facts", "fact_seq"),
    ("UPDATE live SET cancel_by = NULL", "live", "cancel_by"),
    ("UPDATE live SET claims = -3", "live", "claims"),
    ("UPDATE tasks SET parent_id = task_id", "tasks", "parent_step"),
    ("DELETE FROM tasks", "tasks", "task_id"),
];

/// What each database has its own way to hold: times that are beyond the calendar, numbers that are too great.
const OWN: [(&str, &str, &str, &str); 3] = [
    ("sqlite", "UPDATE waits SET until = 9223372036854775807", "waits", "until"),
    ("postgres", "UPDATE waits SET until = 'infinity'", "waits", "until"),
    ("sqlite", "UPDATE tasks SET priority = 40000", "tasks", "priority"),
];

async fn filled(store: &Shared) {
    let workflow = put_workflow(store).await;
    let epoch = join(store, "a").await;
    let subject = Some(Subject { kind: "node".to_owned(), name: "n1".to_owned() });
    let batch = [
        Write::TaskStarted(task(1, workflow)),
        Write::StepEnded(id(1), done("a", 2)),
        Write::AttemptFailed(id(1), attempt("b", 1, 3)),
        Write::StepWaits(id(1), wait("b", 4)),
        Write::Marked(id(1), mark("b", "begun", 4)),
        Write::MessageSaid(id(1), Message { subject, ..message(0) }),
        Write::StepProgressed(id(1), progress("b", 4)),
    ];
    store.append(epoch, &batch).await.unwrap();
    store.task_cancel(id(1), &request("ann", 5)).await.unwrap();
    store.signal_send(id(1), &signal(1, 5)).await.unwrap();
    store.append(epoch, &[Write::TaskEnded(id(1), None, completed(6))]).await.unwrap();
}

async fn each_bad_value_is_named(secret: &SecretString) {
    let url: DatabaseUrl = secret.expose_secret().parse().unwrap();
    let kind = secret.expose_secret().split(':').next().unwrap();
    migrate(&url).await.unwrap();
    let store: Shared = open(&url).await.unwrap();
    filled(&store).await;
    let good = store.task_history(id(1)).await.unwrap();
    let own = OWN.into_iter().filter(|(of, ..)| kind.starts_with(of));
    for (sql, table, column) in BAD.into_iter().chain(own.map(|(_, sql, table, column)| (sql, table, column)))
    {
        let real = sql.split(' ').nth(1).unwrap();
        raw::run(secret, format!("CREATE TABLE saved AS SELECT * FROM {real}; {sql}")).await;
        match store.task_history(id(1)).await {
            Err(JournalError::Inconsistent { table: named, column: of_it, row, problem }) => {
                assert_eq!((named, of_it), (table, column), "{sql}: {problem}");
                assert!(row.starts_with(&id(1).to_string()), "{sql}: row {row}");
            }
            other => panic!("{sql}: {other:?}"),
        }
        let numbered = real == "workflows" && kind != "sqlite";
        let overriding = if numbered { "OVERRIDING SYSTEM VALUE" } else { "" };
        raw::run(
            secret,
            format!(
                "DELETE FROM {real}; INSERT INTO {real} {overriding} SELECT * FROM saved; DROP TABLE saved"
            ),
        )
        .await;
        assert_eq!(store.task_history(id(1)).await.unwrap(), good);
    }
}

/// Of two tasks one is spoilt, in each way that a claim would find.
async fn a_claim_gives_what_can_be_read(secret: &SecretString) {
    let url: DatabaseUrl = secret.expose_secret().parse().unwrap();
    migrate(&url).await.unwrap();
    let store: Shared = open(&url).await.unwrap();
    let workflow = put_workflow(&store).await;
    for (n, (sql, table, column)) in (1..).step_by(2).zip(SPOILT) {
        let epoch = join(&store, "a").await;
        let mut batch = Vec::new();
        for n in [n, n + 1] {
            let step = [
                Write::TaskStarted(task(n, workflow)),
                Write::StepEnded(id(n), done("a", 2)),
                Write::StepWaits(id(n), wait("b", 4)),
                Write::Marked(id(n), mark("b", "begun", 4)),
                Write::MessageSaid(id(n), message(0)),
                Write::FactFound(id(n), fact(0, "n1", "lshw", 4)),
            ];
            batch.extend(step);
        }
        store.append(epoch, &batch).await.unwrap();
        store.task_cancel(id(n), &request("ann", 5)).await.unwrap();
        let of_it = if secret.expose_secret().starts_with("sqlite") {
            format!("task_id = x'{}'", id(n).as_uuid().simple())
        } else {
            format!("task_id = '{}'", id(n))
        };
        raw::run(secret, format!("{sql} WHERE {of_it}")).await;
        store.instance_leave(epoch).await.unwrap();
        let next = join(&store, "b").await;
        let mut claims = store.task_claim(next, &[workflow], at(9), 9).await.unwrap();
        let bad = claims.pop().unwrap().unwrap_err();
        let JournalError::Inconsistent { table: named, column: of_it, .. } = &bad.error else {
            panic!("{bad:?}")
        };
        assert_eq!((bad.task, *named, *of_it), (id(n), table, column), "{sql}");
        let good = claims.pop().unwrap().unwrap();
        assert_eq!((good.task, good.messages), (task(n + 1, workflow), 1), "{sql}");
        assert!(
            claims.is_empty() && good.checkpoints == [done("a", 2)] && good.waits == [wait("b", 4)],
            "{sql}"
        );
        // It is owned, so it can be given up.
        let ends = [n, n + 1].map(|n| Write::TaskEnded(id(n), None, completed(6)));
        store.append(next, &ends).await.unwrap();
        assert_eq!(store.task_end(id(n)).await.unwrap(), Some(completed(6)), "{sql}");
    }
}

#[tokio::test]
async fn a_spoilt_task_does_not_spoil_a_claim_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("yard.db").display());
    a_claim_gives_what_can_be_read(&url.into()).await;
}

#[tokio::test]
async fn a_spoilt_task_does_not_spoil_a_claim_on_postgres() {
    let cluster = Cluster::new().await;
    let url = cluster.database().await;
    a_claim_gives_what_can_be_read(&url).await;
    cluster.close().await;
}

/// What the feed tells is read by those who follow it; a commit that somebody took out is no silent gap.
async fn a_bad_commit_is_named(secret: &SecretString) {
    let url: DatabaseUrl = secret.expose_secret().parse().unwrap();
    migrate(&url).await.unwrap();
    let store: Shared = open(&url).await.unwrap();
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    for (seq, write) in
        (1..).zip([Write::TaskStarted(task(1, workflow)), Write::TaskEnded(id(1), None, completed(6))])
    {
        store.append_told(epoch, &[write], Some(FeedPlace { seq, at: at(6) })).await.unwrap();
    }
    for (sql, column, reason) in [
        (
            r#"UPDATE events SET body = '[[2,"00000000000000000000000000000001",0,null,1,null]]'"#,
            "body",
            "no step",
        ),
        (
            r#"UPDATE events SET body = '[[2,"00000000000000000000000000000001",0,"a b",1,null]]'"#,
            "body",
            "step",
        ),
        (
            r#"UPDATE events SET body = '[[19,"00000000000000000000000000000001",0,null,1,null]]'"#,
            "body",
            "19 is no kind",
        ),
        (
            r#"UPDATE events SET body = '[[27,"00000000000000000000000000000001",0,"a",1,null]]'"#,
            "body",
            "27 is no kind",
        ),
        (
            r#"UPDATE events SET body = '[[13,"00000000000000000000000000000001",0,null,1,null]]'"#,
            "body",
            "no text",
        ),
        (
            r#"UPDATE events SET body = '[[0,"00000000000000000000000000000001",9223372036854775807,null,0,null]]'"#,
            "body",
            "calendar",
        ),
        ("UPDATE events SET body = '7'", "body", "invalid type"),
        (
            r#"UPDATE events SET body = '[[11,"00000000000000000000000000000001",0,null,0,null]]'; DELETE FROM events WHERE seq = 1"#,
            "seq",
            "commit 1 is missing",
        ),
    ] {
        let blob = if secret.expose_secret().starts_with("sqlite") {
            sql.replace("body = '", "body = CAST('")
                .replace("]]'", "]]' AS BLOB)")
                .replace("'7'", "'7' AS BLOB)")
        } else {
            sql.to_owned()
        };
        raw::run(secret, blob).await;
        match store.feed_read(&FeedCursor::START, 9).await {
            Err(JournalError::Inconsistent { table: "events", column: named, row, problem }) => {
                assert_eq!(named, column, "{sql}: {problem}");
                assert!(
                    row.starts_with(&format!("{epoch}/")) && problem.contains(reason),
                    "{sql}: {row}: {problem}"
                );
            }
            other => panic!("{sql}: {other:?}"),
        }
    }
}

/// What an instance says of itself is read by all others. One that says nonsense is still there to be taken over from, unless even
/// its number, name or beat is none; and it keeps nobody from seeing the others.
async fn a_bad_instance_is_seen_as_far_as_it_can_be(secret: &SecretString) {
    let store = opened(secret).await;
    let (bad, good) = (join(&store, "a").await, join(&store, "b").await);
    let seen = async || {
        let all = store.instance_list().await.unwrap();
        all.into_iter().map(|it| (it.epoch, it.lease, it.offers)).collect::<Vec<_>>()
    };
    let whole = (good, LEASE, offers("b"));
    assert_eq!(seen().await, [(bad, LEASE, offers("a")), whole.clone()]);
    let spoil = async |change: &str| {
        raw::run(secret, format!("UPDATE instances SET {change} WHERE epoch = {}", bad.get())).await;
    };
    spoil("offers = '{}'").await;
    assert_eq!(seen().await, [(bad, LEASE, Offers::default()), whole.clone()]);
    spoil("lease_ms = -1").await;
    assert_eq!(seen().await, [(bad, Duration::from_hours(1), Offers::default()), whole.clone()]);
    spoil("name = 'no name'").await;
    assert_eq!(seen().await, [whole]);
    assert!(store.instance_retire(bad, 0).await.unwrap());
}

async fn opened(secret: &SecretString) -> Shared {
    let url: DatabaseUrl = secret.expose_secret().parse().unwrap();
    migrate(&url).await.unwrap();
    open(&url).await.unwrap()
}

fn of_task(secret: &SecretString, n: u32) -> String {
    if secret.expose_secret().starts_with("sqlite") {
        format!("task_id = x'{}'", id(n).as_uuid().simple())
    } else {
        format!("task_id = '{}'", id(n))
    }
}

/// In each of its tables.
async fn lists_and_pages_pass_over_a_spoilt_task(secret: &SecretString) {
    let store = opened(secret).await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, 1..6).await;
    let epoch = join(&store, "a").await;
    let mut batch: Vec<Write> = (1..6).map(|n| Write::MessageSaid(id(n), message(0))).collect();
    batch.push(Write::TaskEnded(id(4), None, completed(3)));
    assert_eq!(claim(&store, epoch, workflow, 9).await.len(), 5);
    store.append(epoch, &batch).await.unwrap();
    for (n, change) in [(2, "messages SET seq = -1"), (4, "ends SET kind = 9")] {
        raw::run(secret, format!("UPDATE {change} WHERE {}", of_task(secret, n))).await;
        assert!(matches!(store.task_get(id(n)).await, Err(JournalError::Inconsistent { .. })), "{change}");
    }
    let ids = |tasks: Vec<TaskRecord>| tasks.into_iter().map(|task| task.id).collect::<Vec<_>>();
    for (after, limit, expected) in [
        (None, None, vec![1, 3, 5]),
        (None, Some(2), vec![1, 3]),
        (Some(1), Some(2), vec![3, 5]),
        (None, Some(3), vec![1, 3, 5]),
        (None, Some(9), vec![1, 3, 5]),
        (None, Some(0), vec![]),
    ] {
        let query = TaskQuery { after: after.map(id), limit, ..TaskQuery::default() };
        let expected: Vec<_> = expected.into_iter().map(id).collect();
        assert_eq!(ids(store.task_list(&query).await.unwrap()), expected, "{query:?}");
    }
    for (order, expected) in [(SearchOrder::OldestFirst, [1, 3, 5]), (SearchOrder::NewestFirst, [5, 3, 1])] {
        let (mut search, mut found) = (TaskSearch { order, limit: 1, ..TaskSearch::default() }, Vec::new());
        loop {
            let page = store.task_search(&search).await.unwrap();
            found.extend(ids(page.tasks));
            search.after = page.next;
            if search.after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected.map(id));
    }
}

/// Who hears it gives that task up, and goes on with the others.
async fn news_of_a_spoilt_task_are_that_it_is(secret: &SecretString) {
    let store = opened(secret).await;
    let workflow = put_workflow(&store).await;
    submit(&store, workflow, 1..5).await;
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 9).await.len(), 4);
    for n in 1..5 {
        assert!(store.task_cancel(id(n), &request("ann", 5)).await.unwrap());
        assert!(store.signal_send(id(n), &signal(1, 5)).await.unwrap());
        assert!(store.signal_send(id(n), &signal(2, 6)).await.unwrap());
    }
    let forever =
        if secret.expose_secret().starts_with("sqlite") { "9223372036854775807" } else { "'infinity'" };
    raw::run(secret, format!("UPDATE live SET cancel_by = NULL WHERE {}", of_task(secret, 2))).await;
    raw::run(secret, format!("UPDATE signals SET sent_at = {forever} WHERE {}", of_task(secret, 3))).await;
    let news = store.news(epoch, &[]).await.unwrap();
    let bad: Vec<_> = news.unreadable.iter().map(|(task, _)| *task).collect();
    assert_eq!(bad, [id(2), id(3)]);
    assert!(news.unreadable[0].1.contains("live.cancel_by"), "{:?}", news.unreadable);
    assert!(news.unreadable[1].1.contains("signals.sent_at"), "{:?}", news.unreadable);
    assert_eq!(news.cancelled, [1, 4].map(|n| (id(n), request("ann", 5))));
    let told: Vec<_> = news.signals.iter().map(|(task, signal)| (*task, signal.id)).collect();
    assert_eq!(
        told,
        [(id(1), signal_id(1)), (id(1), signal_id(2)), (id(4), signal_id(1)), (id(4), signal_id(2))]
    );
}

#[tokio::test]
async fn the_others_are_seen_beside_what_is_spoilt_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite://{}", folder.path().join(name).display()).into();
    lists_and_pages_pass_over_a_spoilt_task(&url("lists.db")).await;
    news_of_a_spoilt_task_are_that_it_is(&url("news.db")).await;
    a_bad_instance_is_seen_as_far_as_it_can_be(&url("instances.db")).await;
}

#[tokio::test]
async fn the_others_are_seen_beside_what_is_spoilt_on_postgres() {
    let cluster = Cluster::new().await;
    lists_and_pages_pass_over_a_spoilt_task(&cluster.database().await).await;
    news_of_a_spoilt_task_are_that_it_is(&cluster.database().await).await;
    a_bad_instance_is_seen_as_far_as_it_can_be(&cluster.database().await).await;
    cluster.close().await;
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("yard.db").display());
    each_bad_value_is_named(&url.into()).await;
    let url = format!("sqlite://{}", folder.path().join("feed.db").display());
    a_bad_commit_is_named(&url.into()).await;
}

#[tokio::test]
async fn on_postgres() {
    let cluster = Cluster::new().await;
    let url = cluster.database().await;
    each_bad_value_is_named(&url).await;
    a_bad_commit_is_named(&cluster.database().await).await;
    cluster.close().await;
}
