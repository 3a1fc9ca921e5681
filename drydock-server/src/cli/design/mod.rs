//! `drydock design …`: what can be done with a design without a server.

mod diff;
mod excerpt;
mod graph;
mod inventory;
mod render;
mod schema;
mod show;
mod validate;

use clap::Subcommand;

use super::failure::{Exit, Failure};

/// Checks, shows, compares and draws site designs; needs no server.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Validate(validate::Validate),
    Show(show::Show),
    Diff(diff::Diff),
    Graph(graph::Graph),
    Render(render::Render),
    Schema(schema::Schema),
}

impl Command {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Validate(command) => command.run(),
            Self::Show(command) => command.run(),
            Self::Diff(command) => command.run(),
            Self::Graph(command) => command.run(),
            Self::Render(command) => command.run(),
            Self::Schema(command) => command.run(),
        }
    }
}
