//! The command line.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args as ClapArgs, ValueEnum};

use crate::database::Kind;
use crate::scenario::Scenario;

/// What to measure, and where.
///
/// Each figure stands beside its raw counterpart, measured in the same run on the same database; rounds of both alternate, so that a
/// slow minute of the machine hits both. Nothing else should run on the machine.
#[derive(Debug, Clone, ClapArgs)]
pub struct Args {
    /// What to measure; may be given several times.
    #[arg(long = "scenario", value_enum, value_name = "NAME", default_values_t = [Scenario::Steady, Scenario::Alone])]
    scenarios: Vec<Scenario>,
    /// Measure everything.
    #[arg(long, conflicts_with = "scenarios")]
    all: bool,
    /// Which databases.
    #[arg(long, value_enum, default_value_t = Stores::All)]
    store: Stores,
    /// Small sizes and short rounds: shows that every scenario works, measures nothing.
    #[arg(long)]
    short: bool,
    /// The size of scenarios that have one (tasks, items, checkpoints), instead of each one's own.
    #[arg(long, value_name = "N")]
    size: Option<u64>,
    /// End each round of `steady` after so many tasks, instead of after a time.
    #[arg(long, value_name = "N")]
    pub(crate) tasks: Option<u64>,
    /// How many tasks are under way at once; each that ends is followed by the next.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub(crate) concurrency: usize,
    /// How long each round lasts, in seconds [default: 5, or 1 with --short].
    #[arg(long, value_name = "S")]
    seconds: Option<u64>,
    /// How many rounds with the engine; there is one raw round more [default: 3, or 1 with --short].
    #[arg(long, value_name = "N")]
    rounds: Option<usize>,
    /// How many threads the engine, its steps and whoever starts tasks share [default: one for each processor]. Beside a database on
    /// the same machine, fewer may do more.
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// With the event feed, which is off otherwise.
    #[arg(long)]
    pub(crate) feed: bool,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// A `PostgreSQL` server to use instead of a cluster of its own; the user must be allowed to create databases.
    #[arg(long, value_name = "URL", env = "DRYDOCK_TEST_POSTGRES", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// Where the databases' files go: a disk, or the figures mean nothing. By default the folder for temporary files.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
    /// This process is one that a scenario begins, and kills; what to do comes on its standard input.
    #[arg(long, hide = true)]
    pub(crate) child: bool,
}

/// Which stores to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stores {
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
    pub(crate) fn scenarios(&self) -> Vec<Scenario> {
        if self.all { Scenario::value_variants().to_vec() } else { self.scenarios.clone() }
    }

    pub(crate) fn stores(&self) -> Vec<Kind> {
        match self.store {
            Stores::All => vec![Kind::Postgres, Kind::Sqlite],
            Stores::Postgres => vec![Kind::Postgres],
            Stores::Sqlite => vec![Kind::Sqlite],
            Stores::Memory => vec![Kind::Memory],
        }
    }

    pub(crate) const fn is_short(&self) -> bool {
        self.short
    }

    pub(crate) fn format(&self) -> Format {
        self.format
    }

    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// How long a round lasts.
    pub(crate) fn round(&self) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(if self.short { 1 } else { 5 }).max(1))
    }

    /// How many rounds with the engine there are.
    pub(crate) fn rounds(&self) -> usize {
        self.rounds.unwrap_or(if self.short { 1 } else { 3 }).max(1)
    }

    /// A scenario's size: what was asked for, or its own.
    pub(crate) fn size(&self, full: u64, short: u64) -> u64 {
        self.size.unwrap_or(if self.short { short } else { full }).max(1)
    }
}
