//! `drydock node …`: what can be said about the nodes of a design without a server.

mod filter;

use clap::Subcommand;

use super::failure::{Exit, Failure};

/// Looks at the nodes of a site design; needs no server.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Filter(filter::Filter),
}

impl Command {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Filter(command) => command.run(),
        }
    }
}
