//! Stand-ins for what the orchestrator and the core will give.

use drydock_core::journal::{TaskEnd, TaskEndKind};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    VerifySite,
    PrepareNodes,
    DeployNodes,
    DestroyNodes,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VerifySite => "verify_site",
            Self::PrepareNodes => "prepare_nodes",
            Self::DeployNodes => "deploy_nodes",
            Self::DestroyNodes => "destroy_nodes",
        }
    }
}

pub type NodeFilter = serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskInput {
    pub action: Action,
    pub design_ref: String,
    pub node_filter: Option<NodeFilter>,
    pub created_by: String,
    #[serde(default)]
    pub node: Option<drydock_core::NodeName>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionResult {
    #[default]
    Incomplete,
    Success,
    PartialSuccess,
    Failure,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskResult {
    pub status: ActionResult,
    pub successes: Vec<String>,
    pub failures: Vec<String>,
    pub message: Option<String>,
    pub reason: Option<String>,
}

pub fn task_result(input: &TaskInput, end: Option<&TaskEnd>) -> TaskResult {
    let names: Vec<String> = input.node.iter().map(ToString::to_string).collect();
    match end.map(|end| &end.kind) {
        None => TaskResult::default(),
        Some(TaskEndKind::Completed(_)) => {
            TaskResult { status: ActionResult::Success, successes: names, ..TaskResult::default() }
        }
        Some(TaskEndKind::Failed(failure)) => TaskResult {
            status: ActionResult::Failure,
            failures: names,
            message: Some(failure.message.clone()),
            ..TaskResult::default()
        },
        Some(TaskEndKind::Cancelled(_)) => {
            TaskResult { status: ActionResult::Failure, failures: names, ..TaskResult::default() }
        }
    }
}

pub struct FieldProblem {
    pub path: String,
    pub text: String,
}

#[derive(Deserialize)]
pub struct NewTaskRequest {
    pub action: Action,
    pub design_ref: String,
    pub node_filter: Option<NodeFilter>,
}

impl NewTaskRequest {
    pub fn from_json(body: &[u8]) -> Result<Self, Vec<FieldProblem>> {
        serde_json::from_slice(body)
            .map_err(|problem| vec![FieldProblem { path: String::new(), text: problem.to_string() }])
    }
}
