//! What a node told of itself when it was commissioned, put on record: v1.0's build data.

use std::sync::Arc;
use std::time::Duration;

use drydock_core::{Classify as _, Disposition, RetryPolicy, error_chain};
use drydock_workflow::{Outcome, StepContext, StepResult};

use super::node::Found;
use crate::TaskInput;
use crate::inventories::{LLDP, LSHW, fact};
use crate::tools::{Tools, node_name};

/// How often the provisioner is asked: less often than about what cannot be done without.
const ATTEMPTS: u32 = 5;

/// How the step is tried again. The last attempt lets the matter rest.
pub(crate) const PATIENCE: RetryPolicy =
    RetryPolicy::attempts(ATTEMPTS).delays(Duration::from_secs(2), Duration::from_mins(1));

/// Records the inventory of the node's devices and that of its neighbours. What is not there is said and does not fail the node: it
/// can be installed without.
pub(crate) async fn record(
    tools: Arc<Tools>,
    ctx: StepContext,
    (input, machine): (TaskInput, Found),
) -> StepResult<()> {
    if machine.is_controller {
        return Ok(Outcome::Done(()));
    }
    let node = node_name(&input)?;
    let say = |text: String| ctx.say_about("node", node.as_str(), text);
    let inventory = match tools.drivers.node.inventory(&machine.id).await {
        Ok(inventory) => inventory,
        Err(error) if error.disposition() == Disposition::Retryable && ctx.attempt() < ATTEMPTS => {
            return Err(error.into());
        }
        Err(error) => {
            say(format!("The inventory of the node is not recorded: {}", error_chain(&error)));
            return Ok(Outcome::Done(()));
        }
    };
    for (generator, xml) in [(LSHW, inventory.lshw), (LLDP, inventory.lldp)] {
        let Some(xml) = xml else {
            // Neighbours are rarely told of, and nothing here depends on them.
            if generator == LSHW {
                say("The provisioner has no inventory (lshw) of the node".to_owned());
            }
            continue;
        };
        if let Err(error) = ctx.record(fact(node, generator, xml)) {
            say(format!("The {generator} of the node is not recorded: {}", error_chain(&error)));
        }
    }
    Ok(Outcome::Done(()))
}
