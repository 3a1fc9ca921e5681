//! The workflows that this code offers, and the stored ones that it can run.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use drydock_core::journal::{Journal, Offers, StoredWorkflow, TaskLimit};
use drydock_core::{ExecutorName, WorkflowId, WorkflowName};

use super::EngineError;
use crate::dag::{Dag, Definition, StepKind};
use crate::executor::Executor;
use crate::observe::{Meters, WorkflowMeters};
use crate::workflow;

/// The workflows of this code, and the numbers that the store gave them.
#[derive(Default)]
pub(super) struct Registry {
    executors: workflow::Executors,
    /// Executors that other instances have.
    elsewhere: HashSet<ExecutorName>,
    workflows: Vec<Arc<workflow::Code>>,
    /// The numbers of this code's workflows, by name and version.
    ids: RwLock<BTreeMap<(WorkflowName, u32), Numbered>>,
    /// Stored workflows of which the log has said that this code lacks them.
    told: Mutex<HashSet<WorkflowId>>,
}

/// A workflow under which new tasks start.
#[derive(Clone)]
pub(super) struct Numbered {
    pub(super) id: WorkflowId,
    /// The limit that its tasks are under.
    pub(super) limit: Option<TaskLimit>,
}

/// A stored workflow with the code that runs it.
pub(super) struct Loaded {
    pub(super) dag: Arc<Dag>,
    /// The bodies of each step.
    pub(super) bodies: Vec<workflow::Bodies>,
    pub(super) meters: Arc<WorkflowMeters>,
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

    /// Names and versions are unique, and children's workflows are there.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        let mut known = HashSet::new();
        for Definition { name, version, .. } in self.definitions() {
            if !known.insert((name, version)) {
                return Err(EngineError::DuplicateWorkflow { name: name.clone(), version: *version });
            }
        }
        for definition in self.definitions() {
            self.check_executors(definition)?;
            if let Some(unknown) = children(definition).find(|child| self.versions(child).next().is_none()) {
                return Err(EngineError::UnknownWorkflow(unknown.clone()));
            }
        }
        self.definitions().try_for_each(|definition| self.check_limit(definition))
    }

    /// A task that waits for children which need a place of its own limit may wait for ever.
    fn check_limit(&self, definition: &Definition) -> Result<(), EngineError> {
        let Some(limit) = &definition.limit else { return Ok(()) };
        let (mut seen, mut next) = (HashSet::new(), vec![definition]);
        while let Some(parent) = next.pop() {
            for child in children(parent).flat_map(|child| self.versions(child)) {
                if child.limit.as_ref().is_some_and(|other| other.name == limit.name) {
                    return Err(EngineError::LimitWithin {
                        workflow: definition.name.clone(),
                        descendant: child.name.clone(),
                        limit: limit.name.clone(),
                    });
                }
                if seen.insert((&child.name, child.version)) {
                    next.push(child);
                }
            }
        }
        Ok(())
    }

    fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.workflows.iter().map(|code| code.dag.definition())
    }

    /// The names of what this code has; one that has several versions comes several times.
    pub(super) fn names(&self) -> impl Iterator<Item = &WorkflowName> {
        self.definitions().map(|own| &own.name)
    }

    /// What this code has under a name.
    fn versions<'r>(&'r self, name: &WorkflowName) -> impl Iterator<Item = &'r Definition> {
        self.definitions().filter(move |own| own.name == *name)
    }

    /// What this instance tells the others that it can run.
    pub(super) fn offers(&self) -> Offers {
        let mut executors: Vec<String> = self.executors.keys().map(ToString::to_string).collect();
        executors.sort_unstable();
        Offers { workflows: self.definitions().map(|it| (it.name.clone(), it.version)).collect(), executors }
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

    /// Under what new tasks of this very workflow start.
    pub(super) fn number_of_code(&self, code: &Arc<workflow::Code>) -> Result<Numbered, EngineError> {
        let Definition { name, version, .. } = code.dag.definition();
        let same = |own: &Arc<workflow::Code>| {
            Arc::ptr_eq(own, code) || own.dag.definition() == code.dag.definition()
        };
        let known = self.workflows.iter().any(same).then(|| {
            let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
            ids.get(&(name.clone(), *version)).cloned()
        });
        known.flatten().ok_or_else(|| EngineError::UnknownWorkflow(name.clone()))
    }

    /// Under what new children start: of the versions of this name that this code has, the greatest.
    pub(super) fn number_of(&self, name: &WorkflowName) -> Result<Numbered, EngineError> {
        let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
        let versions = ids.range((name.clone(), 0)..=(name.clone(), u32::MAX));
        let last = versions.last().map(|(_, numbered)| numbered.clone());
        last.ok_or_else(|| EngineError::UnknownWorkflow(name.clone()))
    }

    /// Stores this code's workflows, and finds all stored ones that it can run: those of a name and version that it offers.
    pub(super) async fn load(
        &self,
        journal: &dyn Journal,
        meters: &Meters,
    ) -> Result<HashMap<WorkflowId, Arc<Loaded>>, EngineError> {
        let mut ids = BTreeMap::new();
        for definition in self.definitions() {
            let stored = definition.to_stored().map_err(EngineError::Definition)?;
            let id = journal.workflow_put(&stored).await?;
            ids.insert((stored.name, stored.version), Numbered { id, limit: definition.task_limit() });
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
            if let Some(workflow) = self.resolve(&stored.definition, code, meters) {
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
        let offered = self.versions(&stored.name).map(|own| own.version).max();
        tracing::info!(
            workflow = %stored.name, version = stored.version, offered,
            "this code lacks a stored version of a workflow: tasks of it, if there are any, stay queued until an instance \
            starts that offers it, or they are cancelled and carried over"
        );
    }

    /// A stored definition with the bodies of `code`, unless they do not fit: then its tasks stay queued, and the log says why.
    fn resolve(&self, definition: &str, code: &workflow::Code, meters: &Meters) -> Option<Loaded> {
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
            Ok(dag) => Some(Loaded { dag: Arc::new(dag), bodies, meters: meters.of(name) }),
            Err(error) => {
                tracing::error!(workflow = %name, %error, "a stored workflow is not one; its tasks stay queued");
                None
            }
        }
    }
}

/// The workflows of the children that its tasks start.
fn children(definition: &Definition) -> impl Iterator<Item = &WorkflowName> {
    definition.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Children(child) => Some(child),
        StepKind::Run | StepKind::Map { .. } => None,
    })
}
