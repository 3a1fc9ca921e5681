//! A durable workflow engine: work goes on where it was when the process that did it died.
//!
#![doc = include_str!("tutorial.md")]

mod carry_over;
mod children;
mod class;
mod context;
mod dag;
mod engine;
pub mod executor;
mod explain;
pub mod observe;
mod outcome;
pub mod run;
mod step;
mod telling;
#[cfg(feature = "testing")]
pub mod testing;
mod undo;
mod workflow;

pub use carry_over::{Again, CarryOver, CarryRules};
pub use children::{ChildOutcome, ChildResult};
pub use class::{Class, Resolution};
pub use context::StepContext;
pub use dag::{
    BuildError, BuildErrors, ChildrenBuilder, Condition, Dag, Definition, ExecutorJob, Gate, Handle, Input,
    Join, Limit, MapBuilder, Rollout, Source, StepBuilder, StepDef, StepIndex, StepKind, StepPolicy,
    UndoScope, Unwind, Wave, Wires, WorkflowBuilder,
};
pub use drydock_core::journal::{Fact, FactBuilder, Figure};
pub use engine::{
    Archive, ArchivePages, Engine, EngineBuilder, EngineError, EngineOptions, Event, EventKind, Feed,
    Retention, TaskStart,
};
pub use explain::{Cause, Explanation};
pub use outcome::{Outcome, StepError, StepResult, Wait};
pub use run::Order;
pub use step::{Step, StepFn, step_fn};
pub use telling::IntoFact;
pub use undo::Undo;
pub use workflow::Workflow;
