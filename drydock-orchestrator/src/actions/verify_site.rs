//! `verify_site`: the provisioner can do its work.

use std::sync::Arc;

use drydock_core::task::{ActionResult, TaskResult};
use drydock_workflow::{BuildErrors, Outcome, StepContext, StepResult, WorkflowBuilder};

use crate::TaskInput;
use crate::orchestrator::ActionWorkflow;
use crate::steps::Bench;
use crate::tools::{PATIENT, Tools};

pub(crate) fn workflow(tools: &Arc<Tools>) -> Result<ActionWorkflow, BuildErrors> {
    let mut builder = WorkflowBuilder::<TaskInput>::new("verify_site", 1);
    let checks = Bench::new(tools).step(check);
    let result = builder.step("check_services", checks).retry(PATIENT).run(());
    builder.output(&result)
}

async fn check(tools: Arc<Tools>, ctx: StepContext, (): ()) -> StepResult<TaskResult> {
    let driver = &tools.drivers.node;
    let checks = driver.check_services().await?;
    let mut result = TaskResult { status: ActionResult::Success, ..TaskResult::default() };
    for check in checks {
        let text = format!("{} {}: {}", driver.kind(), check.name, check.detail);
        if check.healthy {
            ctx.say(text);
        } else {
            ctx.complain_about("task", ctx.task().to_string().as_str(), text);
            result.status = ActionResult::Failure;
        }
    }
    Ok(Outcome::Done(result))
}
