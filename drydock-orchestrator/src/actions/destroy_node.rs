//! `destroy_nodes`, one node: given back with its disks erased, and forgotten by the provisioner.

use std::sync::Arc;

use drydock_workflow::{BuildErrors, WorkflowBuilder};

use crate::TaskInput;
use crate::orchestrator::ActionWorkflow;
use crate::steps::{Bench, node};
use crate::tools::{PATIENT, Tools, UNTIL_DEADLINE};

pub(crate) fn workflow(tools: &Arc<Tools>) -> Result<ActionWorkflow, BuildErrors> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("destroy_node", 1);
    let bench = Bench::new(tools);
    let input = builder.input();
    let machine = builder.step("identify", bench.step(node::identify_to_destroy)).retry(PATIENT).run(&input);
    let begun = builder.step("release", bench.step(node::release)).retry(PATIENT).run((&input, &machine));
    let freed = builder
        .step("await_released", bench.step(node::await_released))
        .retry(UNTIL_DEADLINE)
        .deadline(tools.options.release)
        .after(&begun)
        .run((&input, &machine));
    let result =
        builder.step("delete", bench.step(node::delete)).retry(PATIENT).after(&freed).run((&input, &machine));
    builder.output(&result)
}
