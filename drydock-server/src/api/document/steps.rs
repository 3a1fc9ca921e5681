//! The steps of a task, as a document. An extension: v1.0 knew no steps.

use std::fmt;

use drydock_core::TaskId;
use drydock_core::journal::Figure;
use serde::{Deserialize, Serialize};

use super::python_time;
use crate::app;

/// Where the steps of a task stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepsDocument {
    /// The task.
    pub task_id: String,
    /// Its steps, in the order of its workflow. Those of child tasks are asked for child by child.
    pub steps: Vec<StepDocument>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDocument {
    /// Its name; `undo:NAME` for the undoing of a step.
    pub name: String,
    /// Where it stands.
    pub status: StepStatus,
    /// The steps that come before it.
    pub after: Vec<String>,
    /// The workflow of the child tasks that it starts, if it does.
    pub children: Option<String>,
    /// The attempt that ended it, or that it has come to, from 1; 0 before the first.
    pub attempt: u32,
    /// When that attempt began, once that is recorded: when it has ended, or waits.
    pub started: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
    /// What it waits for, if it does; for a map that has not ended, how many of its items are done.
    pub waits: Option<StepWait>,
    /// Why it failed, or why its last attempt did.
    pub error: Option<StepError>,
    /// How far it was when it last told, if it tells and has not done its work. What goes on is a few seconds ahead of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<StepProgress>,
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepProgress {
    /// So many are done.
    pub done: u64,
    /// Of so many.
    pub total: u64,
    /// What is counted; may be empty.
    pub text: String,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepStatus {
    /// Steps before it have not ended.
    Pending,
    /// It could begin, when an instance takes the task.
    Ready,
    /// It is under way.
    Running,
    /// It waits for a time, or for its children.
    Waiting,
    /// An attempt failed; the next one begins later.
    Retrying,
    /// It did its work.
    Done,
    /// There was nothing for it to do.
    Skipped,
    /// It failed for good.
    Failed,
    /// The task ended before it did.
    Unfinished,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepWait {
    /// For what.
    pub reason: String,
    /// Until when; null for child tasks.
    pub until: Option<String>,
}

/// Why a step, or an attempt, failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// The error and its causes, in one line.
    pub message: String,
    /// `retryable`, `permanent`, `cancelled` or `bug`.
    pub disposition: String,
}

impl fmt::Display for StepProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, total, text } = self.clone();
        Figure { done, total, text }.fmt(f)
    }
}

impl StepsDocument {
    pub(crate) fn of(task: TaskId, steps: Vec<app::Step>) -> Self {
        Self { task_id: task.to_string(), steps: steps.into_iter().map(StepDocument::of).collect() }
    }
}

impl StepDocument {
    fn of(step: app::Step) -> Self {
        Self {
            name: step.key.to_string(),
            status: status(step.status),
            after: step.after.iter().map(ToString::to_string).collect(),
            children: step.children.map(|workflow| workflow.to_string()),
            attempt: step.attempt,
            started: step.started.map(python_time),
            ended: step.ended.map(python_time),
            waits: step
                .waits
                .map(|waits| StepWait { reason: waits.reason, until: waits.until.map(python_time) }),
            error: step.error.map(|failure| StepError {
                disposition: failure.disposition.as_str().to_owned(),
                message: failure.message,
            }),
            progress: step.progress.map(|Figure { done, total, text }| StepProgress { done, total, text }),
        }
    }
}

fn status(status: app::StepStatus) -> StepStatus {
    match status {
        app::StepStatus::Pending => StepStatus::Pending,
        app::StepStatus::Ready => StepStatus::Ready,
        app::StepStatus::Running => StepStatus::Running,
        app::StepStatus::Waiting => StepStatus::Waiting,
        app::StepStatus::Retrying => StepStatus::Retrying,
        app::StepStatus::Done => StepStatus::Done,
        app::StepStatus::Skipped => StepStatus::Skipped,
        app::StepStatus::Failed => StepStatus::Failed,
        app::StepStatus::Unfinished => StepStatus::Unfinished,
    }
}
