//! SQLite's plans. They follow from the schema alone: nothing ever gathers statistics.

use std::collections::BTreeMap;

use drydock_store::SqliteStore;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

/// The indexes that are meant for those that have a choice.
const MEANT: [(&str, &str); 21] = [
    ("fence", "instances USING INTEGER PRIMARY KEY"),
    ("renewal", "instances USING INTEGER PRIMARY KEY"),
    ("batch: taken", "sqlite_autoindex_signals_1 (task_id=? AND signal_id=?)"),
    ("batch: unlock", "locks_task"),
    ("batch: unqueue", "lock_queue_task"),
    ("batch: vacated", "slots_task"),
    ("batch: ends", "sqlite_autoindex_live_1 (task_id=?)"),
    ("batch: leave", "sqlite_autoindex_live_1 (task_id=?)"),
    ("batch: tell", "events_turn"),
    ("claim: limits", "live_limited"),
    ("claim: crowd", "live_crowd (limit_name=?)"),
    ("claim: queued", "live_queued"),
    ("claim: queued under a limit", "live_limited (limit_name=?)"),
    ("claim: take", "sqlite_autoindex_live_1 (task_id=?)"),
    ("claim: checkpoints", "sqlite_autoindex_checkpoints_1 (task_id=?)"),
    ("news: told", "live_news (owner=?)"),
    ("news: untaken", "signals_untaken (task_id=?)"),
    ("news: open children", "live_children (parent_id=?)"),
    ("children", "tasks_children (parent_id=?)"),
    ("slot: taken", "sqlite_autoindex_slots_1 (name=?)"),
    ("slot: own", "sqlite_autoindex_slots_1 (name=? AND task_id=?)"),
];
/// What begins a step of a plan that reads all rows there are. The queue is one: of those, a claim reads the first.
const ALL: &str = "SCAN ";
const BOUNDED: [&str; 5] = [
    "SCAN json_each ",
    "SCAN names",
    "SCAN CONSTANT ROW",
    "SCAN live USING INDEX live_queued",
    "VALUES CLAUSE",
];

#[tokio::test]
async fn on_sqlite_what_runs_often_uses_its_indexes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("yard.db");
    let store = SqliteStore::open(&path).await.unwrap();
    store.migrate().await.unwrap();
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let mut plans = BTreeMap::new();
    for (what, sql) in SqliteStore::hot_statements() {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let rows = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
        let plan: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        for line in plan.iter().filter(|line| line.starts_with(ALL)) {
            assert!(BOUNDED.iter().any(|fine| line.contains(fine)), "{what}: {line}");
        }
        plans.insert(what, plan.join("; "));
    }
    for (what, index) in MEANT {
        let plan = &plans[what];
        assert!(plan.contains(index), "{what}: {index} is not used: {plan}");
    }
    connection.close().await.unwrap();
    store.close().await;
}
