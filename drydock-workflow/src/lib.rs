//! A durable workflow engine: a *task* runs a *workflow*, a DAG of *steps*; every finished step is a *checkpoint* in a store.
//! Kill the process at any instruction: another instance, or the same one restarted, goes on at the first step without one.
//!
//! 1. Write steps ([`Step`], or [`step_fn`]) that return an [`Outcome`], or a [`StepError`] that says whether to try again.
//! 2. Wire them with a [`WorkflowBuilder`]: typed handles carry outputs into inputs.
//! 3. Give the workflow and a store's [`Journal`](drydock_core::journal::Journal) to an [`Engine`], and submit tasks.
//!
//! A workflow is more than a chain: steps run side by side where they do not wait for each other; a
//! [condition](StepBuilder::when) skips one, a [map](WorkflowBuilder::map) runs one per item of a list,
//! [children](WorkflowBuilder::children) are tasks of their own, started [in waves](ChildrenBuilder::waves) if need be;
//! [undo](StepBuilder::undo) takes back what was done when the task fails, [finally](WorkflowBuilder::finally) runs however it
//! ends, and a whole workflow can be [included](WorkflowBuilder::include) in another. [`Dag::to_text`] and its siblings draw it.
//!
//! Whether a workflow of yours stands failures and crashes at every point is checked by `testing` (feature `testing`).
//!
//! A step runs at least once. It looks before it acts ([`StepContext::may_have_run`]), or passes on an
//! [idempotency key](StepContext::idempotency_key) or a [fence token](StepContext::fence).

mod children;
mod class;
mod context;
mod dag;
mod engine;
pub mod executor;
mod outcome;
pub mod run;
mod step;
#[cfg(feature = "testing")]
pub mod testing;
mod undo;
mod workflow;

pub use children::{ChildOutcome, ChildResult};
pub use class::{Class, Resolution};
pub use context::StepContext;
pub use dag::{
    BuildError, BuildErrors, ChildrenBuilder, Condition, Dag, Definition, ExecutorJob, Gate, Handle, Input,
    Join, MapBuilder, Rollout, Source, StepBuilder, StepDef, StepIndex, StepKind, StepPolicy, UndoScope,
    Unwind, Wave, Wires, WorkflowBuilder,
};
pub use engine::{Engine, EngineBuilder, EngineError, EngineOptions, Event, EventKind};
pub use outcome::{Outcome, StepError, StepResult, Wait};
pub use run::Order;
pub use step::{Step, StepFn, step_fn};
pub use undo::Undo;
pub use workflow::Workflow;
