//! A PostgreSQL cluster of the benchmark's own: default settings, so full durability, on a free loopback port.
//!
//! The keeper script is the one of `cargo xtask test`: it stops the server and removes its files when its standard input ends,
//! which happens however this process ends.

use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Failure;

const KEEPER: &str = include_str!("../../../xtask/src/test/cluster.sh");

/// A running cluster; dropped, it is stopped and its files are removed.
pub(super) struct Cluster {
    keeper: Child,
    port: u16,
}

impl Cluster {
    /// Starts a cluster with its files in `folder`, or in the folder for temporary ones, and waits until it answers.
    pub(super) fn start(folder: Option<&Path>) -> Result<Self, Failure> {
        let programs = programs().ok_or(
            "no PostgreSQL server programs found: install Debian's postgresql, or name a server with --database",
        )?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = as_ordinary_user("sh")?;
        if let Some(folder) = folder {
            command.env("TMPDIR", folder);
        }
        let mut keeper = command
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
        let mut said = [0; 5];
        let answer = keeper.stdout.take().map(|mut stdout| stdout.read_exact(&mut said));
        let cluster = Self { keeper, port };
        match answer {
            Some(Ok(())) if &said == b"ready" => Ok(cluster),
            _ => Err("the PostgreSQL cluster did not start; see above".into()),
        }
    }

    /// Where the cluster answers.
    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
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
