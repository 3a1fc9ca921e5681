//! What the tests of the whole, the benchmark and the chores share: a PostgreSQL cluster of their own. No part of the program: only
//! dev-dependencies and `xtask` name this crate.

mod cluster;
mod programs;

pub use cluster::{Cluster, ClusterError};
pub use programs::{OLDEST_POSTGRES, is_root, path_folders, postgres_programs};
