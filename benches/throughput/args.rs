//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Measures how many durable steps per second the engine does, next to what the same database takes in by plain inserts.
///
/// A round with the engine runs tasks of 10 steps that do nothing, each of which returns 60 bytes; a raw round inserts the same
/// rows in batches of 500 on one connection. The rounds alternate, so that a slow minute of the machine hits both.
#[derive(Debug, Parser)]
#[command(name = "throughput")]
pub(crate) struct Args {
    /// What to measure.
    #[arg(long, value_enum, default_value_t = Stores::All)]
    pub(crate) store: Stores,
    /// End each round with the engine after so many tasks, instead of after a time.
    #[arg(long, value_name = "N")]
    pub(crate) tasks: Option<u64>,
    /// How many tasks are under way at once; each that ends is followed by the next.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) concurrency: usize,
    /// How long each round lasts.
    #[arg(long, value_name = "S", default_value_t = 5)]
    seconds: u64,
    /// How many rounds with the engine; there is one raw round more.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) rounds: usize,
    /// Switch the event feed on.
    #[arg(long)]
    pub(crate) feed: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// A `PostgreSQL` server to use instead of a cluster of its own; the user must be allowed to create databases.
    #[arg(long, value_name = "URL", env = "DRYDOCK_TEST_POSTGRES", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Where the databases' files go: a disk, or the figures mean nothing. By default the folder for temporary files.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// What `cargo bench` says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Which stores to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stores {
    /// Postgres and `SQLite`, one after the other.
    All,
    Postgres,
    Sqlite,
    /// The engine alone, on the store that keeps nothing.
    Memory,
}

/// How the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
}

impl Args {
    /// How long a round lasts.
    pub(crate) fn round(&self) -> Duration {
        Duration::from_secs(self.seconds.max(1))
    }
}
