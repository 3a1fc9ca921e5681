//! What cannot work is found when the workflow is built.

use std::time::Duration;

use drydock_core::RetryPolicy;
use drydock_workflow::{
    BuildError, BuildErrors, Dag, Definition, Join, Outcome, Rollout, Step, Undo, Wave, Workflow,
    WorkflowBuilder, step_fn,
};

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
    let mut builder = WorkflowBuilder::<Vec<()>>::new("parent", 1);
    let input = builder.input();
    builder.children("all", &nothing()).run(&input);
    let mut definition = builder.build().unwrap().definition().clone();
    definition.steps[0].policy.timeout = Some(Duration::from_secs(1));
    let problems = Dag::new(definition).err().unwrap().problems;
    assert!(matches!(problems[..], [BuildError::ChildrenPolicy { .. }]), "{problems:?}");
}

#[test]
fn a_rollout_that_cannot_be_is_refused() {
    let rollouts = [
        (Rollout { join: Join::Quorum(0), ..Rollout::default() }, "a quorum of none"),
        (Rollout { at_once: Some(0), ..Rollout::default() }, "none of its children may run"),
        (Rollout { waves: vec![Wave::Count(0)], ..Rollout::default() }, "a wave of none"),
        (Rollout { waves: vec![Wave::Percent(101)], ..Rollout::default() }, "1 to 100 percent"),
        (Rollout { waves: vec![Wave::Percent(0)], ..Rollout::default() }, "1 to 100 percent"),
    ];
    for (rollout, told) in rollouts {
        let mut builder = WorkflowBuilder::<Vec<()>>::new("parent", 1);
        let input = builder.input();
        let children = builder.children("all", &nothing());
        let children = children.join(rollout.join).waves(rollout.waves.clone());
        match rollout.at_once {
            Some(n) => children.at_once(n).run(&input),
            None => children.run(&input),
        };
        let problems = problems(builder.build());
        assert!(matches!(&problems[..], [problem] if problem.to_string().contains(told)), "{problems:?}");
    }
}

#[test]
fn what_finally_steps_cannot_have_is_found_with_advice() {
    let mut builder = WorkflowBuilder::<Vec<u32>>::new("tidy", 1);
    let input = builder.input();
    let list = step_fn(|_, list: Vec<u32>| async move { Ok(Outcome::Done(list)) });
    let list = builder.step("list", list).run(&input);
    let takes = || step_fn(|_, _: Vec<u32>| async { Ok(Outcome::Done(true)) });
    let last = builder.finally("last", takes()).run(&list);
    let undo = step_fn(|_, _: Undo<Vec<u32>, bool>| async { Ok(Outcome::Done(())) });
    builder.finally("undone", takes()).undo(undo).run(&input);
    builder.step("early", step()).when(&last).run(());
    let maybe = step_fn(|_, _: Option<Vec<u32>>| async { Ok(Outcome::Done(())) });
    builder.step("unsure", maybe).run(&list.maybe());
    builder.map("none", step_fn(|_, _: u32| async { Ok(Outcome::Done(())) })).at_once(0).run(&input);
    let problems = problems(builder.build());
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "step last runs however the task ends, so it cannot count on step list: wire `handle.maybe()`",
            "step undone runs after everything was undone: a finally step has no undo",
            "step unsure takes `handle.maybe()`, which is for finally steps: an ordinary one runs only if all before it ended well",
            "step none: none of its items may run: allow one or more at once",
            "step early waits for step last, which runs when all others have ended: make it a finally step too",
        ]
    );
}

#[test]
fn a_definition_that_uses_nothing_new_reads_and_hashes_as_it_always_did() {
    let old = r#"{"name":"old","version":1,"steps":[{"name":"a","kind":"run","input":"none","policy":{"retry":{"attempts":5,"first":{"secs":1,"nanos":0},"factor":2.0,"max":{"secs":60,"nanos":0},"jitter":0.5},"timeout":null,"deadline":null}},{"name":"b","kind":{"children":"nothing"},"input":{"one":"task_input"},"after":["a"],"policy":{"retry":{"attempts":5,"first":{"secs":1,"nanos":0},"factor":2.0,"max":{"secs":60,"nanos":0},"jitter":0.5},"timeout":null,"deadline":null}}],"output":{"step":"b"}}"#;
    let read: Definition = serde_json::from_str(old).unwrap();
    assert_eq!(read.to_stored().unwrap().definition, old);
    let mut builder = WorkflowBuilder::<Vec<()>>::new("old", 1);
    let input = builder.input();
    let a = builder.step("a", step()).run(());
    let b = builder.children("b", &nothing()).after(&a).run(&input);
    assert_eq!(builder.output(&b).unwrap().definition(), &read);
}

#[test]
fn a_name_that_is_there_twice_is_no_circle() {
    let mut builder = WorkflowBuilder::<()>::new("twice", 1);
    let first = builder.step("a", step()).run(());
    let second = builder.step("a", step()).after(&first).run(());
    let last = builder.step("b", step()).after(&second).run(());
    builder.step("a", step()).after(&last).run(());
    let told: Vec<String> = problems(builder.build()).iter().map(ToString::to_string).collect();
    let twice = "two steps are called a: names are keys, choose another";
    assert_eq!(told, [twice, twice]);
}
