//! What is said to a running task from outside: signals, and the verbs of operators. All of it is stored, and audited.

use std::sync::Arc;

use drydock_core::journal::{Request as Asked, Signal};
use drydock_core::{Payload, SignalId, StepKey, TaskId};
use serde::Serialize;
use serde_json::Value;

use super::message::Request;
use super::{Engine, EngineError};
use crate::dag::Dag;
use crate::explain::{Explanation, explain};
use crate::run::Order;

impl Engine {
    /// Sends a signal to a task on behalf of `sender`, whether or not a step waits for it by now; each signal is taken by one
    /// step, once. `false` when the task has ended or does not exist.
    ///
    /// Cancel-safe: a dropped call may or may not have sent it.
    pub async fn signal(
        &self,
        task: TaskId,
        name: &str,
        payload: &impl Serialize,
        sender: &str,
    ) -> Result<bool, EngineError> {
        if name.is_empty() || name.starts_with(Signal::ORDER) {
            return Err(EngineError::SignalName(name.to_owned()));
        }
        let payload = Payload::encode(payload).map_err(EngineError::Input)?;
        self.send(task, name.to_owned(), payload, sender).await
    }

    /// Why a task is where it is, whichever instance has it, or none; `None` when there is no such task. It reads what is stored, and
    /// changes nothing.
    pub async fn explain(&self, task: TaskId) -> Result<Option<Explanation>, EngineError> {
        let journal = &self.ports.journal;
        let Some(state) = journal.task_read(task).await? else { return Ok(None) };
        let workflows = journal.workflow_list().await?;
        let stored = workflows.into_iter().find(|(id, _)| *id == state.task.task.workflow);
        let definition = stored.and_then(|(_, stored)| serde_json::from_str(&stored.definition).ok());
        let dag = definition.and_then(|definition| Dag::new(definition).ok()).map(Arc::new);
        let instances = journal.instance_list().await?;
        Ok(Some(explain(&state, dag, &instances)))
    }

    /// Holds a task and its descendants: what is under way goes on to its end, nothing else begins. `false` when the task has
    /// ended or does not exist.
    pub async fn pause(&self, task: TaskId, by: &str) -> Result<bool, EngineError> {
        let held = self.ports.journal.task_pause(task, &self.asked(by)).await?;
        self.nudge();
        Ok(held)
    }

    /// Lets a paused task and its descendants go on. `false` when the task has ended or does not exist.
    pub async fn resume(&self, task: TaskId, by: &str) -> Result<bool, EngineError> {
        let known = self.ports.journal.task_resume(task, &self.asked(by)).await?;
        self.nudge();
        Ok(known)
    }

    /// Tries steps again: `step`, or all that failed or wait for an operator. A task that has failed or was cancelled goes on from
    /// there, with all that its other steps did. `false` when there is no such task, or it completed.
    pub async fn retry(&self, task: TaskId, step: Option<StepKey>, by: &str) -> Result<bool, EngineError> {
        self.order(task, &Order::Retry { step }, by).await
    }

    /// Passes over a step that failed, waits or was not begun. A task that has failed goes on from there.
    /// `false` when there is no such task, or it completed.
    pub async fn skip(
        &self,
        task: TaskId,
        step: StepKey,
        reason: &str,
        by: &str,
    ) -> Result<bool, EngineError> {
        self.order(task, &Order::Skip { step, reason: reason.to_owned() }, by).await
    }

    /// Takes a step as done, with this output: somebody did by hand what it could not. A task that has failed goes on from there.
    /// `false` when there is no such task, or it completed.
    pub async fn settle(
        &self,
        task: TaskId,
        step: StepKey,
        output: &impl Serialize,
        by: &str,
    ) -> Result<bool, EngineError> {
        let output: Value = serde_json::to_value(output).map_err(EngineError::Input)?;
        self.order(task, &Order::Done { step, output }, by).await
    }

    /// Takes a step that waits, or is tried again, as failed for good. `false` when there is no such task, or it has ended.
    pub async fn fail(
        &self,
        task: TaskId,
        step: StepKey,
        message: &str,
        by: &str,
    ) -> Result<bool, EngineError> {
        self.order(task, &Order::Fail { step, message: message.to_owned() }, by).await
    }

    /// The order goes first: a task that is brought back finds it there.
    async fn order(&self, task: TaskId, order: &Order, by: &str) -> Result<bool, EngineError> {
        let payload = Payload::encode(order).map_err(EngineError::Input)?;
        let sent = self.send(task, order.signal_name(), payload, by).await?;
        if sent && !matches!(order, Order::Fail { .. }) {
            self.ports.journal.task_reopen(task, &self.asked(by)).await?;
            self.nudge();
        }
        Ok(sent)
    }

    async fn send(
        &self,
        task: TaskId,
        name: String,
        payload: Payload,
        sender: &str,
    ) -> Result<bool, EngineError> {
        let at = self.ports.clock.now();
        let id = SignalId::generate(at, &*self.ports.entropy);
        let signal = Signal { id, name, payload, sender: sender.to_owned(), at, taken_by: None };
        let sent = self.ports.journal.signal_send(task, &signal).await?;
        self.nudge();
        Ok(sent)
    }

    fn asked(&self, by: &str) -> Asked {
        Asked { by: by.to_owned(), at: self.ports.clock.now() }
    }

    /// The news would come with the next poll; this is sooner. A full inbox may lose the hint.
    pub(super) fn nudge(&self) {
        let _hint_lost = self.inbox.try_send(Request::Look).is_err();
    }
}
