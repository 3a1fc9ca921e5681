//! A workflow: its shape together with the code of its steps.

use std::marker::PhantomData;
use std::sync::Arc;

use drydock_core::{StepName, WorkflowName};

use crate::dag::{Dag, Definition, StepKind};
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

    /// The same shape with other bodies: what `wrap` makes of each.
    #[cfg(feature = "testing")]
    pub(crate) fn with_bodies(&self, wrap: impl Fn(Arc<dyn AnyStep>) -> Arc<dyn AnyStep>) -> Self {
        let Code { dag, bodies } = &*self.code;
        let bodies = bodies.iter().map(|(name, body)| (name.clone(), wrap(Arc::clone(body)))).collect();
        Self { code: Arc::new(Code { dag: Arc::clone(dag), bodies }), types: PhantomData }
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
    ) -> Result<Vec<Option<Arc<dyn AnyStep>>>, Vec<StepName>> {
        let mut missing = Vec::new();
        let bodies = stored
            .steps
            .iter()
            .map(|step| match &step.kind {
                StepKind::Children(_) => None,
                StepKind::Run => {
                    let body = self.bodies.iter().find(|(name, _)| *name == step.name);
                    if body.is_none() {
                        missing.push(step.name.clone());
                    }
                    body.map(|(_, body)| Arc::clone(body))
                }
            })
            .collect();
        if missing.is_empty() { Ok(bodies) } else { Err(missing) }
    }
}
