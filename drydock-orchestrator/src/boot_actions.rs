//! The boot actions of one deployment of one node: what is on record of them, and what the node gets.

use std::sync::Arc;

use drydock_core::boot_action::{
    ActionContext, ActionId, ArchiveError, BootReport, CONTENT_MAX, Fetched, KeptKey, NO_KEY, RenderError,
    Renderer, TemplateFiller, archive, cloud_config,
};
use drydock_core::design::{AssetKind, BootAction, EffectiveNode, Site};
use drydock_core::ingest::SourceFile;
use drydock_core::journal::Fact;
use drydock_core::lshw::Lshw;
use drydock_core::{Classify, Disposition, Entropy, NodeName, SecretString, TaskId};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::assets::{AssetError, AssetSource};
use crate::inventories::{Inventories, InventoryError};
use crate::{DesignError, LoadedDesign};

/// Where reports go unless somebody says otherwise, as in v1.0.
pub const REPORT_URL: &str = "http://localhost:9000/api/v1.0/bootactions/";

/// The name of the signal by which a task hears of a report: a [`HeardReport`].
pub const REPORT_SIGNAL: &str = "boot-action";

/// What made the facts below.
const GENERATOR: &str = "boot_key";

/// What boot actions need from outside.
#[derive(Clone)]
pub struct BootActions {
    /// Where assets come from.
    pub assets: Arc<dyn AssetSource>,
    /// Where it is on record what servers told of their devices.
    pub inventories: Arc<dyn Inventories>,
    /// Randomness, of which keys are made.
    pub entropy: Arc<dyn Entropy>,
    /// Where nodes send reports: the text before an action's id.
    pub report_url: String,
    /// By what templates are filled in.
    pub templates: Arc<dyn TemplateFiller>,
}

/// What is on record of a node's newest key. Which deployment it is of says the task that recorded it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NodeKeyFact {
    /// What is kept of the key.
    pub key: KeptKey,
}

impl NodeKeyFact {
    /// The kind of its subject, whose name is the node's.
    pub const KIND: &str = "boot-action-node";

    pub(crate) fn about(&self, node: &NodeName) -> Result<Fact, serde_json::Error> {
        Fact::about(Self::KIND, node.as_str()).by(GENERATOR).json(self)
    }
}

/// What is on record of one boot action of a deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BootActionFact {
    /// The node.
    pub node: NodeName,
    /// The name of the action.
    pub name: String,
    /// Whether the node tells what came of it.
    pub signaling: bool,
}

impl BootActionFact {
    /// The kind of its subject, whose name is the action's id.
    pub const KIND: &str = "boot-action";

    pub(crate) fn about(&self, id: ActionId) -> Result<Fact, serde_json::Error> {
        Fact::about(Self::KIND, id.to_string()).by(GENERATOR).json(self)
    }
}

/// A report, as the task that deploys the node hears of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeardReport {
    /// The id of the boot action.
    pub action: String,
    /// What the node says.
    pub report: BootReport,
}

/// Why a node cannot have what its boot actions are to give it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BootActionError {
    /// The design cannot be had.
    #[error("the design of the deployment cannot be used")]
    Design(#[from] DesignError),
    /// The design does not have the node.
    #[error("the design has no node {0}")]
    NoNode(String),
    /// The task is not one node's share of an action.
    #[error("task {0} deploys no node")]
    NoDeployment(TaskId),
    /// An asset cannot be rendered.
    #[error("the boot actions cannot be rendered")]
    Render(#[from] RenderError),
    /// A location is no URL.
    #[error("boot action {action}, asset {asset}: its location is no URL: {problem}")]
    Location {
        /// The boot action.
        action: String,
        /// The asset.
        asset: String,
        /// What is wrong.
        problem: url::ParseError,
    },
    /// What is at a location cannot be had.
    #[error("boot action {action}, asset {asset}: its content cannot be fetched")]
    Asset {
        /// The boot action.
        action: String,
        /// The asset.
        asset: String,
        /// Why.
        #[source]
        source: AssetError,
    },
    /// The files cannot be packed.
    #[error("the files of the boot actions cannot be packed")]
    Archive(#[from] ArchiveError),
    /// What the node told of its devices cannot be looked up.
    #[error(transparent)]
    Inventory(#[from] InventoryError),
    /// The work was cut off.
    #[error("the boot actions were not made to the end")]
    Cut,
}

impl Classify for BootActionError {
    fn disposition(&self) -> Disposition {
        match self {
            Self::Design(error) => error.disposition(),
            Self::Asset { source, .. } => source.disposition(),
            Self::Inventory(error) => error.disposition(),
            Self::Render(error) if error.problem.is_passing() => Disposition::Retryable,
            Self::Cut => Disposition::Retryable,
            Self::NoNode(_)
            | Self::NoDeployment(_)
            | Self::Render(_)
            | Self::Location { .. }
            | Self::Archive(_) => Disposition::Permanent,
        }
    }
}

/// A node, the design it is deployed from, and what its templates know.
#[derive(Clone)]
pub(crate) struct Share {
    design: Arc<LoadedDesign>,
    node: NodeName,
    deployment: TaskId,
    key: SecretString,
    report_url: String,
    templates: Arc<dyn TemplateFiller>,
    /// Without the password that it may hold: it is written to the node's disk.
    design_ref: String,
    /// The node with the names of its devices, where they are known.
    learnt: Option<EffectiveNode>,
    /// What there is to say about them.
    unclear: Vec<String>,
}

impl Share {
    /// The share of `node`; without a key, as what stands for one.
    pub(crate) fn new(
        boot: &BootActions,
        design: Arc<LoadedDesign>,
        node: NodeName,
        deployment: TaskId,
        design_ref: String,
    ) -> Self {
        let (key, report_url) = (SecretString::from(NO_KEY), boot.report_url.clone());
        let templates = Arc::clone(&boot.templates);
        let (learnt, unclear) = (None, Vec::new());
        Self { design, node, deployment, key, report_url, templates, design_ref, learnt, unclear }
    }

    /// The same with the node's key.
    pub(crate) fn with_key(self, key: SecretString) -> Self {
        Self { key, ..self }
    }

    fn site(&self) -> &Site {
        &self.design.site
    }

    /// The same with the devices that the node's aliases mean, by the newest inventory on record. Where that does not tell, an alias
    /// keeps its own name, and [`Share::unclear`] says why.
    pub(crate) async fn with_devices(
        mut self,
        inventories: &dyn Inventories,
    ) -> Result<Self, BootActionError> {
        if !self.site().has_aliases(self.node()?) || self.actions()?.is_empty() {
            return Ok(self);
        }
        let Some(bytes) = inventories.lshw(&self.node).await? else {
            let text = "No inventory (lshw) of the node is on record, so its boot actions see the aliases of devices for their \
                        names: prepare_nodes records it";
            self.unclear.push(text.to_owned());
            return Ok(self);
        };
        // It may have a megabyte: as with archives, others are not kept from their work.
        let reading = move || Lshw::read(&SourceFile { name: "lshw", bytes: &bytes });
        match tokio::task::spawn_blocking(reading).await.map_err(|_| BootActionError::Cut)? {
            Ok(lshw) => {
                if let Some((node, problems)) = self.site().with_devices(&self.node, &lshw) {
                    self.learnt = Some(node);
                    self.unclear.extend(problems.iter().map(ToString::to_string));
                }
            }
            Err(error) => self.unclear.push(format!(
                "The inventory (lshw) of the node that is on record cannot be read, so its boot actions see the aliases of devices \
                 for their names: {error}"
            )),
        }
        Ok(self)
    }

    /// What there is to say about the names of the node's devices.
    pub(crate) fn unclear(&self) -> &[String] {
        &self.unclear
    }

    fn node(&self) -> Result<&EffectiveNode, BootActionError> {
        if let Some(node) = &self.learnt {
            return Ok(node);
        }
        self.site().node(&self.node).ok_or_else(|| BootActionError::NoNode(self.node.to_string()))
    }

    /// The boot actions that are for the node, each with its id.
    pub(crate) fn actions(&self) -> Result<Vec<(ActionId, &BootAction)>, BootActionError> {
        let actions = self.site().boot_actions_for(self.node()?);
        Ok(actions.into_iter().map(|action| (self.id(action), action)).collect())
    }

    fn id(&self, action: &BootAction) -> ActionId {
        ActionId::of(self.deployment.as_uuid(), &action.name)
    }

    fn renderer(&self) -> Result<Renderer<'_>, BootActionError> {
        let renderer = Renderer::new(self.site(), self.node()?, |action| ActionContext {
            id: self.id(action),
            key: &self.key,
            report_url: &self.report_url,
            design_ref: &self.design_ref,
        });
        Ok(renderer.by(&*self.templates))
    }

    /// Renders on a thread where it may take its time: those that serve and run tasks are not kept from their work.
    async fn render<T: Send + 'static>(
        self: &Arc<Self>,
        render: impl FnOnce(&Renderer<'_>) -> Result<T, BootActionError> + Send + 'static,
    ) -> Result<T, BootActionError> {
        let share = Arc::clone(self);
        let rendering = tokio::task::spawn_blocking(move || render(&share.renderer()?));
        rendering.await.unwrap_or(Err(BootActionError::Cut))
    }

    /// Fetches what the assets of one kind refer to, one after the other.
    async fn fetch(
        self: &Arc<Self>,
        assets: &dyn AssetSource,
        kind: AssetKind,
    ) -> Result<Fetched, BootActionError> {
        let locations = self.render(move |renderer| Ok(renderer.locations(|wanted| wanted == kind)?)).await?;
        let mut fetched = Fetched::new();
        for location in locations {
            let (action, asset) = (location.action, location.asset);
            let url: Url = match location.reference.parse() {
                Ok(url) => url,
                Err(problem) => return Err(BootActionError::Location { action, asset, problem }),
            };
            let bytes = assets.fetch(&url, CONTENT_MAX).await;
            let bytes = bytes.map_err(|source| BootActionError::Asset { action, asset, source })?;
            fetched.insert(location.reference, bytes);
        }
        Ok(fetched)
    }

    /// The user data by which the installation adds the packages; none where there are none.
    pub(crate) async fn user_data(
        self: Arc<Self>,
        assets: &dyn AssetSource,
    ) -> Result<Option<String>, BootActionError> {
        let fetched = self.fetch(assets, AssetKind::PkgList).await?;
        self.render(move |renderer| Ok(cloud_config(&renderer.packages(&fetched)?))).await
    }

    /// The archive of the node's files, or of its units.
    pub(crate) async fn archive(
        self: Arc<Self>,
        assets: &dyn AssetSource,
        kind: AssetKind,
    ) -> Result<Vec<u8>, BootActionError> {
        let fetched = self.fetch(assets, kind).await?;
        self.render(move |renderer| Ok(archive(&renderer.files_of(kind, &fetched)?)?)).await
    }
}
