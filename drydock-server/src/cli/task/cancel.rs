//! `drydock task cancel`: asks for the end of a task.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::server::Server;

/// Asks a task, and the tasks of its nodes, to end.
#[derive(Debug, Args)]
#[command(after_help = "\
Steps under way may finish, within a bound; no other begins. What was done to servers stays done.

Example:
  drydock task cancel 01918b3c-7a56-7c3e-9d54-0242ac120002")]
pub(in crate::cli) struct Cancel {
    /// The task's id
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    server: Server,
}

impl Cancel {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let task = self.server.client()?.task_cancel(&self.id).await?;
        match self.format {
            Format::Json => output::json(&task)?,
            Format::Table => output::line(&format!("{} {}", task.task_id, task.status.as_str()))?,
        }
        Ok(Exit::Done)
    }
}
