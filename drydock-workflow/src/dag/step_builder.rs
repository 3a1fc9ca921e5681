//! Steps that are being added: their policies, gates and undoings, up to the wires that feed them.

use std::marker::PhantomData;
use std::time::Duration;

use drydock_core::RetryPolicy;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::draft::{Draft, Parts};
use super::limit::Limit;
use super::{Condition, Handle, StepKind, UndoScope, Wires};
use crate::class::Class;
use crate::step::{Step, erase};
use crate::undo::Undo;

/// A step that is being added: its body turns an `In` into an `Out`; it is fed with `Takes`, and its handle stands for `Gives`.
#[must_use = "a step is added by `run`"]
pub struct StepBuilder<'a, In, Out, Takes = In, Gives = Out> {
    parts: &'a mut Parts,
    draft: Draft,
    #[expect(clippy::type_complexity, reason = "four markers, and nothing to call")]
    types: PhantomData<fn(In, Takes) -> (Out, Gives)>,
}

/// A map that is being added: its body turns an `In` into an `Out`, and it is fed with a list.
pub type MapBuilder<'a, In, Out> = StepBuilder<'a, In, Out, Vec<In>, Vec<Out>>;

impl<'a, In, Out, Takes, Gives> StepBuilder<'a, In, Out, Takes, Gives> {
    pub(super) const fn new(parts: &'a mut Parts, draft: Draft) -> Self {
        Self { parts, draft, types: PhantomData }
    }

    /// When a failed attempt is tried again.
    pub const fn retry(mut self, retry: RetryPolicy) -> Self {
        self.draft.policy.retry = retry;
        self
    }

    /// The longest that one attempt may run.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.draft.policy.timeout = Some(timeout);
        self
    }

    /// The longest over all attempts and waits. It stands from the first record of the step on, whatever crashes.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.draft.policy.deadline = Some(deadline);
        self
    }

    /// The step must never run twice: see [`Class::Irreversible`]. For steps whose type does not say so itself, those of executors
    /// among them; found begun after a crash, such a step waits for an operator.
    pub const fn irreversible(mut self) -> Self {
        self.draft.class = Class::Irreversible;
        self
    }

    /// At most `places` steps that keep to this limit are under way together, in all instances; the others wait for a place.
    ///
    /// What stands in braces in its name is taken from the step's input, by a JSON pointer (RFC 6901): `bmc/{/rack}` is a limit of its
    /// own for each rack. A step may keep to several; it begins when it has a place under each. In one instance the steps of tasks
    /// of greater priority go first, then those of older tasks; instances find with their next poll what others gave back.
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
    /// # #[derive(serde::Serialize, serde::Deserialize)] struct Node { rack: String }
    /// # let mut workflow = WorkflowBuilder::<Node>::new("power", 1);
    /// # let node = workflow.input();
    /// let cycle = step_fn(|_, node: Node| async move { Ok(Outcome::Done(node.rack)) });
    /// workflow.step("cycle", cycle).limit("bmc/{/rack}", 4).limit("power", 16).run(&node);
    /// # workflow.build().unwrap();
    /// ```
    pub fn limit(mut self, name: &str, places: u32) -> Self {
        self.draft.limits.push(Limit { name: name.to_owned(), places });
        self
    }

    /// Waits for `handle`'s step too, although its output is not needed.
    pub fn after<T>(mut self, handle: &Handle<T>) -> Self {
        self.draft.after(handle, self.parts.builder);
        self
    }

    /// Runs only if `gate` is `true`, or [`Gate::Open`](crate::Gate::Open). Otherwise the step is skipped, with the reason on
    /// record; what is wired to it runs all the same, and gets `None`.
    ///
    /// ```
    /// # use drydock_workflow::{Gate, Outcome, WorkflowBuilder, step_fn};
    /// # let mut workflow = WorkflowBuilder::<u32>::new("update", 1);
    /// # let input = workflow.input();
    /// let outdated = workflow
    ///     .step("outdated", step_fn(|_, version: u32| async move {
    ///         Ok(Outcome::Done(if version < 7 { Gate::Open } else { Gate::closed("it has version 7 or later") }))
    ///     }))
    ///     .run(&input);
    /// let update = workflow
    ///     .step("update", step_fn(|_, version: u32| async move { Ok(Outcome::Done(version + 1)) }))
    ///     .when(&outdated)
    ///     .run(&input);
    /// // The handle says that there may be nothing: `Handle<Option<u32>>`.
    /// workflow
    ///     .step("tell", step_fn(|_, updated: Option<u32>| async move { Ok(Outcome::Done(updated.is_some())) }))
    ///     .run(&update);
    /// # workflow.build().unwrap();
    /// ```
    pub fn when<G: Condition>(mut self, gate: &Handle<G>) -> StepBuilder<'a, In, Out, Takes, Option<Gives>> {
        self.draft.when = Some(gate.wire());
        StepBuilder::new(self.parts, self.draft)
    }

    /// Undoes the step when the workflow [unwinds](super::WorkflowBuilder::unwind), if it is done: `step` gets what went in and
    /// what came out. It has the step's policy, and of a map there is one undoing per item that is done.
    ///
    /// A step that was skipped, failed or was cut off is not undone: it has given nothing that could be taken back. If it may
    /// have taken effect all the same, see [`StepBuilder::undo_begun`].
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, Undo, WorkflowBuilder, step_fn};
    /// # let mut workflow = WorkflowBuilder::<String>::new("reserve", 1);
    /// # let input = workflow.input();
    /// let address = workflow
    ///     .step("reserve", step_fn(|_, node: String| async move { Ok(Outcome::Done(format!("address of {node}"))) }))
    ///     .undo(step_fn(|ctx, reserved: Undo<String, String>| async move {
    ///         ctx.say(format!("{} of {} is free again", reserved.output, reserved.input));
    ///         Ok(Outcome::Done(()))
    ///     }))
    ///     .run(&input);
    /// # workflow.output(&address).unwrap();
    /// ```
    pub fn undo<S>(self, step: S) -> Self
    where
        S: Step<Input = Undo<In, Out>, Output = ()>,
        In: Serialize + DeserializeOwned,
        Out: Serialize + DeserializeOwned,
    {
        self.with_undo(UndoScope::Done, step)
    }

    /// The same, also for a step that has begun and did not end well: it failed, was cut off, or waited when the task came to
    /// its end. `output` is `None` then, and nobody knows how far it came: `step` looks before it acts.
    pub fn undo_begun<S>(self, step: S) -> Self
    where
        S: Step<Input = Undo<In, Option<Out>>, Output = ()>,
        In: Serialize + DeserializeOwned,
        Out: Serialize + DeserializeOwned,
    {
        self.with_undo(UndoScope::Begun, step)
    }

    fn with_undo(mut self, scope: UndoScope, step: impl Step) -> Self {
        self.draft.undo = Some((scope, erase(step)));
        self
    }

    /// Adds the step, fed by `wires`, and gives the handle of its output.
    pub fn run(self, wires: impl Wires<Takes>) -> Handle<Gives> {
        let (wires, list) = wires.into_wires();
        let builder = self.parts.builder;
        Handle::new(builder, self.parts.add(self.draft, wires, list), Vec::new())
    }
}

impl<In, Out, Gives> StepBuilder<'_, In, Out, Vec<In>, Gives> {
    /// At most `n` items are under way together: begun and not ended, also while they wait. One ends, the next begins.
    pub fn at_once(mut self, n: u32) -> Self {
        self.draft.kind = StepKind::Map { at_once: Some(n) };
        self
    }
}
