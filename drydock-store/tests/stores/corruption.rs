//! Values that no version of this program writes: each is an error that names its table, column and row.

use drydock_core::journal::{JournalError, Message, Subject, Write};
use drydock_core::{ExposeSecret, SecretString};
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{
    at, attempt, completed, done, fact, id, join, mark, message, progress, put_workflow, request, signal,
    task, wait,
};
use drydock_store::{DatabaseUrl, migrate, open};

use super::postgres::Cluster;
use super::raw;

/// What is changed, and where the error points.
const BAD: [(&str, &str, &str); 22] = [
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
    store.append(epoch, &[Write::TaskEnded(id(1), completed(6))]).await.unwrap();
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
        let ends = [n, n + 1].map(|n| Write::TaskEnded(id(n), completed(6)));
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

/// What an instance says of itself is read by all others.
async fn a_bad_instance_is_named(secret: &SecretString) {
    let url: DatabaseUrl = secret.expose_secret().parse().unwrap();
    migrate(&url).await.unwrap();
    let store: Shared = open(&url).await.unwrap();
    join(&store, "a").await;
    for (change, column) in [("lease_ms = -1", "lease_ms"), ("lease_ms = 9, offers = '{}'", "offers")] {
        raw::run(secret, format!("UPDATE instances SET {change}")).await;
        let bad = store.instance_list().await.unwrap_err();
        assert!(
            matches!(&bad, JournalError::Inconsistent { table: "instances", column: named, .. } if *named == column),
            "{bad:?}"
        );
    }
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("yard.db").display());
    each_bad_value_is_named(&url.into()).await;
    let url = format!("sqlite://{}", folder.path().join("other.db").display());
    a_bad_instance_is_named(&url.into()).await;
}

#[tokio::test]
async fn on_postgres() {
    let cluster = Cluster::new().await;
    let url = cluster.database().await;
    each_bad_value_is_named(&url).await;
    a_bad_instance_is_named(&cluster.database().await).await;
    cluster.close().await;
}
