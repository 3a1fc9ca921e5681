//! A durable workflow engine: a *task* runs a *workflow*, a DAG of *steps*; every finished step is a *checkpoint* in a store.
//! Kill the process at any instruction: another instance, or the same one restarted, goes on at the first step without one.
//!
//! 1. Write steps ([`Step`], or [`step_fn`]) that return an [`Outcome`], or a [`StepError`] that says whether to try again.
//! 2. Wire them with a [`WorkflowBuilder`]: typed handles carry outputs into inputs.
//! 3. Give the workflow and a store's [`Journal`](drydock_core::journal::Journal) to an [`Engine`], and submit tasks.
//!
//! A step runs at least once. It looks before it acts ([`StepContext::may_have_run`]), or passes on an
//! [idempotency key](StepContext::idempotency_key) or a [fence token](StepContext::fence).

mod children;
mod dag;
mod engine;
pub mod executor;
mod outcome;
pub mod run;
mod step;
mod undo;
mod workflow;

pub use children::{ChildOutcome, ChildResult};
pub use dag::{
    BuildError, BuildErrors, Condition, Dag, Definition, ExecutorJob, Gate, Handle, Input, MapBuilder,
    Source, StepBuilder, StepDef, StepIndex, StepKind, StepPolicy, UndoScope, Unwind, Wires, WorkflowBuilder,
};
pub use engine::{Engine, EngineBuilder, EngineError, EngineOptions, Event, EventKind};
pub use outcome::{Outcome, StepError, StepResult};
pub use step::{Step, StepContext, StepFn, step_fn};
pub use undo::Undo;
pub use workflow::Workflow;
