//! `drydock migrate`: brings a database's schema up to this program's.

use clap::Args;
use drydock_core::journal::JournalError;

use super::failure::{Exit, Failure};
use super::{database, output};

/// Brings a database's schema up to what this program needs.
///
/// Harmless when it is already, and when two do it at once. Servers of an older version must have stopped.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drydock migrate --database ./site.db
  DRYDOCK_DATABASE=postgres://drydock:secret@db/drydock drydock migrate")]
pub(super) struct Migrate {
    /// The database: an SQLite file, or postgres://…. With a password, better in the variable
    #[arg(long, env = "DRYDOCK_DATABASE", hide_env_values = true, value_name = "PATH|URL")]
    database: Option<String>,
}

impl Migrate {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let database = database::choose(self.database.as_deref())?;
        let failed = |error| Failure::failed(format!("cannot migrate {database}")).because(error);
        match drydock_store::open(&database).await {
            Ok(_) => output::line(&format!("{database}: up to date already"))?,
            Err(JournalError::OlderSchema { found, needed }) => {
                drydock_store::migrate(&database).await.map_err(failed)?;
                output::line(&format!("{database}: migrated from schema version {found} to {needed}"))?;
            }
            Err(error) => return Err(failed(error)),
        }
        Ok(Exit::Done)
    }
}
