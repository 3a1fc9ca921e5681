//! Migrations: fresh, again, too new, too old, changed.

use drydock_core::journal::JournalError;
use drydock_core::{ExposeSecret, SecretString};
use drydock_store::conformance::Shared;
use drydock_store::conformance::samples::{claim, id, join, put_workflow, running};
use drydock_store::{DatabaseUrl, SqliteStore, migrate, open};

use super::postgres::Cluster;
use super::raw;

/// Everything that a schema goes through, on the empty database at `url`.
async fn a_schema_is_migrated_checked_and_refused(secret: &SecretString) {
    let url: DatabaseUrl = secret.expose_secret().parse().unwrap();
    let refused = async || open(&url).await.err().unwrap();
    assert!(matches!(refused().await, JournalError::OlderSchema { found: 0, needed: 1 }));
    let (one, other) = tokio::join!(migrate(&url), migrate(&url));
    one.and(other).unwrap();
    migrate(&url).await.unwrap();
    let store: Shared = open(&url).await.unwrap();
    running(&store).await;
    migrate(&url).await.unwrap();
    drop(store);

    let store: Shared = open(&url).await.unwrap();
    let workflow = put_workflow(&store).await;
    let epoch = join(&store, "a").await;
    assert_eq!(claim(&store, epoch, workflow, 9).await, [id(1)], "the data did not outlive the store");
    drop(store);

    let run = async |sql: &str| raw::run(secret, sql.to_owned()).await;
    run("UPDATE _sqlx_migrations SET version = 9").await;
    assert!(matches!(refused().await, JournalError::NewerSchema { found: 9, known: 1 }));
    assert!(matches!(migrate(&url).await, Err(JournalError::NewerSchema { found: 9, known: 1 })));
    run("UPDATE _sqlx_migrations SET version = 0").await;
    assert_inconsistent(migrate(&url).await, "version");
    run(r"UPDATE _sqlx_migrations SET version = 1, checksum = '\x00'").await;
    assert_inconsistent(migrate(&url).await, "checksum");
}

fn assert_inconsistent(result: Result<(), JournalError>, expected: &str) {
    match result {
        Err(JournalError::Inconsistent { table: "_sqlx_migrations", column, .. }) => {
            assert_eq!(column, expected);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("yard.db").display());
    a_schema_is_migrated_checked_and_refused(&url.into()).await;
}

#[tokio::test]
async fn on_postgres() {
    let cluster = Cluster::new().await;
    let url = cluster.database().await;
    a_schema_is_migrated_checked_and_refused(&url).await;
    cluster.close().await;
}

/// Only `migrate` makes tables.
#[tokio::test]
async fn opening_a_file_makes_no_tables() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("yard.db")).await.unwrap();
    assert!(matches!(store.schema_check().await, Err(JournalError::OlderSchema { found: 0, needed: 1 })));
    store.close().await;
}
