//! Use cases, without HTTP: what the API does, in the words of tasks and stores.

mod boot_actions;
mod designs;
mod error;
mod events;
mod facts;
mod health;
mod steps;
mod tasks;

use std::sync::Arc;

use drydock_core::{Clock, Entropy};
use drydock_drivers::NodeDriver;
use drydock_orchestrator::Orchestrator;
use drydock_store::Store;
use drydock_workflow::Engine;
use drydock_workflow::observe::Page;

pub(crate) use boot_actions::Reported;
pub(crate) use error::{AppError, OFFERED};
pub(crate) use health::Health;
pub(crate) use steps::{Step, StepStatus, steps_of};
pub(crate) use tasks::TaskTree;

/// What the use cases work with.
pub struct App {
    /// Where tasks are kept.
    pub store: Arc<dyn Store>,
    /// This process's instance.
    pub engine: Engine,
    /// What tasks can be asked to do.
    pub orchestrator: Orchestrator,
    /// The provisioner, if there is one: its services are part of the server's health.
    pub provisioner: Option<Arc<dyn NodeDriver>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// The figures that `GET /metrics` shows; the engine has to be told of the page too. Without one there is nothing to show.
    pub metrics: Option<Page>,
}
