//! A workflow that is being written, without its types: what all kinds of steps have in common when they are added.

use std::sync::Arc;

use drydock_core::{InvalidName, StepName};

use super::handle::Wire;
use super::limit::Limit;
use super::{
    BuildError, ExecutorJob, Handle, Input, Rollout, Source, StepDef, StepKind, StepPolicy, UndoScope,
};
use crate::class::Class;
use crate::step::{AnyStep, Step, erase};
use crate::workflow::Bodies;

/// What was added to a workflow so far.
pub(super) struct Parts {
    /// Tells builders apart within this process; never stored.
    pub(super) builder: u64,
    pub(super) steps: Vec<StepDef>,
    pub(super) bodies: Vec<(StepName, Bodies)>,
    pub(super) problems: Vec<BuildError>,
}

/// A step that is being added.
pub(super) struct Draft {
    pub(super) name: Result<StepName, InvalidName>,
    pub(super) kind: StepKind,
    pub(super) body: Option<Arc<dyn AnyStep>>,
    pub(super) undo: Option<(UndoScope, Arc<dyn AnyStep>)>,
    pub(super) after: Vec<StepName>,
    pub(super) when: Option<Wire>,
    /// Whether `after` was given a handle of another builder.
    pub(super) foreign: bool,
    pub(super) finally: bool,
    pub(super) class: Class,
    pub(super) rollout: Rollout,
    pub(super) limits: Vec<Limit>,
    pub(super) priority: Option<i16>,
    pub(super) policy: StepPolicy,
    pub(super) executor: Option<ExecutorJob>,
}

impl Draft {
    pub(super) fn new(name: &str, kind: StepKind, body: Option<Arc<dyn AnyStep>>) -> Self {
        Self {
            name: StepName::new(name),
            kind,
            body,
            undo: None,
            after: Vec::new(),
            when: None,
            foreign: false,
            finally: false,
            class: Class::Replayable,
            rollout: Rollout::default(),
            limits: Vec::new(),
            priority: None,
            policy: StepPolicy::default(),
            executor: None,
        }
    }

    /// Comes after the steps behind a handle.
    pub(super) fn after<T>(&mut self, handle: &Handle<T>, builder: u64) {
        self.foreign |= handle.builder != builder;
        self.after.extend(handle.steps().cloned());
    }
}

impl Draft {
    /// A step with a body of its own.
    pub(super) fn of<S: Step>(name: &str, kind: StepKind, step: S) -> Self {
        Self { class: S::CLASS, ..Self::new(name, kind, Some(erase(step))) }
    }
}

impl Parts {
    /// Adds the step, and gives the source of its output; of a step without a name there is none.
    pub(super) fn add(&mut self, draft: Draft, wires: Vec<Wire>, list: bool) -> Source {
        let Draft {
            name,
            kind,
            body,
            undo,
            mut after,
            when,
            foreign,
            finally,
            class,
            rollout,
            limits,
            priority,
            policy,
            executor,
        } = draft;
        let name = match name {
            Ok(name) => name,
            Err(problem) => {
                self.problems.push(problem.into());
                return Source::Null;
            }
        };
        if foreign || wires.iter().chain(&when).any(|wire| wire.builder != self.builder) {
            self.problems.push(BuildError::Foreign { user: format!("step {name}") });
        }
        if finally {
            for wire in wires.iter().chain(&when) {
                self.check_ending(&name, &wire.source);
            }
        }
        let mut sources = Vec::with_capacity(wires.len());
        for wire in wires {
            sources.push(wire.source);
            after.extend(wire.after);
        }
        let when = when.map(|wire| {
            after.extend(wire.after);
            wire.source
        });
        let input = match (list, sources.pop()) {
            (_, None) => Input::None,
            (false, Some(source)) => Input::One(source),
            (true, Some(last)) => {
                sources.push(last);
                Input::Many(sources)
            }
        };
        let (undo, undo_body) = undo.unzip();
        self.bodies.push((name.clone(), Bodies { run: body, undo: undo_body }));
        self.steps.push(StepDef {
            name: name.clone(),
            kind,
            input,
            after,
            when,
            finally,
            undo,
            class,
            rollout,
            limits,
            priority,
            policy,
            executor,
        });
        Source::Step(name)
    }

    /// A step that runs however the task ends cannot count on a step that runs only if all goes well.
    fn check_ending(&mut self, user: &StepName, source: &Source) {
        if let Source::Step(name) = source
            && self.steps.iter().any(|step| step.name == *name && !step.finally)
        {
            self.problems.push(BuildError::FinallyNeeds { step: user.clone(), needs: name.clone() });
        }
    }
}
