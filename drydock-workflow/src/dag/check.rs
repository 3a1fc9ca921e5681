//! What makes a definition a DAG; all problems at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use drydock_core::StepName;
use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Definition, Limit, Source, StepDef, StepIndex, StepKind, StepPolicy, limit};

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
    /// The limit on the workflow's tasks makes no sense.
    #[error("the limit on its tasks: {0}")]
    TaskLimit(&'static str),
    /// A step that runs children has a policy, which would mean nothing.
    #[error("step {0} only waits for its children: give retries, timeouts and deadlines to their steps")]
    ChildrenPolicy(StepName),
    /// A finally step is fed by one that may not have ended well.
    #[error(
        "step {step} runs however the task ends, so it cannot count on step {needs}: wire `handle.maybe()`"
    )]
    FinallyNeeds {
        /// The finally step.
        step: StepName,
        /// The ordinary step.
        needs: StepName,
    },
    /// An ordinary step waits for a finally step.
    #[error(
        "step {step} waits for step {last}, which runs when all others have ended: make it a finally step too"
    )]
    AfterFinally {
        /// The ordinary step.
        step: StepName,
        /// The finally step.
        last: StepName,
    },
    /// An ordinary step takes what may not be there.
    #[error(
        "step {0} takes `handle.maybe()`, which is for finally steps: an ordinary one runs only if all before it ended well"
    )]
    MaybeOutsideFinally(StepName),
    /// A finally step has an undo, which would never run.
    #[error("step {0} runs after everything was undone: a finally step has no undo")]
    FinallyUndo(StepName),
    /// A finally step is a map or has children.
    #[error(
        "step {0} runs however the task ends, and does so itself: a map or children cannot be finally steps"
    )]
    FinallyKind(StepName),
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
    problems.extend(definition.limit.as_ref().and_then(task_limit).map(BuildError::TaskLimit));
    for (place, step) in definition.steps.iter().enumerate() {
        problems.extend(policy(step));
        problems.extend(ending(step));
        let node = graph.add_node(place);
        match index.entry(&step.name) {
            Entry::Vacant(vacant) => {
                vacant.insert(node);
            }
            Entry::Occupied(_) => problems.push(BuildError::Duplicate(step.name.clone())),
        }
    }
    for (place, step) in definition.steps.iter().enumerate() {
        for source in step.sources() {
            if let Source::Maybe(name) = source
                && !index.contains_key(name)
            {
                problems.push(unknown(format!("step {}", step.name), name));
            }
        }
        for dependency in step.dependencies() {
            match index.get(dependency) {
                Some(node) => match (step.finally, definition.steps[node.index()].finally) {
                    // It runs when all ordinary steps have ended, whichever of them it names.
                    (true, false) => {}
                    (false, true) => problems
                        .push(BuildError::AfterFinally { step: step.name.clone(), last: dependency.clone() }),
                    (true, true) | (false, false) => {
                        graph.add_edge(*node, NodeIndex::new(place), ());
                    }
                },
                None => problems.push(unknown(format!("step {}", step.name), dependency)),
            }
        }
    }
    if let Some(Source::Step(name) | Source::Maybe(name)) = &definition.output
        && !index.contains_key(name)
    {
        problems.push(unknown("the output".to_owned(), name));
    }
    // With two steps of one name nobody knows who waits for whom: a circle through them need not be one.
    let twice = |name: &StepName| {
        problems.iter().any(|it| matches!(it, BuildError::Duplicate(other) if other == name))
    };
    let circles = cycles(&graph, definition).into_iter().filter(|names| !names.iter().any(twice));
    let circles: Vec<BuildError> = circles.map(BuildError::Cycle).collect();
    problems.extend(circles);
    if problems.is_empty() {
        Ok(graph)
    } else {
        Err(BuildErrors { workflow: definition.name.to_string(), problems })
    }
}

fn unknown(user: String, missing: &StepName) -> BuildError {
    BuildError::Unknown { user, missing: missing.clone() }
}

/// What is wrong with a limit on tasks: unlike those of steps, its name is no pattern.
fn task_limit(limit: &Limit) -> Option<&'static str> {
    if limit.name.is_empty() {
        Some("it has no name")
    } else if limit.places == 0 {
        Some("it has no places, so none could ever begin: allow one or more")
    } else {
        None
    }
}

fn policy(step: &StepDef) -> Option<BuildError> {
    let retry = &step.policy.retry;
    let children = matches!(step.kind, StepKind::Children(_));
    let problem = if children && step.policy != StepPolicy::default() {
        return Some(BuildError::ChildrenPolicy(step.name.clone()));
    } else if retry.attempts == 0 {
        "it has no attempts: allow one or more"
    } else if !(1.0..=f64::MAX).contains(&retry.factor) {
        "the factor of its retry policy must be a number from 1 on"
    } else if !(0.0..=1.0).contains(&retry.jitter) {
        "the jitter of its retry policy must be from 0 to 1"
    } else if let Some(problem) = step.rollout.problem() {
        problem
    } else if !children && !step.rollout.is_plain() {
        "it starts no children, and has a rollout for them"
    } else if step.kind == (StepKind::Map { at_once: Some(0) }) {
        "none of its items may run: allow one or more at once"
    } else {
        step.limits.iter().find_map(limit::problem)?
    };
    Some(BuildError::Policy { step: step.name.clone(), problem })
}

/// What only a finally step may take, and what it may not have.
fn ending(step: &StepDef) -> Option<BuildError> {
    let maybe = step.sources().any(|source| matches!(source, Source::Maybe(_)));
    if maybe && !step.finally {
        Some(BuildError::MaybeOutsideFinally(step.name.clone()))
    } else if step.finally && step.undo.is_some() {
        Some(BuildError::FinallyUndo(step.name.clone()))
    } else if step.finally && step.kind != StepKind::Run {
        Some(BuildError::FinallyKind(step.name.clone()))
    } else {
        None
    }
}

fn cycles(graph: &DiGraph<StepIndex, ()>, definition: &Definition) -> Vec<Vec<StepName>> {
    tarjan_scc(graph)
        .into_iter()
        .filter(|group| group.len() > 1 || graph.contains_edge(group[0], group[0]))
        .map(|mut group| {
            group.sort();
            group.into_iter().map(|node| definition.steps[node.index()].name.clone()).collect()
        })
        .collect()
}
