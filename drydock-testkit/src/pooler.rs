//! A PgBouncer in session mode before a PostgreSQL server, on a free loopback port, that lives as long as whoever needs it. As a
//! [`Cluster`](crate::Cluster) it has a keeper, which stops it and removes its files by whatever cause this process ends.

use std::io::Read as _;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::ClusterError;
use crate::cluster::{READY, as_ordinary_user};
use crate::programs::path_folders;

const KEEPER: &str = include_str!("pooler.sh");

/// A running PgBouncer; dropped, it is stopped.
#[derive(Debug)]
pub struct Pooler {
    keeper: Child,
    port: u16,
}

impl Pooler {
    /// Starts one before `server`, whose user `postgres` needs no password, and waits until it listens.
    ///
    /// # Errors
    ///
    /// Without the program or a free port, or when it does not start: then it has said why on standard error.
    pub fn start(server: SocketAddr) -> Result<Self, ClusterError> {
        let program = pgbouncer().ok_or(ClusterError::NoPooler)?;
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = port.map_err(ClusterError::Port)?.port();
        let keeper = as_ordinary_user("sh")
            .args(["-c", KEEPER, "pooler"])
            .arg(program)
            .arg(port.to_string())
            .arg(format!("host={} port={} user=postgres", server.ip(), server.port()))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(ClusterError::Keeper)?;
        let mut pooler = Self { keeper, port };
        let mut said = [0; READY.len()];
        match pooler.keeper.stdout.as_mut().map(|stdout| stdout.read_exact(&mut said)) {
            Some(Ok(())) if &said == READY => Ok(pooler),
            _ => Err(ClusterError::Failed),
        }
    }

    /// Where it listens, on the loopback interface.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // There is nobody to tell: the keeper says itself what it could not tidy up.
        let _gone = self.keeper.wait().is_err();
    }
}

/// PgBouncer's program, which Debian has in a folder for administrators.
pub fn pgbouncer() -> Option<PathBuf> {
    let folders = path_folders().into_iter().chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file())
}
