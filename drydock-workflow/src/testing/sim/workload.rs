//! The tasks of a simulated world.

use drydock_core::{Payload, TaskId};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Serialize;

use crate::dag::Definition;
use crate::engine::{Engine, EngineError};
use crate::testing::probe::{Offer, offer};
use crate::workflow::Workflow;

/// Workflows that every instance offers, and tasks to be started.
#[derive(Default)]
pub struct Workload {
    pub(super) offers: Vec<Offer>,
    pub(super) definitions: Vec<Definition>,
    pub(super) tasks: Vec<Job>,
}

/// A task to be started.
pub(super) struct Job {
    /// The place of its workflow among the definitions.
    pub(super) workflow: usize,
    pub(super) input: Payload,
    /// Its output, if it completes.
    pub(super) output: Option<Payload>,
    pub(super) priority: i16,
    /// The signals for which it waits, with what they say.
    pub(super) signals: Vec<(String, Payload)>,
    /// Starts it through an engine, with this priority.
    pub(super) submit: Box<Submit>,
}

type Submit = dyn Fn(Engine, i16) -> BoxFuture<'static, Result<TaskId, EngineError>> + Send + Sync;

impl Workload {
    /// No tasks.
    #[must_use = "a workload is a value"]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a workflow, unless it is there: one of children has to be added by itself, one of tasks is added with them.
    pub fn workflow<I: 'static, O: 'static>(&mut self, workflow: &Workflow<I, O>) {
        self.place_of(workflow);
    }

    /// Adds a task. When `output` is given and the task completes, that has to be its output.
    pub fn task<I, O>(
        &mut self,
        workflow: &Workflow<I, O>,
        input: I,
        output: Option<&O>,
    ) -> Result<(), serde_json::Error>
    where
        I: Serialize + Clone + Send + Sync + 'static,
        O: Serialize + 'static,
    {
        let place = self.place_of(workflow);
        let encoded = Payload::encode(&input)?;
        let output = output.map(Payload::encode).transpose()?;
        let workflow = workflow.clone();
        let submit = Box::new(move |engine: Engine, priority: i16| {
            let (workflow, input) = (workflow.clone(), input.clone());
            async move { engine.task(&workflow, &input).priority(priority).submit().await }.boxed()
        });
        let (input, signals) = (encoded, Vec::new());
        self.tasks.push(Job { workflow: place, input, output, priority: 0, signals, submit });
        Ok(())
    }

    /// The task that was added last waits for a signal of this name. It is sent at a random moment, perhaps twice.
    pub fn signal(&mut self, name: &str, payload: &impl Serialize) -> Result<(), serde_json::Error> {
        let payload = Payload::encode(payload)?;
        if let Some(task) = self.tasks.last_mut() {
            task.signals.push((name.to_owned(), payload));
        }
        Ok(())
    }

    /// Gives the task that was added last a priority.
    pub fn priority(&mut self, priority: i16) {
        if let Some(task) = self.tasks.last_mut() {
            task.priority = priority;
        }
    }

    /// For each task, how many signals it waits for.
    pub(super) fn signals(&self) -> Vec<usize> {
        self.tasks.iter().map(|task| task.signals.len()).collect()
    }

    fn place_of<I: 'static, O: 'static>(&mut self, workflow: &Workflow<I, O>) -> usize {
        let definition = workflow.definition();
        if let Some(place) = self.definitions.iter().position(|known| known == definition) {
            return place;
        }
        self.offers.push(offer(workflow));
        self.definitions.push(definition.clone());
        self.definitions.len() - 1
    }
}
