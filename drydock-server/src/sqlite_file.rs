//! Whether a path can be that of an SQLite database, told before SQLite tells it in a number.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use drydock_store::DatabaseUrl;

/// What every SQLite file begins with (<https://www.sqlite.org/fileformat.html>, section 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Why a path is not that of an SQLite database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// The file would be in a folder that is not there.
    #[error("there is no folder {}: make it, or name another file", .0.display())]
    NoFolder(PathBuf),
    /// It is a folder, or a device.
    #[error("it is no file: name one, such as {}", .0.join("drydock.db").display())]
    NoFile(PathBuf),
    /// The file holds something else.
    #[error("it is no SQLite database: name another file")]
    NoDatabase,
    /// The file cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
}

/// Says why `database` cannot be used, if it is a file that cannot. Nothing is written.
pub(crate) fn check(database: &DatabaseUrl) -> Result<(), FileProblem> {
    match database {
        DatabaseUrl::Sqlite(path) => check_file(path),
        DatabaseUrl::Memory | DatabaseUrl::Postgres(_) => Ok(()),
    }
}

fn check_file(path: &Path) -> Result<(), FileProblem> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(FileProblem::NoFile(path.to_owned())),
        Ok(_) => check_content(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => check_folder(path),
        Err(error) => Err(FileProblem::Unreadable(error)),
    }
}

fn check_folder(path: &Path) -> Result<(), FileProblem> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(folder) if !folder.is_dir() => Err(FileProblem::NoFolder(folder.to_owned())),
        Some(_) | None => Ok(()),
    }
}

/// An empty file is a database without tables.
fn check_content(path: &Path) -> Result<(), FileProblem> {
    let mut start = Vec::new();
    let limit = u64::try_from(MAGIC.len()).unwrap_or(u64::MAX);
    File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut start))
        .map_err(FileProblem::Unreadable)?;
    if start.is_empty() || start == MAGIC { Ok(()) } else { Err(FileProblem::NoDatabase) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_path_is_instead_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("empty.db"), "").unwrap();
        fs::write(path("good.db"), [&MAGIC[..], b"pages"].concat()).unwrap();
        fs::write(path("text.db"), "hello").unwrap();
        for (file, problem) in [
            ("new.db", ""),
            ("empty.db", ""),
            ("good.db", ""),
            ("text.db", "it is no SQLite database"),
            ("", "it is no file"),
            ("nowhere/x.db", "there is no folder"),
        ] {
            let text = check_file(&path(file)).err().map(|it| it.to_string()).unwrap_or_default();
            assert!(text.starts_with(problem) && text.is_empty() == problem.is_empty(), "{file}: {text}");
        }
        assert!(check_file(Path::new("a-new-one.db")).is_ok());
    }
}
