//! The MAAS driver: native and asynchronous, over the REST API 2.0 of MAAS 3.0 and later.
//!
//! * Each attempt carries its own OAuth signature: MAAS accepts a nonce once.
//! * A question is repeated when the trouble passes, a command never: a lost answer is
//!   [`EffectUnknown`](crate::DriverErrorKind::EffectUnknown), and the verbs can be called again, because they look at the
//!   machine when MAAS refuses.
//! * A machine is found by host name, then by boot MAC. It is not looked up by the address of its BMC: MAAS answers that only
//!   by sending the power parameters of all machines, with their passwords, over the wire.
//! * For whom a machine is allocated stands in its workload annotation `drydock-owner`.

mod answer;
mod client;
mod find;
mod inventory;
mod key;
mod life;
mod model;
mod name;
mod oauth;
mod services;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drydock_core::boot_action::NodeKey;
use drydock_core::rules::Platforms;
use drydock_core::{Clock, Entropy, NodeName, RetryPolicy, SecretString};

use self::client::{Call, Client, DRIVER};
use super::{
    DeployRequest, Inventory, Machine, MachineId, NodeDriver, NodeIdentity, ReleaseRequest, ServiceCheck,
};
use crate::{DriverError, DriverErrorKind};

/// How to reach a MAAS.
#[derive(Clone)]
pub struct MaasOptions {
    /// Its URL, `http://HOST:5240/MAAS` or `https://HOST:5443/MAAS`; with or without `/api/2.0/` at the end. Certificates are always
    /// verified.
    pub url: String,
    /// An API key of an administrator, `CONSUMER:TOKEN:SECRET`, as MAAS shows it.
    pub api_key: SecretString,
    /// The longest time to connect; 5 s.
    pub connect_timeout: Duration,
    /// The longest time from the start of a request to the end of its answer; 60 s.
    pub answer_timeout: Duration,
    /// How many requests may be under way at once, at least 1; 8. MAAS takes locks, so more is not faster.
    pub concurrency: usize,
    /// How questions are repeated within a call; three attempts, 0.5 s to 5 s apart. Commands are never repeated.
    pub retries: RetryPolicy,
    /// Certificates, in PEM, of authorities to trust besides the system's.
    pub ca_bundle: Option<Vec<u8>>,
}

impl MaasOptions {
    /// The usual times and limits.
    pub fn new(url: impl Into<String>, api_key: SecretString) -> Self {
        Self {
            url: url.into(),
            api_key,
            connect_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_mins(1),
            concurrency: 8,
            retries: RetryPolicy::attempts(3).delays(Duration::from_millis(500), Duration::from_secs(5)),
            ca_bundle: None,
        }
    }
}

/// A MAAS as a [`NodeDriver`]. It holds a pool of connections: make one per MAAS and share it.
pub struct MaasDriver {
    client: Client,
}

impl MaasDriver {
    /// A driver for the MAAS of `options`. Nothing is sent yet. An error of kind [`DriverErrorKind::Input`] when the options make no
    /// sense.
    pub fn new(
        options: &MaasOptions,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, DriverError> {
        Ok(Self { client: Client::new(options, clock, entropy)? })
    }
}

#[async_trait]
impl NodeDriver for MaasDriver {
    fn kind(&self) -> &'static str {
        DRIVER
    }

    async fn check_services(&self) -> Result<Vec<ServiceCheck>, DriverError> {
        services::check(&self.client).await
    }

    async fn platforms(&self) -> Result<Platforms, DriverError> {
        services::platforms(&self.client).await
    }

    async fn find(&self, node: &NodeIdentity) -> Result<Option<Machine>, DriverError> {
        find::find(&self.client, node).await
    }

    async fn machine(&self, id: &MachineId) -> Result<Machine, DriverError> {
        let machine = life::read(&self.client, "read machine", id).await?;
        Ok(machine.into_machine())
    }

    async fn name(&self, id: &MachineId, hostname: &str, domain: Option<&str>) -> Result<(), DriverError> {
        name::name(&self.client, id, hostname, domain).await
    }

    async fn commission(&self, id: &MachineId) -> Result<(), DriverError> {
        life::commission(&self.client, id).await
    }

    async fn inventory(&self, id: &MachineId) -> Result<Inventory, DriverError> {
        inventory::read(&self.client, id).await
    }

    async fn allocate(&self, id: &MachineId, owner: &str) -> Result<(), DriverError> {
        life::allocate(&self.client, id, owner).await
    }

    async fn put_key(&self, id: &MachineId, node: &NodeName, key: &NodeKey) -> Result<(), DriverError> {
        key::put(&self.client, id, node, key).await
    }

    async fn deploy(&self, id: &MachineId, request: &DeployRequest) -> Result<(), DriverError> {
        life::deploy(&self.client, id, request).await
    }

    async fn release(&self, id: &MachineId, request: ReleaseRequest) -> Result<(), DriverError> {
        life::release(&self.client, id, request).await
    }

    async fn delete(&self, id: &MachineId) -> Result<(), DriverError> {
        life::delete(&self.client, id).await
    }
}

/// The path of a machine. An id that is none is refused here, before it can become another path.
fn machine_path(client: &Client, operation: &'static str, id: &MachineId) -> Result<String, DriverError> {
    let MachineId(text) = id;
    if text.is_empty() || text.len() > 41 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let call = Call { operation, ..Call::default() };
        let shown: String = text.chars().take(80).collect();
        let detail = format!("{shown:?} is not a MAAS system id");
        return Err(client.error(&call, DriverErrorKind::Input).detail(detail));
    }
    Ok(format!("machines/{text}/"))
}
