//! What can be seen of emulated machines from outside: the statuses they go through, and the log of what happened to them.

use drydock_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::oob::{BootDevice, PowerAction};

/// The provisioning statuses that the yard goes through, with MAAS's own numbers
/// (MAAS API `machines/`, field `status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum MaasStatus {
    /// Enlisted.
    New = 0,
    /// Being commissioned.
    Commissioning = 1,
    /// Lost power while commissioning.
    FailedCommissioning = 2,
    /// Free.
    Ready = 4,
    /// Installed.
    Deployed = 6,
    /// Being installed.
    Deploying = 9,
    /// Taken.
    Allocated = 10,
    /// Lost power while being installed.
    FailedDeployment = 11,
    /// Being given back.
    Releasing = 12,
}

/// What happened to a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum EffectKind {
    /// Its BMC was told to change the power.
    Power(PowerAction),
    /// Its BMC was told what to boot from.
    BootDevice(BootDevice),
    /// A caller of the provisioner's API set this status by a request.
    Requested(MaasStatus),
    /// The machine reached this status by itself.
    Reached(MaasStatus),
    /// The provisioner forgot the machine.
    Deleted,
}

/// One line of the effect log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// When.
    pub at: Timestamp,
    /// Which machine.
    pub machine: String,
    /// What.
    #[serde(flatten)]
    pub effect: EffectKind,
}

/// Why a request is not possible now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No machine has this name.
    #[error("no machine {0:?}")]
    NoMachine(String),
    /// The machine's status does not allow it.
    #[error("not possible in status {0:?}")]
    WrongStatus(Option<MaasStatus>),
}
