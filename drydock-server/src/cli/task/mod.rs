//! `drydock task …`: what can be asked of a server about tasks.

mod cancel;
mod create;
mod list;
mod show;
mod watch;

use clap::Subcommand;

use super::failure::{Exit, Failure};

/// Creates tasks on a server, shows them, follows them, cancels them.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Create(create::Create),
    List(list::List),
    Show(show::Show),
    Watch(watch::Watch),
    Cancel(cancel::Cancel),
}

impl Command {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        match self {
            Self::Create(command) => command.run().await,
            Self::List(command) => command.run().await,
            Self::Show(command) => command.run().await,
            Self::Watch(command) => command.run().await,
            Self::Cancel(command) => command.run().await,
        }
    }
}
