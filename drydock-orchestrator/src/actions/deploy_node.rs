//! `deploy_nodes`, one node: taken, installed, and waited for.
//!
//! ```text
//! locate → allocate → boot_key → deploy → await_deployed → await_boot_actions
//!                        └── a node without boot actions gets no key, and is not waited for ──┘
//! ```
//!
//! The key is on the machine, and what is kept of it on record, before the installation begins: docs/adr/0015-boot-action-keys.md.

use std::sync::Arc;

use drydock_workflow::{BuildErrors, WorkflowBuilder};

use crate::TaskInput;
use crate::orchestrator::ActionWorkflow;
use crate::steps::{Bench, boot_action, node};
use crate::tools::{PATIENT, Tools, UNTIL_DEADLINE};

pub(crate) fn workflow(tools: &Arc<Tools>) -> Result<ActionWorkflow, BuildErrors> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("deploy_node", 1);
    let bench = Bench::new(tools);
    let input = builder.input();
    let machine = builder.step("locate", bench.step(node::locate)).retry(PATIENT).run(&input);
    let taken = builder.step("allocate", bench.step(node::allocate)).retry(PATIENT).run((&input, &machine));
    let awaited = builder
        .step("boot_key", bench.step(boot_action::boot_key))
        .retry(PATIENT)
        .after(&taken)
        .run((&input, &machine));
    let begun = builder
        .step("deploy", bench.step(node::deploy))
        .retry(PATIENT)
        .after(&awaited)
        .run((&input, &machine));
    let deployed = builder
        .step("await_deployed", bench.step(node::await_deployed))
        .retry(UNTIL_DEADLINE)
        .deadline(tools.options.deploy)
        .after(&begun)
        .run((&input, &machine));
    let result = builder
        .step("await_boot_actions", bench.step(boot_action::await_boot_actions))
        .retry(PATIENT)
        .run((&input, &awaited, &deployed));
    builder.output(&result)
}
