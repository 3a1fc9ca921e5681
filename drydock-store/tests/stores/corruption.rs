//! Values that no version of this program writes: each is an error that names its table, column and row.

use drydock_core::journal::{JournalError, Message, Subject, Write};
use drydock_core::{ExposeSecret, SecretString};
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{
    attempt, completed, done, id, join, mark, message, put_workflow, request, signal, task, wait,
};
use drydock_store::{DatabaseUrl, migrate, open};

use super::postgres::Cluster;
use super::raw;

/// What is changed, and where the error points.
const BAD: [(&str, &str, &str); 20] = [
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
    ("UPDATE ends SET kind = 3", "ends", "kind"),
    ("UPDATE ends SET kind = 2", "ends", "output"),
    ("UPDATE tasks SET workflow_id = 4711", "tasks", "workflow_id"),
    ("UPDATE workflows SET name = 'no name'", "tasks", "name"),
    ("UPDATE workflows SET version = -3", "tasks", "version"),
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

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("yard.db").display());
    each_bad_value_is_named(&url.into()).await;
}

#[tokio::test]
async fn on_postgres() {
    let cluster = Cluster::new().await;
    let url = cluster.database().await;
    each_bad_value_is_named(&url).await;
    cluster.close().await;
}
