//! The task document: a stored task in the words of v1.0. Pure.

use std::collections::BTreeMap;

use drydock_core::journal::{Message, TaskEnd, TaskEndKind};
use drydock_core::node_filter::NodeFilter;
use drydock_core::task::{ActionResult, TaskResult, TaskStatus};
use drydock_orchestrator::{TaskInput, task_result};
use drydock_store::repo::{self, TaskRecord};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{BuildDataDocument, python_time};

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskDocument {
    /// Always `Task`.
    pub kind: String,
    /// Always `v1`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Its id.
    pub task_id: String,
    /// What it was asked to do; for a task that no action started, the name of its workflow.
    pub action: String,
    /// The task that started it.
    pub parent_task_id: Option<String>,
    /// The design, without the password that the reference may hold; null for a task that no action started.
    pub design_ref: Option<String>,
    /// Where it stands. Never `requested`: a task is shown once it is accepted.
    pub status: TaskStatus,
    /// The nodes it is for; null for all of the design.
    pub node_filter: Option<NodeFilter>,
    /// The tasks that it started.
    pub subtask_id_list: Vec<String>,
    /// When it was asked for.
    pub created: String,
    /// By whom; null for a task that no action started.
    pub created_by: Option<String>,
    /// When something was last recorded of it.
    pub updated: Option<String>,
    /// When its end was asked for.
    pub terminated: Option<String>,
    /// By whom.
    pub terminated_by: Option<String>,
    /// Whether its end was asked for.
    pub terminate: bool,
    /// Always 0: steps are tried again, tasks are not.
    pub retry: u32,
    /// What it came to.
    pub result: ResultDocument,
    /// Only with `builddata=true`: what its steps found out about nodes, the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_data: Option<Vec<BuildDataDocument>>,
    /// Only with `subtaskerrors=true`: the results of the descendants with errors, by their ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtask_errors: Option<SubtaskErrors>,
}

/// The results of tasks with errors, by their ids.
pub type SubtaskErrors = BTreeMap<String, ResultDocument>;

/// What a task came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultDocument {
    /// Always `Status`.
    pub kind: String,
    /// Always `v1.0`.
    #[serde(rename = "apiVersion")]
    pub api_version: String,
    /// Always empty.
    pub metadata: Map<String, Value>,
    /// What happened, for a person.
    pub message: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// How it ended.
    pub status: ActionResult,
    /// The things, mostly nodes, that it succeeded with.
    pub successes: Vec<String>,
    /// The things that it failed with.
    pub failures: Vec<String>,
    /// Always empty.
    pub links: Vec<Value>,
    /// What was said on the way.
    pub details: ResultDetails,
    /// Only among `subtask_errors`: the task whose result this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<String>,
}

/// What a task said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultDetails {
    /// How many of the messages tell of an error.
    #[serde(rename = "errorCount")]
    pub error_count: usize,
    /// The messages, in order.
    #[serde(rename = "messageList")]
    pub message_list: Vec<MessageDocument>,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MessageDocument {
    /// The text.
    pub message: String,
    /// Whether it tells of an error.
    pub error: bool,
    /// What it is about: `node`, `network` …, or `task`.
    pub context_type: String,
    /// The name of what it is about; the task's id for `task`.
    pub context: String,
    /// When it was said.
    pub ts: String,
    /// Always empty. (v1.0 gave it as a string of JSON.)
    pub extra: Map<String, Value>,
}

impl TaskDocument {
    /// The document of a stored task.
    pub(crate) fn of(task: &TaskRecord) -> Self {
        // An embedder's own workflow may have any input; its tasks are shown as far as they can be.
        let input: Option<TaskInput> = task.input.decode().ok();
        let result = match &input {
            Some(input) => task_result(input, task.end.as_ref()),
            None => plain_result(task.end.as_ref()),
        };
        let mut messages: Vec<_> = task.messages.iter().map(|message| said(task, message)).collect();
        messages.extend(task.end.as_ref().and_then(|end| last_words(task, input.as_ref(), end)));
        let cancellation = task.cancellation.as_ref();
        Self {
            kind: "Task".to_owned(),
            api_version: "v1".to_owned(),
            task_id: task.id.to_string(),
            action: input
                .as_ref()
                .map_or_else(|| task.workflow.to_string(), |input| input.action.as_str().to_owned()),
            parent_task_id: task.parent.as_ref().map(|parent| parent.task.to_string()),
            design_ref: input.as_ref().map(|input| input.design_ref.to_string()),
            status: status(task.status),
            subtask_id_list: task.children.iter().map(ToString::to_string).collect(),
            created: python_time(task.created_at),
            created_by: input.as_ref().map(|input| input.created_by.clone()),
            node_filter: input.and_then(|input| input.node_filter),
            updated: task.updated_at.map(python_time),
            terminated: cancellation.map(|request| python_time(request.at)),
            terminated_by: cancellation.map(|request| request.by.clone()),
            terminate: cancellation.is_some(),
            retry: 0,
            result: ResultDocument::of(result, messages),
            build_data: None,
            subtask_errors: None,
        }
    }
}

impl ResultDocument {
    fn of(result: TaskResult, messages: Vec<MessageDocument>) -> Self {
        Self {
            kind: "Status".to_owned(),
            api_version: "v1.0".to_owned(),
            metadata: Map::new(),
            message: result.message,
            reason: result.reason,
            status: result.status,
            successes: result.successes,
            failures: result.failures,
            links: Vec::new(),
            details: ResultDetails {
                error_count: messages.iter().filter(|message| message.error).count(),
                message_list: messages,
            },
            task_id: None,
        }
    }
}

fn status(status: repo::TaskStatus) -> TaskStatus {
    match status {
        repo::TaskStatus::Queued => TaskStatus::Queued,
        repo::TaskStatus::Running => TaskStatus::Running,
        repo::TaskStatus::Terminating => TaskStatus::Terminating,
        repo::TaskStatus::Complete => TaskStatus::Complete,
        repo::TaskStatus::Terminated => TaskStatus::Terminated,
    }
}

/// The result of a task that no action started.
fn plain_result(end: Option<&TaskEnd>) -> TaskResult {
    let status = match end.map(|end| &end.kind) {
        None => ActionResult::Incomplete,
        Some(TaskEndKind::Completed(_)) => ActionResult::Success,
        Some(TaskEndKind::Failed(_) | TaskEndKind::Cancelled(_)) => ActionResult::Failure,
    };
    TaskResult { status, ..TaskResult::default() }
}

fn said(task: &TaskRecord, message: &Message) -> MessageDocument {
    let (context_type, context) = match &message.subject {
        // A text that is no document has no name; v1.0's word for that is NA.
        Some(subject) if subject.name.is_empty() => (subject.kind.clone(), "NA".to_owned()),
        Some(subject) => (subject.kind.clone(), subject.name.clone()),
        None => ("task".to_owned(), task.id.to_string()),
    };
    MessageDocument {
        message: message.text.clone(),
        error: message.error,
        context_type,
        context,
        ts: python_time(message.at),
        extra: Map::new(),
    }
}

/// Why the task failed. It is recorded with the end and not as a message; v1.0's users look for it among the messages.
fn last_words(task: &TaskRecord, input: Option<&TaskInput>, end: &TaskEnd) -> Option<MessageDocument> {
    let TaskEndKind::Failed(failure) = &end.kind else { return None };
    let (context_type, context) = match input.and_then(|input| input.job.as_ref()) {
        Some(job) => ("node", job.node.to_string()),
        None => ("task", task.id.to_string()),
    };
    Some(MessageDocument {
        message: failure.message.clone(),
        error: true,
        context_type: context_type.to_owned(),
        context,
        ts: python_time(end.at),
        extra: Map::new(),
    })
}

#[cfg(test)]
mod tests;
