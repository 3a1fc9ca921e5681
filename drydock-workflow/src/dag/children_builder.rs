//! Children steps that are being added.

use std::marker::PhantomData;

use super::draft::{Draft, Parts};
use super::{Condition, Handle, Join, Wave, Wires};
use crate::children::ChildResult;

/// A children step that is being added: one child task for each `T`, each of which gives an `O`.
#[must_use = "a step is added by `run`"]
pub struct ChildrenBuilder<'a, T, O, Gives = Vec<ChildResult<O>>> {
    parts: &'a mut Parts,
    draft: Draft,
    types: PhantomData<fn(T) -> (O, Gives)>,
}

impl<'a, T, O, Gives> ChildrenBuilder<'a, T, O, Gives> {
    pub(super) const fn new(parts: &'a mut Parts, draft: Draft) -> Self {
        Self { parts, draft, types: PhantomData }
    }

    /// Which ends of the children are enough; [`Join::Settled`] if this is not called.
    pub const fn join(mut self, join: Join) -> Self {
        self.draft.rollout.join = join;
        self
    }

    /// How many children may fail or be cancelled. One more, and no other starts; those under way go on to their end, and the
    /// step fails.
    pub const fn budget(mut self, failures: u32) -> Self {
        self.draft.rollout.budget = Some(failures);
        self
    }

    /// Starts the children in waves: each when all before it have ended, within the budget.
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, Wave, WorkflowBuilder, step_fn};
    /// # let mut deploy = WorkflowBuilder::<String>::new("deploy", 1);
    /// # let node = deploy.input();
    /// # deploy.step("deploy", step_fn(|_, _: String| async { Ok(Outcome::Done(())) })).run(&node);
    /// # let deploy = deploy.build().unwrap();
    /// let mut rollout = WorkflowBuilder::<Vec<String>>::new("rollout", 1);
    /// let nodes = rollout.input();
    /// rollout
    ///     .children("nodes", &deploy)
    ///     .waves([Wave::Count(1), Wave::Percent(10), Wave::Rest])
    ///     .at_once(50)
    ///     .budget(2)
    ///     .run(&nodes);
    /// # rollout.build().unwrap();
    /// ```
    pub fn waves(mut self, waves: impl IntoIterator<Item = Wave>) -> Self {
        self.draft.rollout.waves = waves.into_iter().collect();
        self
    }

    /// At most `n` children are under way together: started and not ended.
    pub const fn at_once(mut self, n: u32) -> Self {
        self.draft.rollout.at_once = Some(n);
        self
    }

    /// The children's priority; that of the task that starts them if this is not called.
    pub const fn priority(mut self, priority: i16) -> Self {
        self.draft.priority = Some(priority);
        self
    }

    /// Waits for `handle`'s step too, although its output is not needed.
    pub fn after<U>(mut self, handle: &Handle<U>) -> Self {
        self.draft.after(handle, self.parts.builder);
        self
    }

    /// Starts children only if `gate` is open, see [`StepBuilder::when`](super::StepBuilder::when).
    pub fn when<G: Condition>(mut self, gate: &Handle<G>) -> ChildrenBuilder<'a, T, O, Option<Gives>> {
        self.draft.when = Some(gate.wire());
        ChildrenBuilder::new(self.parts, self.draft)
    }

    /// Adds the step, fed by `wires`, and gives the handle of its output: how each child that was started ended, in the list's
    /// order.
    pub fn run(self, wires: impl Wires<Vec<T>>) -> Handle<Gives> {
        let (wires, list) = wires.into_wires();
        let builder = self.parts.builder;
        Handle::new(builder, self.parts.add(self.draft, wires, list), Vec::new())
    }
}
