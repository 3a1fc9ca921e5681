//! Statements past the store, on either database.

use drydock_core::ExposeSecret;
use drydock_core::SecretString;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

/// Runs `sql` on a connection of its own to the database at `url`, which is `sqlite://…` or `postgres://…`.
pub(crate) async fn run(url: &SecretString, sql: String) {
    let url = url.expose_secret();
    if url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}
