//! Steps on a node's BMC.

use std::sync::Arc;

use drydock_core::task::TaskResult;
use drydock_drivers::oob::{BootDevice, PowerAction, PowerState};
use drydock_workflow::{Outcome, StepContext, StepError, StepResult};

use super::node::Known;
use super::succeeded;
use crate::TaskInput;
use crate::tools::{Tools, identity};

/// Asks for the power state, to see whether the BMC answers.
pub(crate) async fn interrogate(
    tools: Arc<Tools>,
    ctx: StepContext,
    input: TaskInput,
) -> StepResult<TaskResult> {
    let node = tools.node(&input).await?;
    let (driver, bmc) = tools.oob(&node)?;
    let word = match driver.power_state(&bmc).await? {
        PowerState::On => "on",
        PowerState::Off => "off",
    };
    ctx.say_about("node", node.name.as_str(), format!("{} answers, power is {word}", driver.kind()));
    Ok(Outcome::Done(succeeded(&node.name)))
}

/// An unknown node boots from the network next.
pub(crate) async fn set_boot(
    tools: Arc<Tools>,
    ctx: StepContext,
    (input, known): (TaskInput, Known),
) -> StepResult<()> {
    if known.machine.is_none() {
        let node = tools.node(&input).await?;
        let (driver, bmc) = tools.oob(&node)?;
        driver.boot_device_set(&bmc, BootDevice::Pxe).await?;
        ctx.say_about("node", node.name.as_str(), "Set to boot from the network");
    }
    Ok(Outcome::Done(()))
}

/// An unknown node is switched off, and waited for.
pub(crate) async fn power_off(
    tools: Arc<Tools>,
    _ctx: StepContext,
    input: (TaskInput, Known),
) -> StepResult<()> {
    power(&tools, &input, PowerState::Off).await
}

/// An unknown node is switched on, and waited for.
pub(crate) async fn power_on(
    tools: Arc<Tools>,
    _ctx: StepContext,
    input: (TaskInput, Known),
) -> StepResult<()> {
    power(&tools, &input, PowerState::On).await
}

async fn power(tools: &Tools, (input, known): &(TaskInput, Known), wanted: PowerState) -> StepResult<()> {
    if known.machine.is_some() {
        return Ok(Outcome::Done(()));
    }
    let node = tools.node(input).await?;
    let (driver, bmc) = tools.oob(&node)?;
    if driver.power_state(&bmc).await? == wanted {
        return Ok(Outcome::Done(()));
    }
    let (action, word) = match wanted {
        PowerState::Off => (PowerAction::Off, "off"),
        PowerState::On => (PowerAction::On, "on"),
    };
    // SAFETY OF THE NODE: "unknown" may be long ago. Power is cut only if the provisioner says so still; an error of its is no
    // leave.
    if wanted == PowerState::Off && tools.drivers.node.find(&identity(&node)).await?.is_some() {
        return Err(StepError::permanent(
            "the provisioner has come to know the node meanwhile, so its power is not touched; submit the task again",
        ));
    }
    driver.power_set(&bmc, action).await?;
    Ok(Outcome::wait(tools.options.power_poll, format!("power to go {word}")))
}
