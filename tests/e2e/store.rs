//! The databases that a test uses: a SQLite file, or a Postgres database of its own.

use std::path::Path;
use std::sync::Arc;

use drydock::core::TaskId;
use drydock::core::journal::{StepEnd, TaskEndKind};
use drydock::store::repo::{ParentFilter, TaskQuery};
use drydock::store::{DatabaseUrl, Store};
use drydock::workflow::Definition;
use sqlx::Connection as _;

/// Where the tests' Postgres is; `cargo xtask test` sets it.
const POSTGRES: &str = "DRYDOCK_TEST_POSTGRES";

pub(crate) fn sqlite(folder: &Path) -> String {
    folder.join("drydock.db").display().to_string()
}

/// A new, empty database.
pub(crate) async fn postgres(name: &str) -> String {
    let server = std::env::var(POSTGRES)
        .unwrap_or_else(|_| panic!("{POSTGRES} is not set: run the tests with `cargo xtask test`"));
    let database = format!("e2e_{name}_{}", std::process::id());
    let mut connection = sqlx::PgConnection::connect(&server).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("CREATE DATABASE {database}")))
        .execute(&mut connection)
        .await
        .unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&database);
    url.to_string()
}

pub(crate) async fn open(url: &str) -> Arc<dyn Store> {
    let url: DatabaseUrl = url.parse().unwrap();
    drydock::store::migrate(&url).await.unwrap();
    drydock::store::open(&url).await.unwrap()
}

/// Every task below `roots` completed, with exactly one checkpoint for each step of its workflow.
pub(crate) async fn assert_whole(store: &dyn Store, roots: &[TaskId]) {
    let query = TaskQuery { parents: ParentFilter::Of(roots.to_vec()), ..TaskQuery::default() };
    let children = store.task_list(&query).await.unwrap();
    assert_eq!(children.len(), 12 * roots.len());
    for task in children.iter().map(|child| child.id).chain(roots.iter().copied()) {
        let history = store.task_history(task).await.unwrap().unwrap();
        let end = history.task.end.unwrap();
        assert!(matches!(end.kind, TaskEndKind::Completed(_)), "{task}: {:?}", end.kind);
        let definition: Definition = serde_json::from_str(&history.definition).unwrap();
        let mut expected: Vec<&str> = definition.steps.iter().map(|step| step.name.as_str()).collect();
        let mut found: Vec<&str> =
            history.checkpoints.iter().map(|checkpoint| checkpoint.step.name().as_str()).collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{task}");
        assert!(history.checkpoints.iter().all(|checkpoint| matches!(checkpoint.end, StepEnd::Done(_))));
    }
}
