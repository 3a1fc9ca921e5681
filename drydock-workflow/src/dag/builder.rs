//! How a workflow is written: steps are added one by one, each gives a typed handle of its output, and handles feed later
//! steps. A handle of the wrong type does not compile; nothing is looked up by name.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

use drydock_core::{ExecutorName, WorkflowName};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::draft::{Draft, Parts};
use super::{
    BuildError, BuildErrors, ChildrenBuilder, Dag, Definition, ExecutorJob, Handle, Limit, MapBuilder,
    Source, StepBuilder, StepKind, Unwind,
};
use crate::step::Step;
use crate::workflow::Workflow;

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
    name: String,
    version: u32,
    unwind: Unwind,
    /// The name of the limit on its tasks; its own, when absent.
    limit: Option<(Option<String>, u32)>,
    pub(super) parts: Parts,
    input: PhantomData<fn(I)>,
}

impl<I: Serialize + DeserializeOwned> WorkflowBuilder<I> {
    /// Starts a workflow. `version` is yours to count: raise it when tasks under way should not meet the new code.
    pub fn new(name: &str, version: u32) -> Self {
        // Only tells builders apart within this process; never stored.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let builder = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            name: name.to_owned(),
            version,
            unwind: Unwind::default(),
            limit: None,
            parts: Parts { builder, steps: Vec::new(), bodies: Vec::new(), problems: Vec::new() },
            input: PhantomData,
        }
    }

    /// The task's input.
    pub fn input(&self) -> Handle<I> {
        Handle::new(self.parts.builder, Source::TaskInput, Vec::new())
    }

    /// Adds a step. Go on with its policy, and end with [`StepBuilder::run`].
    pub fn step<S: Step>(&mut self, name: &str, step: S) -> StepBuilder<'_, S::Input, S::Output> {
        StepBuilder::new(&mut self.parts, Draft::of(name, StepKind::Run, step))
    }

    /// Adds a step that runs once for each item of the list that feeds it, and gives the list of the outputs in the same order.
    /// The list may be one that an earlier step makes.
    ///
    /// Each item is a step of its own, `NAME[0]`, `NAME[1]` …: with its own checkpoint, attempts, waits and time. When one
    /// fails, those under way go on to their end, no other begins, and the step has failed.
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
    /// # let mut workflow = WorkflowBuilder::<u32>::new("wipe", 1);
    /// # let input = workflow.input();
    /// let disks = workflow.step("disks", step_fn(|_, n: u32| async move { Ok(Outcome::Done((0..n).collect::<Vec<u32>>())) }));
    /// let disks = disks.run(&input);
    /// let wipe = step_fn(|_, disk: u32| async move { Ok(Outcome::Done(format!("disk {disk} is empty"))) });
    /// // `wiped` is a `Handle<Vec<String>>`.
    /// let wiped = workflow.map("wipe", wipe).at_once(4).run(&disks);
    /// # workflow.output(&wiped).unwrap();
    /// ```
    pub fn map<S: Step>(&mut self, name: &str, step: S) -> MapBuilder<'_, S::Input, S::Output> {
        let kind = StepKind::Map { at_once: None };
        StepBuilder::new(&mut self.parts, Draft::of(name, kind, step))
    }

    /// Adds a step that starts one child task of `workflow` for each item of the list that feeds it, and ends when all have
    /// ended, however they did, unless it is given another [join](ChildrenBuilder::join). Children run wherever an instance has
    /// room. What is for one attempt (retries, times) belongs to the steps of `workflow`.
    pub fn children<T, O>(&mut self, name: &str, workflow: &Workflow<T, O>) -> ChildrenBuilder<'_, T, O> {
        let kind = StepKind::Children(workflow.name().clone());
        ChildrenBuilder::new(&mut self.parts, Draft::new(name, kind, None))
    }

    /// Adds a step that runs however the task ends: done, failed or cancelled, once everything else has ended and what is to be
    /// undone is undone. A cancellation does not stop it. When it fails the task fails, after the other finally steps ran.
    ///
    /// It takes the task's input, the outputs of other finally steps, and with [`Handle::maybe`] those of ordinary ones.
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
    /// # let mut workflow = WorkflowBuilder::<String>::new("maintain", 1);
    /// # let input = workflow.input();
    /// let taken = workflow.step("take_out", step_fn(|_, node: String| async move { Ok(Outcome::Done(node)) })).run(&input);
    /// let give_back = step_fn(|ctx, taken: Option<String>| async move {
    ///     ctx.say(taken.map_or("nothing was taken out".to_owned(), |node| format!("{node} is back")));
    ///     Ok(Outcome::Done(()))
    /// });
    /// workflow.finally("give_back", give_back).run(&taken.maybe());
    /// # workflow.build().unwrap();
    /// ```
    pub fn finally<S: Step>(&mut self, name: &str, step: S) -> StepBuilder<'_, S::Input, S::Output> {
        let mut draft = Draft::of(name, StepKind::Run, step);
        draft.finally = true;
        StepBuilder::new(&mut self.parts, draft)
    }

    /// When steps that have an [undo](StepBuilder::undo) are undone; [`Unwind::Always`] if this is not called.
    ///
    /// Nothing is undone while something runs. Then each undoing starts once all that built on its step is undone; undoings that
    /// do not depend on each other run together. One that fails for good leaves the task *stuck*: it does not end, its finally
    /// steps do not run, and the log says what is left to do.
    pub const fn unwind(mut self, unwind: Unwind) -> Self {
        self.unwind = unwind;
        self
    }

    /// At most so many of its tasks are under way together, over all instances of one store and all versions of the workflow that
    /// say so. The others stay queued, and are taken by priority and age as places come free.
    ///
    /// A task has its place from when an instance takes it to its end, also while it waits; so its children must not need one of
    /// the same limit. A task that is to be cancelled waits for its place too, since its end is work. The number is stored with
    /// the workflow, and a task goes by that of its own version.
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
    /// let mut deploy = WorkflowBuilder::<String>::new("deploy", 1).at_once(16);
    /// # let node = deploy.input();
    /// # deploy.step("deploy", step_fn(|_, _: String| async { Ok(Outcome::Done(())) })).run(&node);
    /// # let deploy = deploy.build().unwrap();
    /// assert_eq!(deploy.definition().limit.as_ref().unwrap().name, "deploy");
    /// ```
    pub fn at_once(mut self, tasks: u32) -> Self {
        self.limit = Some((None, tasks));
        self
    }

    /// The same, with places that tasks of all workflows share that name this limit: to bound a group of workflows, or with one
    /// name for all of them everything that a store has under way. A task is under one limit: this or that of
    /// [`at_once`](Self::at_once), whichever was called last.
    pub fn at_once_among(mut self, limit: impl Into<String>, tasks: u32) -> Self {
        self.limit = Some((Some(limit.into()), tasks));
        self
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
    ) -> StepBuilder<'_, In, Out> {
        let draft = self.job(name, StepKind::Run, executor, job);
        StepBuilder::new(&mut self.parts, draft)
    }

    /// A [map](WorkflowBuilder::map) whose items the executor called `executor` runs; `job` is what it is told beside each item.
    ///
    /// ```
    /// # use drydock_workflow::WorkflowBuilder;
    /// let mut workflow = WorkflowBuilder::<Vec<String>>::new("wipe_all", 1);
    /// let disks = workflow.input();
    /// let wipe = workflow.map_external::<String, bool>("wipe", "wiper", serde_json::json!({"passes": 3}));
    /// // `wiped` is a `Handle<Vec<bool>>`.
    /// let wiped = wipe.at_once(4).run(&disks);
    /// # workflow.output(&wiped).unwrap();
    /// ```
    pub fn map_external<In, Out>(
        &mut self,
        name: &str,
        executor: &str,
        job: serde_json::Value,
    ) -> MapBuilder<'_, In, Out> {
        let draft = self.job(name, StepKind::Map { at_once: None }, executor, job);
        StepBuilder::new(&mut self.parts, draft)
    }

    /// A [finally](WorkflowBuilder::finally) step that the executor called `executor` runs; `job` is what it is told beside the
    /// step's input.
    pub fn finally_external<In, Out>(
        &mut self,
        name: &str,
        executor: &str,
        job: serde_json::Value,
    ) -> StepBuilder<'_, In, Out> {
        let mut draft = self.job(name, StepKind::Run, executor, job);
        draft.finally = true;
        StepBuilder::new(&mut self.parts, draft)
    }

    fn job(&mut self, name: &str, kind: StepKind, executor: &str, job: serde_json::Value) -> Draft {
        let mut draft = Draft::new(name, kind, None);
        match ExecutorName::new(executor) {
            Ok(name) => draft.executor = Some(ExecutorJob { name, job }),
            Err(problem) => self.parts.problems.push(problem.into()),
        }
        draft
    }

    /// Ends the workflow; a task's output is what `handle` stands for.
    pub fn output<O>(mut self, handle: &Handle<O>) -> Result<Workflow<I, O>, BuildErrors> {
        let wire = handle.wire();
        if wire.builder != self.parts.builder {
            self.parts.problems.push(BuildError::Foreign { user: "the output".to_owned() });
        }
        self.finish(Some(wire.source))
    }

    /// Ends the workflow; its tasks have no output.
    pub fn build(self) -> Result<Workflow<I, ()>, BuildErrors> {
        self.finish(None)
    }

    fn finish<O>(self, output: Option<Source>) -> Result<Workflow<I, O>, BuildErrors> {
        let Self { name: text, version, unwind, limit, parts, .. } = self;
        let Parts { steps, bodies, mut problems, .. } = parts;
        let built = match WorkflowName::new(&text) {
            Ok(name) => {
                let limit = limit.map(|(shared, places)| Limit {
                    name: shared.unwrap_or_else(|| name.to_string()),
                    places,
                });
                Dag::new(Definition { name, version, steps, output, unwind, limit })
            }
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
