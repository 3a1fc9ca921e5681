//! Versions of the schema: what a database may have, and what a failed migration means.

use drydock_core::journal::JournalError;
use sqlx::migrate::{MigrateError, Migrator};

use crate::error::{inconsistent, journal_error};

/// The version that this program knows and needs.
pub(crate) fn known(migrator: &Migrator) -> i64 {
    migrator.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Refuses a database whose schema is newer than this program.
pub(crate) fn refuse_newer(found: i64, migrator: &Migrator) -> Result<(), JournalError> {
    let known = known(migrator);
    if found > known { Err(JournalError::NewerSchema { found, known }) } else { Ok(()) }
}

/// Refuses a database whose schema is not this program's.
pub(crate) fn refuse_other(found: i64, migrator: &Migrator) -> Result<(), JournalError> {
    refuse_newer(found, migrator)?;
    let needed = known(migrator);
    if found < needed { Err(JournalError::OlderSchema { found, needed }) } else { Ok(()) }
}

/// What a failed migration means.
pub(crate) fn migration_error(error: MigrateError) -> JournalError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => journal_error(error),
        MigrateError::VersionMismatch(version) => inconsistent(
            "_sqlx_migrations",
            "checksum",
            version,
            "this migration is not the one of this program: the database was made by a build of drydock that was never released",
        ),
        MigrateError::VersionMissing(version) => inconsistent(
            "_sqlx_migrations",
            "version",
            version,
            "this program does not have this migration: the database belongs to another program or to another branch of drydock",
        ),
        other => JournalError::Rejected(other.into()),
    }
}
