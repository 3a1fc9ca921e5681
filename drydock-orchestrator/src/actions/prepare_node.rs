//! `prepare_nodes`, one node: booted from the network until the provisioner knows it, then commissioned; what it told then is put on record.
//!
//! ```text
//! identify → set_boot → power_off → power_on → enlist → name → commission → await_ready → record_inventory
//!     └── a node that is known goes straight through: its power is not touched ──┘
//! ```

use std::sync::Arc;

use drydock_workflow::{BuildErrors, WorkflowBuilder};

use crate::TaskInput;
use crate::orchestrator::ActionWorkflow;
use crate::steps::{Bench, inventory, node, oob};
use crate::tools::{PATIENT, Tools, UNTIL_DEADLINE};

pub(crate) fn workflow(tools: &Arc<Tools>) -> Result<ActionWorkflow, BuildErrors> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("prepare_node", 1);
    let (bench, times) = (Bench::new(tools), tools.options);
    let input = builder.input();
    let known = builder.step("identify", bench.step(node::identify)).retry(PATIENT).run(&input);
    let boot = builder.step("set_boot", bench.step(oob::set_boot)).retry(PATIENT).run((&input, &known));
    let off = builder
        .step("power_off", bench.step(oob::power_off))
        .retry(UNTIL_DEADLINE)
        .deadline(times.power)
        .after(&boot)
        .run((&input, &known));
    let on = builder
        .step("power_on", bench.step(oob::power_on))
        .retry(UNTIL_DEADLINE)
        .deadline(times.power)
        .after(&off)
        .run((&input, &known));
    let machine = builder
        .step("enlist", bench.step(node::enlist))
        .retry(UNTIL_DEADLINE)
        .deadline(times.enlist)
        .after(&on)
        .run((&input, &known));
    let named = builder.step("name", bench.step(node::name)).retry(PATIENT).run((&input, &machine));
    let begun = builder
        .step("commission", bench.step(node::commission))
        .retry(PATIENT)
        .after(&named)
        .run((&input, &machine));
    let result = builder
        .step("await_ready", bench.step(node::await_ready))
        .retry(UNTIL_DEADLINE)
        .deadline(times.commission)
        .after(&begun)
        .run((&input, &machine));
    builder
        .step("record_inventory", bench.step(inventory::record))
        .retry(inventory::PATIENCE)
        .after(&result)
        .run((&input, &machine));
    builder.output(&result)
}
