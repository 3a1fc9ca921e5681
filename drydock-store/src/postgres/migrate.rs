//! Bringing the schema up to date, only when told to.

use drydock_core::journal::JournalError;
use sqlx::migrate::Migrator;

use super::PgStore;
use crate::error::journal_error;
use crate::schema;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

impl PgStore {
    /// Brings the schema up to this program's. Harmless when it is already; two processes that do it at once go one after
    /// the other.
    pub async fn migrate(&self) -> Result<(), JournalError> {
        self.refuse_newer().await?;
        MIGRATIONS.run(&self.control).await.map_err(schema::migration_error)
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
