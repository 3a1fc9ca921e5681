//! An action on nodes: `select → one child task per node → vote`.

use std::sync::Arc;

use drydock_core::task::{ChildResult as Vote, TaskResult, TaskStatus};
use drydock_workflow::{
    BuildErrors, ChildOutcome, ChildResult, Outcome, StepContext, StepResult, WorkflowBuilder, step_fn,
};

use crate::TaskInput;
use crate::orchestrator::ActionWorkflow;
use crate::steps::Bench;
use crate::tools::Tools;

/// The action `name`, whose share for one node is `share`.
pub(crate) fn workflow(
    name: &str,
    share: &ActionWorkflow,
    tools: &Arc<Tools>,
) -> Result<ActionWorkflow, BuildErrors> {
    let mut builder = WorkflowBuilder::<TaskInput>::new(name, 1);
    let input = builder.input();
    let selected = builder.step("select", Bench::new(tools).step(select)).run(&input);
    let ended = builder.children("nodes", share).run(&selected);
    let voting = step_fn(|_, (selected, ended): (Vec<TaskInput>, _)| async move {
        Ok(Outcome::Done(vote(&selected, ended)))
    });
    let result = builder.step("vote", voting).run((&selected, &ended));
    builder.output(&result)
}

/// The children's inputs, in the order of the nodes' names.
async fn select(tools: Arc<Tools>, ctx: StepContext, input: TaskInput) -> StepResult<Vec<TaskInput>> {
    let design = tools.designs.load(&input.design_ref).await?;
    let nodes = design.site.select(input.node_filter.as_ref());
    let unknown =
        input.node_filter.as_ref().map(|filter| filter.unknown_names(&design.site)).unwrap_or_default();
    if !unknown.is_empty() {
        // As in v1.0 they select nothing; but whoever wrote them meant something.
        ctx.say(format!("The design has no {}", unknown.join(", no ")));
    }
    if nodes.is_empty() {
        ctx.say("No nodes in scope, nothing to do");
    }
    Ok(Outcome::Done(nodes.into_iter().map(|node| input.for_node(node.clone(), &design.digest)).collect()))
}

fn vote(selected: &[TaskInput], ended: Vec<ChildResult<TaskResult>>) -> TaskResult {
    let results: Vec<TaskResult> = ended
        .into_iter()
        .map(|child| match child.end {
            ChildOutcome::Completed(result) => result,
            ChildOutcome::Failed(_) | ChildOutcome::Cancelled(_) => {
                let mut result = TaskResult::default();
                let input = usize::try_from(child.index).ok().and_then(|index| selected.get(index));
                if let Some(job) = input.and_then(|input| input.job.as_ref()) {
                    result.failure(job.node.as_str());
                }
                result
            }
        })
        .collect();
    TaskResult::of_children(results.iter().map(|result| Vote { status: TaskStatus::Complete, result }))
}
