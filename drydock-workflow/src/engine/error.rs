//! Why an engine call failed.

use std::sync::Arc;

use drydock_core::journal::JournalError;
use drydock_core::{Classify, Disposition, ExecutorName, InstanceName, WorkflowName};

/// What an engine may answer instead of doing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The store failed.
    #[error("the store did not do what the engine asked")]
    Journal(#[from] JournalError),
    /// The input cannot be written as JSON.
    #[error("the task's input cannot be written as JSON")]
    Input(#[source] serde_json::Error),
    /// The workflow cannot be stored.
    #[error("the workflow's definition cannot be written as JSON")]
    Definition(#[source] serde_json::Error),
    /// The engine was built without this workflow.
    #[error("this engine does not offer workflow {0}: add it with `EngineBuilder::workflow`")]
    UnknownWorkflow(WorkflowName),
    /// A workflow needs an executor that the engine was built without.
    #[error(
        "workflow {workflow} needs executor {executor}: add it with `EngineBuilder::executor`, or say with \
         `EngineBuilder::executor_elsewhere` that another instance has it"
    )]
    UnknownExecutor {
        /// The workflow.
        workflow: WorkflowName,
        /// The executor.
        executor: ExecutorName,
    },
    /// Records cannot be carried over in this way.
    #[error("a task that carries records over can have no key, and starts with `submit` only")]
    Carrying,
    /// A signal cannot have this name.
    #[error(
        "signal {0:?}: a name must not be empty, nor begin with \"order:\", which is for the verbs of operators"
    )]
    SignalName(String),
    /// An option makes no sense.
    #[error("option {option} {problem}")]
    Options {
        /// The field of [`EngineOptions`](super::EngineOptions).
        option: &'static str,
        /// What is wrong with it, and what would be right.
        problem: &'static str,
    },
    /// Two workflows with one name and version were added.
    #[error(
        "two workflows are called {name} in version {version}: raise the version of what has changed, choose another name, or add \
         the workflow once"
    )]
    DuplicateWorkflow {
        /// The name.
        name: WorkflowName,
        /// The version.
        version: u32,
    },
    /// A workflow's tasks have a place under a limit while they wait for tasks that need one too.
    #[error(
        "tasks of workflow {workflow} have a place under limit {limit} while they wait for tasks of {descendant}, which need one \
         too, and may wait for ever: give one of the two a limit of its own, or none"
    )]
    LimitWithin {
        /// The workflow.
        workflow: WorkflowName,
        /// The workflow of children, or of their children.
        descendant: WorkflowName,
        /// The limit of both.
        limit: String,
    },
    /// Another process runs under this name.
    #[error("another instance has joined under the name {0}: give each instance its own name")]
    NameTaken(InstanceName),
    /// The instance is stopping and takes no new work.
    #[error("the instance is stopping and takes no new tasks")]
    Draining,
    /// The instance lost its lease while the call was under way; whether it had effect is not known.
    #[error("the instance lost its lease; whether the call had effect is not known")]
    Interrupted,
    /// The instance has stopped.
    #[error("the instance has stopped: start an engine anew")]
    Stopped,
    /// The instance has stopped because of this.
    #[error("the instance has stopped")]
    Ended(#[source] Arc<EngineError>),
}

impl Classify for EngineError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Journal(error) => error.disposition(),
            Self::Ended(error) => error.disposition(),
            Self::Input(_)
            | Self::Definition(_)
            | Self::UnknownWorkflow(_)
            | Self::UnknownExecutor { .. }
            | Self::Carrying
            | Self::SignalName(_)
            | Self::Options { .. }
            | Self::DuplicateWorkflow { .. }
            | Self::LimitWithin { .. }
            | Self::NameTaken(_) => Disposition::Permanent,
            Self::Interrupted | Self::Draining | Self::Stopped => Disposition::Retryable,
        }
    }
}
