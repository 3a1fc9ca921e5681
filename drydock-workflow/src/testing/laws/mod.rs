//! Laws that every workflow has to obey, whatever fails and whenever the process dies.

mod check;
mod seen;
mod trial;
mod violation;

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::journal::Journal;
use serde::Serialize;

pub use violation::{Law, Passed, Violation, Violations};

use super::probe::{Offer, offer};
use crate::dag::Definition;
use crate::workflow::Workflow;

/// What is put to the test: a workflow, and those of its children.
pub struct Subject<I, O> {
    types: PhantomData<fn(I) -> O>,
    offers: Vec<Offer>,
    definitions: Vec<Definition>,
}

impl<I: 'static, O: 'static> Subject<I, O> {
    /// A workflow without children.
    #[must_use = "a subject is a value"]
    pub fn new(root: Workflow<I, O>) -> Self {
        Self { types: PhantomData, offers: vec![offer(&root)], definitions: vec![root.definition().clone()] }
    }

    /// The same with a workflow whose tasks are children.
    #[must_use = "a subject is a value"]
    pub fn with_child<T: 'static, U: 'static>(mut self, child: &Workflow<T, U>) -> Self {
        self.offers.push(offer(child));
        self.definitions.push(child.definition().clone());
        self
    }
}

impl<I: 'static, O: 'static> From<Workflow<I, O>> for Subject<I, O> {
    fn from(root: Workflow<I, O>) -> Self {
        Self::new(root)
    }
}

/// Puts a workflow to the test. Each trial has a store and a workflow of its own, so that what bodies keep in memory, and
/// the world that they act on, begin anew; and one instance after the other, each killed as the law wants.
///
/// To be used in a runtime of one thread with paused time, where waits take none: `#[tokio::test(start_paused = true)]`. The
/// store has to answer without waiting, as one in memory does.
///
/// * **Fail each step.** With a step that fails for good, its task ends as failed, and nothing that depends on it begins.
///   The end is clean: what was done is undone backwards, if the workflow unwinds, and its finally steps have run.
/// * **Repeat each undo.** The same once more, with an undoing that runs twice: the task ends as it does without.
/// * **Fail each undo.** With an undoing that fails for good the task is stuck: nothing that its step built on is undone, and no finally
///   step runs.
/// * **Repeat each step.** With a step that runs twice, because the process died between its effect and its checkpoint, the task ends as
///   it does without.
/// * **Crash after each record.** Killed after any of its commits, the task is taken over, ends as it does without, and each step has one checkpoint.
///   A workflow with undoings or finally steps is killed so after the failure of each step, too.
///
/// "Ends as it does without" means: equally well or badly, with the same output or the same message. Ids of tasks may differ.
pub struct Laws<I, F, S> {
    stores: S,
    subjects: F,
    input: I,
    limit: Duration,
}

impl<I, F, S> Laws<I, F, S> {
    /// Laws for the workflow that `subjects` gives, with tasks that take `input`.
    pub fn new<J, W, O>(stores: S, subjects: F, input: I) -> Self
    where
        S: Fn() -> Arc<J>,
        J: Journal,
        F: Fn() -> W,
        W: Into<Subject<I, O>>,
        I: Serialize,
    {
        Self { stores, subjects, input, limit: Duration::from_hours(24 * 30) }
    }

    /// The longest that a task may take, on the paused clock: beyond it, it is said to hang. 30 days when this is not called.
    #[must_use = "laws do nothing until they are checked"]
    pub const fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Tries all laws. Not cancel-safe in that a dropped check leaves nothing behind, and says nothing.
    pub async fn check<J, W, O>(&self) -> Result<Passed, Violations>
    where
        S: Fn() -> Arc<J>,
        J: Journal,
        F: Fn() -> W,
        W: Into<Subject<I, O>>,
        I: Serialize,
        O: 'static,
    {
        let new_trial = || trial::Ground {
            store: (self.stores)(),
            subject: {
                let Subject { offers, definitions, .. } = (self.subjects)().into();
                trial::Plain { offers, definitions }
            },
            limit: self.limit,
        };
        check::all(&new_trial, &self.input).await
    }
}
