//! Where a step's body asks its instance for something while it runs.

use drydock_core::{Payload, StepKey, StepName, TaskId};
use tokio::sync::{mpsc, oneshot};

use super::message::Message;
use crate::context::StepContext;
use crate::outcome::StepError;

/// A body's way to the actor of its instance.
#[derive(Clone)]
pub(crate) struct Desk(mpsc::Sender<Message>);

impl Desk {
    pub(super) const fn new(inbox: mpsc::Sender<Message>) -> Self {
        Self(inbox)
    }

    /// Stores a mark, and returns when it is durable.
    pub(crate) async fn mark(
        &self,
        task: TaskId,
        step: StepKey,
        name: String,
        value: Payload,
    ) -> Result<(), StepError> {
        self.ask(|reply| Message::Mark { task, step, name, value, reply }).await?
    }

    /// The output of a step that `step` follows.
    pub(crate) async fn output_of(
        &self,
        task: TaskId,
        step: StepKey,
        wanted: &str,
    ) -> Result<Option<Payload>, StepError> {
        let Ok(wanted) = StepName::new(wanted) else { return Ok(None) };
        self.ask(|reply| Message::OutputOf { task, step, wanted, reply }).await
    }

    /// Tells how far a body is; `false` when the actor has no room for it now.
    pub(crate) fn progressed(&self, ctx: StepContext) -> bool {
        self.0.try_send(Message::Progressed(ctx)).is_ok()
    }

    /// Without an answer the instance is over, and whoever has the task next runs the step again.
    async fn ask<T>(&self, question: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, StepError> {
        let (reply, answer) = oneshot::channel();
        self.0.send(question(reply)).await.map_err(|_| StepError::cancelled())?;
        answer.await.map_err(|_| StepError::cancelled())
    }
}
