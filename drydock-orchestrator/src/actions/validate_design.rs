//! `validate_design`: the design can be fetched, read, and every node's settings hold together.

use std::sync::Arc;

use drydock_core::error_chain;
use drydock_core::task::{ActionResult, TaskResult};
use drydock_workflow::{BuildErrors, Outcome, StepContext, StepResult, WorkflowBuilder};

use crate::orchestrator::ActionWorkflow;
use crate::steps::Bench;
use crate::tools::Tools;
use crate::{DesignError, TaskInput};

pub(crate) fn workflow(tools: &Arc<Tools>) -> Result<ActionWorkflow, BuildErrors> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("validate_design", 1);
    let input = builder.input();
    let result = builder.step("validate", Bench::new(tools).step(validate)).run(&input);
    builder.output(&result)
}

async fn validate(tools: Arc<Tools>, ctx: StepContext, input: TaskInput) -> StepResult<TaskResult> {
    let status = match tools.designs.load(&input.design_ref).await {
        Ok(design) => {
            design.notes.iter().for_each(|note| ctx.say(note.to_string()));
            ActionResult::Success
        }
        Err(DesignError::Invalid { source, .. }) => {
            for problem in &source {
                let document = problem.document.as_ref().map(ToString::to_string).unwrap_or_default();
                ctx.complain_about("document", &document, problem.to_string());
            }
            ActionResult::Failure
        }
        Err(error @ DesignError::Scheme { .. }) => {
            ctx.complain_about("document", "", error_chain(&error));
            ActionResult::Failure
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Outcome::Done(TaskResult { status, ..TaskResult::default() }))
}
