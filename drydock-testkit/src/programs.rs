//! The server programs of PostgreSQL on this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The oldest PostgreSQL that the store supports.
pub const OLDEST_POSTGRES: u32 = 14;

/// Whether this process is root, to whom PostgreSQL refuses its service.
pub fn is_root() -> bool {
    said(Command::new("id").arg("-u")).is_some_and(|uid| uid == "0")
}

/// The folder with the server programs of the newest PostgreSQL here, if one is new enough.
pub fn postgres_programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = path_folders();
    folders.extend(said(Command::new("pg_config").arg("--bindir")).map(PathBuf::from));
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    newest(folders.into_iter().filter_map(|folder| Some((server_version(&folder)?, folder))))
}

fn newest(found: impl Iterator<Item = (u32, PathBuf)>) -> Option<PathBuf> {
    found
        .filter(|(version, _)| *version >= OLDEST_POSTGRES)
        .max_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
}

/// The major version of the server in `folder`, if one is there with all the programs a cluster takes.
fn server_version(folder: &Path) -> Option<u32> {
    if !["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file()) {
        return None;
    }
    major(&said(Command::new(folder.join("postgres")).arg("--version"))?)
}

/// From "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", or "... 18beta1".
fn major(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

/// The folders where programs are looked for.
pub fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// What a program printed, if it ran and succeeded.
fn said(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_versions_are_read_from_what_servers_print() {
        assert_eq!(major("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) 9.6.24"), Some(9));
        assert_eq!(major("something else 15"), None);
    }

    #[test]
    fn the_newest_server_is_taken_and_none_that_is_too_old() {
        let found = |versions: &[u32]| newest(versions.iter().map(|v| (*v, PathBuf::from(v.to_string()))));
        assert_eq!(found(&[9, 14, 17, 15]), Some(PathBuf::from("17")));
        assert_eq!(found(&[9, 13]), None);
    }
}
