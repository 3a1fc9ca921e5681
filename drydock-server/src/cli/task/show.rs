//! `drydock task show`: everything about one task.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::json;

use crate::api::document::{StepDocument, TaskDocument};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::progress::name_of;
use crate::cli::server::Server;
use crate::client::TaskTree;

/// Shows a task: where it stands, what it said, its nodes.
#[derive(Debug, Args)]
#[command(after_help = "\
A task on nodes has a task of its own for each node; `show` lists them, and shows each by its id.

Examples:
  drydock task show 01918b3c-7a56-7c3e-9d54-0242ac120002
  drydock task show 01918b3c-7a56-7c3e-9d54-0242ac120002 --steps
  drydock task show 01918b3c-7a56-7c3e-9d54-0242ac120002 --format json | jq .result.failures")]
pub(in crate::cli) struct Show {
    /// The task's id
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    id: String,
    /// Show its steps too
    #[arg(long)]
    steps: bool,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    server: Server,
}

impl Show {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let client = self.server.client()?;
        let tree = client.task_tree(&self.id).await?;
        let steps = if self.steps { Some(client.task_steps(&self.id).await?) } else { None };
        match (self.format, steps) {
            (Format::Json, None) => output::json(&tree.task)?,
            (Format::Json, Some(steps)) => output::json(&json!({"task": tree.task, "steps": steps}))?,
            (Format::Table, steps) => {
                facts(&tree.task)?;
                said(&tree.task)?;
                shares(&tree)?;
                if let Some(steps) = steps {
                    show_steps(&steps)?;
                }
            }
        }
        Ok(Exit::Done)
    }
}

fn facts(task: &TaskDocument) -> Result<(), Failure> {
    let result = &task.result;
    let mut lines = vec![
        ("task", task.task_id.clone()),
        ("action", task.action.clone()),
        ("design", task.design_ref.clone().unwrap_or_default()),
        ("status", task.status.as_str().to_owned()),
        ("result", result.status.as_str().to_owned()),
        ("message", result.message.clone().unwrap_or_default()),
        ("successes", result.successes.join(" ")),
        ("failures", result.failures.join(" ")),
        (
            "created",
            format!("{} by {}", output::moment(&task.created), task.created_by.as_deref().unwrap_or("-")),
        ),
        ("updated", task.updated.as_deref().map(output::moment).unwrap_or_default().to_owned()),
        ("cancelled by", task.terminated_by.clone().unwrap_or_default()),
        ("part of", task.parent_task_id.clone().unwrap_or_default()),
    ];
    lines.retain(|(_, value)| !value.is_empty());
    let lines: Vec<String> = lines.into_iter().map(|(name, value)| format!("{name:<13} {value}")).collect();
    output::line(&lines.join("\n"))
}

fn said(task: &TaskDocument) -> Result<(), Failure> {
    for message in &task.result.details.message_list {
        let level = if message.error { "error" } else { "said" };
        // Some of it comes from servers that have just been installed.
        output::line(&format!("{level:<13} {}", output::printable(&message.message)))?;
    }
    Ok(())
}

fn shares(tree: &TaskTree) -> Result<(), Failure> {
    if tree.children.is_empty() {
        return Ok(());
    }
    let mut table = output::table(&["NODE", "STATUS", "RESULT", "TASK", "MESSAGE"]);
    let mut children: Vec<_> = tree.children.iter().map(|child| (name_of(child), child)).collect();
    children.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, child) in children {
        let result = &child.result;
        let error = result.details.message_list.iter().rfind(|message| message.error);
        let message = result.message.as_ref().or(error.map(|error| &error.message));
        let message = message.map(|message| output::printable(message)).unwrap_or_default();
        table.add_row([
            name.as_str(),
            child.status.as_str(),
            result.status.as_str(),
            &child.task_id,
            &message,
        ]);
    }
    output::line("")?;
    output::rows(&table)
}

fn show_steps(steps: &[StepDocument]) -> Result<(), Failure> {
    let mut table = output::table(&["STEP", "STATUS", "ATTEMPT", "STARTED", "ENDED", "WHY"]);
    for step in steps {
        let why = match (&step.error, &step.waits) {
            (Some(error), _) => error.message.as_str(),
            (None, Some(waits)) => waits.reason.as_str(),
            (None, None) => "",
        };
        let told = step.progress.as_ref().map(ToString::to_string);
        let why = told.into_iter().chain((!why.is_empty()).then(|| why.to_owned()));
        let why = why.collect::<Vec<_>>().join("; ");
        table.add_row([
            step.name.as_str(),
            &output::word(&step.status),
            &step.attempt.to_string(),
            step.started.as_deref().map_or("-", output::moment),
            step.ended.as_deref().map_or("-", output::moment),
            &why,
        ]);
    }
    output::line("")?;
    output::rows(&table)
}
