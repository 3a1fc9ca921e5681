//! The real programs that the tests speak to: found, or installed where that is possible.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;

/// The oldest PostgreSQL that the store supports.
const OLDEST: u32 = 14;

/// Programs of the IPMI tests, and the Debian packages that hold them.
const IPMI: [(&str, &str); 2] = [("ipmi_sim", "openipmi"), ("ipmitool", "ipmitool")];

const INSTALL: &str = include_str!("install.sh");

/// Makes sure that all peers are there, and gives the folder with PostgreSQL's server programs if `postgres` is wanted.
pub(super) fn ensure(postgres: bool) -> Result<Option<PathBuf>, Error> {
    let missing = missing(postgres);
    if !missing.is_empty() {
        install(&missing)?;
    }
    Ok(postgres.then(find_postgres).flatten())
}

/// A program that is not there, and the package to install.
type Missing = (String, &'static str);

fn missing(postgres: bool) -> Vec<Missing> {
    let mut missing = Vec::new();
    if postgres && find_postgres().is_none() {
        missing.push((format!("a PostgreSQL server, version {OLDEST} or later"), "postgresql"));
    }
    for (program, package) in IPMI {
        if !on_path(program) {
            missing.push((program.to_owned(), package));
        }
    }
    missing
}

fn install(absent: &[Missing]) -> Result<(), Error> {
    let packages: Vec<&str> = absent.iter().map(|(_, package)| *package).collect();
    if !on_path("apt-get") {
        return Err(lacking(absent, ""));
    }
    let mut command = match root_prefix() {
        Some([]) => Command::new("sh"),
        Some(prefix) => {
            let mut command = Command::new(prefix[0]);
            command.args(&prefix[1..]).arg("sh");
            command
        }
        None => {
            return Err(lacking(
                absent,
                " (they are not installed for you without root or a sudo that asks no password)",
            ));
        }
    };
    eprintln!("installing {} with apt-get", packages.join(", "));
    // All of its output to standard error: standard output is the tests'.
    let status = command
        .args(["-c", INSTALL, "install"])
        .args(&packages)
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(Error::run("apt-get"))?;
    if !status.success() {
        return Err(lacking(absent, " (apt-get failed, see above)"));
    }
    let still = missing(absent.iter().any(|(_, package)| *package == "postgresql"));
    if still.is_empty() {
        Ok(())
    } else {
        Err(lacking(&still, " (apt-get installed them, but they are not found)"))
    }
}

fn lacking(absent: &[Missing], why: &str) -> Error {
    let what: Vec<&str> = absent.iter().map(|(what, _)| what.as_str()).collect();
    let packages: Vec<&str> = absent.iter().map(|(_, package)| *package).collect();
    Error::Missing { what: what.join(", "), packages: packages.join(" "), why: why.to_owned() }
}

/// What to put before a command to run it as root; `None` when that is not possible.
fn root_prefix() -> Option<&'static [&'static str]> {
    if is_root() {
        return Some(&[]);
    }
    let sudo = Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    sudo.then_some(&["sudo", "-n"])
}

/// Whether this process is root, to whom PostgreSQL refuses its service.
pub(super) fn is_root() -> bool {
    said(Command::new("id").arg("-u")).is_some_and(|uid| uid == "0")
}

/// The server programs of the newest PostgreSQL here.
fn find_postgres() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = path_folders();
    folders.extend(said(Command::new("pg_config").arg("--bindir")).map(PathBuf::from));
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        folders.extend(versions.flatten().map(|version| version.path().join("bin")));
    }
    newest(folders.into_iter().filter_map(|folder| Some((server_version(&folder)?, folder))))
}

fn newest(found: impl Iterator<Item = (u32, PathBuf)>) -> Option<PathBuf> {
    found
        .filter(|(version, _)| *version >= OLDEST)
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

/// `ipmi_sim` and its like may stand in folders for administrators that an ordinary user's `PATH` lacks; but then the tests would
/// not find them either, so `PATH` is what counts.
fn on_path(program: &str) -> bool {
    path_folders().iter().any(|folder| folder.join(program).is_file())
}

fn path_folders() -> Vec<PathBuf> {
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

    #[test]
    fn what_is_lacking_is_named_with_its_package() {
        let text = lacking(&[("ipmi_sim".to_owned(), "openipmi")], "").to_string();
        assert!(text.contains("ipmi_sim") && text.contains("openipmi"), "{text}");
    }
}
