//! `drydock task watch`: follows a task to its end.

use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use drydock_core::task::ActionResult;

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::progress::{self, Look, View};
use crate::cli::server::Server;
use crate::cli::signals::Signals;
use crate::cli::units;
use crate::client::Client;

/// Follows a task to its end: each node with the step that it has come to.
///
/// A server that is restarted meanwhile is waited for.
#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal there is a bar for each node; elsewhere a line for each change, with --format json a
JSON object. Last come what the task said and why nodes failed, or with --format json the task itself.

Exit codes: 0 the task was successful, 1 it was not, or not with all nodes, 3 no server.

Examples:
  drydock task watch 01918b3c-7a56-7c3e-9d54-0242ac120002
  drydock task watch 01918b3c-7a56-7c3e-9d54-0242ac120002 && echo deployed")]
pub(in crate::cli) struct Watch {
    /// The task's id
    #[arg(value_parser = NonEmptyStringValueParser::new())]
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
        to_its_end(&client, &self.id, self.interval, self.format).await
    }
}

/// Follows a task to its end and says how that is. A signal ends only the following.
pub(super) async fn to_its_end(
    client: &Client,
    task: &str,
    pause: Duration,
    format: Format,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen()?;
    let mut view = View::new(format);
    let end = tokio::select! {
        end = progress::follow(client, task, pause, &mut view) => end,
        () = signals.next() => {
            view.clear();
            let drydock = output::program();
            output::note(&format!("the task goes on; `{drydock} task watch {task}` follows it again"));
            return Ok(Exit::Interrupted);
        }
    };
    view.clear();
    let look = end?;
    tell_end(&look, format)?;
    Ok(match look.task.result.status {
        ActionResult::Success => Exit::Done,
        ActionResult::Incomplete | ActionResult::PartialSuccess | ActionResult::Failure => Exit::Failed,
    })
}

/// How a task that was followed ended, and why.
fn tell_end(look: &Look, format: Format) -> Result<(), Failure> {
    match format {
        Format::Json => output::json_line(&look.task),
        Format::Table => {
            let mut lines = reasons(look);
            lines.push(summary(look));
            output::line(&lines.join("\n"))
        }
    }
}

/// What the task said, and what went wrong with its nodes.
fn reasons(look: &Look) -> Vec<String> {
    let task = &look.task;
    // The share of one node tells every move it makes, which is too much here.
    let tells = |error: bool| error || task.parent_task_id.is_none();
    let said = task.result.details.message_list.iter().filter(|message| tells(message.error));
    let said = said.map(|message| {
        let level = if message.error { "error" } else { "said" };
        format!("{level}: {}", message.message)
    });
    let nodes = look.shares.iter().filter(|share| share.task != task.task_id);
    let nodes =
        nodes.flat_map(|share| share.errors.iter().map(|error| format!("error: {}: {error}", share.name)));
    said.chain(nodes).collect()
}

fn summary(look: &Look) -> String {
    let (task, result) = (&look.task, &look.task.result);
    let mut parts = vec![format!("{} {}: {}", task.action, task.status.as_str(), result.status.as_str())];
    if !result.failures.is_empty() {
        parts.push(format!("failed: {}", result.failures.join(" ")));
    }
    let is_told =
        |text: &String| result.details.message_list.iter().any(|it| it.error && it.message == *text);
    parts.extend(result.message.clone().filter(|text| !is_told(text)));
    parts.join("; ")
}
