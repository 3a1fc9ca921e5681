//! A workflow: its shape together with the code of its steps.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use drydock_core::{ExecutorName, StepKey, StepName, WorkflowName};

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
    pub(crate) fn new(dag: Dag, bodies: Vec<(StepName, Bodies)>) -> Self {
        let bodies = bodies.into_iter().collect();
        Self { code: Arc::new(Code { dag: Arc::new(dag), bodies }), types: PhantomData }
    }

    /// Its name.
    pub fn name(&self) -> &WorkflowName {
        &self.code.dag.definition().name
    }

    /// Its shape, as it is stored.
    pub fn definition(&self) -> &Definition {
        self.code.dag.definition()
    }

    /// The same shape with other bodies: what `wrap` makes of each.
    #[cfg(feature = "testing")]
    pub(crate) fn with_bodies(&self, wrap: impl Fn(Arc<dyn AnyStep>) -> Arc<dyn AnyStep>) -> Self {
        let Code { dag, bodies } = &*self.code;
        let wrapped = |bodies: &Bodies| Bodies {
            run: bodies.run.clone().map(&wrap),
            undo: bodies.undo.clone().map(&wrap),
        };
        let bodies = bodies.iter().map(|(name, bodies)| (name.clone(), wrapped(bodies))).collect();
        Self { code: Arc::new(Code { dag: Arc::clone(dag), bodies }), types: PhantomData }
    }

    /// Its shape, as a graph.
    pub fn dag(&self) -> &Dag {
        &self.code.dag
    }

    pub(crate) fn code(&self) -> Arc<Code> {
        Arc::clone(&self.code)
    }
}

/// What the code has for one step.
#[derive(Clone, Default)]
pub(crate) struct Bodies {
    /// Does its work; steps that only wait for others have none.
    pub(crate) run: Option<Arc<dyn AnyStep>>,
    /// Takes it back.
    pub(crate) undo: Option<Arc<dyn AnyStep>>,
}

/// What runs steps that are not code of this process.
pub(crate) type Executors = HashMap<ExecutorName, Arc<dyn Executor>>;

/// A workflow without its types.
pub(crate) struct Code {
    pub(crate) dag: Arc<Dag>,
    bodies: HashMap<StepName, Bodies>,
}

impl Code {
    /// What this code has for a step of its own.
    pub(crate) fn bodies_of(&self, step: &StepName) -> Bodies {
        self.bodies.get(step).cloned().unwrap_or_default()
    }

    /// The bodies for a stored definition of this workflow, step by step; what this code does not have, otherwise.
    pub(crate) fn bodies_for(
        &self,
        stored: &Definition,
        executors: &Executors,
    ) -> Result<Vec<Bodies>, Vec<StepKey>> {
        let mut missing = Vec::new();
        let bodies = stored
            .steps
            .iter()
            .map(|step| {
                let mut bodies = self.bodies_of(&step.name);
                if let Some(ExecutorJob { name, job }) = &step.executor {
                    bodies.run = executors.get(name).map(|executor| {
                        Arc::new(External { executor: Arc::clone(executor), job: job.clone() }) as _
                    });
                }
                missing.extend(lacks(step, &bodies));
                bodies
            })
            .collect();
        if missing.is_empty() { Ok(bodies) } else { Err(missing) }
    }
}

fn lacks(step: &StepDef, bodies: &Bodies) -> Option<StepKey> {
    let key = StepKey::new(step.name.clone());
    let runs = match step.kind {
        StepKind::Run | StepKind::Map { .. } => bodies.run.is_some(),
        StepKind::Children(_) => true,
    };
    if !runs {
        Some(key)
    } else if step.undo.is_some() && bodies.undo.is_none() {
        Some(key.undoing())
    } else {
        None
    }
}
