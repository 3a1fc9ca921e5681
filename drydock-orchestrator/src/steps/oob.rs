//! Steps on a node's BMC.

use drydock_core::task::TaskResult;
use drydock_drivers::oob::{BootDevice, PowerAction, PowerState};
use drydock_workflow::{Outcome, StepError};

use super::node::Known;
use super::{Work, succeeded};
use crate::TaskInput;
use crate::tools::{Tools, identity};

/// Asks for the power state, to see whether the BMC answers.
pub(crate) fn interrogate<'a>(
    tools: &'a Tools,
    ctx: &'a drydock_workflow::StepContext,
    input: &'a TaskInput,
) -> Work<'a, TaskResult> {
    Box::pin(async move {
        let node = tools.node(input).await?;
        let (driver, bmc) = tools.oob(&node)?;
        let word = match driver.power_state(&bmc).await? {
            PowerState::On => "on",
            PowerState::Off => "off",
        };
        ctx.say_about("node", node.name.as_str(), format!("{} answers, power is {word}", driver.kind()));
        Ok(Outcome::Done(succeeded(&node.name)))
    })
}

/// An unknown node boots from the network next.
pub(crate) fn set_boot<'a>(
    tools: &'a Tools,
    ctx: &'a drydock_workflow::StepContext,
    (input, known): &'a (TaskInput, Known),
) -> Work<'a, ()> {
    Box::pin(async move {
        if known.machine.is_none() {
            let node = tools.node(input).await?;
            let (driver, bmc) = tools.oob(&node)?;
            driver.boot_device_set(&bmc, BootDevice::Pxe).await?;
            ctx.say_about("node", node.name.as_str(), "Set to boot from the network");
        }
        Ok(Outcome::Done(()))
    })
}

/// An unknown node is switched off, and waited for.
pub(crate) fn power_off<'a>(
    tools: &'a Tools,
    _ctx: &'a drydock_workflow::StepContext,
    (input, known): &'a (TaskInput, Known),
) -> Work<'a, ()> {
    Box::pin(power(tools, input, known, PowerState::Off))
}

/// An unknown node is switched on, and waited for.
pub(crate) fn power_on<'a>(
    tools: &'a Tools,
    _ctx: &'a drydock_workflow::StepContext,
    (input, known): &'a (TaskInput, Known),
) -> Work<'a, ()> {
    Box::pin(power(tools, input, known, PowerState::On))
}

async fn power(
    tools: &Tools,
    input: &TaskInput,
    known: &Known,
    wanted: PowerState,
) -> Result<Outcome<()>, StepError> {
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
