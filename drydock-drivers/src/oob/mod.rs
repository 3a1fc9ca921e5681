//! Out-of-band drivers: power and boot device of one server, through its management controller (BMC).

pub(crate) mod ipmi;

use std::fmt;
use std::net::SocketAddr;

use async_trait::async_trait;
use drydock_core::{NodeName, SecretString};
use serde::{Deserialize, Serialize};

pub use self::ipmi::{IpmiDriver, IpmiOptions};
use crate::DriverError;

/// Where a BMC is, and how to log in to it.
#[derive(Clone)]
pub struct Bmc {
    /// The server it belongs to, for messages.
    pub node: NodeName,
    /// Its address.
    pub address: SocketAddr,
    /// The user name.
    pub account: String,
    /// The password.
    pub credential: SecretString,
}

impl fmt::Debug for Bmc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bmc")
            .field("node", &self.node)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Whether a server has power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerState {
    /// It has.
    On,
    /// It has not.
    Off,
}

/// What to do to a server's power.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PowerAction {
    /// Switch on.
    On,
    /// Switch off at once.
    Off,
    /// Off, then on.
    Cycle,
    /// Hard reset without losing power.
    Reset,
    /// Ask the operating system to shut down.
    SoftOff,
}

/// What a server boots from next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootDevice {
    /// No override: the firmware's own order.
    Default,
    /// The network.
    Pxe,
    /// The first disk.
    Disk,
    /// An optical drive, real or virtual.
    Cdrom,
    /// The firmware's setup program.
    Setup,
}

/// Power and boot device of a server. Each verb may be repeated without harm; none waits for its effect.
///
/// All methods are cancel-safe: a dropped call leaves at most the command's effect, and its session is closed or left to time out.
#[async_trait]
pub trait OobDriver: Send + Sync + 'static {
    /// The value of `oob.type` that selects this driver.
    fn kind(&self) -> &'static str;

    /// Asks whether the server has power.
    async fn power_state(&self, bmc: &Bmc) -> Result<PowerState, DriverError>;

    /// Commands a change of power and returns when the BMC has accepted it.
    async fn power_set(&self, bmc: &Bmc, action: PowerAction) -> Result<(), DriverError>;

    /// Reads what the server boots from next.
    async fn boot_device(&self, bmc: &Bmc) -> Result<BootDevice, DriverError>;

    /// Sets what the server boots from at the next boot only, and reads it back: an error if the BMC shows another device.
    async fn boot_device_set(&self, bmc: &Bmc, device: BootDevice) -> Result<(), DriverError>;
}
