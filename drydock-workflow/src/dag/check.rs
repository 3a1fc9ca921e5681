//! What makes a definition a DAG; all problems at once.

use std::collections::HashMap;
use std::fmt;

use drydock_core::StepName;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Definition, Source, StepDef, StepIndex, StepKind, StepPolicy};

/// One thing that is wrong with a workflow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A name is not one.
    #[error(transparent)]
    Name(#[from] drydock_core::InvalidName),
    /// The workflow has nothing to do.
    #[error("the workflow has no steps")]
    Empty,
    /// Two steps have one name.
    #[error("two steps are called {0}: names are keys, choose another")]
    Duplicate(StepName),
    /// A step, or the output, names a step that is not there.
    #[error("{user} uses step {missing}, which this workflow does not have")]
    Unknown {
        /// Who names it.
        user: String,
        /// The name.
        missing: StepName,
    },
    /// Steps wait for each other.
    #[error("steps wait for each other in a circle: {}", show(.0))]
    Cycle(Vec<StepName>),
    /// A handle is another builder's.
    #[error("{user} takes a handle that another workflow's builder made")]
    Foreign {
        /// Who takes it.
        user: String,
    },
    /// A step's policy makes no sense.
    #[error("step {step}: {problem}")]
    Policy {
        /// The step.
        step: StepName,
        /// What is wrong, and what would be right.
        problem: &'static str,
    },
    /// A step that runs children has a policy, which would mean nothing.
    #[error("step {0} only waits for its children: give retries, timeouts and deadlines to their steps")]
    ChildrenPolicy(StepName),
}

fn show(names: &[StepName]) -> String {
    names.iter().map(StepName::as_str).collect::<Vec<_>>().join(", ")
}

/// All that is wrong with a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildErrors {
    /// The workflow.
    pub workflow: String,
    /// What is wrong; never empty.
    pub problems: Vec<BuildError>,
}

impl fmt::Display for BuildErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "workflow {} cannot be built", self.workflow)?;
        self.problems.iter().try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for BuildErrors {}

/// The definition's graph, an edge from each step to those that wait for it.
pub(super) fn graph(definition: &Definition) -> Result<DiGraph<StepIndex, ()>, BuildErrors> {
    let mut problems = Vec::new();
    let mut index = HashMap::with_capacity(definition.steps.len());
    let mut graph = DiGraph::with_capacity(definition.steps.len(), definition.steps.len());
    if definition.steps.is_empty() {
        problems.push(BuildError::Empty);
    }
    for (place, step) in definition.steps.iter().enumerate() {
        problems.extend(policy(step));
        let node = graph.add_node(place);
        if index.insert(&step.name, node).is_some() {
            problems.push(BuildError::Duplicate(step.name.clone()));
        }
    }
    for (place, step) in definition.steps.iter().enumerate() {
        for dependency in step.dependencies() {
            match index.get(dependency) {
                Some(node) => {
                    graph.add_edge(*node, NodeIndex::new(place), ());
                }
                None => problems.push(BuildError::Unknown {
                    user: format!("step {}", step.name),
                    missing: dependency.clone(),
                }),
            }
        }
    }
    if let Some(Source::Step(name)) = &definition.output
        && !index.contains_key(name)
    {
        problems.push(BuildError::Unknown { user: "the output".to_owned(), missing: name.clone() });
    }
    problems.extend(cycles(&graph, definition));
    if problems.is_empty() {
        Ok(graph)
    } else {
        Err(BuildErrors { workflow: definition.name.to_string(), problems })
    }
}

fn policy(step: &StepDef) -> Option<BuildError> {
    let retry = &step.policy.retry;
    let problem = match &step.kind {
        StepKind::Children(_) if step.policy != StepPolicy::default() => {
            return Some(BuildError::ChildrenPolicy(step.name.clone()));
        }
        StepKind::Run if retry.attempts == 0 => "it has no attempts: allow one or more",
        StepKind::Run if !(1.0..=f64::MAX).contains(&retry.factor) => {
            "the factor of its retry policy must be a number from 1 on"
        }
        StepKind::Run if !(0.0..=1.0).contains(&retry.jitter) => {
            "the jitter of its retry policy must be from 0 to 1"
        }
        StepKind::Children(_) | StepKind::Run => return None,
    };
    Some(BuildError::Policy { step: step.name.clone(), problem })
}

fn cycles(graph: &DiGraph<StepIndex, ()>, definition: &Definition) -> Vec<BuildError> {
    tarjan_scc(graph)
        .into_iter()
        .filter(|group| group.len() > 1 || graph.contains_edge(group[0], group[0]))
        .map(|mut group| {
            group.sort();
            BuildError::Cycle(
                group.into_iter().map(|node| definition.steps[node.index()].name.clone()).collect(),
            )
        })
        .collect()
}
