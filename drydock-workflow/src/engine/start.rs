//! Starting tasks: plainly, with a key, labels and a priority, or inside a transaction of the caller's own.

use drydock_core::journal::{NewTask, Write};
use drydock_core::{Payload, TaskId};
use serde::Serialize;
use tracing::Span;

use super::message::Request;
use super::registry::Numbered;
use super::{Engine, EngineError};
use crate::carry_over::CarryOver;
use crate::workflow::Workflow;

/// A task that is about to be started: what is special about it is added here, up to [`submit`](Self::submit).
#[must_use = "a task starts with `submit`"]
pub struct TaskStart<'e> {
    engine: &'e Engine,
    task: Result<NewTask, EngineError>,
    carried: Option<CarryOver>,
}

impl Engine {
    /// Starts a task and returns when its start is durable. It runs here when there is room, otherwise wherever there is.
    ///
    /// Cancel-safe: a dropped call may or may not have started the task.
    pub async fn submit<I: Serialize, O>(
        &self,
        workflow: &Workflow<I, O>,
        input: &I,
    ) -> Result<TaskId, EngineError> {
        self.task(workflow, input).submit().await
    }

    /// A task to be started with more than a workflow and an input.
    pub fn task<I: Serialize, O>(&self, workflow: &Workflow<I, O>, input: &I) -> TaskStart<'_> {
        let new = || {
            let now = self.ports.clock.now();
            let id = TaskId::generate(now, &*self.ports.entropy);
            let input = Payload::encode(input).map_err(EngineError::Input)?;
            let Numbered { id: workflow, limit } = self.registry.number_of_code(&workflow.code())?;
            Ok(NewTask::new(id, workflow, input, now).limit(limit))
        };
        TaskStart { engine: self, task: new(), carried: None }
    }

    /// Looks for work now: after a task was started past this engine, in a transaction of the caller's own. The next poll would find it too.
    pub fn look(&self) {
        self.nudge();
    }
}

impl TaskStart<'_> {
    /// Makes the start repeatable: of all tasks with one key only the first is started, and later starts give its id. For requests
    /// that may come twice.
    pub fn key(self, key: impl Into<String>) -> Self {
        self.map(|task| task.key(key))
    }

    /// Tasks of a greater priority are taken first; it is 0 unless said otherwise. What is under way goes on.
    pub fn priority(self, priority: i16) -> Self {
        self.map(|task| task.priority(priority))
    }

    /// Adds a label, by which the task is found.
    pub fn label(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.map(|task| task.label(name, value))
    }

    /// Begins with records of another task, as a [`CarryOver`] has them: to go on with a task under a new version of its workflow, or to
    /// run a part of one again. The other task is not changed; cancel it first if it has not ended, or both run.
    pub fn carrying(mut self, over: &CarryOver) -> Self {
        self.carried = Some(over.clone()).filter(|over| !over.carried.is_empty());
        self
    }

    fn map(self, with: impl FnOnce(NewTask) -> NewTask) -> Self {
        Self { task: self.task.map(with), ..self }
    }

    /// The task as a store takes it, not started: for a transaction of the caller's own, in which the store's `submit_in` puts it.
    /// The task exists when that transaction has committed, and not otherwise; call [`Engine::look`] then.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit); a task that [carries](Self::carrying) records is not only a row.
    pub fn build(self) -> Result<NewTask, EngineError> {
        if self.carried.is_none() { self.task } else { Err(EngineError::Carrying) }
    }

    /// Starts the task, and returns its id when the start is durable; the id of an earlier task, if that has the key.
    ///
    /// Cancel-safe: a dropped call may or may not have started the task. With a key, it is simply repeated.
    pub async fn submit(self) -> Result<TaskId, EngineError> {
        let Self { engine, task, carried } = self;
        let task = task?;
        let id = task.id;
        let journal = &engine.ports.journal;
        if let Some(CarryOver { carried, locks, .. }) = carried {
            if task.key.is_some() {
                return Err(EngineError::Carrying);
            }
            let ended = carried.into_iter().map(|record| Write::StepEnded(id, record));
            let carried = ended.chain(locks.into_iter().map(|mark| Write::Marked(id, mark))).collect();
            engine.ask(|reply| Request::Carry { task, carried, reply }).await??;
            engine.nudge();
            return Ok(id);
        }
        if task.key.is_some() {
            let stands = journal.task_submit(&[task]).await?;
            engine.nudge();
            return Ok(stands.first().copied().unwrap_or(id));
        }
        let again = task.clone();
        // An interrupted start may have been committed, and others may have the task by now: submitting the same task again does
        // nothing then, and queues it otherwise.
        let origin = Span::current();
        match engine.ask(|reply| Request::Submit { task, origin, reply }).await {
            Err(EngineError::Interrupted) => {
                journal.task_submit(&[again]).await?;
            }
            answer => answer??,
        }
        Ok(id)
    }
}
