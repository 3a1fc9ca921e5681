//! What is measured: one file for each scenario.

mod alone;
mod asleep;
pub(crate) mod child;
mod children;
mod design;
mod endurance;
mod graph;
mod history;
mod idle;
mod instances;
mod map;
mod observed;
mod pace;
mod payload;
mod running;
mod start;
mod steady;
mod takeover;

use std::ffi::OsString;
use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

use crate::Failure;
use crate::args::Args;
use crate::database::{Kind, Site};
use crate::figure::Figure;
use crate::progress::Progress;

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scenario {
    /// Many tasks of ten steps at once: throughput, and what a step costs.
    Steady,
    /// One task with nothing beside it: how long a step takes.
    Alone,
    /// A part of what the engine can bear: how long a step takes then.
    Pace,
    /// Tasks that are started, as fast as they can be.
    Start,
    /// Outputs of 1 KiB and 64 KiB.
    Payload,
    /// One map over many items, and one over few.
    Map,
    /// One task with many children on two instances.
    Children,
    /// A workflow of many steps, and one of few, with no database below.
    Graph,
    /// Site designs of many nodes, from text to report, and selections of nodes; with no database.
    Design,
    /// A database full of history, and an empty one.
    History,
    /// Many tasks, each inside a slow step: memory.
    Running,
    /// Four instances on one database, and one.
    Instances,
    /// Very many tasks that sleep on timers and signals: memory, and what it is like when many wake at once.
    Asleep,
    /// `steady` with metrics, and with the spans of its tasks too, and without both.
    Observed,
    /// A steady part of what the engine can bear, for long: what dead rows come to.
    Endurance,
    /// An instance with nothing to do.
    Idle,
    /// An instance that is killed with many tasks under way: restarted, and taken over.
    Takeover,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.to_possible_value();
        f.write_str(name.as_ref().map_or("", |name| name.get_name()))
    }
}

/// Where a scenario runs.
pub(crate) struct Bench<'a> {
    pub(crate) args: &'a Args,
    /// What begins this program as a child, before its arguments.
    pub(crate) prefix: &'a [OsString],
    pub(crate) site: &'a Site,
    pub(crate) kind: Kind,
    pub(crate) progress: Progress,
}

impl Scenario {
    /// Whether it makes sense on such a store.
    pub(crate) fn suits(self, kind: Kind) -> bool {
        match self {
            // One process at a time has a file, and nobody else has what is in memory; only Postgres tells its dead rows.
            Self::Children | Self::Instances | Self::Endurance => kind == Kind::Postgres,
            Self::Takeover | Self::Start | Self::History | Self::Asleep => kind != Kind::Memory,
            _ => true,
        }
    }

    pub(crate) async fn run(self, bench: &mut Bench<'_>) -> Result<Vec<Figure>, Failure> {
        match self {
            Self::Steady => steady::run(bench).await,
            Self::Alone => alone::run(bench).await,
            Self::Pace => pace::run(bench).await,
            Self::Start => start::run(bench).await,
            Self::Payload => payload::run(bench).await,
            Self::Map => map::run(bench).await,
            Self::Children => children::run(bench).await,
            Self::Graph => graph::run(bench).await,
            Self::Design => design::run(bench),
            Self::History => history::run(bench).await,
            Self::Running => running::run(bench).await,
            Self::Instances => instances::run(bench).await,
            Self::Asleep => asleep::run(bench).await,
            Self::Observed => observed::run(bench).await,
            Self::Endurance => endurance::run(bench).await,
            Self::Idle => idle::run(bench).await,
            Self::Takeover => takeover::run(bench).await,
        }
    }
}
