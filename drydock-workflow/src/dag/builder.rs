//! How a workflow is written: steps are added one by one, each gives a typed handle of its output, and handles feed later
//! steps. A handle of the wrong type does not compile; nothing is looked up by name.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use drydock_core::{ExecutorName, RetryPolicy, StepName, WorkflowName};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    BuildError, BuildErrors, Dag, Definition, ExecutorJob, Input, Source, StepDef, StepKind, StepPolicy,
};
use crate::children::ChildResult;
use crate::step::{AnyStep, Step, erase};
use crate::workflow::Workflow;

/// A value that will exist when the task runs: the task's input, or a step's output.
pub struct Handle<T> {
    builder: u64,
    source: Option<StepName>,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        Self { builder: self.builder, source: self.source.clone(), value: PhantomData }
    }
}

impl<T> Handle<T> {
    fn wire(&self) -> Wire {
        let source = self.source.clone().map_or(Source::TaskInput, Source::Step);
        Wire { builder: self.builder, source }
    }
}

/// One end of a wire, with the builder that made it.
pub struct Wire {
    builder: u64,
    source: Source,
}

/// What can feed a step whose input is `T`: nothing for `()`, one handle, or a tuple of handles for a tuple.
#[diagnostic::on_unimplemented(
    message = "these wires do not carry the step's input `{T}`",
    note = "a step with input `()` takes `()`, one with input `A` takes `&Handle<A>`, one with input `(A, B)` takes `(&Handle<A>, &Handle<B>)`"
)]
pub trait Wires<T> {
    /// The wires, and whether they are one value or a list.
    fn into_wires(self) -> (Vec<Wire>, bool);
}

impl Wires<()> for () {
    fn into_wires(self) -> (Vec<Wire>, bool) {
        (Vec::new(), false)
    }
}

impl<T> Wires<T> for &Handle<T> {
    fn into_wires(self) -> (Vec<Wire>, bool) {
        (vec![self.wire()], false)
    }
}

macro_rules! tuple_wires {
    ($($name:ident $field:tt),+) => {
        impl<$($name),+> Wires<($($name,)+)> for ($(&Handle<$name>,)+) {
            fn into_wires(self) -> (Vec<Wire>, bool) {
                (vec![$(self.$field.wire()),+], true)
            }
        }
    };
}
tuple_wires!(A 0, B 1);
tuple_wires!(A 0, B 1, C 2);
tuple_wires!(A 0, B 1, C 2, D 3);

/// Writes a workflow whose tasks take an input of type `I`.
///
/// ```
/// # use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
/// let mut workflow = WorkflowBuilder::<u32>::new("squares", 1);
/// let input = workflow.input();
/// let square = workflow.step("square", step_fn(|_, n: u32| async move { Ok(Outcome::Done(n * n)) })).run(&input);
/// let text = workflow
///     .step("text", step_fn(|_, (n, sq): (u32, u32)| async move { Ok(Outcome::Done(format!("{n}² = {sq}"))) }))
///     .run((&input, &square));
/// let workflow = workflow.output(&text).unwrap();
/// assert_eq!(workflow.definition().steps.len(), 2);
/// ```
#[must_use = "a builder does nothing until `output` or `build`"]
pub struct WorkflowBuilder<I> {
    id: u64,
    name: String,
    version: u32,
    steps: Vec<StepDef>,
    bodies: Vec<(StepName, Arc<dyn AnyStep>)>,
    problems: Vec<BuildError>,
    input: PhantomData<fn(I)>,
}

impl<I: Serialize + DeserializeOwned> WorkflowBuilder<I> {
    /// Starts a workflow. `version` is yours to count: raise it when tasks under way should not meet the new code.
    pub fn new(name: &str, version: u32) -> Self {
        // Only tells builders apart within this process; never stored.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            name: name.to_owned(),
            version,
            steps: Vec::new(),
            bodies: Vec::new(),
            problems: Vec::new(),
            input: PhantomData,
        }
    }

    /// The task's input.
    pub fn input(&self) -> Handle<I> {
        Handle { builder: self.id, source: None, value: PhantomData }
    }

    /// Adds a step. Go on with its policy, and end with [`StepBuilder::run`].
    pub fn step<S: Step>(&mut self, name: &str, step: S) -> StepBuilder<'_, I, S::Input, S::Output> {
        self.add(name, StepKind::Run, Some(erase(step)))
    }

    /// Adds a step that starts one child task of `workflow` for each item of the list that feeds it, and ends when all have
    /// ended, however they did. Children run wherever an instance has room.
    pub fn children<T, O>(
        &mut self,
        name: &str,
        workflow: &Workflow<T, O>,
    ) -> StepBuilder<'_, I, Vec<T>, Vec<ChildResult<O>>> {
        self.add(name, StepKind::Children(workflow.name().clone()), None)
    }

    /// Adds a step that the executor called `executor` runs; `job` is what it is told beside the step's input.
    ///
    /// ```
    /// # use drydock_workflow::WorkflowBuilder;
    /// let mut workflow = WorkflowBuilder::<String>::new("wipe", 1);
    /// let disk = workflow.input();
    /// let wiped = workflow.external::<String, bool>("wipe", "wiper", serde_json::json!({"passes": 3})).run(&disk);
    /// let workflow = workflow.output(&wiped).unwrap();
    /// assert_eq!(workflow.definition().steps[0].executor.as_ref().unwrap().name.as_str(), "wiper");
    /// ```
    pub fn external<In, Out>(
        &mut self,
        name: &str,
        executor: &str,
        job: serde_json::Value,
    ) -> StepBuilder<'_, I, In, Out> {
        let executor = match ExecutorName::new(executor) {
            Ok(name) => Some(ExecutorJob { name, job }),
            Err(problem) => {
                self.problems.push(problem.into());
                None
            }
        };
        StepBuilder { executor, ..self.add(name, StepKind::Run, None) }
    }

    /// Ends the workflow; a task's output is what `handle` stands for.
    pub fn output<O>(mut self, handle: &Handle<O>) -> Result<Workflow<I, O>, BuildErrors> {
        let wire = handle.wire();
        if wire.builder != self.id {
            self.problems.push(BuildError::Foreign { user: "the output".to_owned() });
        }
        self.finish(Some(wire.source))
    }

    /// Ends the workflow; its tasks have no output.
    pub fn build(self) -> Result<Workflow<I, ()>, BuildErrors> {
        self.finish(None)
    }

    fn add<In, Out>(
        &mut self,
        name: &str,
        kind: StepKind,
        body: Option<Arc<dyn AnyStep>>,
    ) -> StepBuilder<'_, I, In, Out> {
        StepBuilder {
            name: StepName::new(name),
            kind,
            body,
            after: Vec::new(),
            foreign: false,
            policy: StepPolicy::default(),
            executor: None,
            workflow: self,
            types: PhantomData,
        }
    }

    fn finish<O>(self, output: Option<Source>) -> Result<Workflow<I, O>, BuildErrors> {
        let Self { name: text, version, steps, bodies, mut problems, .. } = self;
        let built = match WorkflowName::new(&text) {
            Ok(name) => Dag::new(Definition { name, version, steps, output }),
            Err(problem) => Err(BuildErrors { workflow: text.clone(), problems: vec![problem.into()] }),
        };
        match built {
            Ok(dag) if problems.is_empty() => Ok(Workflow::new(dag, bodies)),
            Ok(_) => Err(BuildErrors { workflow: text, problems }),
            Err(errors) => {
                problems.extend(errors.problems);
                Err(BuildErrors { workflow: text, problems })
            }
        }
    }
}

/// A step that is being added.
#[must_use = "a step is added by `run`"]
pub struct StepBuilder<'a, I, In, Out> {
    workflow: &'a mut WorkflowBuilder<I>,
    name: Result<StepName, drydock_core::InvalidName>,
    kind: StepKind,
    body: Option<Arc<dyn AnyStep>>,
    after: Vec<StepName>,
    /// Whether `after` was given a handle of another builder.
    foreign: bool,
    policy: StepPolicy,
    executor: Option<ExecutorJob>,
    types: PhantomData<fn(In) -> Out>,
}

impl<I, In, Out> StepBuilder<'_, I, In, Out> {
    /// When a failed attempt is tried again.
    pub const fn retry(mut self, retry: RetryPolicy) -> Self {
        self.policy.retry = retry;
        self
    }

    /// The longest that one attempt may run.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = Some(timeout);
        self
    }

    /// The longest over all attempts and waits. It stands from the first record of the step on, whatever crashes.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.policy.deadline = Some(deadline);
        self
    }

    /// Waits for `handle`'s step too, although its output is not needed.
    pub fn after<T>(mut self, handle: &Handle<T>) -> Self {
        self.foreign |= handle.builder != self.workflow.id;
        self.after.extend(handle.source.clone());
        self
    }

    /// Adds the step, fed by `wires`, and gives the handle of its output.
    pub fn run(self, wires: impl Wires<In>) -> Handle<Out> {
        let Self { workflow, name, kind, body, after, foreign, policy, executor, .. } = self;
        let builder = workflow.id;
        let name = match name {
            Ok(name) => name,
            Err(problem) => {
                workflow.problems.push(problem.into());
                return Handle { builder, source: None, value: PhantomData };
            }
        };
        let (wires, list) = wires.into_wires();
        if foreign || wires.iter().any(|wire| wire.builder != builder) {
            workflow.problems.push(BuildError::Foreign { user: format!("step {name}") });
        }
        let mut sources: Vec<Source> = wires.into_iter().map(|wire| wire.source).collect();
        let input = match (list, sources.pop()) {
            (_, None) => Input::None,
            (false, Some(source)) => Input::One(source),
            (true, Some(last)) => {
                sources.push(last);
                Input::Many(sources)
            }
        };
        if let Some(body) = body {
            workflow.bodies.push((name.clone(), body));
        }
        workflow.steps.push(StepDef { name: name.clone(), kind, input, after, policy, executor });
        Handle { builder, source: Some(name), value: PhantomData }
    }
}
