//! What tests, the benchmark and the chores share: a PostgreSQL cluster of their own, a pooler before it, a log to be read and a
//! subscriber for it, and certificates. No part of the program: only dev-dependencies and `xtask` name this crate.

mod cluster;
mod hearing;
mod log;
mod pooler;
mod programs;
#[cfg(feature = "tls")]
mod tls;

pub use cluster::{Cluster, ClusterError};
pub use hearing::{Hearing, hear};
pub use log::Log;
pub use pooler::{Pooler, pgbouncer};
pub use programs::{OLDEST_POSTGRES, is_root, path_folders, postgres_programs};
#[cfg(feature = "tls")]
pub use tls::{Authority, TlsError, acceptor, authority};
