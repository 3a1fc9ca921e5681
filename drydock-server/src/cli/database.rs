//! Which database a command works on when it is not told.

use std::path::PathBuf;
use std::sync::Arc;

use drydock_store::Store;

use super::failure::Failure;
use crate::config::DatabaseUrl;
use crate::sqlite_file;

/// The SQLite file of a user who names none: in `XDG_DATA_HOME`, by default `~/.local/share` (XDG Base Directory
/// Specification); in the current folder where there is no home.
pub(super) fn default_file() -> PathBuf {
    match folder("XDG_DATA_HOME", ".local/share") {
        Some(folder) => folder.join("drydock").join("drydock.db"),
        None => PathBuf::from("drydock.db"),
    }
}

/// A base folder of the XDG specification: that of the variable if it is absolute, else the one below the home.
pub(super) fn folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)))
}

/// The database that `text` names; without one, the default file. Nothing is touched.
pub(super) fn choose(text: Option<&str>) -> Result<DatabaseUrl, Failure> {
    match text {
        Some(text) => text.parse().map_err(|error| Failure::usage("--database").because(error)),
        None => Ok(DatabaseUrl::Sqlite(default_file())),
    }
}

/// Makes the folder of the default file.
pub(super) fn make_default_folder() -> Result<(), Failure> {
    let file = default_file();
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::usage(format!("cannot make the folder {}", folder.display())).because(error)
    })
}

/// Fails unless the database can be used as it is: it answers, and has this program's schema.
pub(super) async fn open(database: &DatabaseUrl) -> Result<Arc<dyn Store>, Failure> {
    let unusable = || Failure::failed(format!("cannot use the database {database}"));
    sqlite_file::check(database).map_err(|problem| unusable().because(problem))?;
    drydock_store::open(database).await.map_err(|error| unusable().because(error))
}

/// Whether nothing is lost when the schema is made without being asked for: the database is a file that is not there yet.
pub(super) fn is_new_file(database: &DatabaseUrl) -> bool {
    match database {
        DatabaseUrl::Sqlite(path) => std::fs::metadata(path).map_or(true, |found| found.len() == 0),
        DatabaseUrl::Memory | DatabaseUrl::Postgres(_) => false,
    }
}
