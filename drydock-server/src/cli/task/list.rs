//! `drydock task list`: the newest tasks.

use clap::{Args, value_parser};

use crate::cli::failure::{Exit, Failure};
use crate::cli::output::{self, Format};
use crate::cli::server::Server;

/// Lists tasks, the newest first; without the share of each node, which `show` tells.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  drydock task list
  drydock task list --limit 100 --format json | jq -r '.[].task_id'")]
pub(in crate::cli) struct List {
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    limit: u32,
    /// How the answer looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    server: Server,
}

impl List {
    pub(super) async fn run(self) -> Result<Exit, Failure> {
        let mut tasks = self.server.client()?.task_list().await?;
        tasks.retain(|task| task.parent_task_id.is_none());
        // The ids of tasks sort by the time of creation.
        tasks.sort_by(|a, b| b.task_id.cmp(&a.task_id));
        tasks.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        match self.format {
            Format::Json => output::json(&tasks)?,
            Format::Table => {
                let mut table = output::table(&["TASK", "ACTION", "STATUS", "RESULT", "CREATED", "DESIGN"]);
                for task in &tasks {
                    table.add_row([
                        task.task_id.as_str(),
                        &task.action,
                        task.status.as_str(),
                        task.result.status.as_str(),
                        output::moment(&task.created),
                        task.design_ref.as_deref().unwrap_or("-"),
                    ]);
                }
                output::rows(&table)?;
            }
        }
        Ok(Exit::Done)
    }
}
