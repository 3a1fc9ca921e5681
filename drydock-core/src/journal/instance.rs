//! Instances, and the workflows that they store, as others see them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Epoch, InstanceName, WorkflowName};

/// A workflow as it is stored: once per content, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWorkflow {
    /// Its name.
    pub name: WorkflowName,
    /// Its version, counted by whoever writes it.
    pub version: u32,
    /// SHA-256 of the definition.
    pub hash: [u8; 32],
    /// The definition, JSON text.
    pub definition: String,
}

/// A live instance, as the others see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceBeat {
    /// Its number.
    pub epoch: Epoch,
    /// Its name.
    pub name: InstanceName,
    /// Grows with every renewal. A rival that has seen it stand still for a whole lease, on its own monotonic clock,
    /// may retire the instance; no two wall clocks are ever compared.
    pub beat: i64,
    /// For how long its beat may stand still, as it said itself, to the millisecond.
    pub lease: Duration,
    /// What it can run.
    pub offers: Offers,
}

/// What an instance can run. For `explain`: whether any instance that lives could go on with a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offers {
    /// The workflows of its code, with their versions.
    pub workflows: Vec<(WorkflowName, u32)>,
    /// The executors that it has, by name.
    pub executors: Vec<String>,
}
