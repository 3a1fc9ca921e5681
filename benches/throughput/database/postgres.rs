//! Postgres: a database of the benchmark's own, on a cluster of its own or on the server that was named.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::{Entropy as _, SecretString, SystemEntropy};
use drydock_store::PgStore;
use drydock_testkit::Cluster;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use url::Url;

use super::{Batch, Bench, CENSUS, Census, Database, Ground};
use crate::Failure;
use crate::args::Args;
use crate::load::STEPS;
use crate::usage;

/// Columns, primary key and all as the engine's table has them.
const TABLE: &str = "CREATE TABLE bench_raw (LIKE checkpoints INCLUDING ALL)";

const INSERT: &str = "
    INSERT INTO bench_raw (task_id, step, kind, attempt, started_at, ended_at, output)
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::bigint[],
                         $5::timestamptz[], $6::timestamptz[], $7::bytea[])";

struct Postgres {
    connection: PgConnection,
}

pub(super) async fn open(args: &Args) -> Result<Bench, Failure> {
    let (ground, server) = if let Some(server) = &args.database {
        (None, server.clone())
    } else {
        let cluster = Cluster::start(args.folder.as_deref())?;
        let server = cluster.url();
        (Some(Ground::Cluster(cluster)), server)
    };
    let mut url = Url::parse(&server).map_err(|error| format!("--database is no URL: {error}"))?;
    let mut admin = PgConnection::connect(url.as_str()).await?;
    let about = about(&mut admin).await?;
    let mut number = [0; 4];
    SystemEntropy.fill(&mut number);
    let name = format!("drydock_bench_{:08x}", u32::from_le_bytes(number));
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await?;
    url.set_path(&name);
    let ground = ground.unwrap_or(Ground::Server { admin, name });
    let store = PgStore::connect(&SecretString::from(url.to_string())).await?;
    store.migrate().await?;
    let mut connection = PgConnection::connect(url.as_str()).await?;
    sqlx::query(TABLE).execute(&mut connection).await?;
    let (store, database) = (Arc::new(store), Box::new(Postgres { connection }));
    Ok(Bench { name: "postgres", about, store, database: Some(database), ground })
}

/// The server, and the settings that decide how durable a commit is.
async fn about(connection: &mut PgConnection) -> Result<String, Failure> {
    let settings = "SELECT format('PostgreSQL %s, fsync=%s, synchronous_commit=%s, full_page_writes=%s',
        current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),
        current_setting('full_page_writes'))";
    Ok(sqlx::query_scalar(settings).fetch_one(connection).await?)
}

#[async_trait]
impl Database for Postgres {
    async fn insert(&mut self, batch: &Batch) -> Result<(), Failure> {
        sqlx::query(INSERT)
            .bind(&batch.tasks)
            .bind(&batch.steps)
            .bind(&batch.kinds)
            .bind(&batch.attempts)
            .bind(&batch.times)
            .bind(&batch.times)
            .bind(&batch.outputs)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }

    async fn log_position(&mut self) -> Result<Option<u64>, Failure> {
        let position: i64 = sqlx::query_scalar("SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
            .fetch_one(&mut self.connection)
            .await?;
        Ok(u64::try_from(position).ok())
    }

    async fn cpu(&mut self) -> Result<Option<Duration>, Failure> {
        // Workers of the vacuum come and go, and are left out.
        let pids: Vec<i32> =
            sqlx::query_scalar("SELECT pid FROM pg_stat_activity WHERE backend_type <> 'autovacuum worker'")
                .fetch_all(&mut self.connection)
                .await?;
        Ok(usage::of_all(&pids, "postgres"))
    }

    async fn census(&mut self) -> Result<Census, Failure> {
        Ok(sqlx::query_as(CENSUS).bind(i64::from(STEPS)).fetch_one(&mut self.connection).await?)
    }
}

/// Removes the benchmark's database from a server that stays.
pub(super) async fn remove(mut admin: PgConnection, name: &str) -> Result<(), Failure> {
    // The store's connections are still there.
    sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).execute(&mut admin).await?;
    Ok(())
}
