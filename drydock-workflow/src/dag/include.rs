//! Workflows inside workflows: the steps of one become steps of another, under a prefix.

use std::collections::{HashMap, HashSet};

use drydock_core::StepName;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{BuildError, Handle, Input, Source, StepDef, WorkflowBuilder};
use crate::workflow::Workflow;

impl<I: Serialize + DeserializeOwned> WorkflowBuilder<I> {
    /// Adds all steps of `workflow`, each as `PREFIX.NAME`, with their bodies, policies, undos and finally steps. What is its
    /// task's input there is `input` here; the handle stands for its output.
    ///
    /// The steps belong to this workflow from then on: they run in its task, fail it, and are undone when it
    /// [unwinds](WorkflowBuilder::unwind), whatever `workflow` says about that. None begins before `input` is there, and what is
    /// wired to the handle begins when all of them, but for the finally steps, have ended. A finally step that `input` feeds is
    /// skipped when `input` never came to be.
    ///
    /// ```
    /// # use drydock_workflow::{Outcome, WorkflowBuilder, step_fn};
    /// let mut power = WorkflowBuilder::<String>::new("power-cycle", 1);
    /// let node = power.input();
    /// let off = power.step("off", step_fn(|_, node: String| async move { Ok(Outcome::Done(node)) })).run(&node);
    /// let on = power.step("on", step_fn(|_, node: String| async move { Ok(Outcome::Done(node)) })).run(&off);
    /// let power = power.output(&on).unwrap();
    ///
    /// let mut twice = WorkflowBuilder::<String>::new("twice", 1);
    /// let node = twice.input();
    /// let once = twice.include("first", &power, &node);
    /// let again = twice.include("second", &power, &once);
    /// let twice = twice.output(&again).unwrap();
    /// assert_eq!(twice.definition().steps[3].name.as_str(), "second.on");
    /// ```
    pub fn include<T, O>(&mut self, prefix: &str, workflow: &Workflow<T, O>, input: &Handle<T>) -> Handle<O> {
        let builder = self.parts.builder;
        if input.builder != builder {
            self.parts.problems.push(BuildError::Foreign { user: format!("included workflow {prefix}") });
        }
        match Inclusion::new(prefix, workflow, input.source.clone()) {
            Ok(inclusion) => {
                let code = workflow.code();
                for step in &workflow.definition().steps {
                    let renamed = inclusion.step(step, input);
                    self.parts.bodies.push((renamed.name.clone(), code.bodies_of(&step.name)));
                    self.parts.steps.push(renamed);
                }
                let output = workflow.definition().output.as_ref();
                let source = output.map_or(Source::Null, |source| inclusion.source(source));
                Handle::new(builder, source, inclusion.ends(workflow))
            }
            Err(problem) => {
                self.parts.problems.push(problem.into());
                Handle::new(builder, Source::Null, Vec::new())
            }
        }
    }
}

/// A workflow under its new names.
struct Inclusion {
    /// The new names, by the old ones.
    names: HashMap<StepName, StepName>,
    input: Source,
}

impl Inclusion {
    fn new<T, O>(
        prefix: &str,
        workflow: &Workflow<T, O>,
        input: Source,
    ) -> Result<Self, drydock_core::InvalidName> {
        let prefix = StepName::new(prefix)?;
        let names = workflow.definition().steps.iter().map(|step| {
            let name = StepName::new(format!("{prefix}.{}", step.name))?;
            Ok((step.name.clone(), name))
        });
        Ok(Self { names: names.collect::<Result<_, _>>()?, input })
    }

    /// A name that is not one of the included workflow's stays: it cannot be, a built workflow has none.
    fn name(&self, old: &StepName) -> StepName {
        self.names.get(old).unwrap_or(old).clone()
    }

    fn source(&self, source: &Source) -> Source {
        match source {
            Source::TaskInput => self.input.clone(),
            Source::Step(name) => Source::Step(self.name(name)),
            Source::Maybe(name) => Source::Maybe(self.name(name)),
            Source::Null => Source::Null,
        }
    }

    fn step<T>(&self, step: &StepDef, input: &Handle<T>) -> StepDef {
        let mut after: Vec<StepName> = step.after.iter().map(|name| self.name(name)).collect();
        if step.dependencies().is_empty() && !step.finally {
            after.extend(input.steps().cloned());
        }
        StepDef {
            name: self.name(&step.name),
            input: match &step.input {
                Input::None => Input::None,
                Input::One(source) => Input::One(self.source(source)),
                Input::Many(sources) => {
                    Input::Many(sources.iter().map(|source| self.source(source)).collect())
                }
            },
            after,
            when: step.when.as_ref().map(|source| self.source(source)),
            ..step.clone()
        }
    }

    /// The ordinary steps that no other waits for: when they have ended, all have.
    fn ends<T, O>(&self, workflow: &Workflow<T, O>) -> Vec<StepName> {
        let steps = || workflow.definition().steps.iter().filter(|step| !step.finally);
        let awaited: HashSet<&StepName> = steps().flat_map(StepDef::dependencies).collect();
        steps().filter(|step| !awaited.contains(&step.name)).map(|step| self.name(&step.name)).collect()
    }
}
