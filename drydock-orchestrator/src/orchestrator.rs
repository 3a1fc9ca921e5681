//! The actions, gathered: offered to an engine, and submitted by name.

use std::sync::Arc;

use drydock_core::TaskId;
use drydock_core::task::{Action, TaskResult};
use drydock_workflow::{BuildErrors, Engine, EngineBuilder, EngineError, Workflow};

use crate::actions::{
    deploy_node, destroy_node, over_nodes, prepare_node, validate_design, verify_node, verify_site,
};
use crate::tools::{Drivers, OrchestratorOptions, Tools};
use crate::{DesignSource, TaskInput};

/// A workflow that carries out an action, or one node's share of it.
pub(crate) type ActionWorkflow = Workflow<TaskInput, TaskResult>;

/// Why a task was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The action is a word of the API, but nothing carries it out yet.
    #[error("action {0} is not available in this version")]
    Unavailable(Action),
    /// The engine refused.
    #[error("the task was not started")]
    Engine(#[from] EngineError),
}

/// All actions over one set of drivers. Cheap to clone.
#[derive(Clone)]
pub struct Orchestrator {
    actions: Arc<[(Action, ActionWorkflow)]>,
    shares: Arc<[ActionWorkflow]>,
    designs: Arc<dyn DesignSource>,
}

impl Orchestrator {
    /// The actions over these drivers. An error only if an action's graph is none.
    pub fn new(
        drivers: Drivers,
        designs: Arc<dyn DesignSource>,
        options: OrchestratorOptions,
    ) -> Result<Self, BuildErrors> {
        let tools = Arc::new(Tools { drivers, designs: Arc::clone(&designs), options });
        let verify = verify_node::workflow(&tools)?;
        let prepare = prepare_node::workflow(&tools)?;
        let deploy = deploy_node::workflow(&tools)?;
        let destroy = destroy_node::workflow(&tools)?;
        let actions = [
            (Action::ValidateDesign, validate_design::workflow(&tools)?),
            (Action::VerifySite, verify_site::workflow(&tools)?),
            (Action::VerifyNodes, over_nodes::workflow("verify_nodes", &verify, &tools)?),
            (Action::PrepareNodes, over_nodes::workflow("prepare_nodes", &prepare, &tools)?),
            (Action::DeployNodes, over_nodes::workflow("deploy_nodes", &deploy, &tools)?),
            (Action::DestroyNodes, over_nodes::workflow("destroy_nodes", &destroy, &tools)?),
        ];
        Ok(Self { actions: actions.into(), shares: [verify, prepare, deploy, destroy].into(), designs })
    }

    /// Where its designs come from, for questions that need no task.
    pub fn designs(&self) -> &dyn DesignSource {
        &*self.designs
    }

    /// Adds all workflows to an engine that is to run them.
    pub fn offer(&self, engine: EngineBuilder) -> EngineBuilder {
        let actions = self.actions.iter().map(|(_, workflow)| workflow);
        actions.chain(self.shares.iter()).fold(engine, EngineBuilder::workflow)
    }

    /// Starts a task. Cancel-safe: a dropped call may or may not have started it.
    pub async fn submit(&self, engine: &Engine, input: &TaskInput) -> Result<TaskId, SubmitError> {
        let workflow = self.actions.iter().find(|(action, _)| *action == input.action);
        let (_, workflow) = workflow.ok_or(SubmitError::Unavailable(input.action))?;
        Ok(engine.submit(workflow, input).await?)
    }
}
