//! `drydock migrate`: brings a database's schema up to this program's.

use clap::Args;
use drydock_core::journal::JournalError;

use super::failure::{Exit, Failure};
use super::{database, output};
use crate::sqlite_file;

const HELP: &str = "The database: an SQLite file, or postgres://…. With a password, better in the variable \
                    [default: drydock/drydock.db in XDG_DATA_HOME or ~/.local/share]";

/// Brings a database's schema up to what this program needs.
///
/// Harmless when it is already, and when two do it at once. Servers of an older version must have stopped.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drydock migrate --database ./site.db
  DRYDOCK_DATABASE=postgres://drydock:secret@db/drydock drydock migrate")]
pub(super) struct Migrate {
    #[arg(long, env = "DRYDOCK_DATABASE", hide_env_values = true, value_name = "PATH|URL", help = HELP)]
    database: Option<String>,
}

impl Migrate {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let database = database::choose(self.database.as_deref())?;
        if self.database.is_none() {
            database::make_default_folder()?;
        }
        let failed = || Failure::failed(format!("cannot migrate {database}"));
        sqlite_file::check(&database).map_err(|problem| failed().because(problem))?;
        match drydock_store::open(&database).await {
            Ok(_) => output::line(&format!("{database} is up to date already"))?,
            Err(JournalError::OlderSchema { found, needed }) => {
                drydock_store::migrate(&database).await.map_err(|error| failed().because(error))?;
                output::line(&format!("{database} migrated from schema version {found} to {needed}"))?;
            }
            Err(error) => return Err(failed().because(error)),
        }
        Ok(Exit::Done)
    }
}
