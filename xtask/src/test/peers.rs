//! The real programs that the tests speak to: found, or installed where that is possible.

use std::process::{Command, Stdio};

use drydock_testkit::{OLDEST_POSTGRES, is_root, path_folders, pgbouncer, postgres_programs};

use crate::error::Error;

/// Programs of the IPMI tests, and the Debian packages that hold them.
const IPMI: [(&str, &str); 2] = [("ipmi_sim", "openipmi"), ("ipmitool", "ipmitool")];

const INSTALL: &str = include_str!("install.sh");

/// Makes sure that all peers are there, PostgreSQL's server programs among them if `postgres` is wanted.
pub(super) fn ensure(postgres: bool) -> Result<(), Error> {
    let missing = missing(postgres);
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// A program that is not there, and the package to install.
type Missing = (String, &'static str);

fn missing(postgres: bool) -> Vec<Missing> {
    let mut missing = Vec::new();
    if postgres && postgres_programs().is_none() {
        missing.push((format!("a PostgreSQL server, version {OLDEST_POSTGRES} or later"), "postgresql"));
    }
    if pgbouncer().is_none() {
        missing.push(("pgbouncer".to_owned(), "pgbouncer"));
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

/// `ipmi_sim` and its like may stand in folders for administrators that an ordinary user's `PATH` lacks; but then the tests would
/// not find them either, so `PATH` is what counts.
fn on_path(program: &str) -> bool {
    path_folders().iter().any(|folder| folder.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lacking_is_named_with_its_package() {
        let text = lacking(&[("ipmi_sim".to_owned(), "openipmi")], "").to_string();
        assert!(text.contains("ipmi_sim") && text.contains("openipmi"), "{text}");
    }
}
