//! A workflow's shape: steps, what feeds them, and what they wait for. Immutable once built, and stored with its tasks.

mod builder;
mod check;
mod children_builder;
mod definition;
mod draft;
mod gate;
mod handle;
mod include;
pub(crate) mod limit;
#[cfg(doctest)]
pub mod mistakes;
mod picture;
mod rollout;
mod source;
mod step_builder;

pub use builder::WorkflowBuilder;
pub use check::{BuildError, BuildErrors};
pub use children_builder::ChildrenBuilder;
pub use definition::{Definition, ExecutorJob, StepDef, StepKind, StepPolicy, UndoScope, Unwind};
pub use gate::{Condition, Gate};
pub use handle::{Handle, Wires};
pub use limit::Limit;
pub use rollout::{Join, Rollout, Wave};
pub use source::{Input, Source};
pub use step_builder::{MapBuilder, StepBuilder};

use std::collections::HashMap;

use petgraph::Direction;
use petgraph::algo::has_path_connecting;
use petgraph::graph::{DiGraph, NodeIndex};

use drydock_core::StepName;

/// A step's place in its definition. Only for speed inside one process: records name steps.
pub type StepIndex = usize;

/// A definition together with its graph: checked, and ready to be run.
#[derive(Debug)]
pub struct Dag {
    definition: Definition,
    graph: DiGraph<StepIndex, ()>,
    index: HashMap<StepName, StepIndex>,
    /// For each step, how many steps it waits for.
    waits_for: Vec<usize>,
    /// The ordinary steps that wait for nothing, and the finally steps that wait for no other.
    first: [Vec<StepIndex>; 2],
    finally_count: usize,
    has_undo: bool,
}

impl Dag {
    /// Checks a definition: unique names, known steps, no cycle. All problems at once.
    pub fn new(definition: Definition) -> Result<Self, BuildErrors> {
        let graph = check::graph(&definition)?;
        let index =
            definition.steps.iter().enumerate().map(|(index, step)| (step.name.clone(), index)).collect();
        let waits_for: Vec<usize> = graph
            .node_indices()
            .map(|node| graph.neighbors_directed(node, Direction::Incoming).count())
            .collect();
        let first = [false, true].map(|finally| {
            let steps = definition.steps.iter().zip(&waits_for).enumerate();
            let free = steps.filter(|(_, (step, waits_for))| step.finally == finally && **waits_for == 0);
            free.map(|(place, _)| place).collect()
        });
        let finally_count = definition.steps.iter().filter(|step| step.finally).count();
        let has_undo = definition.steps.iter().any(|step| step.undo.is_some());
        Ok(Self { definition, graph, index, waits_for, first, finally_count, has_undo })
    }

    /// The definition.
    pub const fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The steps, in the order in which they were added.
    pub fn steps(&self) -> &[StepDef] {
        &self.definition.steps
    }

    /// The step called `name`.
    pub fn index_of(&self, name: &StepName) -> Option<StepIndex> {
        self.index.get(name).copied()
    }

    /// The steps that wait for `step`.
    pub fn dependents(&self, step: StepIndex) -> impl Iterator<Item = StepIndex> + '_ {
        self.neighbours(step, Direction::Outgoing)
    }

    /// The steps that `step` waits for. Finally steps wait for all ordinary ones without having them here.
    pub fn dependencies(&self, step: StepIndex) -> impl Iterator<Item = StepIndex> + '_ {
        self.neighbours(step, Direction::Incoming)
    }

    /// Whether `step` waits for `before`, directly or not.
    pub fn follows(&self, step: StepIndex, before: StepIndex) -> bool {
        step != before && has_path_connecting(&self.graph, NodeIndex::new(before), NodeIndex::new(step), None)
    }

    /// For each step, how many steps it waits for.
    pub(crate) fn waits_for(&self) -> &[usize] {
        &self.waits_for
    }

    /// The steps that wait for no other: the ordinary ones, or the finally steps.
    pub(crate) fn first(&self, finally: bool) -> &[StepIndex] {
        &self.first[usize::from(finally)]
    }

    /// How many steps run however the task ends.
    pub const fn finally_count(&self) -> usize {
        self.finally_count
    }

    /// Whether a task that ends in this way may have something to undo.
    pub const fn unwinds(&self, failed: bool, cancelled: bool) -> bool {
        self.has_undo
            && match self.definition.unwind {
                Unwind::Always => failed || cancelled,
                Unwind::OnFailure => failed,
                Unwind::OnCancel => cancelled,
                Unwind::Never => false,
            }
    }

    fn neighbours(&self, step: StepIndex, direction: Direction) -> impl Iterator<Item = StepIndex> + '_ {
        self.graph.neighbors_directed(NodeIndex::new(step), direction).map(NodeIndex::index)
    }
}
