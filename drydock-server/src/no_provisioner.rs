//! What takes a provisioner's place when none is configured: every verb fails, and says what to do.

use async_trait::async_trait;
use drydock_core::NodeName;
use drydock_core::boot_action::NodeKey;
use drydock_core::rules::Platforms;
use drydock_drivers::node::{
    DeployRequest, Inventory, Machine, MachineId, NodeIdentity, ReleaseRequest, ServiceCheck,
};
use drydock_drivers::{DriverError, DriverErrorKind, NodeDriver};

/// No provisioner.
pub(crate) struct NoProvisioner;

fn refuse<T>(operation: &'static str) -> Result<T, DriverError> {
    let error = DriverError::new("maas", operation, "this server", DriverErrorKind::Unsupported);
    Err(error.detail("no MAAS is configured: start it with --maas-url and an API key"))
}

#[async_trait]
impl NodeDriver for NoProvisioner {
    fn kind(&self) -> &'static str {
        "none"
    }

    async fn check_services(&self) -> Result<Vec<ServiceCheck>, DriverError> {
        refuse("check services")
    }

    async fn platforms(&self) -> Result<Platforms, DriverError> {
        refuse("list images")
    }

    async fn find(&self, _: &NodeIdentity) -> Result<Option<Machine>, DriverError> {
        refuse("find machine")
    }

    async fn machine(&self, _: &MachineId) -> Result<Machine, DriverError> {
        refuse("read machine")
    }

    async fn name(&self, _: &MachineId, _: &str, _: Option<&str>) -> Result<(), DriverError> {
        refuse("name machine")
    }

    async fn commission(&self, _: &MachineId) -> Result<(), DriverError> {
        refuse("commission")
    }

    async fn inventory(&self, _: &MachineId) -> Result<Inventory, DriverError> {
        refuse("read inventory")
    }

    async fn allocate(&self, _: &MachineId, _: &str) -> Result<(), DriverError> {
        refuse("allocate")
    }

    async fn put_key(&self, _: &MachineId, _: &NodeName, _: &NodeKey) -> Result<(), DriverError> {
        refuse("put key")
    }

    async fn deploy(&self, _: &MachineId, _: &DeployRequest) -> Result<(), DriverError> {
        refuse("deploy")
    }

    async fn release(&self, _: &MachineId, _: ReleaseRequest) -> Result<(), DriverError> {
        refuse("release")
    }

    async fn delete(&self, _: &MachineId) -> Result<(), DriverError> {
        refuse("delete machine")
    }
}
