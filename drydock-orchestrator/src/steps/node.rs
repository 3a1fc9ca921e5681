//! Steps on the provisioner's machine of a node.

use std::sync::Arc;

use drydock_core::task::TaskResult;
use drydock_drivers::node::{DeployRequest, Machine, MachineId, MachineState};
use drydock_workflow::{Outcome, StepContext, StepError, StepResult};
use serde::{Deserialize, Serialize};

use super::succeeded;
use crate::TaskInput;
use crate::tools::{Tools, identity, node_name};

/// What the provisioner knows of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Its machine; `None` when the provisioner has positively answered that there is none.
    pub(crate) machine: Option<Found>,
}

/// A machine, as far as later steps need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(super) id: MachineId,
    /// One of the provisioner's own controllers: nothing is done to it.
    pub(super) is_controller: bool,
}

impl From<Machine> for Found {
    fn from(machine: Machine) -> Self {
        Self { id: machine.id, is_controller: machine.is_controller }
    }
}

/// Does the provisioner know the node? Any doubt is an error, never a "no": a "no" is leave to switch the node off.
pub(crate) async fn identify(tools: Arc<Tools>, ctx: StepContext, input: TaskInput) -> StepResult<Known> {
    let node = tools.node(&input).await?;
    let machine = tools.drivers.node.find(&identity(&node)).await?;
    let text = match &machine {
        Some(_) => "Node found in provisioner, skipping OOB management",
        None => "Node not known to the provisioner, booting it from the network",
    };
    ctx.say_about("node", node.name.as_str(), text);
    Ok(Outcome::Done(Known { machine: machine.map(Found::from) }))
}

/// As [`identify`], for a node that is to go: one that is not there is gone already.
pub(crate) async fn identify_to_destroy(
    tools: Arc<Tools>,
    ctx: StepContext,
    input: TaskInput,
) -> StepResult<Known> {
    let node = tools.node(&input).await?;
    let machine = tools.drivers.node.find(&identity(&node)).await?;
    match &machine {
        Some(machine) if machine.is_controller => Err(StepError::permanent(
            "the node is one of the provisioner's controllers, which Drydock does not destroy",
        )),
        Some(_) => Ok(Outcome::Done(Known { machine: machine.map(Found::from) })),
        None => {
            ctx.say_about(
                "node",
                node.name.as_str(),
                "Node not known to the provisioner, nothing to destroy",
            );
            Ok(Outcome::Done(Known { machine: None }))
        }
    }
}

/// Waits until the provisioner knows the node.
pub(crate) async fn enlist(
    tools: Arc<Tools>,
    _ctx: StepContext,
    (input, known): (TaskInput, Known),
) -> StepResult<Found> {
    if let Some(machine) = &known.machine {
        return Ok(Outcome::Done(machine.clone()));
    }
    let node = tools.node(&input).await?;
    match tools.drivers.node.find(&identity(&node)).await? {
        Some(machine) => Ok(Outcome::Done(machine.into())),
        None => Ok(Outcome::wait(tools.options.poll, "the node to enlist with the provisioner")),
    }
}

/// The machine of a node that must be known.
pub(crate) async fn locate(tools: Arc<Tools>, _ctx: StepContext, input: TaskInput) -> StepResult<Found> {
    let node = tools.node(&input).await?;
    match tools.drivers.node.find(&identity(&node)).await? {
        Some(machine) => Ok(Outcome::Done(machine.into())),
        None => Err(StepError::permanent("the provisioner does not know the node: run prepare_nodes first")),
    }
}

/// The machine gets the node's name and domain.
pub(crate) async fn name(
    tools: Arc<Tools>,
    _ctx: StepContext,
    (input, machine): (TaskInput, Found),
) -> StepResult<()> {
    if machine.is_controller {
        return Ok(Outcome::Done(()));
    }
    let node = tools.node(&input).await?;
    let domain = node.fqdn.strip_prefix(node.name.as_str()).and_then(|rest| rest.strip_prefix('.'));
    tools.drivers.node.name(&machine.id, node.name.as_str(), domain).await?;
    Ok(Outcome::Done(()))
}

/// Starts commissioning, unless the machine is past it.
pub(crate) async fn commission(
    tools: Arc<Tools>,
    _ctx: StepContext,
    (_, machine): (TaskInput, Found),
) -> StepResult<()> {
    if machine.is_controller {
        return Ok(Outcome::Done(()));
    }
    let driver = &tools.drivers.node;
    let now = driver.machine(&machine.id).await?;
    match now.state {
        MachineState::New | MachineState::FailedCommissioning | MachineState::Broken => {
            driver.commission(&machine.id).await?;
            Ok(Outcome::Done(()))
        }
        MachineState::Commissioning
        | MachineState::Ready
        | MachineState::Allocated
        | MachineState::Deploying
        | MachineState::Deployed => Ok(Outcome::Done(())),
        MachineState::FailedDeployment
        | MachineState::Releasing
        | MachineState::FailedReleasing
        | MachineState::Other => Err(unexpected(&now, "commissioned")),
    }
}

/// Waits until commissioning has ended well.
pub(crate) async fn await_ready(
    tools: Arc<Tools>,
    ctx: StepContext,
    (input, machine): (TaskInput, Found),
) -> StepResult<TaskResult> {
    if machine.is_controller {
        return done(&ctx, &input, "The node is one of the provisioner's controllers");
    }
    let now = tools.drivers.node.machine(&machine.id).await?;
    match now.state {
        MachineState::Ready | MachineState::Allocated | MachineState::Deploying | MachineState::Deployed => {
            done(&ctx, &input, &format!("Node is {}", now.state_name))
        }
        MachineState::Commissioning => Ok(Outcome::wait(tools.options.poll, "commissioning to end")),
        MachineState::New
        | MachineState::FailedCommissioning
        | MachineState::FailedDeployment
        | MachineState::Releasing
        | MachineState::FailedReleasing
        | MachineState::Broken
        | MachineState::Other => Err(failed(&now, "commissioning")),
    }
}

/// Takes the machine for the node.
pub(crate) async fn allocate(
    tools: Arc<Tools>,
    _ctx: StepContext,
    (input, machine): (TaskInput, Found),
) -> StepResult<()> {
    if machine.is_controller {
        return Ok(Outcome::Done(()));
    }
    let driver = &tools.drivers.node;
    let now = driver.machine(&machine.id).await?;
    match now.state {
        // The owner is the node's name, not the task's: a task that is submitted again goes on with the same machine.
        MachineState::Ready | MachineState::Allocated => {
            driver.allocate(&machine.id, &format!("drydock {}", node_name(&input)?)).await?;
            Ok(Outcome::Done(()))
        }
        MachineState::Deploying | MachineState::Deployed => Ok(Outcome::Done(())),
        MachineState::New
        | MachineState::Commissioning
        | MachineState::FailedCommissioning
        | MachineState::FailedDeployment
        | MachineState::Releasing
        | MachineState::FailedReleasing
        | MachineState::Broken
        | MachineState::Other => Err(unexpected(&now, "deployed")),
    }
}

/// Starts the installation, unless it was started.
pub(crate) async fn deploy(
    tools: Arc<Tools>,
    ctx: StepContext,
    (input, machine): (TaskInput, Found),
) -> StepResult<()> {
    if machine.is_controller {
        return Ok(Outcome::Done(()));
    }
    let driver = &tools.drivers.node;
    let now = driver.machine(&machine.id).await?;
    if installation_has_begun(&now)? {
        return Ok(Outcome::Done(()));
    }
    let node = tools.node(&input).await?;
    let share = tools.share(&input, ctx.task()).await?.with_devices(&*tools.boot.inventories).await?;
    for text in share.unclear() {
        ctx.say_about("node", node.name.as_str(), text.as_str());
    }
    let request = DeployRequest {
        image: node.platform.image.clone(),
        kernel: node.platform.kernel.clone(),
        user_data: Arc::new(share).user_data(&*tools.boot.assets).await?,
    };
    driver.deploy(&machine.id, &request).await?;
    ctx.say_about("node", node.name.as_str(), "Installation started");
    Ok(Outcome::Done(()))
}

/// Whether the machine is being installed, or is already. An error where it is neither that nor ready for it.
pub(super) fn installation_has_begun(machine: &Machine) -> Result<bool, StepError> {
    match machine.state {
        MachineState::Allocated => Ok(false),
        MachineState::Deploying | MachineState::Deployed => Ok(true),
        MachineState::New
        | MachineState::Commissioning
        | MachineState::FailedCommissioning
        | MachineState::Ready
        | MachineState::FailedDeployment
        | MachineState::Releasing
        | MachineState::FailedReleasing
        | MachineState::Broken
        | MachineState::Other => Err(unexpected(machine, "deployed")),
    }
}

/// Waits until the installation has ended well.
pub(crate) async fn await_deployed(
    tools: Arc<Tools>,
    ctx: StepContext,
    (input, machine): (TaskInput, Found),
) -> StepResult<TaskResult> {
    if machine.is_controller {
        return done(&ctx, &input, "The node is one of the provisioner's controllers");
    }
    let now = tools.drivers.node.machine(&machine.id).await?;
    match now.state {
        MachineState::Deployed => {
            let image = now.image.as_deref().unwrap_or("its default image");
            done(&ctx, &input, &format!("Node is deployed with {image}"))
        }
        MachineState::Deploying => Ok(Outcome::wait(tools.options.poll, "the installation to end")),
        MachineState::New
        | MachineState::Commissioning
        | MachineState::FailedCommissioning
        | MachineState::Ready
        | MachineState::Allocated
        | MachineState::FailedDeployment
        | MachineState::Releasing
        | MachineState::FailedReleasing
        | MachineState::Broken
        | MachineState::Other => Err(failed(&now, "the installation")),
    }
}

/// Starts to give the machine back, if it is taken.
pub(crate) async fn release(
    tools: Arc<Tools>,
    _ctx: StepContext,
    (_, known): (TaskInput, Known),
) -> StepResult<()> {
    let Some(machine) = &known.machine else { return Ok(Outcome::Done(())) };
    let driver = &tools.drivers.node;
    let now = driver.machine(&machine.id).await?;
    match now.state {
        MachineState::Allocated
        | MachineState::Deploying
        | MachineState::Deployed
        | MachineState::FailedDeployment
        | MachineState::FailedReleasing => {
            driver.release(&machine.id, tools.options.erase).await?;
            Ok(Outcome::Done(()))
        }
        MachineState::New
        | MachineState::Commissioning
        | MachineState::FailedCommissioning
        | MachineState::Ready
        | MachineState::Releasing
        | MachineState::Broken
        | MachineState::Other => Ok(Outcome::Done(())),
    }
}

/// Waits until the machine was given back.
pub(crate) async fn await_released(
    tools: Arc<Tools>,
    _ctx: StepContext,
    (_, known): (TaskInput, Known),
) -> StepResult<()> {
    let Some(machine) = &known.machine else { return Ok(Outcome::Done(())) };
    let now = tools.drivers.node.machine(&machine.id).await?;
    match now.state {
        MachineState::Releasing => Ok(Outcome::wait(tools.options.poll, "the machine to be released")),
        MachineState::New
        | MachineState::Commissioning
        | MachineState::FailedCommissioning
        | MachineState::Ready
        | MachineState::Broken
        | MachineState::Other => Ok(Outcome::Done(())),
        MachineState::Allocated
        | MachineState::Deploying
        | MachineState::Deployed
        | MachineState::FailedDeployment
        | MachineState::FailedReleasing => Err(failed(&now, "releasing")),
    }
}

/// The provisioner forgets the machine.
pub(crate) async fn delete(
    tools: Arc<Tools>,
    ctx: StepContext,
    (input, known): (TaskInput, Known),
) -> StepResult<TaskResult> {
    if let Some(machine) = &known.machine {
        tools.drivers.node.delete(&machine.id).await?;
    }
    done(&ctx, &input, "Node is destroyed")
}

fn done(ctx: &StepContext, input: &TaskInput, text: &str) -> StepResult<TaskResult> {
    let node = node_name(input)?;
    ctx.say_about("node", node.as_str(), text);
    Ok(Outcome::Done(succeeded(node)))
}

fn unexpected(machine: &Machine, verb: &str) -> StepError {
    StepError::permanent(format!("a machine that is {} cannot be {verb}", described(machine)))
}

fn failed(machine: &Machine, what: &str) -> StepError {
    StepError::permanent(format!("{what} did not end well: the machine is {}", described(machine)))
}

fn described(machine: &Machine) -> String {
    match &machine.message {
        Some(message) if !message.is_empty() => format!("{} ({message})", machine.state_name),
        Some(_) | None => machine.state_name.clone(),
    }
}
