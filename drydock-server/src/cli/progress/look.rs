//! One look at a task: its nodes' shares, and the step that each has come to.

use std::collections::HashMap;

use drydock_core::Timestamp;
use drydock_core::task::ActionResult;

use crate::api::document::{StepDocument, StepStatus, TaskDocument};
use crate::cli::output;
use crate::client::{Client, ClientError};

/// Where a task stands.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Look {
    /// The task.
    pub(in crate::cli) task: TaskDocument,
    /// Its nodes' shares by name; for a task without children, itself.
    pub(in crate::cli) shares: Vec<Share>,
}

/// Where one node's share stands.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cli) struct Share {
    /// Its task.
    pub(in crate::cli) task: String,
    /// The node, or the action for a task that is for no node alone.
    pub(in crate::cli) name: String,
    /// How it ended, or that it has not.
    pub(in crate::cli) result: ActionResult,
    /// Whether nothing more happens to it.
    pub(in crate::cli) ended: bool,
    /// How many of its steps did their work.
    pub(in crate::cli) done: usize,
    /// How many steps it has.
    pub(in crate::cli) total: usize,
    /// The step it has come to and why it waits, or how it ended.
    pub(in crate::cli) now: String,
    /// What went wrong with it, in order.
    pub(in crate::cli) errors: Vec<String>,
    /// When it was asked for.
    pub(in crate::cli) created: Option<Timestamp>,
    /// When something last happened.
    pub(in crate::cli) updated: Option<Timestamp>,
    /// Its steps.
    pub(in crate::cli) steps: Vec<StepDocument>,
}

/// Looks at a task. Of its shares it asks only for those of which something was recorded since the last look.
pub(in crate::cli) struct Watcher {
    client: Client,
    task: String,
    /// The shares as they were last seen, by task.
    seen: HashMap<String, (TaskDocument, Share)>,
}

impl Look {
    /// Whether nothing more happens to the task.
    pub(in crate::cli) fn is_final(&self) -> bool {
        is_final(&self.task)
    }
}

impl Watcher {
    /// Of this task.
    pub(in crate::cli) fn new(client: Client, task: &str) -> Self {
        Self { client, task: task.to_owned(), seen: HashMap::new() }
    }

    /// Where it stands now. Cancel-safe.
    pub(in crate::cli) async fn look(&mut self) -> Result<Look, ClientError> {
        let tree = self.client.task_tree(&self.task).await?;
        let mut shares = Vec::new();
        let whole = if tree.children.is_empty() { vec![tree.task.clone()] } else { tree.children };
        for task in whole {
            let share = match self.seen.get(&task.task_id) {
                Some((seen, share)) if *seen == task => share.clone(),
                Some(_) | None => Share::of(&task, self.client.task_steps(&task.task_id).await?),
            };
            shares.push(share.clone());
            self.seen.insert(task.task_id.clone(), (task, share));
        }
        shares.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Look { task: tree.task, shares })
    }
}

impl Share {
    fn of(task: &TaskDocument, steps: Vec<StepDocument>) -> Self {
        let ended = is_final(task);
        Self {
            task: task.task_id.clone(),
            name: name_of(task),
            result: task.result.status,
            ended,
            done: steps
                .iter()
                .filter(|step| matches!(step.status, StepStatus::Done | StepStatus::Skipped))
                .count(),
            total: steps.len(),
            now: if ended { ending(task) } else { current(task.status.as_str(), &steps) },
            errors: errors_of(task),
            created: parse_time(&task.created),
            updated: task.updated.as_deref().and_then(parse_time),
            steps,
        }
    }
}

/// The node of a task that is for one alone, else its action.
pub(in crate::cli) fn name_of(task: &TaskDocument) -> String {
    node_of(task).unwrap_or_else(|| task.action.clone())
}

/// What a task said that tells of errors.
fn errors_of(task: &TaskDocument) -> Vec<String> {
    let messages = &task.result.details.message_list;
    messages
        .iter()
        .filter(|message| message.error)
        .map(|message| output::printable(&message.message))
        .collect()
}

/// The node of a child task.
fn node_of(task: &TaskDocument) -> Option<String> {
    task.parent_task_id.as_ref()?;
    let filter = serde_json::to_value(task.node_filter.as_ref()?).ok()?;
    Some(filter["filter_set"][0]["node_names"][0].as_str()?.to_owned())
}

fn is_final(task: &TaskDocument) -> bool {
    task.status.is_final()
}

/// How a task ended, in a few words.
fn ending(task: &TaskDocument) -> String {
    let result = &task.result;
    match (&result.message, result.status) {
        (Some(message), ActionResult::Failure | ActionResult::PartialSuccess) => {
            format!("{}: {message}", result.status.as_str())
        }
        _ => result.status.as_str().to_owned(),
    }
}

/// The step that a task has come to, in a few words.
fn current(status: &str, steps: &[StepDocument]) -> String {
    let under_way = |step: &&StepDocument| {
        matches!(step.status, StepStatus::Running | StepStatus::Waiting | StepStatus::Retrying)
    };
    let Some(step) = steps.iter().find(under_way) else { return status.to_owned() };
    let told = step.progress.as_ref().map_or_else(String::new, |progress| format!(" ({progress})"));
    match (&step.waits, &step.error) {
        (Some(_), Some(error)) if step.status == StepStatus::Retrying => {
            format!("{}{told}: will be tried again: {}", step.name, error.message)
        }
        (Some(waits), _) => format!("{}{told}: waits for {}", step.name, waits.reason),
        (None, _) => format!("{}{told}", step.name),
    }
}

/// Reads a moment as the API writes it, with a space where RFC 3339 has a `T`.
pub(in crate::cli) fn parse_time(text: &str) -> Option<Timestamp> {
    text.replacen(' ', "T", 1).parse().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::document::StepProgress;

    fn step(name: &str, status: &str, waits: Option<&str>, error: Option<&str>) -> StepDocument {
        serde_json::from_value(json!({
            "name": name,
            "status": status,
            "after": [],
            "children": null,
            "attempt": 1,
            "started": null,
            "ended": null,
            "waits": waits.map(|reason| json!({"reason": reason, "until": null})),
            "error": error.map(|message| json!({"message": message, "disposition": "retryable"})),
        }))
        .unwrap()
    }

    fn wiping(step: StepDocument) -> StepDocument {
        let progress = StepProgress { done: 17, total: 40, text: "disks".to_owned() };
        StepDocument { progress: Some(progress), ..step }
    }

    #[test]
    fn the_step_that_a_task_has_come_to() {
        let done = || step("identify", "done", None, None);
        for (steps, expected) in [
            (vec![], "running"),
            (vec![done(), step("enlist", "pending", None, None)], "running"),
            (vec![done(), step("enlist", "running", None, None)], "enlist"),
            (vec![done(), wiping(step("wipe", "running", None, None))], "wipe (17 of 40 disks)"),
            (vec![done(), step("enlist", "waiting", Some("the node"), None)], "enlist: waits for the node"),
            (
                vec![step("enlist", "retrying", Some("attempt 2"), Some("MAAS is away"))],
                "enlist: will be tried again: MAAS is away",
            ),
            (vec![step("enlist", "running", None, Some("MAAS is away"))], "enlist"),
        ] {
            assert_eq!(current("running", &steps), expected);
        }
    }

    #[test]
    fn moments_of_the_api_are_read() {
        for text in ["2026-02-03 04:05:06+00:00", "2026-02-03 04:05:06.000000+00:00"] {
            assert_eq!(parse_time(text), "2026-02-03T04:05:06Z".parse().ok(), "{text}");
        }
        assert_eq!(parse_time("yesterday"), None);
    }
}
