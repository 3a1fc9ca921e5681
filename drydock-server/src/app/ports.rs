//! What starts a task.

use async_trait::async_trait;
use drydock_core::TaskId;
use drydock_workflow::{Engine, EngineError};

use crate::seam::{Action, TaskInput};

/// The actions that a server offers. The orchestrator is one; an embedder may bring its own.
#[async_trait]
pub trait Actions: Send + Sync + 'static {
    /// Whether `action` can be asked for.
    fn offers(&self, action: Action) -> bool;

    /// Starts a task, and returns when its start is durable. Only called for actions on offer.
    async fn submit(&self, engine: &Engine, input: TaskInput) -> Result<TaskId, EngineError>;
}
