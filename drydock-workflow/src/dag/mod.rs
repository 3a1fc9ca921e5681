//! A workflow's shape: steps, what feeds them, and what they wait for. Immutable once built, and stored with its tasks.

mod builder;
mod check;
mod definition;

pub use builder::{Handle, StepBuilder, Wires, WorkflowBuilder};
pub use check::{BuildError, BuildErrors};
pub use definition::{Definition, ExecutorJob, Input, Source, StepDef, StepKind, StepPolicy};

use std::collections::HashMap;

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
}

impl Dag {
    /// Checks a definition: unique names, known steps, no cycle. All problems at once.
    pub fn new(definition: Definition) -> Result<Self, BuildErrors> {
        let graph = check::graph(&definition)?;
        let index =
            definition.steps.iter().enumerate().map(|(index, step)| (step.name.clone(), index)).collect();
        Ok(Self { definition, graph, index })
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
        self.graph
            .neighbors_directed(NodeIndex::new(step), petgraph::Direction::Outgoing)
            .map(NodeIndex::index)
    }

    /// How many steps `step` waits for.
    pub fn dependency_count(&self, step: StepIndex) -> usize {
        self.graph.neighbors_directed(NodeIndex::new(step), petgraph::Direction::Incoming).count()
    }
}
