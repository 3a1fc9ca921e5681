//! `validate_design`: the design can be fetched and read, every node's settings hold together, and the rules are kept.

use std::borrow::Cow;
use std::sync::Arc;

use drydock_core::design::DocumentRef;
use drydock_core::rules::{Level, Report};
use drydock_core::task::{ActionResult, TaskResult};
use drydock_core::{Classify as _, Disposition, error_chain};
use drydock_workflow::{BuildErrors, Outcome, StepContext, StepResult, WorkflowBuilder};

use crate::orchestrator::ActionWorkflow;
use crate::steps::Bench;
use crate::tools::Tools;
use crate::{DesignError, LoadedDesign, TaskInput};

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
            let report = with_platforms(&tools, &ctx, &design).await;
            tell(&ctx, &report);
            if report.is_valid() { ActionResult::Success } else { ActionResult::Failure }
        }
        Err(DesignError::Invalid { source, .. }) => {
            for problem in &source {
                ctx.complain_about("document", &name(problem.document.as_ref()), problem.to_string());
            }
            ActionResult::Failure
        }
        // Waiting would not help.
        Err(error) if error.disposition() == Disposition::Permanent => {
            ctx.complain_about("document", "", error_chain(&error));
            ActionResult::Failure
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Outcome::Done(TaskResult { status, ..TaskResult::default() }))
}

/// The report, with what the provisioner says that it can install. Where it cannot be asked, the rule says that it could not
/// look.
async fn with_platforms<'d>(tools: &Tools, ctx: &StepContext, design: &'d LoadedDesign) -> Cow<'d, Report> {
    match tools.drivers.node.platforms().await {
        Ok(platforms) => Cow::Owned(design.report.with_platforms(&design.site, &platforms)),
        Err(error) => {
            ctx.say(error_chain(&error));
            Cow::Borrowed(&design.report)
        }
    }
}

/// Tells what the rules found: errors as errors, warnings as what there is to say.
fn tell(ctx: &StepContext, report: &Report) {
    for problem in &report.problems {
        ctx.complain_about("document", &name(problem.document.as_ref()), problem.to_string());
    }
    for finding in &report.findings {
        let document = name(finding.documents.first());
        match finding.level {
            Level::Error => ctx.complain_about("document", &document, finding.to_string()),
            Level::Warning => ctx.say_about("document", &document, finding.to_string()),
        }
    }
}

fn name(document: Option<&DocumentRef>) -> String {
    document.map(ToString::to_string).unwrap_or_default()
}
