//! Postgres, spoken to directly.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::{Connection as _, PgConnection};
use url::Url;

use super::{Batch, CENSUS, Census, Database, Starts, Toll, Worn};
use crate::Failure;
use crate::load::STEPS;
use crate::usage;

/// Columns, primary keys and all as the engine's tables have them.
const TABLES: [&str; 4] = [
    "CREATE TABLE bench_raw (LIKE checkpoints INCLUDING ALL)",
    "CREATE TABLE bench_tasks (LIKE tasks INCLUDING ALL)",
    "CREATE TABLE bench_live (LIKE live INCLUDING ALL)",
    "CREATE TABLE bench_ends (LIKE ends INCLUDING ALL)",
];

/// How the engine's own connections have their batches planned. Without it, the database would look through all dead rows of the
/// living tasks' twin for those that are to go.
const AS_THE_ENGINE: &str =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off";

const INSERT: &str = "
    INSERT INTO bench_raw (task_id, step, kind, attempt, started_at, ended_at, output)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[],
                         $5::timestamptz[], $6::timestamptz[], $7::bytea[])";

/// The same, and the rows of tasks that begin and end.
const INSERT_TASKS_TOO: &str = "
    WITH begun AS (
        INSERT INTO bench_tasks (task_id, workflow_id, created_at, input)
        SELECT unnest($8::uuid[]), 1, $10::timestamptz, '\\x6e756c6c'
    ), lives AS (
        INSERT INTO bench_live (task_id, workflow_id, created_at, owner, started_at, claims)
        SELECT unnest($8::uuid[]), 1, $10::timestamptz, 1, $10::timestamptz, 1
    ), steps AS (
        INSERT INTO bench_raw (task_id, step, kind, attempt, started_at, ended_at, output)
        SELECT unnest($1::uuid[]), unnest($2::text[]), unnest($3::smallint[]), unnest($4::bigint[]),
            unnest($5::timestamptz[]), unnest($6::timestamptz[]), unnest($7::bytea[])
    ), gone AS (
        DELETE FROM bench_live USING unnest($9::uuid[]) AS t (task_id) WHERE bench_live.task_id = t.task_id
        RETURNING bench_live.task_id, started_at, claims
    )
    INSERT INTO bench_ends (task_id, ended_by, started_at, ended_at, claims, kind, output)
    SELECT task_id, 1, started_at, $10::timestamptz, claims, 0, '\\x6e756c6c' FROM gone";

const START_TASKS: &str = "
    INSERT INTO bench_tasks (task_id, workflow_id, created_at, input)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::bytea[])";

const START_LIVE: &str = "
    INSERT INTO bench_live (task_id, workflow_id, created_at, owner, started_at)
    SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $2::bigint[], $3::timestamptz[])";

/// Tasks that ended in the past, with ids as old as that.
const FILL: [&str; 4] = [
    "INSERT INTO workflows (name, version, hash, definition) VALUES ('bench/past', 1, decode(repeat('00', 32), 'hex'), '{}')",
    "INSERT INTO tasks (task_id, workflow_id, created_at, input)
     SELECT lpad(to_hex(n), 32, '0')::uuid, 1, '2020-01-01'::timestamptz + n * interval '1 millisecond', '\\x6e756c6c'
     FROM generate_series(1, $1::bigint) AS n",
    "INSERT INTO ends (task_id, ended_by, started_at, ended_at, claims, kind, output)
     SELECT task_id, 0, created_at, created_at, 1, 0, '\\x6e756c6c' FROM tasks",
    "INSERT INTO checkpoints (task_id, started_at, ended_at, attempt, kind, step, output)
     SELECT task_id, created_at, created_at, 1, 0, 'step' || lpad(step::text, 2, '0'),
            convert_to('{\"step\":1,\"state\":\"done\",\"digest\":\"2fb5e13419fc89242fb5e134\"}', 'UTF8')
     FROM tasks, generate_series(1, 10) AS step",
];

pub(super) struct Postgres {
    connection: PgConnection,
}

impl Postgres {
    /// Connects, and makes the tables for raw rows.
    pub(super) async fn open(url: &Url) -> Result<Self, Failure> {
        let mut connection = PgConnection::connect(url.as_str()).await?;
        sqlx::raw_sql(AS_THE_ENGINE).execute(&mut connection).await?;
        for table in TABLES {
            sqlx::query(table).execute(&mut connection).await?;
        }
        Ok(Self { connection })
    }
}

/// The server, and the settings that decide how durable a commit is.
pub(super) async fn about(connection: &mut PgConnection) -> Result<String, Failure> {
    let settings = "SELECT format('PostgreSQL %s, fsync=%s, synchronous_commit=%s, full_page_writes=%s',
        current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),
        current_setting('full_page_writes'))";
    Ok(sqlx::query_scalar(settings).fetch_one(connection).await?)
}

#[async_trait]
impl Database for Postgres {
    async fn insert(&mut self, batch: &Batch) -> Result<(), Failure> {
        let sql = if batch.tasks_too.is_some() { INSERT_TASKS_TOO } else { INSERT };
        let query = sqlx::query(sql)
            .bind(&batch.tasks)
            .bind(&batch.steps)
            .bind(&batch.kinds)
            .bind(&batch.attempts)
            .bind(&batch.times)
            .bind(&batch.times)
            .bind(&batch.outputs);
        let query = match &batch.tasks_too {
            Some(tasks) => query.bind(&tasks.begun).bind(&tasks.ended).bind(batch.times.first()),
            None => query,
        };
        query.execute(&mut self.connection).await?;
        Ok(())
    }

    async fn start(&mut self, tasks: &Starts) -> Result<(), Failure> {
        let mut transaction = self.connection.begin().await?;
        sqlx::query(START_TASKS)
            .bind(&tasks.ids)
            .bind(&tasks.numbers)
            .bind(&tasks.times)
            .bind(&tasks.inputs)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(START_LIVE)
            .bind(&tasks.ids)
            .bind(&tasks.numbers)
            .bind(&tasks.times)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn fill(&mut self, tasks: u64) -> Result<(), Failure> {
        let [workflow, task, ends, checkpoints] = FILL;
        sqlx::query(workflow).execute(&mut self.connection).await?;
        sqlx::query(task).bind(i64::try_from(tasks)?).execute(&mut self.connection).await?;
        for statement in [ends, checkpoints, "VACUUM ANALYZE", "CHECKPOINT"] {
            sqlx::query(statement).execute(&mut self.connection).await?;
        }
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        match sqlx::query("CHECKPOINT").execute(&mut self.connection).await {
            // Not everybody may.
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42501") => Ok(()),
            answer => Ok(answer.map(drop)?),
        }
    }

    async fn toll(&mut self) -> Result<Toll, Failure> {
        // Workers of the vacuum come and go, and are left out.
        let pids: Vec<i32> =
            sqlx::query_scalar("SELECT pid FROM pg_stat_activity WHERE backend_type <> 'autovacuum worker'")
                .fetch_all(&mut self.connection)
                .await?;
        let (log, commits): (i64, i64) = sqlx::query_as(
            "SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint, xact_commit
             FROM pg_stat_database WHERE datname = current_database()",
        )
        .fetch_one(&mut self.connection)
        .await?;
        let cpu: Option<Duration> = usage::of_all(&pids, "postgres");
        Ok(Toll { log: u64::try_from(log).ok(), cpu, commits: u64::try_from(commits).ok() })
    }

    async fn live_size(&mut self) -> Result<Option<u64>, Failure> {
        let size: i64 =
            sqlx::query_scalar("SELECT pg_table_size('live')").fetch_one(&mut self.connection).await?;
        Ok(Some(u64::try_from(size)?))
    }

    async fn worn(&mut self) -> Result<Option<Worn>, Failure> {
        let (dead, size): (i64, i64) = sqlx::query_as(
            "SELECT sum(n_dead_tup)::bigint, pg_total_relation_size('live') FROM pg_stat_user_tables",
        )
        .fetch_one(&mut self.connection)
        .await?;
        Ok(Some(Worn { dead: u64::try_from(dead)?, size: u64::try_from(size)? }))
    }

    async fn census(&mut self) -> Result<Census, Failure> {
        Ok(sqlx::query_as(CENSUS).bind(i64::from(STEPS)).fetch_one(&mut self.connection).await?)
    }
}
