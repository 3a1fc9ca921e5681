//! Node drivers: the provisioner that knows, commissions and installs servers.

pub mod maas;

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;
use drydock_core::NodeName;
use drydock_core::boot_action::NodeKey;
use drydock_core::rules::Platforms;
use serde::{Deserialize, Serialize};

use crate::DriverError;

/// The provisioner's own id of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MachineId(pub String);

impl fmt::Display for MachineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// By what a server of the design is recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeIdentity {
    /// Its name.
    pub name: NodeName,
    /// The MAC address from which it boots, as the design writes it.
    pub boot_mac: Option<String>,
    /// The address of its BMC.
    pub oob_address: Option<IpAddr>,
}

/// Where a machine stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MachineState {
    /// Known, not yet commissioned.
    New,
    /// Being commissioned or tested.
    Commissioning,
    /// Commissioning or testing failed.
    FailedCommissioning,
    /// Free for use.
    Ready,
    /// Taken by an owner.
    Allocated,
    /// Being installed.
    Deploying,
    /// Installed.
    Deployed,
    /// The installation failed.
    FailedDeployment,
    /// Being given back, perhaps with its disks erased.
    Releasing,
    /// Giving it back failed.
    FailedReleasing,
    /// Marked broken.
    Broken,
    /// Any other state: rescue mode, retired, reserved …
    Other,
}

/// A machine as the provisioner describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// Its id.
    pub id: MachineId,
    /// Its host name there.
    pub hostname: String,
    /// Its domain there.
    pub domain: Option<String>,
    /// Where it stands.
    pub state: MachineState,
    /// The provisioner's own word for the state.
    pub state_name: String,
    /// What the provisioner says about the state, for instance why it failed.
    pub message: Option<String>,
    /// Who allocated it: the text given to [`NodeDriver::allocate`]. An allocation that was cut short may not show it yet; the
    /// owner's next `allocate` completes it.
    pub allocated_for: Option<String>,
    /// The image it was deployed with, or is being deployed with.
    pub image: Option<String>,
    /// Whether it is one of the provisioner's own controllers, on which nothing may be done.
    pub is_controller: bool,
}

/// How a machine is to be installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployRequest {
    /// The image, for MAAS its `distro_series`.
    pub image: Option<String>,
    /// The kernel, for MAAS its `hwe_kernel`.
    pub kernel: Option<String>,
    /// cloud-init user data, plain.
    pub user_data: Option<String>,
}

/// How a machine is to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReleaseRequest {
    /// Erase its disks first.
    pub erase: bool,
    /// Overwrite only the beginning and the end of each disk.
    pub quick_erase: bool,
}

/// What a machine told of itself when it was commissioned.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Inventory {
    /// Its devices, as `lshw -xml` writes them; `None` where there is nothing.
    pub lshw: Option<Vec<u8>>,
    /// Its neighbours in the network, as `lldpctl -f xml` writes them; `None` where there is nothing.
    pub lldp: Option<Vec<u8>>,
}

impl fmt::Debug for Inventory {
    /// Lengths only: an inventory is long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = |part: &Option<Vec<u8>>| part.as_ref().map(Vec::len);
        f.debug_struct("Inventory")
            .field("lshw", &bytes(&self.lshw))
            .field("lldp", &bytes(&self.lldp))
            .finish()
    }
}

/// One thing that was checked about the provisioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceCheck {
    /// What was checked: `version`, `authentication`, `images`, `rack controllers`.
    pub name: String,
    /// Whether it is as it should be.
    pub healthy: bool,
    /// What was found.
    pub detail: String,
}

/// A provisioner. Each verb may be repeated without harm; none waits for its effect: ask [`NodeDriver::machine`].
///
/// All methods are cancel-safe: a dropped call leaves at most the request's effect, which the machine's state shows.
#[async_trait]
pub trait NodeDriver: Send + Sync + 'static {
    /// The driver's name, for messages.
    fn kind(&self) -> &'static str;

    /// Checks that the provisioner can do its work. An error only when it cannot be asked at all.
    async fn check_services(&self) -> Result<Vec<ServiceCheck>, DriverError>;

    /// The images that it can install, each with its kernels, under the names that [`DeployRequest`] takes.
    async fn platforms(&self) -> Result<Platforms, DriverError>;

    /// Looks for the machine of a server. `None` only when the provisioner has positively answered that it knows none: any
    /// trouble is an error, because the caller takes `None` as leave to power-cycle the server.
    async fn find(&self, node: &NodeIdentity) -> Result<Option<Machine>, DriverError>;

    /// Reads one machine.
    async fn machine(&self, id: &MachineId) -> Result<Machine, DriverError>;

    /// Gives a machine the host name and domain of the design.
    async fn name(&self, id: &MachineId, hostname: &str, domain: Option<&str>) -> Result<(), DriverError>;

    /// Starts commissioning. The state goes to [`MachineState::Commissioning`].
    async fn commission(&self, id: &MachineId) -> Result<(), DriverError>;

    /// What the machine told of itself when it was last commissioned; nothing for one that never was.
    async fn inventory(&self, id: &MachineId) -> Result<Inventory, DriverError>;

    /// Takes a [`MachineState::Ready`] machine for `owner`, a text that the machine then shows.
    async fn allocate(&self, id: &MachineId, owner: &str) -> Result<(), DriverError>;

    /// Puts a node's key where its installation finds it, in the place of any older key of this node. No error shows the key.
    async fn put_key(&self, id: &MachineId, node: &NodeName, key: &NodeKey) -> Result<(), DriverError>;

    /// Starts the installation of an allocated machine. The state goes to [`MachineState::Deploying`].
    async fn deploy(&self, id: &MachineId, request: &DeployRequest) -> Result<(), DriverError>;

    /// Starts to give a machine back. The state goes to [`MachineState::Releasing`], then `Ready`.
    async fn release(&self, id: &MachineId, request: ReleaseRequest) -> Result<(), DriverError>;

    /// Removes a machine from the provisioner. A machine that is not there is removed already.
    async fn delete(&self, id: &MachineId) -> Result<(), DriverError>;
}
