//! The actions, gathered: offered to an engine, and submitted by name.

use std::sync::Arc;

use drydock_core::TaskId;
use drydock_core::boot_action::NodeKey;
use drydock_core::design::AssetKind;
use drydock_core::task::{Action, TaskResult};
use drydock_workflow::{BuildErrors, Engine, EngineBuilder, EngineError, Workflow};

use crate::actions::{
    deploy_node, destroy_node, over_nodes, prepare_node, validate_design, verify_node, verify_site,
};
use crate::boot_actions::{BootActionError, BootActions, Share};
use crate::tools::{Drivers, OrchestratorOptions, Tools};
use crate::{DesignSource, NodeJob, TaskInput};

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
    boot: BootActions,
}

impl Orchestrator {
    /// The actions over these drivers. An error only if an action's graph is none.
    pub fn new(
        drivers: Drivers,
        designs: Arc<dyn DesignSource>,
        boot: BootActions,
        options: OrchestratorOptions,
    ) -> Result<Self, BuildErrors> {
        let tools = Arc::new(Tools { drivers, designs: Arc::clone(&designs), boot: boot.clone(), options });
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
        Ok(Self { actions: actions.into(), shares: [verify, prepare, deploy, destroy].into(), designs, boot })
    }

    /// Where its designs come from, for questions that need no task.
    pub fn designs(&self) -> &dyn DesignSource {
        &*self.designs
    }

    /// The archive of the files, or of the units, that a node gets from its boot actions: those of the deployment that the task
    /// `deployment` with this input is, whose key is `key`. The same deployment gives the same bytes, as long as what assets refer to
    /// by location is the same, and so is what the node told of its devices.
    ///
    /// Cancel-safe: it changes nothing.
    pub async fn boot_files(
        &self,
        deployment: TaskId,
        input: &TaskInput,
        key: &NodeKey,
        kind: AssetKind,
    ) -> Result<Vec<u8>, BootActionError> {
        let Some(NodeJob { node, design_digest }) = &input.job else {
            return Err(BootActionError::NoDeployment(deployment));
        };
        let design = self.designs.load_pinned(&input.design_ref, design_digest).await?;
        let share = Share::new(&self.boot, design, node.clone(), deployment, input.design_ref.to_string());
        let share = share.with_devices(&*self.boot.inventories).await?;
        Arc::new(share.with_key(key.to_hex())).archive(&*self.boot.assets, kind).await
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
