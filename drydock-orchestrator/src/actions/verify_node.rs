//! `verify_nodes`, one node: its BMC answers.

use std::sync::Arc;

use drydock_workflow::{BuildErrors, WorkflowBuilder};

use crate::TaskInput;
use crate::orchestrator::ActionWorkflow;
use crate::steps::{Bench, oob};
use crate::tools::{PATIENT, Tools};

pub(crate) fn workflow(tools: &Arc<Tools>) -> Result<ActionWorkflow, BuildErrors> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("verify_node", 1);
    let bench = Bench::new(tools);
    let input = builder.input();
    let result = builder.step("interrogate", bench.step(oob::interrogate)).retry(PATIENT).run(&input);
    builder.output(&result)
}
