//! Bringing the schema up to date, only when told to.

use drydock_core::journal::JournalError;
use sqlx::migrate::Migrator;

use super::SqliteStore;
use crate::error::journal_error;
use crate::schema;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

impl SqliteStore {
    /// Brings the schema up to this program's. Harmless when it is already, or when two processes do it at once.
    pub async fn migrate(&self) -> Result<(), JournalError> {
        self.refuse_newer().await?;
        let Err(error) = MIGRATIONS.run(&mut *self.writer.turn().await?).await else { return Ok(()) };
        // SQLite has no lock around all migrations: another process may have been faster, and then all is well.
        match MIGRATIONS.run(&mut *self.writer.turn().await?).await {
            Ok(()) => Ok(()),
            Err(_) => Err(schema::migration_error(error)),
        }
    }

    /// Fails unless the schema is exactly the one that this program needs.
    pub async fn schema_check(&self) -> Result<(), JournalError> {
        schema::refuse_other(self.schema_version().await?, &MIGRATIONS)
    }

    pub(super) async fn refuse_newer(&self) -> Result<(), JournalError> {
        schema::refuse_newer(self.schema_version().await?, &MIGRATIONS)
    }

    async fn schema_version(&self) -> Result<i64, JournalError> {
        let migrated: i64 =
            sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
                .fetch_one(&mut *self.writer.turn().await?)
                .await
                .map_err(journal_error)?;
        if migrated == 0 {
            return Ok(0);
        }
        sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
            .fetch_one(&mut *self.writer.turn().await?)
            .await
            .map_err(journal_error)
    }
}
