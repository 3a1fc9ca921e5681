//! Bringing the schema up to date, only when told to.

use std::time::Duration;

use drydock_core::journal::JournalError;
use sqlx::Connection as _;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnection;

use super::PgStore;
use crate::error::journal_error;
use crate::schema;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// How often a migration is tried while others migrate, and the pause between.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(100);

impl PgStore {
    /// Brings the schema up to this program's. Harmless when it is already; of two processes that do it at once, one finds
    /// that the other has done it.
    pub async fn migrate(&self) -> Result<(), JournalError> {
        self.refuse_newer().await?;
        // A connection without timeouts: a migration takes as long as it takes.
        let options = self.control.connect_options();
        let mut connection = PgConnection::connect_with(&options).await.map_err(journal_error)?;
        for _ in 1..TRIES {
            match unlocked().run(&mut connection).await {
                Err(error) if is_rivals(&error) => tokio::time::sleep(PAUSE).await,
                done => return done.map_err(schema::migration_error),
            }
        }
        unlocked().run(&mut connection).await.map_err(schema::migration_error)
    }

    /// Fails unless the schema is exactly the one that this program needs.
    pub async fn schema_check(&self) -> Result<(), JournalError> {
        schema::refuse_other(self.schema_version().await?, &MIGRATIONS)
    }

    pub(super) async fn refuse_newer(&self) -> Result<(), JournalError> {
        schema::refuse_newer(self.schema_version().await?, &MIGRATIONS)
    }

    async fn schema_version(&self) -> Result<i64, JournalError> {
        let migrated: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(&self.control)
            .await
            .map_err(journal_error)?;
        if !migrated {
            return Ok(0);
        }
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
            .fetch_one(&self.control)
            .await
            .map_err(journal_error)
    }
}

/// The library's own lock is an advisory one. It is not needed: a migration and the note that it was made are one transaction.
fn unlocked() -> Migrator {
    let mut migrator = Migrator::with_migrations(MIGRATIONS.iter().cloned().collect());
    migrator.set_locking(false);
    migrator
}

/// Another process has just made what this one was about to make.
fn is_rivals(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    // A table, a column, an index, a row: of the migration, or of the notes.
    let made = ["42P07", "42701", "42710", "23505"];
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| made.contains(&&*code))
}
