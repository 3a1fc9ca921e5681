//! A PostgreSQL cluster that can be crashed and started again, with full durability.
//!
//! The keeper script is the one of `cargo xtask test`: it stops the server and removes its files when its standard input ends,
//! however this process ends.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Failure;

const KEEPER: &str = include_str!("../../xtask/src/test/cluster.sh");

/// A cluster; dropped, it is stopped and its files are removed.
pub(crate) struct Cluster {
    keeper: Child,
    port: u16,
}

impl Cluster {
    /// Starts a cluster on a free loopback port and waits until it answers.
    pub(crate) fn start() -> Result<Self, Failure> {
        let programs =
            programs().ok_or("no PostgreSQL server programs found: install Debian's postgresql")?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let keeper = as_ordinary_user("sh")?
            .args(["-c", KEEPER, "cluster"])
            .arg(programs)
            .arg(port.to_string())
            // The other user may not be allowed to be here.
            .current_dir("/")
            // Ctrl-C goes to the foreground group: the keeper must outlive it to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut cluster = Self { keeper, port };
        cluster.hears("ready")?;
        Ok(cluster)
    }

    /// Where the cluster answers.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// `pg_ctl stop -m immediate`: all its processes are killed, and nothing is written any more.
    pub(crate) fn crash(&mut self) -> Result<(), Failure> {
        self.tell("crash")
    }

    /// Starts it again; it recovers from its log.
    pub(crate) fn restart(&mut self) -> Result<(), Failure> {
        self.tell("start")
    }

    fn tell(&mut self, word: &str) -> Result<(), Failure> {
        let stdin = self.keeper.stdin.as_mut().ok_or("the keeper has no input")?;
        writeln!(stdin, "{word}")?;
        self.hears("ready")
    }

    fn hears(&mut self, word: &str) -> Result<(), Failure> {
        let mut said = vec![0; word.len() + 1];
        self.keeper.stdout.as_mut().ok_or("the keeper has no output")?.read_exact(&mut said)?;
        if said.starts_with(word.as_bytes()) {
            Ok(())
        } else {
            Err("the cluster does not obey; see above".into())
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            eprintln!("cannot wait for the PostgreSQL cluster to stop: {error}");
        }
    }
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    versions.sort_unstable();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let newest_first = versions.into_iter().rev().map(|(_, folder)| folder);
    newest_first
        .chain(std::env::split_paths(&path))
        .find(|folder| ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file()))
}

/// PostgreSQL refuses to run as root; then it runs as the user that its package made.
fn as_ordinary_user(program: &str) -> Result<Command, Failure> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", program]);
    Ok(command)
}
