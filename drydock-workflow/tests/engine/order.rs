//! Outputs feed inputs, and nothing starts before what it waits for.

use drydock_workflow::{BuildError, Outcome, WorkflowBuilder, step_fn};

use crate::support::{Log, World, output};

#[tokio::test(start_paused = true)]
async fn outputs_feed_inputs_along_a_diamond() {
    let log = Log::default();
    let mut builder = WorkflowBuilder::<u32>::new("diamond", 1);
    let input = builder.input();
    let noted = |name: &'static str| {
        let log = log.clone();
        step_fn(move |_, n: u32| {
            let log = log.clone();
            async move {
                log.note(name);
                Ok(Outcome::Done(n + 1))
            }
        })
    };
    let top = builder.step("top", noted("top")).run(&input);
    let left = builder.step("left", noted("left")).run(&top);
    let right = builder.step("right", noted("right")).run(&top);
    let sum =
        step_fn(|_, (a, b, c): (u32, u32, u32)| async move { Ok(Outcome::Done(format!("{a}+{b}+{c}"))) });
    let sum = builder.step("sum", sum).run((&input, &left, &right));
    let workflow = builder.output(&sum).unwrap();

    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &5).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "\"5+7+7\"");

    let mut lines = log.lines();
    assert_eq!(lines.remove(0), "top");
    lines.sort();
    assert_eq!(lines, ["left", "right"]);
}

#[tokio::test(start_paused = true)]
async fn a_step_can_wait_for_another_without_its_output() {
    let log = Log::default();
    let noted = |name: &'static str| {
        let log = log.clone();
        step_fn(move |_, (): ()| {
            let log = log.clone();
            async move {
                log.note(name);
                Ok(Outcome::Done(()))
            }
        })
    };
    let mut builder = WorkflowBuilder::<()>::new("chain", 1);
    let second = noted("second");
    let first = builder.step("first", noted("first")).run(());
    builder.step("second", second).after(&first).run(());
    let workflow = builder.build().unwrap();

    let world = World::new();
    let engine = world.instance("a").workflow(&workflow).start().await.unwrap();
    let task = engine.submit(&workflow, &()).await.unwrap();
    assert_eq!(output(&engine.wait(task).await.unwrap()), "null");
    assert_eq!(log.lines(), ["first", "second"]);
}

#[test]
fn all_problems_of_a_workflow_are_told_at_once() {
    let nothing = || step_fn(|_, (): ()| async { Ok(Outcome::Done(())) });
    let mut other = WorkflowBuilder::<()>::new("other", 1);
    let foreign = other.step("foreign", nothing()).run(());
    let mut builder = WorkflowBuilder::<()>::new("bad", 1);
    builder.step("twice", nothing()).run(());
    builder.step("twice", nothing()).run(());
    builder.step("not a name", nothing()).run(());
    builder.step("lost", nothing()).run(&foreign);
    let errors = builder.build().err().unwrap();
    let kinds: Vec<&str> = errors
        .problems
        .iter()
        .map(|problem| match problem {
            BuildError::Name(_) => "name",
            BuildError::Duplicate(_) => "duplicate",
            BuildError::Foreign { .. } => "foreign",
            BuildError::Unknown { .. } => "unknown",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["name", "foreign", "duplicate", "unknown"], "{errors}");
}
