//! What steps work with: drivers, designs, and how long things may take.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use drydock_core::design::EffectiveNode;
use drydock_core::{NodeName, RetryPolicy, TaskId};
use drydock_drivers::node::{NodeIdentity, ReleaseRequest};
use drydock_drivers::oob::Bmc;
use drydock_drivers::{NodeDriver, OobDriver};
use drydock_workflow::StepError;

use crate::DesignSource;
use crate::boot_actions::{BootActions, Share};
use crate::input::{NodeJob, TaskInput};

/// The UDP port of IPMI over LAN (IANA, `asf-rmcp`).
const IPMI_PORT: u16 = 623;

/// For a step that asks or tells a driver something: about five minutes of trouble are borne. A BMC whose sessions a killed process
/// left open is free again after one (IPMI 2.0 section 6.12.15: 60 s), a provisioner that is being upgraded after a few.
pub(crate) const PATIENT: RetryPolicy =
    RetryPolicy::attempts(10).delays(Duration::from_secs(2), Duration::from_mins(1));

/// For a step that waits for a machine: only its deadline ends it.
pub(crate) const UNTIL_DEADLINE: RetryPolicy =
    RetryPolicy::attempts(u32::MAX).delays(Duration::from_secs(2), Duration::from_mins(1));

/// The drivers of a site.
#[derive(Clone)]
pub struct Drivers {
    /// The provisioner.
    pub node: Arc<dyn NodeDriver>,
    /// One driver for each `oob.type` that is supported.
    pub oob: Vec<Arc<dyn OobDriver>>,
}

/// How often things are looked at, and how long they may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrchestratorOptions {
    /// How often the provisioner is asked for the state of a machine; 10 s.
    pub poll: Duration,
    /// How often a BMC is asked for the power state after a command; 5 s.
    pub power_poll: Duration,
    /// The longest that a change of power may take, with a BMC that is slow to answer; 5 min.
    pub power: Duration,
    /// The longest from power on to enlisted; 10 min.
    pub enlist: Duration,
    /// The longest that commissioning may take; 30 min.
    pub commission: Duration,
    /// The longest that an installation may take; 45 min.
    pub deploy: Duration,
    /// The longest that giving a machine back may take; 30 min.
    pub release: Duration,
    /// The longest that a node may take after its installation to report on its boot actions; 15 min.
    pub boot_actions: Duration,
    /// How long a node's key is of use, counted from before its installation; 24 h.
    pub boot_key: Duration,
    /// Whether and how disks are erased when a node is destroyed: erased, quickly.
    pub erase: ReleaseRequest,
}

impl Default for OrchestratorOptions {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(10),
            power_poll: Duration::from_secs(5),
            power: Duration::from_mins(5),
            enlist: Duration::from_mins(10),
            commission: Duration::from_mins(30),
            deploy: Duration::from_mins(45),
            release: Duration::from_mins(30),
            boot_actions: Duration::from_mins(15),
            boot_key: Duration::from_hours(24),
            erase: ReleaseRequest { erase: true, quick_erase: true },
        }
    }
}

/// Everything that a step may use.
pub(crate) struct Tools {
    pub(crate) drivers: Drivers,
    pub(crate) designs: Arc<dyn DesignSource>,
    pub(crate) boot: BootActions,
    pub(crate) options: OrchestratorOptions,
}

impl Tools {
    /// The node of a child task, as its pinned design has it.
    pub(crate) async fn node(&self, input: &TaskInput) -> Result<EffectiveNode, StepError> {
        let NodeJob { node, design_digest } = job(input)?;
        let design = self.designs.load_pinned(&input.design_ref, design_digest).await?;
        design
            .site
            .node(node)
            .cloned()
            .ok_or_else(|| StepError::permanent(format!("the design has no node {node}")))
    }

    /// The boot actions of the node of the child task `task`, as its pinned design has them.
    pub(crate) async fn share(&self, input: &TaskInput, task: TaskId) -> Result<Share, StepError> {
        let NodeJob { node, design_digest } = job(input)?;
        let design = self.designs.load_pinned(&input.design_ref, design_digest).await?;
        Ok(Share::new(&self.boot, design, node.clone(), task, input.design_ref.to_string()))
    }

    /// The out-of-band driver of a node, and where its BMC is.
    pub(crate) fn oob(&self, node: &EffectiveNode) -> Result<(&dyn OobDriver, Bmc), StepError> {
        let kind = node.oob.kind().as_str();
        let driver = self.drivers.oob.iter().find(|driver| driver.kind() == kind);
        let (Some(driver), Some(bmc)) = (driver, node.oob.bmc()) else {
            return Err(StepError::permanent(format!("no driver for oob type {kind} is configured")));
        };
        let bmc = Bmc {
            node: node.name.clone(),
            address: SocketAddr::new(bmc.address, bmc.port.unwrap_or(IPMI_PORT)),
            account: bmc.account.clone(),
            credential: bmc.credential.clone(),
        };
        Ok((&**driver, bmc))
    }
}

/// By what the provisioner recognises a node.
pub(crate) fn identity(node: &EffectiveNode) -> NodeIdentity {
    NodeIdentity {
        name: node.name.clone(),
        boot_mac: node.boot_mac.map(|mac| mac.to_string()),
        oob_address: node.oob.bmc().map(|bmc| bmc.address),
    }
}

/// The child task's share.
pub(crate) fn job(input: &TaskInput) -> Result<&NodeJob, StepError> {
    input.job.as_ref().ok_or_else(|| StepError::permanent("the task names no node"))
}

/// The child task's node.
pub(crate) fn node_name(input: &TaskInput) -> Result<&NodeName, StepError> {
    job(input).map(|job| &job.node)
}
