//! A workflow: its shape together with the code of its steps.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use drydock_core::{ExecutorName, StepName, WorkflowName};

use crate::dag::{Dag, Definition, ExecutorJob, StepDef, StepKind};
use crate::executor::{Executor, External};
use crate::step::AnyStep;

/// A built workflow whose tasks take an `I` and give an `O`. Cheap to clone.
pub struct Workflow<I, O> {
    code: Arc<Code>,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O> Clone for Workflow<I, O> {
    fn clone(&self) -> Self {
        Self { code: Arc::clone(&self.code), types: PhantomData }
    }
}

impl<I, O> Workflow<I, O> {
    pub(crate) fn new(dag: Dag, bodies: Vec<(StepName, Arc<dyn AnyStep>)>) -> Self {
        Self { code: Arc::new(Code { dag: Arc::new(dag), bodies }), types: PhantomData }
    }

    /// Its name.
    pub fn name(&self) -> &WorkflowName {
        &self.code.dag.definition().name
    }

    /// Its shape.
    pub fn definition(&self) -> &Definition {
        self.code.dag.definition()
    }

    pub(crate) fn code(&self) -> Arc<Code> {
        Arc::clone(&self.code)
    }
}

/// A workflow without its types.
pub(crate) struct Code {
    pub(crate) dag: Arc<Dag>,
    bodies: Vec<(StepName, Arc<dyn AnyStep>)>,
}

impl Code {
    /// The bodies for a stored definition of this workflow, step by step; the names that this code does not have, otherwise.
    pub(crate) fn bodies_for(
        &self,
        stored: &Definition,
        executors: &HashMap<ExecutorName, Arc<dyn Executor>>,
    ) -> Result<Vec<Option<Arc<dyn AnyStep>>>, Vec<StepName>> {
        let mut missing = Vec::new();
        let bodies = stored
            .steps
            .iter()
            .map(|step| match &step.kind {
                StepKind::Children(_) => None,
                StepKind::Run => {
                    let body = self.body_of(step, executors);
                    if body.is_none() {
                        missing.push(step.name.clone());
                    }
                    body
                }
            })
            .collect();
        if missing.is_empty() { Ok(bodies) } else { Err(missing) }
    }

    fn body_of(
        &self,
        step: &StepDef,
        executors: &HashMap<ExecutorName, Arc<dyn Executor>>,
    ) -> Option<Arc<dyn AnyStep>> {
        match &step.executor {
            None => {
                let own = self.bodies.iter().find(|(name, _)| *name == step.name);
                own.map(|(_, body)| Arc::clone(body))
            }
            Some(ExecutorJob { name, job }) => executors
                .get(name)
                .map(|executor| Arc::new(External { executor: Arc::clone(executor), job: job.clone() }) as _),
        }
    }
}
