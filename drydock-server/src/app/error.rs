//! Why a use case was refused, or failed.

use drydock_core::journal::JournalError;
use drydock_core::node_filter::FieldProblem;
use drydock_core::task::Action;
use drydock_orchestrator::{BootActionError, DesignError, SubmitError};
use drydock_workflow::EngineError;

/// The actions of v1.0 that this version carries out.
pub(crate) const OFFERED: [Action; 6] = [
    Action::ValidateDesign,
    Action::VerifySite,
    Action::VerifyNodes,
    Action::PrepareNodes,
    Action::DeployNodes,
    Action::DestroyNodes,
];

/// What a use case may answer instead of doing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AppError {
    /// There is no task of this id.
    #[error("Task {0} does not exist")]
    NoSuchTask(String),
    /// There is no task of this name, which is no id at all.
    #[error("Task {0:?} does not exist: that is no task's id")]
    NoTaskId(String),
    /// Nothing was found out about a node, or by a task.
    #[error("No build data found")]
    NoBuildData,
    /// No deployment has given this node a key.
    #[error("No boot actions are on record for node {0}")]
    NoBootActions(String),
    /// No deployment has a boot action of this id.
    #[error("Boot action {0} does not exist")]
    NoBootAction(String),
    /// A node must say by its key who it is.
    #[error("No X-Bootaction-Key: send the key of the node's deployment in this header")]
    NoBootKey,
    /// The key is wrong, another node's, or of use no more: which, nobody is told.
    #[error("Invalid X-Bootaction-Key")]
    BootKeyRefused,
    /// Nobody waits for a report on this boot action, or not any more.
    #[error("Action {0} status finalized, not available for update.")]
    BootActionOver(String),
    /// The node has told enough.
    #[error("the node has told so much of its boot actions already that only their ends are of interest")]
    TooManyReports,
    /// What the boot actions give cannot be had.
    #[error("what the boot actions give cannot be had")]
    BootActions(#[source] BootActionError),
    /// The request cannot be carried out as it is written.
    #[error("{}", joined(.0))]
    Invalid(Vec<FieldProblem>),
    /// The action is one of v1.0 that this server does not offer.
    #[error("Unsupported action {0}: this version offers {offered}", offered = OFFERED.map(Action::as_str).join(", "))]
    UnsupportedAction(Action),
    /// The task has ended: nothing is left to cancel.
    #[error("Task {0} has ended already")]
    HasEnded(String),
    /// The design cannot be had, or not be used.
    #[error("the design cannot be used")]
    Design(#[from] DesignError),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] JournalError),
    /// The store did not answer in time.
    #[error("the store does not answer")]
    StoreSilent,
    /// The engine failed.
    #[error("the engine failed")]
    Engine(#[from] EngineError),
    /// A stored record is not what this program writes.
    #[error("a stored record cannot be read")]
    Record(#[source] serde_json::Error),
    /// The task was not started.
    #[error("the task was not started")]
    Submit(#[source] SubmitError),
}

impl From<SubmitError> for AppError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Unavailable(action) => Self::UnsupportedAction(action),
            SubmitError::Engine(error) => Self::Engine(error),
            other => Self::Submit(other),
        }
    }
}

fn joined(problems: &[FieldProblem]) -> String {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}
