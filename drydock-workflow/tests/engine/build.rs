//! What cannot work is found when the workflow is built.

use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_workflow::{BuildError, BuildErrors, Outcome, Step, Workflow, WorkflowBuilder, step_fn};

use crate::support::nothing;

fn step() -> impl Step<Input = (), Output = ()> {
    step_fn(|_, (): ()| async { Ok(Outcome::Done(())) })
}

fn problems<I, O>(built: Result<Workflow<I, O>, BuildErrors>) -> Vec<BuildError> {
    built.err().map(|errors| errors.problems).unwrap_or_default()
}

#[test]
fn a_handle_of_another_builder_is_refused_wherever_it_is_used() {
    let mut other = WorkflowBuilder::<()>::new("other", 1);
    let foreign = other.step("a", step()).run(());

    let mut builder = WorkflowBuilder::<()>::new("after", 1);
    builder.step("a", step()).run(());
    builder.step("b", step()).after(&foreign).run(());
    let after = problems(builder.build());

    let mut builder = WorkflowBuilder::<()>::new("output", 1);
    builder.step("a", step()).run(());
    let output = problems(builder.output(&foreign));

    let mut builder = WorkflowBuilder::<()>::new("task-input", 1);
    builder.step("a", step()).run(());
    let task_input = problems(builder.output(&other.input()));

    let mut builder = WorkflowBuilder::<()>::new("run", 1);
    builder.step("a", step()).run(());
    builder.step("b", step()).run(&foreign);
    let run = problems(builder.build());

    for problems in [after, output, task_input, run] {
        assert!(matches!(problems[..], [BuildError::Foreign { .. }]), "{problems:?}");
    }
}

#[test]
fn a_retry_policy_that_is_no_number_is_refused() {
    let good = RetryPolicy::default();
    for policy in [
        RetryPolicy { factor: f64::INFINITY, ..good },
        RetryPolicy { factor: f64::NAN, ..good },
        RetryPolicy { jitter: f64::NAN, ..good },
    ] {
        let mut builder = WorkflowBuilder::<()>::new("retries", 1);
        builder.step("retries", step()).retry(policy).run(());
        let problems = problems(builder.build());
        assert!(matches!(problems[..], [BuildError::Policy { .. }]), "{policy:?}: {problems:?}");
    }
}

#[test]
fn a_children_step_takes_no_policy() {
    let policies = ["retry", "timeout", "deadline"].map(|policy| {
        let mut builder = WorkflowBuilder::<Vec<()>>::new("parent", 1);
        let input = builder.input();
        let child = nothing();
        let step = builder.children("all", &child);
        let step = match policy {
            "retry" => step.retry(RetryPolicy::attempts(2)),
            "timeout" => step.timeout(Duration::from_secs(1)),
            _ => step.deadline(Duration::from_secs(1)),
        };
        step.run(&input);
        (policy, problems(builder.build()))
    });
    for (policy, problems) in policies {
        assert!(matches!(problems[..], [BuildError::ChildrenPolicy { .. }]), "{policy}: {problems:?}");
    }
}
