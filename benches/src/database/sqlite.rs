//! `SQLite`, spoken to directly: WAL and `synchronous=FULL`, as the store has it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};

use super::{Batch, CENSUS, Census, Database, Starts, Toll};
use crate::Failure;
use crate::load::STEPS;

/// The engine's tables, of which each gets a twin with all its keys and indexes.
const TWINS: [(&str, &str); 3] =
    [("checkpoints", "bench_raw"), ("tasks", "bench_tasks"), ("live", "bench_live")];

/// Tasks that ended in the past, with ids as old as that.
const FILL: [&str; 4] = [
    "INSERT INTO workflows (name, version, hash, definition) VALUES ('bench/past', 1, zeroblob(32), '{}')",
    "WITH RECURSIVE past(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM past WHERE n < ?)
     INSERT INTO tasks (task_id, workflow_id, created_at, input)
     SELECT unhex(format('%032x', n)), 1, 1577836800000000 + n * 1000, x'6e756c6c' FROM past",
    "INSERT INTO ends (task_id, ended_by, started_at, ended_at, claims, kind, output)
     SELECT task_id, 0, created_at, created_at, 1, 0, x'6e756c6c' FROM tasks",
    "WITH RECURSIVE steps(step) AS (SELECT 1 UNION ALL SELECT step + 1 FROM steps WHERE step < 10)
     INSERT INTO checkpoints (task_id, started_at, ended_at, attempt, kind, step, output)
     SELECT task_id, created_at, created_at, 1, 0, format('step%02d', step),
            CAST('{\"step\":1,\"state\":\"done\",\"digest\":\"2fb5e13419fc89242fb5e134\"}' AS BLOB)
     FROM tasks, steps",
];

pub(super) struct Sqlite {
    connection: SqliteConnection,
    /// The statement for the number of rows before it.
    insert: (usize, Arc<str>),
}

async fn connect(path: &Path) -> Result<SqliteConnection, Failure> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    Ok(options.connect().await?)
}

/// The library, and how durable a commit is.
pub(super) async fn about(folder: &Path) -> Result<String, Failure> {
    let mut connection = connect(&folder.join("about")).await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await?;
    Ok(format!("SQLite {version}, {mode}, synchronous=full, in {}", folder.display()))
}

impl Sqlite {
    /// Connects, and makes the tables for raw rows.
    pub(super) async fn open(path: &Path) -> Result<Self, Failure> {
        let mut connection = connect(path).await?;
        for (table, twin) in TWINS {
            let made: Vec<String> = sqlx::query_scalar(
                "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC",
            )
            .bind(table)
            .fetch_all(&mut connection)
            .await?;
            for sql in made {
                let sql = sql
                    .replacen(&format!("TABLE {table}"), &format!("TABLE {twin}"), 1)
                    .replacen(&format!("INDEX {table}"), &format!("INDEX {twin}"), 1)
                    .replacen(&format!("ON {table}"), &format!("ON {twin}"), 1);
                sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await?;
            }
        }
        Ok(Self { connection, insert: (0, "".into()) })
    }
}

#[async_trait]
impl Database for Sqlite {
    async fn insert(&mut self, batch: &Batch) -> Result<(), Failure> {
        if self.insert.0 != batch.len() {
            let rows = vec!["(?,?,?,?,?,?,?)"; batch.len()].join(",");
            let into =
                "INSERT INTO bench_raw (task_id, step, kind, attempt, started_at, ended_at, output) VALUES";
            self.insert = (batch.len(), format!("{into} {rows}").into());
        }
        let mut query = sqlx::query(AssertSqlSafe(Arc::clone(&self.insert.1)));
        for row in 0..batch.len() {
            let at = batch.times[row].timestamp_micros();
            query = query
                .bind(batch.tasks[row])
                .bind(&batch.steps[row])
                .bind(batch.kinds[row])
                .bind(batch.attempts[row])
                .bind(at)
                .bind(at)
                .bind(&batch.outputs[row]);
        }
        // A statement outside of a transaction is one.
        query.execute(&mut self.connection).await?;
        Ok(())
    }

    async fn start(&mut self, tasks: &Starts) -> Result<(), Failure> {
        let rows = |row: &str| vec![row; tasks.ids.len()].join(",");
        let into_tasks = format!(
            "INSERT INTO bench_tasks (task_id, workflow_id, created_at, input) VALUES {}",
            rows("(?,?,?,?)")
        );
        let into_live = format!(
            "INSERT INTO bench_live (task_id, workflow_id, created_at, owner, started_at) VALUES {}",
            rows("(?,?,?,?,?)")
        );
        let mut transaction = self.connection.begin().await?;
        let mut query = sqlx::query(AssertSqlSafe(into_tasks));
        for (row, id) in tasks.ids.iter().enumerate() {
            query = query
                .bind(*id)
                .bind(tasks.numbers[row])
                .bind(tasks.times[row].timestamp_micros())
                .bind(&tasks.inputs[row]);
        }
        query.execute(&mut *transaction).await?;
        let mut query = sqlx::query(AssertSqlSafe(into_live));
        for (row, id) in tasks.ids.iter().enumerate() {
            let at = tasks.times[row].timestamp_micros();
            query = query.bind(*id).bind(tasks.numbers[row]).bind(at).bind(tasks.numbers[row]).bind(at);
        }
        query.execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    async fn fill(&mut self, tasks: u64) -> Result<(), Failure> {
        let [workflow, task, ends, checkpoints] = FILL;
        let mut transaction = self.connection.begin().await?;
        sqlx::query(workflow).execute(&mut *transaction).await?;
        sqlx::query(task).bind(i64::try_from(tasks)?).execute(&mut *transaction).await?;
        sqlx::query(ends).execute(&mut *transaction).await?;
        sqlx::query(checkpoints).execute(&mut *transaction).await?;
        transaction.commit().await?;
        for statement in ["ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            sqlx::query(statement).execute(&mut self.connection).await?;
        }
        Ok(())
    }

    async fn toll(&mut self) -> Result<Toll, Failure> {
        // It works inside of this process, and its log is a file that is written over again and again.
        Ok(Toll::default())
    }

    async fn census(&mut self) -> Result<Census, Failure> {
        Ok(sqlx::query_as(CENSUS).bind(i64::from(STEPS)).fetch_one(&mut self.connection).await?)
    }
}
