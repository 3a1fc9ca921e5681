//! A PostgreSQL cluster that lives as long as the tests.
//!
//! A keeper, a small shell script, owns the cluster. It holds one end of a pipe and this process the other: when this process
//! ends, by whatever cause, the pipe closes and the keeper stops the server and removes its files. So no signal handler is needed,
//! and not even `kill -9` leaves a server behind.

use std::io::Read;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::peers;
use crate::error::Error;

const KEEPER: &str = include_str!("cluster.sh");

/// A running cluster; dropped, it is stopped and its files are removed.
#[derive(Debug)]
pub(super) struct Cluster {
    keeper: Child,
    port: u16,
}

impl Cluster {
    /// Starts a cluster with the server programs in `bin`, on a free loopback port, and waits until it answers.
    pub(super) fn start(bin: &Path) -> Result<Self, Error> {
        let port = free_port()?;
        let mut keeper = as_ordinary_user("sh")
            .args(["-c", KEEPER, "cluster"])
            .arg(bin)
            .arg(port.to_string())
            // The other user may not be allowed to be here.
            .current_dir("/")
            // Ctrl-C goes to the foreground group: the keeper must outlive it to clean up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Error::run("postgres"))?;
        let mut said = [0; 5];
        let ready = keeper.stdout.take().map(|mut stdout| stdout.read_exact(&mut said));
        let cluster = Self { keeper, port };
        match ready {
            Some(Ok(())) if &said == b"ready" => Ok(cluster),
            _ => Err(Error::Failed { program: format!("{}/postgres", bin.display()) }),
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

/// PostgreSQL refuses to run as root; then it runs as the user that its package made.
fn as_ordinary_user(program: &str) -> Command {
    if !peers::is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", program]);
    command
}

fn free_port() -> Result<u16, Error> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(Error::Port)?;
    Ok(listener.local_addr().map_err(Error::Port)?.port())
}
