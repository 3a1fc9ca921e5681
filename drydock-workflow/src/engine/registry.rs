//! The workflows that this code offers, and the stored ones that it can run.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use drydock_core::journal::{Journal, Offers, StoredWorkflow};
use drydock_core::{ExecutorName, WorkflowId, WorkflowName};

use super::EngineError;
use crate::dag::{Dag, Definition, StepKind};
use crate::executor::Executor;
use crate::workflow;

/// The workflows of this code, and the numbers that the store gave them.
#[derive(Default)]
pub(super) struct Registry {
    executors: workflow::Executors,
    /// Executors that other instances have.
    elsewhere: HashSet<ExecutorName>,
    workflows: Vec<Arc<workflow::Code>>,
    ids: RwLock<HashMap<WorkflowName, WorkflowId>>,
    /// Stored workflows of which the log has said that this code lacks them.
    told: Mutex<HashSet<WorkflowId>>,
}

/// A stored workflow with the code that runs it.
pub(super) struct Loaded {
    pub(super) dag: Arc<Dag>,
    /// The bodies of each step.
    pub(super) bodies: Vec<workflow::Bodies>,
}

impl Registry {
    pub(super) fn add(&mut self, workflow: Arc<workflow::Code>) {
        self.workflows.push(workflow);
    }

    /// An executor of this instance's own; the last of a name stands.
    pub(super) fn add_executor(&mut self, name: ExecutorName, executor: Arc<dyn Executor>) {
        self.executors.insert(name, executor);
    }

    /// An executor that another instance has.
    pub(super) fn add_elsewhere(&mut self, name: ExecutorName) {
        self.elsewhere.insert(name);
    }

    /// Names are unique, and children's workflows are there.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let names: Vec<&WorkflowName> =
            self.workflows.iter().map(|code| &code.dag.definition().name).collect();
        for (place, name) in names.iter().enumerate() {
            if names[..place].contains(name) {
                return Err(EngineError::DuplicateWorkflow((*name).clone()));
            }
        }
        for code in &self.workflows {
            self.check_executors(code.dag.definition())?;
        }
        for step in self.workflows.iter().flat_map(|code| code.dag.steps()) {
            if let StepKind::Children(child) = &step.kind
                && !names.contains(&child)
            {
                return Err(EngineError::UnknownWorkflow(child.clone()));
            }
        }
        Ok(())
    }

    /// What this instance tells the others that it can run.
    pub(super) fn offers(&self) -> Offers {
        let definitions = self.workflows.iter().map(|code| code.dag.definition());
        let mut executors: Vec<String> = self.executors.keys().map(ToString::to_string).collect();
        executors.sort_unstable();
        Offers { workflows: definitions.map(|it| (it.name.clone(), it.version)).collect(), executors }
    }

    fn check_executors(&self, workflow: &Definition) -> Result<(), EngineError> {
        for executor in workflow.executors() {
            if !self.executors.contains_key(executor) && !self.elsewhere.contains(executor) {
                return Err(EngineError::UnknownExecutor {
                    workflow: workflow.name.clone(),
                    executor: executor.clone(),
                });
            }
        }
        Ok(())
    }

    /// The number under which new tasks of this very workflow start.
    pub(super) fn id_of_code(&self, code: &Arc<workflow::Code>) -> Result<WorkflowId, EngineError> {
        let name = &code.dag.definition().name;
        let same = |own: &Arc<workflow::Code>| {
            Arc::ptr_eq(own, code) || own.dag.definition() == code.dag.definition()
        };
        if self.workflows.iter().any(same) {
            self.id_of(name)
        } else {
            Err(EngineError::UnknownWorkflow(name.clone()))
        }
    }

    /// The number under which new tasks of the workflow of this name start.
    pub(super) fn id_of(&self, name: &WorkflowName) -> Result<WorkflowId, EngineError> {
        let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
        ids.get(name).copied().ok_or_else(|| EngineError::UnknownWorkflow(name.clone()))
    }

    /// Stores this code's workflows, and finds all stored ones that it can run: those of a name and version that it offers.
    pub(super) async fn load(
        &self,
        journal: &dyn Journal,
    ) -> Result<HashMap<WorkflowId, Arc<Loaded>>, EngineError> {
        let mut ids = HashMap::new();
        for code in &self.workflows {
            let stored = code.dag.definition().to_stored().map_err(EngineError::Definition)?;
            ids.insert(stored.name.clone(), journal.workflow_put(&stored).await?);
        }
        *self.ids.write().unwrap_or_else(PoisonError::into_inner) = ids;
        let mut loaded = HashMap::new();
        for (id, stored) in journal.workflow_list().await? {
            let offered = self.workflows.iter().find(|code| {
                let own = code.dag.definition();
                own.name == stored.name && own.version == stored.version
            });
            let Some(code) = offered else {
                self.tell_unknown(id, &stored);
                continue;
            };
            if let Some(workflow) = self.resolve(&stored.definition, code) {
                loaded.insert(id, Arc::new(workflow));
            }
        }
        Ok(loaded)
    }

    /// Tells of a stored workflow that this code does not offer, once, however often the instance joins.
    fn tell_unknown(&self, id: WorkflowId, stored: &StoredWorkflow) {
        if !self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
            return;
        }
        let own = self.workflows.iter().map(|code| code.dag.definition());
        let offered = own.clone().find(|own| own.name == stored.name).map(|own| own.version);
        tracing::info!(
            workflow = %stored.name, version = stored.version, offered,
            "this code lacks a stored version of a workflow: tasks of it, if there are any, stay queued until an instance \
            starts that offers it, or they are cancelled and carried over"
        );
    }

    /// A stored definition with the bodies of `code`, unless they do not fit: then its tasks stay queued, and the log says why.
    fn resolve(&self, definition: &str, code: &workflow::Code) -> Option<Loaded> {
        let name = &code.dag.definition().name;
        let definition: Definition = match serde_json::from_str(definition) {
            Ok(definition) => definition,
            Err(error) => {
                tracing::error!(workflow = %name, %error, "a stored workflow cannot be read; its tasks stay queued");
                return None;
            }
        };
        if definition.executors().any(|name| !self.executors.contains_key(name)) {
            tracing::info!(workflow = %name, "another instance has an executor of this workflow; its tasks stay queued here");
            return None;
        }
        let bodies = match code.bodies_for(&definition, &self.executors) {
            Ok(bodies) => bodies,
            Err(missing) => {
                tracing::error!(
                    workflow = %name, version = definition.version, ?missing,
                    "a stored workflow has steps that this code lacks under the same version; its tasks stay queued"
                );
                return None;
            }
        };
        match Dag::new(definition) {
            Ok(dag) => Some(Loaded { dag: Arc::new(dag), bodies }),
            Err(error) => {
                tracing::error!(workflow = %name, %error, "a stored workflow is not one; its tasks stay queued");
                None
            }
        }
    }
}
