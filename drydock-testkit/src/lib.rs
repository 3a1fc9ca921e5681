//! What the tests of the whole, the benchmark and the chores share: a PostgreSQL cluster of their own, and
//! a pooler before it. No part of the program: only
//! dev-dependencies and `xtask` name this crate.

mod cluster;
mod pooler;
mod programs;

pub use cluster::{Cluster, ClusterError};
pub use pooler::{Pooler, pgbouncer};
pub use programs::{OLDEST_POSTGRES, is_root, path_folders, postgres_programs};
