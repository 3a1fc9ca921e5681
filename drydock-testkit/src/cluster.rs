//! A PostgreSQL cluster that lives as long as whoever needs it: with default settings, so with full durability, on a free loopback
//! port.
//!
//! A keeper, a small shell script, owns the cluster. It holds one end of a pipe and this process the other: when this process
//! ends, by whatever cause, the pipe closes and the keeper stops the server and removes its files. So no signal handler is needed,
//! and not even `kill -9` leaves a server behind.

use std::io::{self, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::programs::{is_root, postgres_programs};

const KEEPER: &str = include_str!("cluster.sh");

/// What the keeper says when it has done what it was told.
pub(crate) const READY: &[u8; 6] = b"ready\n";

/// Why there is no cluster, or why it does not do what it is told.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// There are no server programs.
    #[error("no PostgreSQL server programs found: install Debian's postgresql, or name a server of your own")]
    NoPrograms,
    /// There is no PgBouncer.
    #[error("no pgbouncer found: install Debian's pgbouncer")]
    NoPooler,
    /// No port is free on the loopback interface.
    #[error("cannot find a free port on 127.0.0.1: {0}")]
    Port(#[source] io::Error),
    /// The keeper cannot be started.
    #[error("the keeper of a PostgreSQL cluster cannot be run: {0}")]
    Keeper(#[source] io::Error),
    /// The keeper has said why itself.
    #[error("the PostgreSQL cluster did not start or stop; what it said stands above")]
    Failed,
}

/// A running cluster; dropped, it is stopped and its files are removed.
#[derive(Debug)]
pub struct Cluster {
    keeper: Child,
    port: u16,
}

impl Cluster {
    /// Starts a cluster with its files in `folder`, or in the folder for temporary ones, and waits until it answers.
    ///
    /// # Errors
    ///
    /// Without server programs or a free port, or when the server does not start: then it has said why on standard error.
    pub fn start(folder: Option<&Path>) -> Result<Self, ClusterError> {
        let programs = postgres_programs().ok_or(ClusterError::NoPrograms)?;
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = port.map_err(ClusterError::Port)?.port();
        let mut command = as_ordinary_user("sh");
        if let Some(folder) = folder {
            command.env("TMPDIR", folder);
        }
        let keeper = command
            .args(["-c", KEEPER, "cluster"])
            .arg(programs)
            .arg(port.to_string())
            // The other user may not be allowed to be here.
            .current_dir("/")
            // Ctrl-C goes to the foreground group: the keeper must outlive it to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(ClusterError::Keeper)?;
        let mut cluster = Self { keeper, port };
        cluster.is_ready()?;
        Ok(cluster)
    }

    /// Where the cluster answers, as a user who may do everything.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// `pg_ctl stop -m immediate`: all its processes are killed, and nothing is written any more.
    ///
    /// # Errors
    ///
    /// When the keeper is gone.
    pub fn crash(&mut self) -> Result<(), ClusterError> {
        self.tell("crash")
    }

    /// Starts it again after a crash; it recovers from its log.
    ///
    /// # Errors
    ///
    /// When the server does not start, or the keeper is gone.
    pub fn restart(&mut self) -> Result<(), ClusterError> {
        self.tell("start")
    }

    fn tell(&mut self, word: &str) -> Result<(), ClusterError> {
        let stdin = self.keeper.stdin.as_mut().ok_or(ClusterError::Failed)?;
        writeln!(stdin, "{word}").map_err(ClusterError::Keeper)?;
        self.is_ready()
    }

    fn is_ready(&mut self) -> Result<(), ClusterError> {
        let mut said = [0; READY.len()];
        let heard = self.keeper.stdout.as_mut().map(|stdout| stdout.read_exact(&mut said));
        match heard {
            Some(Ok(())) if &said == READY => Ok(()),
            _ => Err(ClusterError::Failed),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // There is nobody to tell: the keeper says itself what it could not tidy up.
        let _gone = self.keeper.wait().is_err();
    }
}

/// PostgreSQL refuses to run as root; then it runs as the user that its package made.
pub(crate) fn as_ordinary_user(program: &str) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", program]);
    command
}
