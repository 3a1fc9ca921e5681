//! `SQLite`: a file in a temporary folder, WAL and `synchronous=FULL`, as the store has it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock_store::SqliteStore;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

use super::{Batch, Bench, CENSUS, Census, Database, Ground};
use crate::Failure;
use crate::args::Args;
use crate::load::STEPS;

const TABLE: &str = "CREATE TABLE bench_raw (
    task_id BLOB NOT NULL,
    step TEXT NOT NULL,
    kind INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    output BLOB NOT NULL,
    PRIMARY KEY (task_id, step)
) STRICT";

struct Sqlite {
    connection: SqliteConnection,
    /// The statement for the number of rows before it.
    insert: (usize, Arc<str>),
}

pub(super) async fn open(args: &Args) -> Result<Bench, Failure> {
    let folder = match &args.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let path = folder.path().join("bench.db");
    let store = SqliteStore::open(&path).await?;
    store.migrate().await?;
    let mut connection = SqliteConnectOptions::new()
        .filename(&path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .connect()
        .await?;
    sqlx::query(TABLE).execute(&mut connection).await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await?;
    Ok(Bench {
        name: "sqlite",
        about: format!("SQLite {version}, {mode}, synchronous=full, in {}", folder.path().display()),
        store: Arc::new(store),
        database: Some(Box::new(Sqlite { connection, insert: (0, "".into()) })),
        ground: Ground::Folder(folder),
    })
}

#[async_trait]
impl Database for Sqlite {
    async fn insert(&mut self, batch: &Batch) -> Result<(), Failure> {
        if self.insert.0 != batch.len() {
            let rows = vec!["(?,?,?,?,?,?,?)"; batch.len()].join(",");
            self.insert = (batch.len(), format!("INSERT INTO bench_raw VALUES {rows}").into());
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

    async fn log_position(&mut self) -> Result<Option<u64>, Failure> {
        // The log is a file that is written over again and again; its length tells nothing.
        Ok(None)
    }

    async fn cpu(&mut self) -> Result<Option<Duration>, Failure> {
        // It works inside of this process.
        Ok(None)
    }

    async fn census(&mut self) -> Result<Census, Failure> {
        Ok(sqlx::query_as(CENSUS).bind(i64::from(STEPS)).fetch_one(&mut self.connection).await?)
    }
}
