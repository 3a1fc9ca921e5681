//! `drydock task watch`: follows a task to its end.

use std::time::Duration;

use clap::Args;

use crate::api::document::TaskDocument;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::progress::{self, View};
use crate::cli::server::Server;
use crate::cli::units;

/// Follows a task to its end: each node with the step that it has come to.
///
/// A server that is restarted meanwhile is waited for.
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal there is a bar for each node; elsewhere a line for each change, with --format json a
JSON object, and last the task itself.

Exit codes: 0 the task was successful, 1 it was not, or not with all nodes, 3 no server.

Examples:
  drydock task watch 01918b3c-7a56-7c3e-9d54-0242ac120002
  drydock task watch 01918b3c-7a56-7c3e-9d54-0242ac120002 && echo deployed")]
pub(in crate::cli) struct Watch {
    /// The task's id
    id: String,
    /// How often to look
    #[arg(long, default_value = "500ms", value_name = "TIME", value_parser = units::some_duration)]
    interval: Duration,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    server: Server,
}

impl Watch {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let client = self.server.client()?;
        let mut view = View::new(self.format);
        let end = progress::follow(&client, &self.id, self.interval, &mut view).await?;
        tell_end(&end.task, self.format)?;
        Ok(progress::exit_of(&end.task))
    }
}

/// How a task that was followed ended.
pub(super) fn tell_end(task: &TaskDocument, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => output::json_line(task),
        Format::Table => {
            let result = &task.result;
            let mut text = format!("{} {}: {}", task.action, task.status.as_str(), result.status.as_str());
            if !result.failures.is_empty() {
                text.push_str(&format!("; failed: {}", result.failures.join(" ")));
            }
            if let Some(message) = &result.message {
                text.push_str(&format!("; {message}"));
            }
            output::line(&text)
        }
    }
}
