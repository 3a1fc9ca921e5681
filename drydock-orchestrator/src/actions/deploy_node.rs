//! `deploy_nodes`, one node: taken, installed, and waited for.

use std::sync::Arc;

use drydock_workflow::{BuildErrors, WorkflowBuilder};

use crate::TaskInput;
use crate::orchestrator::ActionWorkflow;
use crate::steps::{Bench, node};
use crate::tools::{PATIENT, Tools, UNTIL_DEADLINE};

pub(crate) fn workflow(tools: &Arc<Tools>) -> Result<ActionWorkflow, BuildErrors> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("deploy_node", 1);
    let bench = Bench::new(tools);
    let input = builder.input();
    let machine = builder.step("locate", bench.step(node::locate)).retry(PATIENT).run(&input);
    let taken = builder.step("allocate", bench.step(node::allocate)).retry(PATIENT).run((&input, &machine));
    let begun =
        builder.step("deploy", bench.step(node::deploy)).retry(PATIENT).after(&taken).run((&input, &machine));
    let result = builder
        .step("await_deployed", bench.step(node::await_deployed))
        .retry(UNTIL_DEADLINE)
        .deadline(tools.options.deploy)
        .after(&begun)
        .run((&input, &machine));
    builder.output(&result)
}
